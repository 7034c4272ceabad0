//! Outside programs read keys, seals and signatures: pyHanko, pdfsig, qpdf, outloud, gpg and sqv.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use testamur::seal::{BlockingHttpClient, PadesLevel, PgpKey, Trust, X509, verify};
use testamur::site::{KeySource, Keys};

use super::site::{Site, draft, now, openssl, output_text, program, run};

const DRAFTS: [&str; 5] = ["en.pdf", "es.pdf", "ja.pdf", "ar.pdf", "he.pdf"];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn pyhanko_validates_the_seal() {
    let site = Site::new("Example University");
    for name in DRAFTS {
        site.write("sealed.pdf", site.seal(&draft(name)).bytes);
        let line = "sign validate --pretty-print --trust keys/1/root.pem --trust-replace --no-revocation-check sealed.pdf";
        let line: Vec<&str> = line.split(' ').collect();
        let output = run(site.folder.path(), "pyhanko", &line);
        let text = output_text(&output);
        assert!(text.contains("The signature is judged VALID."), "{name}: {text}");
        assert!(text.contains("The signature covers the entire file."), "{name}: {text}");
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn pdfsig_and_qpdf_validate_the_seal() {
    let site = Site::new("Example University");
    for name in DRAFTS {
        site.write("sealed.pdf", site.seal(&draft(name)).bytes);
        let output = run(site.folder.path(), "pdfsig", &["-nocert", "sealed.pdf"]);
        let text = output_text(&output);
        assert!(text.contains("Signature is Valid"), "{name}: {text}");
        assert!(text.contains("Total document signed"), "{name}: {text}");
        assert!(!text.contains("Syntax"), "{name}: {text}");
        let output = run(site.folder.path(), "qpdf", &["--check", "sealed.pdf"]);
        assert!(output.status.success(), "{name}: {}", output_text(&output));
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn sealed_page_is_accessible() {
    let site = Site::new("Example University");
    for (name, archive) in [("en.pdf", false), ("ja.pdf", true)] {
        let sealer = site.keys.sealer().with_archive(archive);
        let sealed = sealer.seal(&draft(name), super::site::now()).unwrap();
        site.write("sealed.pdf", sealed.bytes);
        let output = run(site.folder.path(), "outloud", &["sealed.pdf"]);
        let text = output_text(&output);
        assert!(text.contains("PASS") && text.contains("0 error(s)"), "{name}: {text}");
    }
}

#[test]
fn gpg_and_sqv_verify_the_detached_signature() {
    let site = Site::new("Example University");
    let sealed = site.seal(&draft("en.pdf"));
    site.write("c.pdf", &sealed.bytes);
    site.write("c.pdf.sig", sealed.signature.unwrap());
    site.write("other.pdf", draft("es.pdf"));
    let homedir = site.path("gnupg");
    std::fs::create_dir(&homedir).unwrap();
    let homedir = homedir.to_str().unwrap();
    let gpg = |line: &[&str]| {
        run(
            site.folder.path(),
            "gpg",
            &[&["--homedir", homedir, "--batch"], line].concat(),
        )
    };
    let output = gpg(&["--import", "keys/1/openpgp.asc"]);
    assert!(output.status.success(), "{}", output_text(&output));
    let output = gpg(&["--verify", "c.pdf.sig", "c.pdf"]);
    assert!(output_text(&output).contains("Good signature from \"Example University\""));
    assert!(!gpg(&["--verify", "c.pdf.sig", "other.pdf"]).status.success());
    let line = ["--keyring", "keys/1/openpgp.asc", "c.pdf.sig", "c.pdf"];
    let output = run(site.folder.path(), "sqv", &line);
    assert!(output.status.success(), "{}", output_text(&output));
    let fingerprint = site.keys.public().openpgp_fingerprint;
    assert_eq!(fingerprint, output_text(&output).trim());
    let _ = run(site.folder.path(), "gpgconf", &["--homedir", homedir, "--kill", "all"]);
}

#[test]
fn openssl_accepts_new_certificates_by_its_strict_rules() {
    let site = Site::new("Exämple & Söhne");
    let folder = site.folder.path();
    let ask = |line: &str| {
        let output = run(folder, "openssl", &line.split(' ').collect::<Vec<_>>());
        assert!(output.status.success(), "{line}: {}", output_text(&output));
        output_text(&output)
    };
    ask("crl -inform DER -in keys/1/root.crl -out crl.pem");
    let text = ask(&format!(
        "verify -x509_strict -check_ss_sig -crl_check -attime {} -CRLfile crl.pem -CAfile \
         keys/1/root.pem keys/1/seal.pem",
        now().unix()
    ));
    assert_eq!(text.trim(), "keys/1/seal.pem: OK");
    let words = |line: &str| ask(line).split_whitespace().collect::<Vec<_>>().join(" ");
    let show = "-noout -nameopt utf8,sep_comma_plus_space -subject -issuer -ext";
    let root =
        words(&format!("x509 -in keys/1/root.pem {show} basicConstraints,keyUsage"));
    for part in [
        "subject=O=Exämple & Söhne, OU=root, CN=Exämple & Söhne issuer=",
        "Basic Constraints: critical CA:TRUE, pathlen:0",
        "Key Usage: critical Certificate Sign, CRL Sign",
    ] {
        assert!(root.contains(part), "{part}: {root}");
    }
    let leaf = words(&format!(
        "x509 -in keys/1/seal.pem {show} basicConstraints,keyUsage,extendedKeyUsage"
    ));
    for part in [
        "subject=O=Exämple & Söhne, CN=Exämple & Söhne issuer=O=Exämple & Söhne, OU=root,",
        "Basic Constraints: critical CA:FALSE",
        "Key Usage: critical Digital Signature, Non Repudiation",
        "Extended Key Usage: 1.3.6.1.5.5.7.3.36, E-mail Protection",
    ] {
        assert!(leaf.contains(part), "{part}: {leaf}");
    }
    // Leaf and CRL name the root's key as the root does.
    let after = |text: &str, words: &str| {
        text.split_once(words).unwrap().1.split_whitespace().next().unwrap().to_owned()
    };
    let root = words("x509 -in keys/1/root.pem -noout -ext subjectKeyIdentifier");
    let identifier = after(&root, "Subject Key Identifier: ");
    assert_eq!(identifier.len(), 59);
    for line in [
        "x509 -in keys/1/seal.pem -noout -ext authorityKeyIdentifier",
        "crl -in crl.pem -noout -text",
    ] {
        let text = words(line);
        assert_eq!(after(&text, "Authority Key Identifier: "), identifier, "{text}");
    }
}

/// Certomancer on this machine: a root CA, a signer, a TSA and a CRL.
pub(crate) struct Certomancer {
    folder: tempfile::TempDir,
    child: Child,
    pub(crate) port: u16,
}

impl Certomancer {
    pub(crate) fn start() -> Self {
        Self::of(include_str!("certomancer.yml"), &["root", "signer", "tsa", "ocsp"])
    }

    /// A certomancer of its own, with keys of these names.
    pub(crate) fn of(config: &str, keys: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = config.replace("9876", &port.to_string());
        std::fs::write(folder.path().join("c.yml"), config).unwrap();
        for key in keys {
            let line = format!(
                "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {key}.key.pem"
            );
            openssl(folder.path(), &line);
        }
        let line = ["--config", "c.yml", "mass-summon", "testamur", "out", "--no-pfx"];
        let output = run(folder.path(), "certomancer", &line);
        assert!(output.status.success(), "{}", output_text(&output));
        let program = program("certomancer");
        #[expect(clippy::zombie_processes, reason = "`drop` waits for the process")]
        let child = Command::new(program)
            .args(["--config", "c.yml", "animate", "--port", &port.to_string()])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Self { folder, child, port };
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("certomancer does not answer");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }
}

impl Drop for Certomancer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn pyhanko_validates_each_pades_level() {
    let pki = Certomancer::start();
    let folder = pki.folder.path();
    let root = pki.read("out/root/root.cert.pem");
    let chain = [pki.read("out/root/signer.cert.pem"), root.clone()].concat();
    std::fs::write(folder.join("chain.pem"), chain).unwrap();
    let source = KeySource::Own {
        name: "Demo University",
        key: &folder.join("signer.key.pem"),
        chain: &folder.join("chain.pem"),
    };
    let keys = Keys::create(&folder.join("keys"), &source, now()).unwrap();
    let http = Arc::new(BlockingHttpClient::new(Duration::from_secs(10)));
    let url = format!("http://localhost:{}/testamur/tsa/tsa", pki.port);
    let roots = X509::from_pem(&root).unwrap();
    let ring = PgpKey::from_armor(keys.public().openpgp_armor.as_bytes()).unwrap();
    let trust = Trust::new().with_roots(roots.clone()).with_keys(ring);

    let check = |name: &str,
                 sealed: &testamur::seal::Sealed,
                 level: PadesLevel,
                 judged: &[&str]| {
        assert_eq!(sealed.level, level, "{name}");
        let signature = sealed.signature.as_deref().map(str::as_bytes);
        let report = verify(&sealed.bytes, signature, &trust, now());
        assert!(report.is_genuine(), "{name}: {report:#?}");
        let seal = report.seal.unwrap();
        assert_eq!(seal.level, Some(level), "{name}");
        assert!(seal.timestamp.unwrap().trusted, "{name}");
        // A verifier that knows only the site's keys can tell that the seal is intact, but does not
        // know the TSA.
        let site_only = verify(&sealed.bytes, None, keys.trust(), now());
        assert!(site_only.seal.unwrap().intact, "{name}");
        std::fs::write(folder.join(name), &sealed.bytes).unwrap();
        let line = [
            "sign",
            "adesverify",
            "--trust",
            "out/root/root.cert.pem",
            "--trust-replace",
            name,
        ];
        let text = output_text(&run(folder, "pyhanko", &line));
        for judged in judged {
            assert!(text.contains(judged), "{name}: {judged}: {text}");
        }
        let text = output_text(&run(folder, "qpdf", &["--check", name]));
        assert!(text.contains("No syntax or stream encoding errors"), "{name}: {text}");
        let text = output_text(&run(folder, "outloud", &[name]));
        assert!(text.contains("0 error(s)"), "{name}: {text}");
    };
    const TIMESTAMPED: &str = "INTACT:TRUSTED,TIMESTAMP_TOKEN<INTACT:TRUSTED>";
    for (archive, highest) in [(false, PadesLevel::Lt), (true, PadesLevel::Lta)] {
        let plain = keys.sealer().with_archive(archive).with_issuers(roots.clone());
        let sealer = plain.with_tsa(&url, http.clone());
        let timed = sealer.seal(&draft("en.pdf"), now()).unwrap();
        check("timed.pdf", &timed, PadesLevel::T, &[TIMESTAMPED, "UNTOUCHED"]);
        let raised = sealer.upgrade(&timed.bytes, &[], now()).unwrap();
        check("raised.pdf", &raised, highest, &[TIMESTAMPED, "ACCEPTABLE_MODIFICATIONS"]);
        assert!(raised.bytes.starts_with(&timed.bytes), "the revision is only appended");
        let again = sealer.upgrade(&raised.bytes, &[], now());
        if archive {
            assert_eq!(again.unwrap().bytes, raised.bytes);
            // A seal that was made while the TSA was down gets a timestamp token later.
            let missed =
                keys.sealer().with_archive(true).seal(&draft("es.pdf"), now()).unwrap();
            assert_eq!(missed.level, PadesLevel::B);
            let late = sealer.upgrade(&missed.bytes, &[], now()).unwrap();
            check("late.pdf", &late, PadesLevel::Lta, &[TIMESTAMPED]);
        }
        // Every third byte of the appended revisions, with one bit flipped.
        let start = draft("en.pdf").len();
        for index in (start..raised.bytes.len()).step_by(3) {
            let mut pdf = raised.bytes.clone();
            pdf[index] ^= 1 << (index % 8);
            let report = verify(&pdf, None, &trust, now());
            assert!(!report.is_genuine(), "byte {index} of {}", pdf.len());
        }
    }
}
