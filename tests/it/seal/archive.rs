//! A diploma of 2026 whose archive timestamp is renewed in 2037 and 2047, and which is read in 2057.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use testamur::register::{IssueOptions, IssueService, MemoryStore, SealUpgrade};
use testamur::seal::{HttpClient, PadesLevel, Sealer, Trust, Verdict, X509, verify};
use testamur::site::{IdSecret, KeyPublication, KeySource, Keys};
use testamur::{Date, ErrorKind, Press, Request, Result, Timestamp};

use super::judges::Certomancer;
use super::site::{output_text, run};

/// Asks certomancer as if it were that time.
#[derive(Debug)]
struct ClientOf(Timestamp);

impl ClientOf {
    fn ask(&self, method: &str, url: &str, head: &str, body: &[u8]) -> Result<Vec<u8>> {
        let rest = url.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let head = format!(
            "{method} /{path} HTTP/1.0\r\nHost: {host}\r\nX-Certomancer-Fake-Time: {}\r\n\
             Content-Length: {}\r\n{head}\r\n",
            self.0,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let at = answer.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..at]).into_owned();
        assert!(head.contains(" 200 "), "{url}: {head}");
        Ok(answer.split_off(at + 4))
    }
}

impl HttpClient for ClientOf {
    fn post(&self, url: &str, media_type: &str, body: &[u8]) -> Result<Vec<u8>> {
        self.ask("POST", url, &format!("Content-Type: {media_type}\r\n"), body)
    }

    fn get(&self, url: &str) -> Result<Vec<u8>> {
        self.ask("GET", url, "", b"")
    }
}

fn day(text: &str) -> Timestamp {
    Timestamp::parse(&format!("{text}T12:00:00Z")).unwrap()
}

#[test]
fn archive_timestamp_is_renewed_before_its_certificate_ends() {
    let pki = Certomancer::of(
        include_str!("archive.yml"),
        &["root", "first", "second", "third"],
    );
    let tsa_root = X509::from_pem(&pki.read("out/root/root.cert.pem")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder_of_keys = folder.path().join("keys");
    let begin = day("2026-11-30");
    let source = KeySource::NewRoot { name: "Example University" };
    let publication = KeyPublication::default();
    let keys = Keys::create_with(&folder_of_keys, &source, &publication, begin).unwrap();
    let sealer = |keys: &Keys, tsa: &str, at: Timestamp| -> Sealer {
        let url = format!("http://localhost:{}/testamur/tsa/{tsa}", pki.port);
        keys.sealer()
            .with_archive(true)
            .with_issuers(tsa_root.clone())
            .with_tsa(url, Arc::new(ClientOf(at)))
    };

    // A token that no verifier will trust is not sealed in.
    let page = super::site::draft("en.pdf");
    let other = Trust::new().with_tsa_roots(keys.root().cloned());
    let own = Trust::new().with_tsa_roots(tsa_root.clone());
    for (trust, level) in [(other, PadesLevel::B), (own, PadesLevel::T)] {
        let sealer = sealer(&keys, "first", begin).with_tsa_trust(trust);
        let sealed = sealer.seal(&page, begin).unwrap();
        assert_eq!(sealed.level, level);
        let is_told =
            sealed.warnings.iter().any(|it| it.to_string().contains("whose root"));
        assert_eq!(is_told, level == PadesLevel::B, "{:?}", sealed.warnings);
    }

    let (public, private) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
    let issuer =
        IssueService::builder(Arc::new(Press::new(testamur::Site::demo()).unwrap()))
            .with_keys(&keys)
            .with_sealer(sealer(&keys, "first", begin))
            .with_id_secret(IdSecret::generate().unwrap())
            .with_stores(public, private)
            .build()
            .unwrap();
    let request = Request::new("course-v1:ExampleX+CURL101+2026_T1", "Ada").unwrap();
    let today = Date::parse("2026-11-30").unwrap();
    let options = IssueOptions::default();
    let issued = issuer.issue(&request, today, begin, &options).unwrap().record;
    let register = issuer.register();
    let pdf = || {
        let record = register.record(&issued.id).unwrap().unwrap();
        let certificate = record.certificate.unwrap();
        let bytes =
            register.file(&certificate.pdf.as_ref().unwrap().path).unwrap().unwrap();
        assert!(certificate.pdf.unwrap().is(&bytes), "the record is about other bytes");
        let signature = certificate.signature.unwrap();
        let signature = register.file(&signature.path).unwrap().unwrap();
        (bytes, signature, certificate.seal.unwrap())
    };
    assert_eq!(pdf().2.level, "B-T");
    assert_eq!(
        pdf().2.timestamp_ends,
        Some(Timestamp::parse("2038-01-01T00:00:00Z").unwrap())
    );

    let upgrade = |keys: &Keys, tsa: &str, at: Timestamp| {
        register.upgrade_seal(&issued.id, &sealer(keys, tsa, at), &keys.crls(), at)
    };
    let good = |keys: &Keys, at: Timestamp, archives: usize| {
        let (bytes, signature, seal) = pdf();
        assert_eq!(seal.level, "B-LTA");
        let trust: Trust = keys.trust().clone().with_tsa_roots(tsa_root.clone());
        let found = verify(&bytes, Some(&signature), &trust, at);
        assert!(found.is_genuine(), "{at}: {found:#?}");
        let report = found.seal.unwrap();
        assert_eq!(report.level, Some(PadesLevel::Lta), "{at}");
        let stamps = bytes.windows(13).filter(|part| part == b"/DocTimeStamp").count();
        assert_eq!(stamps, archives, "{at}");
        bytes
    };
    assert_eq!(upgrade(&keys, "first", begin).unwrap(), SealUpgrade::Raised);
    let first = good(&keys, begin, 1);
    assert_eq!(upgrade(&keys, "first", begin).unwrap(), SealUpgrade::Unchanged);
    // Too early to renew: the certificate of the timestamp holds for more than a year.
    let keys = {
        let at = day("2035-06-01");
        let next = KeySource::NextLeaf { name: "Example University" };
        Keys::rotate(&folder_of_keys, &next, at).unwrap()
    };
    let early = day("2036-06-01");
    assert_eq!(upgrade(&keys, "second", early).unwrap(), SealUpgrade::Unchanged);

    // In 2037 by the key of 2035, for the leaf of 2026 has ended.
    let at = day("2037-06-01");
    assert_eq!(upgrade(&keys, "second", at).unwrap(), SealUpgrade::Raised);
    let second = good(&keys, at, 2);
    assert!(second.starts_with(&first), "the renewal is only appended");
    assert_eq!(
        pdf().2.timestamp_ends,
        Some(Timestamp::parse("2048-01-01T00:00:00Z").unwrap())
    );
    assert_eq!(upgrade(&keys, "second", at).unwrap(), SealUpgrade::Unchanged);

    // Another rotation, with another root, for the first one ends in 2056.
    let root = KeySource::NewRoot { name: "Example University" };
    let keys = Keys::rotate(&folder_of_keys, &root, day("2044-06-01")).unwrap();
    let at = day("2047-06-01");
    assert_eq!(upgrade(&keys, "third", at).unwrap(), SealUpgrade::Raised);
    let third = good(&keys, at, 3);

    let keys = {
        let next = KeySource::NextLeaf { name: "Example University" };
        Keys::rotate(&folder_of_keys, &next, day("2053-06-01")).unwrap()
    };
    let at = day("2057-06-01");
    assert_eq!(upgrade(&keys, "third", at).unwrap(), SealUpgrade::Unchanged);
    good(&keys, at, 3);

    // Without a renewal in time another timestamp would prove nothing.
    let late = sealer(&keys, "third", at).upgrade(&first, &keys.crls(), at);
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Seal);

    // What was not renewed proves nothing after 2038, here as elsewhere, except by the issuer's record.
    let root = X509::from_pem(&std::fs::read(folder_of_keys.join("1/root.pem")).unwrap());
    let trust = Trust::new().with_roots(root.unwrap()).with_tsa_roots(tsa_root.clone());
    for (file, year, verdict) in [
        (&first, "2036-12-15", Verdict::StatusNotAsked),
        (&first, "2037-12-15", Verdict::StatusNotAsked),
        (&first, "2038-02-01", Verdict::SignerEnded),
        (&second, "2038-02-01", Verdict::StatusNotAsked),
        (&second, "2048-02-01", Verdict::SignerEnded),
        (&third, "2048-02-01", Verdict::StatusNotAsked),
    ] {
        let found = verify(file, None, &trust, day(year));
        assert_eq!(found.verdict, verdict, "{year}: {found:#?}");
        let notes = found.seal.unwrap().notes;
        let is_told = notes.iter().any(|note| note.contains("proves nothing any more"));
        assert_eq!(is_told, verdict == Verdict::SignerEnded, "{year}: {notes:?}");
    }

    // Others read the file of three archive timestamps.
    let file = folder.path().join("third.pdf");
    std::fs::write(&file, &third).unwrap();
    std::fs::write(folder.path().join("tsa.pem"), tsa_root[0].pem()).unwrap();
    let text = output_text(&run(folder.path(), "qpdf", &["--check", "third.pdf"]));
    assert!(text.contains("No syntax or stream encoding errors"), "{text}");
    let text = output_text(&run(folder.path(), "outloud", &["third.pdf"]));
    assert!(text.contains("0 error(s)"), "{text}");
    let text = output_text(&run(folder.path(), "pdfsig", &["-nocert", "third.pdf"]));
    assert!(text.contains("Signature is Valid"), "{text}");
    let line = [
        "sign",
        "adesverify",
        "--trust",
        "keys/1/root.pem",
        "--trust",
        "tsa.pem",
        "--trust-replace",
        "third.pdf",
    ];
    let text = output_text(&run(folder.path(), "pyhanko", &line));
    assert!(text.contains("ACCEPTABLE_MODIFICATIONS"), "{text}");
}
