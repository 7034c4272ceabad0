//! What EU DSS says of each level of a seal: by a root of the site's own and by a CA of others, today
//! and in 2037, with the issuer's list handed over and without. veraPDF judges the same files.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use testamur::Timestamp;
use testamur::seal::{BlockingHttpClient, HttpClient, PadesLevel, Sealed, X509};
use testamur::site::{KeySource, Keys};

use super::dss::{self, Case};
use super::standards::assert_conforms;
use crate::seal::judges::Certomancer;
use crate::seal::site::{Site, draft, now};
use crate::workdir::Workdir;

const PASSED: &str = "TOTAL_PASSED";
/// There is no revocation list in the file, and none is handed over.
const NO_LIST: &str = "INDETERMINATE/CERTIFICATE_CHAIN_GENERAL_FAILURE";
/// The signer's certificate has ended, and nothing proves that the seal is older.
const ENDED: &str = "INDETERMINATE/OUT_OF_BOUNDS_NOT_REVOKED";

/// Whether a seal by a root of the site's own carries that root's list.
const CARRIES_LIST: bool = true;

/// What DSS says of one file.
struct Row {
    sealed_by: &'static str,
    level: PadesLevel,
    /// As in [`COLUMNS`].
    indications: [&'static str; 4],
}

/// With nothing but the roots, and with the newest lists handed over; then the same in 2037: a leaf of
/// the site's own ends ten years after it was made.
const COLUMNS: [&str; 4] = ["alone", "with lists", "in 2037", "in 2037 with lists"];

const OWN_B: [&str; 4] = if CARRIES_LIST {
    [PASSED, PASSED, ENDED, ENDED]
} else {
    [NO_LIST, PASSED, NO_LIST, ENDED]
};
const OWN_T: [&str; 4] = if CARRIES_LIST {
    [PASSED, PASSED, ENDED, PASSED]
} else {
    [NO_LIST, PASSED, NO_LIST, PASSED]
};

/// What `issue` makes, without a timestamp.
const ISSUED: &str = "issue";
/// By a root of the site's own, with the timestamp of a TSA.
const OWN: &str = "own";
/// By a key whose certificate is a CA's.
const CA: &str = "ca";

#[rustfmt::skip] // A table.
const ROWS: [Row; 9] = [
    Row { sealed_by: ISSUED, level: PadesLevel::B, indications: OWN_B },
    Row { sealed_by: OWN, level: PadesLevel::B, indications: OWN_B },
    Row { sealed_by: OWN, level: PadesLevel::T, indications: OWN_T },
    Row { sealed_by: OWN, level: PadesLevel::Lt, indications: [PASSED; 4] },
    Row { sealed_by: OWN, level: PadesLevel::Lta, indications: [PASSED; 4] },
    Row { sealed_by: CA, level: PadesLevel::B, indications: [NO_LIST, PASSED, NO_LIST, ENDED] },
    Row { sealed_by: CA, level: PadesLevel::T, indications: [NO_LIST, PASSED, NO_LIST, PASSED] },
    Row { sealed_by: CA, level: PadesLevel::Lt, indications: [PASSED; 4] },
    Row { sealed_by: CA, level: PadesLevel::Lta, indications: [PASSED; 4] },
];

#[test]
fn each_level_has_its_indication_and_meets_pdf_a_and_pdf_ua() {
    let pki = Pki::start();
    let files: Vec<PathBuf> =
        ROWS.iter().map(|row| pki.path(row.sealed_by, row.level)).collect();
    assert_conforms(&files);

    let year_2037 = Timestamp::from_unix(2_127_430_800).unwrap();
    let mut cases = Vec::new();
    for file in &files {
        let roots = pki.roots.iter();
        let case = roots.fold(Case::new(file), |case, root| case.root(root));
        let lists = pki.lists.iter();
        let with_list = lists.fold(case.clone(), |case, list| case.crl(list));
        cases.extend([case.clone(), with_list.clone()]);
        cases.extend([case.at(year_2037), with_list.at(year_2037)]);
    }
    let opinions = dss::judge(&cases);
    let mut wrong = Vec::new();
    for (row, opinions) in ROWS.iter().zip(opinions.chunks(COLUMNS.len())) {
        let name = format!("{} {}", row.sealed_by, row.level.as_str());
        let level = row.level.as_str().replacen("B-", "PAdES-BASELINE-", 1);
        let signer = if row.sealed_by == CA {
            "Demo University Seal"
        } else {
            "Example University"
        };
        for ((opinion, wanted), column) in
            opinions.iter().zip(row.indications).zip(COLUMNS)
        {
            let [opinion] = &opinion.as_ref().unwrap()[..] else {
                panic!("{name}: {opinion:#?}")
            };
            assert!(!opinion.is_altered, "{name}: {opinion:#?}");
            assert_eq!(opinion.signed_by, signer, "{name}");
            if opinion.indication != wanted || opinion.level != level {
                let dss::Opinion { level, indication, messages, .. } = opinion;
                wrong.push(format!(
                    "{name}, {column}: {level} {indication}, not {wanted}: {messages:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn changed_file_and_unknown_root_do_not_pass() {
    let site = Site::new("Example University");
    let sealed = site.seal(&draft("en.pdf")).bytes;
    let mut changed = sealed.clone();
    changed[2000] ^= 1;
    let [sealed, changed, plain, other] = [
        ("sealed.pdf", &sealed[..]),
        ("changed.pdf", &changed),
        ("plain.pdf", &draft("en.pdf")),
        ("other.pdf", b"no PDF"),
    ]
    .map(|(name, bytes)| site.write(name, bytes));
    let (root, list) = (site.path("keys/1/root.pem"), site.path("keys/1/root.crl"));
    let case = |file| Case::new(file).root(&root).crl(&list);
    let unknown = Case::new(&sealed).crl(&list);
    let answers =
        dss::judge(&[case(&sealed), case(&changed), unknown, case(&plain), case(&other)]);
    let said: Vec<Result<Vec<&str>, ()>> = answers
        .iter()
        .map(|answer| match answer {
            Ok(seals) => Ok(seals.iter().map(|seal| &*seal.indication).collect()),
            Err(_) => Err(()),
        })
        .collect();
    assert_eq!(
        said,
        [
            Ok(vec![PASSED]),
            Ok(vec!["TOTAL_FAILED/HASH_FAILURE"]),
            Ok(vec!["INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND"]),
            Ok(vec![]),
            Err(()),
        ],
        "{answers:#?}"
    );
}

/// Files of each level, the roots that they need, and the newest lists of these.
struct Pki {
    folder: Workdir,
    roots: Vec<PathBuf>,
    lists: Vec<PathBuf>,
}

impl Pki {
    fn start() -> Self {
        let folder = Workdir::new();
        let (mut roots, mut lists) = (Vec::new(), Vec::new());

        let new =
            folder.run(["new", "issue", "--url", "https://certificates.example.edu"]);
        assert_eq!(new.code, 0, "{}", new.stderr);
        let issued = folder.run(["--site", "issue", "issue", "-n", "Ada Lovelace"]);
        assert_eq!(issued.code, 0, "{}", issued.stderr);
        let [id] = &folder.names("issue/public/downloads")[..] else { panic!("one PDF") };
        let pdf = folder.read(format!("issue/public/downloads/{id}/Certificate.pdf"));
        folder.write("issue-B-B.pdf", pdf);
        roots.push(folder.path("issue/keys/1/root.pem"));
        lists.push(folder.path("issue/keys/1/root.crl"));

        let ca = Certomancer::start();
        let root = ca.read("out/root/root.cert.pem");
        folder.write("ca.pem", &root);
        folder.write("signer.key.pem", ca.read("signer.key.pem"));
        folder.write(
            "chain.pem",
            [ca.read("out/root/signer.cert.pem"), root.clone()].concat(),
        );
        roots.push(folder.path("ca.pem"));
        let http = Arc::new(BlockingHttpClient::new(Duration::from_secs(10)));
        let host = format!("http://localhost:{}/testamur", ca.port);
        folder
            .write("ca.crl", http.get(&format!("{host}/crls/root/latest.crl")).unwrap());
        lists.push(folder.path("ca.crl"));

        let own = Site::new("Example University");
        for (name, list) in [("root.pem", &mut roots), ("root.crl", &mut lists)] {
            folder.write(name, fs::read(own.path("keys/1").join(name)).unwrap());
            list.push(folder.path(name));
        }
        let source = KeySource::Own {
            name: "Demo University",
            key: &folder.path("signer.key.pem"),
            chain: &folder.path("chain.pem"),
        };
        let others = Keys::create(&folder.path("keys"), &source, now()).unwrap();

        let tsa_roots = X509::from_pem(&root).unwrap();
        let page = draft("en.pdf");
        for (name, keys, list) in [(OWN, &own.keys, "root.crl"), (CA, &others, "ca.crl")]
        {
            let write = |level: PadesLevel, sealed: &Sealed| {
                assert_eq!(sealed.level, level, "{name}");
                folder.write(&format!("{name}-{}.pdf", level.as_str()), &sealed.bytes);
            };
            write(PadesLevel::B, &keys.sealer().seal(&page, now()).unwrap());
            for (archive, raised) in [(false, PadesLevel::Lt), (true, PadesLevel::Lta)] {
                // The field of an archive timestamp is reserved by the seal.
                let sealer = keys.sealer().with_archive(archive);
                let sealer = sealer.with_issuers(tsa_roots.clone());
                let sealer = sealer.with_tsa(format!("{host}/tsa/tsa"), http.clone());
                let timed = sealer.seal(&page, now()).unwrap();
                write(PadesLevel::T, &timed);
                let lists = [folder.read(list)];
                let sealed = sealer.upgrade(&timed.bytes, &lists, now()).unwrap();
                write(raised, &sealed);
            }
        }
        Self { folder, roots, lists }
    }

    fn path(&self, sealed_by: &str, level: PadesLevel) -> PathBuf {
        self.folder.path(&format!("{sealed_by}-{}.pdf", level.as_str()))
    }
}
