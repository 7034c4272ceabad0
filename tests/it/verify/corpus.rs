//! The corpus: what a site issued, and what became of it in strange hands.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use testamur::seal::{Identity, PrivateKey, Sealer, X509};

use super::forge::{self, find, replaced};
use crate::browser::server::Server;
use crate::seal::site::{draft, now, openssl, output_text, program, run};
use crate::workdir::Workdir;

/// A file, with its detached signature if it has one.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) pdf: Vec<u8>,
    pub(crate) signature: Option<Vec<u8>>,
}

/// A school that has issued certificates, whose pages a server serves.
pub(crate) struct School {
    pub(crate) workdir: Workdir,
    pub(crate) server: Server,
    /// The certificates by the name of the recipient: the id, the PDF, and the signature.
    pub(crate) issued: Vec<(String, Issued)>,
}

#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) id: String,
    pub(crate) pdf: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl School {
    /// A school with a valid certificate, and one of each other status.
    pub(crate) fn new() -> Self {
        let workdir = Workdir::new();
        let server = Server::start(&workdir.path("school/public"));
        let url = format!("http://127.0.0.1:{}", server.port);
        assert_eq!(workdir.run(["new", "school", "--url", &url]).code, 0);
        let mut school = Self { workdir, server, issued: Vec::new() };
        for (key, name, user, more) in [
            ("valid", "Ada Lovelace", "ada", &[][..]),
            ("valid-accents", "Žofie Dvořáková", "zofie", &[]),
            ("revoked", "Grace Hopper", "grace", &[]),
            ("superseded", "Edith Clarke", "edith", &[]),
            ("successor", "Edith Stoney", "edith", &[]),
            ("erased", "Emmy Noether", "emmy", &[]),
            ("specimen", "Maria Gaetana", "maria", &["--specimen"]),
        ] {
            let line = [&["issue", "-n", name, "-u", user, "--json"][..], more].concat();
            let run = school.run(&line);
            assert_eq!(run.code, 0, "{run:?}");
            let issued = school.newest(name);
            school.issued.push((key.to_owned(), issued));
        }
        let reason = ["--reason", "a mistake", "--yes"];
        for line in [
            &[&["revoke", "--recipient", "grace"][..], &reason].concat()[..],
            &["erase", "--recipient", "emmy", "--yes"],
        ] {
            let run = school.run(line);
            assert_eq!(run.code, 0, "{run:?}");
        }
        school
    }

    pub(crate) fn run(&self, line: &[&str]) -> crate::workdir::Run {
        self.workdir.run([&["--site", "school"], line].concat())
    }

    pub(crate) fn get(&self, key: &str) -> &Issued {
        &self.issued.iter().find(|(name, _)| name == key).unwrap().1
    }

    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        self.workdir.read(format!("school/{name}"))
    }

    pub(crate) fn root(&self) -> X509 {
        X509::from_pem(&self.file("keys/1/root.pem")).unwrap().remove(0)
    }

    pub(crate) fn leaf(&self) -> X509 {
        X509::from_pem(&self.file("keys/1/seal.pem")).unwrap().remove(0)
    }

    fn newest(&self, name: &str) -> Issued {
        let all = self.run(&["list", "--json"]).objects();
        let id = all.iter().find(|one| one["name"] == name).unwrap();
        let id = id["verify_id"].as_str().unwrap().to_owned();
        let record = self.file(&format!("public/cert/{id}/certificate.json"));
        let record: Value = serde_json::from_slice(&record).unwrap();
        let file = |part: &str| {
            let path = record["certificate"][part]["path"].as_str().unwrap();
            self.file(&format!("public/{path}"))
        };
        Issued { id, pdf: file("pdf"), signature: file("signature") }
    }
}

/// All files.
pub(crate) fn corpus(school: &School) -> Vec<Case> {
    let mut corpus = Corpus { school, cases: Vec::new() };
    corpus.issued();
    for key in ["valid", "revoked"] {
        corpus.bits(key);
        corpus.pieces(key);
        corpus.revisions(key);
        corpus.twins(key);
        corpus.words(key);
    }
    corpus.byte_ranges();
    corpus.swapped();
    corpus.detached();
    corpus.unsealed();
    corpus.rewritten();
    corpus.strangers();
    corpus.keys();
    corpus.foreign();
    corpus.no_pdfs();
    corpus.random();
    corpus.cases
}

struct Corpus<'a> {
    school: &'a School,
    cases: Vec<Case>,
}

impl Corpus<'_> {
    fn add(&mut self, name: impl Into<String>, pdf: impl Into<Vec<u8>>) {
        self.cases.push(Case { name: name.into(), pdf: pdf.into(), signature: None });
    }

    fn add_signed(&mut self, name: &str, pdf: &[u8], signature: &[u8]) {
        self.cases.push(Case {
            name: name.to_owned(),
            pdf: pdf.to_vec(),
            signature: Some(signature.to_vec()),
        });
    }

    /// What the school issued, as it is.
    fn issued(&mut self) {
        for (key, issued) in self.school.issued.clone() {
            self.add(format!("issued {key}"), issued.pdf.clone());
            self.add_signed(
                &format!("issued {key} with signature"),
                &issued.pdf,
                &issued.signature,
            );
        }
    }

    /// One bit flipped, in each part of the file.
    fn bits(&mut self, key: &str) {
        let pdf = self.school.get(key).pdf.clone();
        let end = forge::document_end(&pdf);
        let digits = forge::digits(&pdf);
        let mut flip = |part: &str, at: usize, bit: u8| {
            let mut changed = pdf.clone();
            changed[at] ^= bit;
            self.add(format!("{key}: bit of {part}"), changed);
        };
        for part in 0..12 {
            flip(&format!("document {part}"), 400 + (end - 800) / 12 * part, 0x20);
        }
        for part in 0..10 {
            let rest = pdf.len() - digits.end;
            flip(&format!("seal's revision {part}"), digits.end + rest / 10 * part, 0x01);
        }
        flip("seal's dictionary", end + 20, 0x01);
        flip("seal's first digit", digits.start, 0x01);
        flip("seal's padding", digits.end - 3, 0x01);
        flip("header", 1, 0x01);
        flip("end", pdf.len() - 3, 0x01);
    }

    /// Parts cut off, doubled and added.
    fn pieces(&mut self, key: &str) {
        let pdf = self.school.get(key).pdf.clone();
        let end = forge::document_end(&pdf);
        for (name, length) in [
            ("nothing", 0),
            ("a header", 9),
            ("half", pdf.len() / 2),
            ("the document", end),
            ("the document and a line", end + 1),
            ("half of the seal", end + (pdf.len() - end) / 2),
            ("all but the end", pdf.len() - 6),
            ("all but a line end", pdf.len() - 1),
        ] {
            self.add(format!("{key}: {name} is left"), &pdf[..length]);
        }
        for (name, more) in [
            ("a line", "\n"),
            ("a space", " "),
            ("a zero", "\0"),
            ("a comment", "% a comment\n"),
            ("an end", "%%EOF\n"),
            ("a table", "startxref\n0\n%%EOF\n"),
        ] {
            let after = [&pdf[..], more.as_bytes()].concat();
            self.add(format!("{key}: {name} after it"), after);
            let before = [more.as_bytes(), &pdf[..]].concat();
            self.add(format!("{key}: {name} before it"), before);
        }
        self.add(format!("{key}: twice"), [&pdf[..], &pdf].concat());
    }

    /// Revisions appended in the form of our own writer.
    fn revisions(&mut self, key: &str) {
        let pdf = self.school.get(key).pdf.clone();
        let (root, leaf) = (self.school.root(), self.school.leaf());
        let crl = self.school.file("keys/1/root.crl");
        let (root, leaf) = (root.der().to_vec(), leaf.der().to_vec());
        let stranger = own_root("Eve");
        let none: &[Vec<u8>] = &[];
        let object = |number: u32, body: &str| vec![(number, body.as_bytes().to_vec())];
        let cases = [
            ("empty validation data", forge::with_dss(&pdf, none, none)),
            (
                "empty validation data twice",
                forge::with_dss(&forge::with_dss(&pdf, none, none), none, none),
            ),
            ("no object", forge::with_revision(&pdf, &[])),
            ("an unused object", forge::with_revision(&pdf, &object(900, "<</A 1>>"))),
            (
                "another catalog",
                forge::with_revision(&pdf, &object(1, "<</Type/Catalog/Pages 1 0 R>>")),
            ),
            (
                "validation data twice",
                forge::with_dss(&pdf, &[leaf.clone(), leaf.clone()], none),
            ),
            (
                "validation data of a stranger",
                forge::with_dss(&pdf, &[stranger.der().to_vec()], none),
            ),
            ("validation data that is none", forge::with_dss(&pdf, &[vec![5, 0]], none)),
            (
                "a list that is none",
                forge::with_dss(&pdf, &[leaf.clone(), root.clone()], &[vec![0x30, 0]]),
            ),
            (
                "a list with a bit flipped",
                forge::with_dss(&pdf, &[leaf.clone(), root.clone()], &[flipped(&crl)]),
            ),
            (
                "a root with a bit flipped",
                forge::with_dss(&pdf, &[leaf, flipped(&root)], &[crl]),
            ),
        ];
        for (name, pdf) in cases {
            self.add(format!("{key}: revision with {name}"), pdf);
        }
    }

    /// The same seal in other bytes.
    fn twins(&mut self, key: &str) {
        let pdf = self.school.get(key).pdf.clone();
        let root = self.school.root();
        let leaf = self.school.leaf();
        let mut lower = pdf.clone();
        lower[forge::digits(&pdf)].make_ascii_lowercase();
        let long_form = |signature: &[u8]| {
            [&[0x30, 0x81, signature[1]][..], &signature[2..]].concat()
        };
        let leading_zero = |signature: &[u8]| {
            let r = &signature[4..4 + usize::from(signature[3])];
            let r = forge::value(2, &[&[0], r].concat());
            let rest = &signature[4 + usize::from(signature[3])..];
            forge::value(0x30, &[&r[..], rest].concat())
        };
        for (name, pdf) in [
            ("the twin of its signature", forge::with_signature(&pdf, forge::twin)),
            ("a length in two bytes", forge::with_signature(&pdf, long_form)),
            ("a leading zero", forge::with_signature(&pdf, leading_zero)),
            ("digits in lower case", lower),
            ("the twin of the root's", forge::with_certificate_twin(&pdf, root.der())),
            ("the twin of the leaf's", forge::with_certificate_twin(&pdf, leaf.der())),
        ] {
            self.add(format!("{key}: {name}"), pdf);
        }
    }

    /// Words of the seal's revision replaced.
    fn words(&mut self, key: &str) {
        let pdf = self.school.get(key).pdf.clone();
        for (from, to) in [
            ("/Type/Sig/", "/Type/Sig /"),
            ("/P 1/", "/P 2/"),
            ("/SigFlags 3", "/SigFlags 1"),
            ("/Rect[0 0 0 0]", "/Rect[0 0 9 9]"),
            ("/F 132", "/F 134"),
            ("/Perms<<", "/Perms1<<"),
            ("/ETSI.CAdES.detached", "/adbe.pkcs7.detached"),
            ("/Perms", "/OpenAction<</S/JavaScript/JS(1)>>/Perms"),
        ] {
            if let Some(pdf) = replaced(&pdf, from, to) {
                self.add(format!("{key}: {from} is {to}"), pdf);
            }
        }
    }

    /// Other ranges of bytes that the seal is to cover.
    fn byte_ranges(&mut self) {
        let pdf = self.school.get("valid").pdf.clone();
        let digits = forge::digits(&pdf);
        let at = find(&pdf, b"/ByteRange[", forge::document_end(&pdf)).unwrap() + 11;
        let (open, end) = (digits.start - 1, digits.end + 1);
        let rest = pdf.len() - end;
        for (index, range) in [
            format!("0 {open} {end} {}", rest - 1),
            format!("0 {} {end} {rest}", open - 1),
            format!("1 {} {end} {rest}", open - 1),
            format!("0 {open} {} {}", end + 1, rest - 1),
            format!("0 0 0 {}", pdf.len()),
            format!("0 {open} {end} {rest} 0 0"),
            format!("0 {open} {end} -{rest}"),
            "0 18446744073709551615 1 1".to_owned(),
            String::new(),
        ]
        .into_iter()
        .enumerate()
        {
            let mut pdf = pdf.clone();
            let slot = format!("{:<41}", format!("{range}]"));
            pdf[at..at + slot.len()].copy_from_slice(slot.as_bytes());
            self.add(format!("byte range {index}"), pdf);
        }
    }

    /// The seal of one certificate on another.
    fn swapped(&mut self) {
        let valid = self.school.get("valid").pdf.clone();
        for key in ["revoked", "specimen", "superseded"] {
            let other = self.school.get(key).pdf.clone();
            self.add(
                format!("the seal of valid on {key}"),
                forge::with_seal(&other, &forge::seal(&valid)),
            );
            self.add(
                format!("the seal of {key} on valid"),
                forge::with_seal(&valid, &forge::seal(&other)),
            );
            let document = &other[..forge::document_end(&other)];
            let revision = &valid[forge::document_end(&valid)..];
            self.add(
                format!("the revision of valid on {key}"),
                [document, revision].concat(),
            );
            let (from, to) =
                (self.school.get(key).id.clone(), self.school.get("valid").id.clone());
            let mut renamed = other.clone();
            while let Some(next) = replaced(&renamed, &from, &to) {
                renamed = next;
            }
            self.add(format!("{key} with the address of valid"), renamed);
        }
        let mut zeros = valid.clone();
        zeros[forge::digits(&valid)].fill(b'0');
        self.add("valid: no seal in its place", zeros);
    }

    /// Other detached signatures.
    fn detached(&mut self) {
        let (valid, revoked) =
            (self.school.get("valid").clone(), self.school.get("revoked").clone());
        self.add_signed("signature of another", &valid.pdf, &revoked.signature);
        self.add_signed("signature of nothing", &valid.pdf, b"");
        self.add_signed("signature cut short", &valid.pdf, &valid.signature[..90]);
        let text = String::from_utf8(valid.signature.clone()).unwrap();
        self.add_signed(
            "signature with other line ends",
            &valid.pdf,
            text.replace('\n', "\r\n").as_bytes(),
        );
        let changed = flipped(&valid.pdf);
        self.add_signed("signature over a changed file", &changed, &valid.signature);
        let revision = forge::with_dss(&valid.pdf, &[], &[]);
        self.add_signed("signature and a revision more", &revision, &valid.signature);
    }

    /// Files that name a certificate, and are not sealed.
    fn unsealed(&mut self) {
        self.add("draft", draft("en.pdf"));
        self.add("draft in Arabic", draft("ar.pdf"));
        let valid = self.school.get("valid").clone();
        let link = format!(
            "%PDF-1.7\n1 0 obj\n<</S/URI/URI(https://c.example/cert/{}/)>>\nendobj\n",
            valid.id
        );
        self.add("a link alone", link.into_bytes());
        let document = &valid.pdf[..forge::document_end(&valid.pdf)];
        self.add_signed("document with a signature", document, &valid.signature);
    }

    /// Written again by other programs.
    fn rewritten(&mut self) {
        let folder = self.school.workdir.path(".");
        for key in ["valid", "revoked"] {
            fs::write(folder.join("in.pdf"), &self.school.get(key).pdf).unwrap();
            for how in ["--linearize", "--qdf", "--object-streams=generate"] {
                let output = run(&folder, "qpdf", &[how, "in.pdf", "out.pdf"]);
                assert!(output.status.code() != Some(2), "{}", output_text(&output));
                let pdf = fs::read(folder.join("out.pdf")).unwrap();
                self.add(format!("{key}: qpdf {how}"), pdf);
            }
        }
    }

    /// Sealed by keys that are not known here, some with the school's own name.
    fn strangers(&mut self) {
        for name in ["Eve", "Example University"] {
            let site = crate::seal::site::Site::new(name);
            for language in ["en.pdf", "es.pdf"] {
                let sealed = site.seal(&draft(language));
                self.add(format!("sealed by {name}: {language}"), sealed.bytes.clone());
                self.add_signed(
                    &format!("sealed and signed by {name}: {language}"),
                    &sealed.bytes,
                    sealed.signature.unwrap().as_bytes(),
                );
            }
            let sealer = site.keys.sealer().with_archive(true);
            let sealed = sealer.seal(&draft("en.pdf"), now()).unwrap();
            self.add(format!("sealed by {name} with a field more"), sealed.bytes);
        }
        let valid = self.school.get("valid").pdf.clone();
        let document = &valid[..forge::document_end(&valid)];
        let eve = crate::seal::site::Site::new("Eve");
        let sealed = eve.keys.sealer().seal(document, now());
        if let Ok(sealed) = sealed {
            self.add("valid: sealed by Eve instead", sealed.bytes.clone());
            let seal = forge::seal(&sealed.bytes);
            if seal.len() * 2 <= forge::digits(&valid).len() {
                self.add("valid: the seal of Eve", forge::with_seal(&valid, &seal));
            }
        }
    }

    /// Sealed with keys of each kind, with names that a terminal must not be given.
    fn keys(&mut self) {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        openssl(
            here,
            "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem",
        );
        openssl(
            here,
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.pem",
        );
        openssl(
            here,
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.pem",
        );
        for (index, (key, subject)) in [
            ("rsa", "/O=Ada/CN=Ada"),
            ("p256", "/O=Ada/CN=Ada"),
            ("p384", "/O=Ada/CN=Ada"),
            ("p256", "/CN=good: intact\u{1b}[2K\u{1b}[1A"),
            ("p256", "/CN=\u{202e}ytisrevinU"),
            ("p256", "/CN=A\u{9b}31mB\u{2066}C"),
        ]
        .into_iter()
        .enumerate()
        {
            let certificate = here.join(format!("{index}.pem"));
            self_signed(here, key, subject, &certificate);
            let key = fs::read(here.join(format!("{key}.pem"))).unwrap();
            let key = PrivateKey::from_pem(&key).unwrap();
            let chain = X509::from_pem(&fs::read(certificate).unwrap()).unwrap();
            let identity = Identity::new(std::sync::Arc::new(key), chain, now()).unwrap();
            let sealed = Sealer::new(identity).seal(&draft("en.pdf"), now()).unwrap();
            self.add(format!("sealed by key {index} of a stranger"), sealed.bytes);
        }
    }

    /// Sealed by another program.
    fn foreign(&mut self) {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        let key = |line: &str| openssl(here, line);
        key("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem");
        for curve in ["P-256", "P-384", "P-521"] {
            key(&format!(
                "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{curve} -out {curve}.pem"
            ));
        }
        for (key, subject) in [
            ("rsa", "/O=Elsewhere/CN=Registrar \u{202e}\u{7}"),
            ("P-256", "/O=Elsewhere/CN=Registrar"),
            ("P-384", "/O=Elsewhere/CN=Registrar"),
            ("P-521", "/O=Elsewhere/CN=Registrar"),
        ] {
            self_signed(here, key, subject, &here.join(format!("{key}.crt")));
        }
        fs::write(here.join("plain.pdf"), plain_pdf()).unwrap();
        let line = ["--object-streams=generate", "plain.pdf", "streams.pdf"];
        assert!(run(here, "qpdf", &line).status.success());
        fs::write(here.join("draft.pdf"), draft("en.pdf")).unwrap();
        let mut jobs: Vec<(String, Value)> = Vec::new();
        let mut job = |name: &str, from: &str, key: &str, more: Value| {
            let mut job = json!({ "in": from, "out": format!("{}.out", jobs.len()),
                "key": format!("{key}.pem"), "cert": format!("{key}.crt") });
            for (key, value) in more.as_object().unwrap() {
                job[key] = value.clone();
            }
            jobs.push((format!("foreign: {name}"), job));
        };
        for from in ["plain.pdf", "streams.pdf"] {
            for key in ["rsa", "P-256", "P-384", "P-521"] {
                job(&format!("{from} by {key}"), from, key, json!({}));
            }
            job(&format!("{from} by PSS"), from, "rsa", json!({ "pss": true }));
            job(&format!("{from} as PKCS 7"), from, "rsa", json!({ "pkcs7": true }));
            job(&format!("{from} certified"), from, "P-256", json!({ "certify": true }));
            let visible = json!({ "box": [10, 10, 90, 40], "reason": "I approve" });
            job(&format!("{from} visibly"), from, "rsa", visible);
            job(
                &format!("{from} by SHA-512"),
                from,
                "rsa",
                json!({ "digest": "sha512" }),
            );
        }
        // On top of a sealed certificate pyHanko refuses to: its seal permits no change.
        job("on top of a draft", "draft.pdf", "P-256", json!({ "field": "Other" }));
        let mut child = Command::new(program("python"))
            .args([&judge("foreign.py"), here])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let lines: String = jobs.iter().map(|(_, job)| format!("{job}\n")).collect();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "tests/verify/foreign.py");
        for (name, job) in jobs {
            let pdf = fs::read(here.join(job["out"].as_str().unwrap())).unwrap();
            if name == "foreign: plain.pdf by rsa" {
                self.add("foreign: changed", flipped(&pdf));
                self.add("foreign: cut short", &pdf[..pdf.len() / 2]);
                self.add("foreign: after a comment", [&b"% a\n"[..], &pdf].concat());
            }
            self.add(name, pdf);
        }
    }

    /// Files that are no sealed PDFs at all.
    fn no_pdfs(&mut self) {
        for (name, bytes) in [
            ("nothing", Vec::new()),
            ("a text", b"I have a degree.\n".to_vec()),
            ("a header", b"%PDF-1.7\n".to_vec()),
            ("a plain PDF", plain_pdf()),
            ("zeros", vec![0; 10_000]),
            ("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()),
            ("an archive", b"PK\x03\x04".to_vec()),
            ("a page", b"<!doctype html><title>valid</title>".to_vec()),
        ] {
            self.add(format!("no certificate: {name}"), bytes);
        }
    }

    /// Random changes, the same in each run.
    fn random(&mut self) {
        let pdf = self.school.get("valid").pdf.clone();
        let mut state = 0x5eed_u64;
        let mut below = |end: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % end as u64) as usize
        };
        for round in 0..24 {
            let mut changed = pdf.clone();
            for _ in 0..=below(3) {
                let at = below(forge::document_end(&pdf));
                match below(4) {
                    0 => changed[at] ^= 0x10,
                    1 => drop(changed.drain(at..at + 1 + below(40))),
                    2 => changed.insert(at, b'0'),
                    _ => changed[at..at + 4].fill(b' '),
                }
            }
            self.add(format!("random {round}"), changed);
        }
    }
}

/// A file beside the corpus.
pub(crate) fn judge(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify").join(name)
}

/// The middle bit of some bytes flipped.
fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let middle = bytes.len() / 2;
    changed[middle] ^= 1;
    changed
}

fn own_root(name: &str) -> X509 {
    let site = crate::seal::site::Site::new(name);
    site.keys.root().unwrap().clone()
}

/// A certificate that signs documents, with any subject.
fn self_signed(folder: &Path, key: &str, subject: &str, out: &Path) {
    let output = Command::new("openssl")
        .args(["req", "-x509", "-utf8", "-new", "-key", &format!("{key}.pem")])
        .args(["-subj", subject, "-days", "30"])
        .args(["-addext", "keyUsage=critical,digitalSignature,nonRepudiation"])
        .arg("-out")
        .arg(out)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", output_text(&output));
}

/// The smallest PDF of another program.
fn plain_pdf() -> Vec<u8> {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R/Resources<<>>>>",
        "<</Length 12>>\nstream\n0 0 9 9 re f\nendstream",
    ];
    let mut file = b"%PDF-1.7\n%\x80\x80\x80\x80\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f\r\n", objects.len() + 1);
    for (object, number) in objects.iter().zip(1..) {
        table.push_str(&format!("{:010} 00000 n\r\n", file.len()));
        file.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    let start = file.len();
    file.extend(table.bytes());
    file.extend(
        format!(
            "trailer\n<</Size {}/Root 1 0 R/ID[<00><00>]>>\nstartxref\n{start}\n%%EOF\n",
            objects.len() + 1
        )
        .bytes(),
    );
    file
}
