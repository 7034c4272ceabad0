import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.policy.ValidationPolicy;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.policy.ValidationPolicyLoader;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Judges many PDFs by EU DSS and its default policy, without a network.
 *
 * A line of the standard input is a case, its parts separated by tabs: the path of the PDF, then any number of
 * `root=FILE` (certificates that are trusted, PEM or DER), `crl=FILE` (a list that is handed over, DER) and `at=SECONDS`
 * (the time of validation, since 1970). The answer to each is one line, a JSON object:
 *
 *   {"signatures": [{"level", "indication", "sub_indication", "signed_by", "altered", "messages": [...]}, ...]}
 *
 * or {"error": "..."} for a file that DSS cannot read. `altered` says that a later revision
 * changed what the pages show, or any object that is neither validation data nor a field of a signature.
 */
public class Judge {
    public static void main(String[] args) throws Exception {
        ValidationPolicy policy = ValidationPolicyLoader.fromDefaultValidationPolicy().create();
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        BufferedReader cases = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = cases.readLine()) != null; ) {
            String answer;
            try {
                answer = "{\"signatures\":[" + String.join(",", judge(line.split("\t"), policy)) + "]}";
            } catch (Exception error) {
                answer = "{\"error\":" + quoted(error.toString()) + "}";
            }
            out.println(answer);
        }
    }

    private static List<String> judge(String[] parts, ValidationPolicy policy) throws Exception {
        CommonTrustedCertificateSource roots = new CommonTrustedCertificateSource();
        List<InputStream> lists = new ArrayList<>();
        Date at = null;
        for (int part = 1; part < parts.length; part++) {
            String[] option = parts[part].split("=", 2);
            switch (option[0]) {
                case "root" -> trust(roots, option[1]);
                case "crl" -> lists.add(new FileInputStream(option[1]));
                case "at" -> at = Date.from(Instant.ofEpochSecond(Long.parseLong(option[1])));
                default -> throw new IllegalArgumentException(parts[part]);
            }
        }
        // A verifier without sources of its own asks no server.
        CommonCertificateVerifier verifier = new CommonCertificateVerifier(true);
        verifier.setTrustedCertSources(roots);
        verifier.setAIASource(null);
        if (!lists.isEmpty()) {
            verifier.setCrlSource(new ExternalResourcesCRLSource(lists.toArray(InputStream[]::new)));
        }
        SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(new File(parts[0])));
        validator.setCertificateVerifier(verifier);
        if (at != null) {
            validator.setValidationTime(at);
        }
        Reports reports = validator.validateDocument(policy);
        List<String> signatures = new ArrayList<>();
        for (String id : reports.getSimpleReport().getSignatureIdList()) {
            signatures.add(signature(reports, id));
        }
        return signatures;
    }

    private static void trust(CommonTrustedCertificateSource roots, String file) throws Exception {
        try (InputStream bytes = new FileInputStream(file)) {
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(bytes)) {
                roots.addCertificate(new CertificateToken((X509Certificate) certificate));
            }
        }
    }

    private static String signature(Reports reports, String id) {
        SimpleReport report = reports.getSimpleReport();
        SignatureWrapper signature = reports.getDiagnosticData().getSignatureById(id);
        String messages = Stream.of(report.getAdESValidationErrors(id), report.getAdESValidationWarnings(id))
            .flatMap(List::stream)
            .map(message -> quoted(message.getKey() + ": " + message.getValue()))
            .collect(Collectors.joining(",", "[", "]"));
        boolean isAltered = signature.arePdfModificationsDetected()
            || !signature.getPdfAnnotationChanges().isEmpty()
            || !signature.getPdfUndefinedChanges().isEmpty();
        return "{\"level\":" + quoted(report.getSignatureFormat(id))
            + ",\"indication\":" + quoted(report.getIndication(id))
            + ",\"sub_indication\":" + quoted(report.getSubIndication(id))
            + ",\"signed_by\":" + quoted(report.getSignedBy(id))
            + ",\"altered\":" + isAltered
            + ",\"messages\":" + messages + "}";
    }

    private static String quoted(Object value) {
        if (value == null) {
            return "null";
        }
        StringBuilder text = new StringBuilder("\"");
        for (char letter : value.toString().toCharArray()) {
            boolean isPlain = letter >= ' ' && letter != '"' && letter != '\\';
            text.append(isPlain ? String.valueOf(letter) : String.format("\\u%04x", (int) letter));
        }
        return text.append('"').toString();
    }
}
