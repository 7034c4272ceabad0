//! What the certificates above a seal allow, and what their lists say.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use testamur::seal::{Identity, PrivateKey, Sealer, Trust, Verdict, X509, verify};

use crate::seal::site::{draft, now, openssl};

/// One draft for all.
static DRAFT: LazyLock<Vec<u8>> = LazyLock::new(|| draft("en.pdf"));

/// A root and a leaf below it, made by openssl with these extensions.
struct Issued {
    folder: tempfile::TempDir,
    chain: Vec<X509>,
}

const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
                  subjectKeyIdentifier=hash\n";
const LEAF: &str = "basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\n";
const USAGE: &str = "keyUsage=critical,digitalSignature,nonRepudiation\n";

impl Issued {
    fn new(ca: &str, leaf: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        for key in ["root", "leaf"] {
            let line = format!(
                "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {key}.key"
            );
            openssl(here, &line);
        }
        std::fs::write(here.join("root.ext"), format!("[x]\n{CA}{ca}\n")).unwrap();
        std::fs::write(here.join("leaf.ext"), format!("[x]\n{LEAF}{leaf}\n")).unwrap();
        openssl(here, "req -new -key root.key -subj /O=School/OU=root -out root.csr");
        openssl(
            here,
            "x509 -req -in root.csr -signkey root.key -days 90 -extfile root.ext -extensions x -out root.crt",
        );
        openssl(here, "req -new -key leaf.key -subj /O=School/CN=Seal -out leaf.csr");
        openssl(
            here,
            "x509 -req -in leaf.csr -CA root.crt -CAkey root.key -CAcreateserial -days 30 -extfile leaf.ext -extensions x -out leaf.crt",
        );
        let read = |name: &str| {
            X509::from_pem(&std::fs::read(here.join(name)).unwrap()).unwrap().remove(0)
        };
        let chain = vec![read("leaf.crt"), read("root.crt")];
        Self { folder, chain }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn trust(&self) -> Trust {
        Trust::new().with_roots([self.chain[1].clone()])
    }

    fn seal(&self) -> testamur::Result<Vec<u8>> {
        let key = std::fs::read(self.path().join("leaf.key")).unwrap();
        let key = PrivateKey::from_pem(&key).unwrap();
        let identity = Identity::new(Arc::new(key), self.chain.clone(), now())?;
        Ok(Sealer::new(identity).seal(&DRAFT, now())?.bytes)
    }

    /// A list of the root, made by openssl, in which the leaf may stand.
    fn crl(&self, revoked: bool, more: &str) -> Vec<u8> {
        let here = self.path();
        std::fs::write(here.join("index.txt"), "").unwrap();
        std::fs::write(here.join("number"), "01\n").unwrap();
        let config = format!(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=number\n\
             default_md=sha256\ndefault_crl_days=30\ncertificate=root.crt\n\
             private_key=root.key\ncrl_extensions=x\n[x]\nauthorityKeyIdentifier=keyid\n\
             {more}\n"
        );
        std::fs::write(here.join("ca.cnf"), config).unwrap();
        if revoked {
            openssl(here, "ca -config ca.cnf -revoke leaf.crt");
        }
        openssl(here, "ca -config ca.cnf -gencrl -out list.pem");
        std::fs::read(here.join("list.pem")).unwrap()
    }
}

#[test]
fn constraints_of_issuers_are_honoured_or_refuse() {
    let school = "dirName:school\n[school]\nO=School";
    let other = "dirName:other\n[other]\nO=Other";
    for (name, ca, is_trusted) in [
        ("none", String::new(), true),
        ("permits it", format!("nameConstraints=critical,permitted;{school}"), true),
        (
            "permits it, and says so softly",
            format!("nameConstraints=permitted;{school}"),
            true,
        ),
        ("permits others", format!("nameConstraints=critical,permitted;{other}"), false),
        ("permits others softly", format!("nameConstraints=permitted;{other}"), false),
        ("excludes it", format!("nameConstraints=critical,excluded;{school}"), false),
        ("excludes it softly", format!("nameConstraints=excluded;{school}"), false),
        (
            "excludes it in other letters",
            "nameConstraints=excluded;dirName:s\n[s]\nO=SCHOOL".to_owned(),
            false,
        ),
        ("excludes others", format!("nameConstraints=critical,excluded;{other}"), true),
        ("is about hosts", "nameConstraints=permitted;DNS:example.org".to_owned(), true),
        (
            "is about mail",
            "nameConstraints=critical,excluded;email:a.example".to_owned(),
            true,
        ),
        ("policies", "policyConstraints=requireExplicitPolicy:0".to_owned(), false),
        ("any policy", "inhibitAnyPolicy=0".to_owned(), false),
        ("unknown and soft", "1.2.3.4=DER:0500".to_owned(), true),
        ("unknown and critical", "1.2.3.4=critical,DER:0500".to_owned(), false),
    ] {
        let issued = Issued::new(&ca, USAGE);
        let sealed = issued.seal().unwrap();
        let found = verify(&sealed, None, &issued.trust(), now());
        let expected =
            if is_trusted { Verdict::StatusNotAsked } else { Verdict::SignerUnknown };
        assert_eq!(found.verdict, expected, "{name}: {found:#?}");
    }
}

#[test]
fn mail_address_is_refused_where_addresses_are_constrained() {
    let constraint = "nameConstraints=excluded;email:a.example";
    let leaf = format!("{USAGE}subjectAltName=email:b@b.example\n");
    let issued = Issued::new(constraint, &leaf);
    let found = verify(&issued.seal().unwrap(), None, &issued.trust(), now());
    assert_eq!(found.verdict, Verdict::SignerUnknown);
}

#[test]
fn usages_that_cannot_be_read_seal_nothing() {
    for (name, leaf) in [
        ("no usage bits", "2.5.29.15=critical,DER:03010000"),
        ("no bit string", "2.5.29.15=critical,DER:0500"),
        ("no usages", "2.5.29.37=DER:3000"),
        ("usages that are none", "2.5.29.37=DER:0500"),
        ("another purpose", "extendedKeyUsage=serverAuth"),
        ("only certificates", "keyUsage=critical,keyCertSign"),
    ] {
        let issued = Issued::new("", &format!("{leaf}\n"));
        assert!(issued.seal().is_err(), "{name}");
    }
}

#[test]
fn list_of_the_issuer_counts_and_no_other() {
    let issued = Issued::new("", USAGE);
    let sealed = issued.seal().unwrap();
    let judge = |trust: &Trust| verify(&sealed, None, trust, now());
    let notes = |trust: &Trust| judge(trust).seal.unwrap().notes.join("; ");
    assert!(notes(&issued.trust()).contains("no list of revoked certificates"));
    let clean = issued.crl(false, "");
    let trust = issued.trust().with_crls([&clean]).unwrap();
    assert_eq!(judge(&trust).verdict, Verdict::StatusNotAsked);
    assert_eq!(notes(&trust), "");
    // Long after, the list says nothing new.
    let late = verify(&sealed, None, &trust, now().plus_days(29));
    assert_eq!(late.verdict, Verdict::StatusNotAsked);
    let revoked = issued.crl(true, "");
    let trust = trust.with_crls([&revoked]).unwrap();
    let found = judge(&trust);
    assert_ne!(found.verdict, Verdict::StatusNotAsked, "{found:#?}");
    // What limits itself, or says something that is not known, is no list of the leaf's.
    for (name, more) in [
        ("unknown", "1.2.3.4=critical,DER:0500"),
        ("of CAs", "issuingDistributionPoint=critical,@p\n[p]\nonlyCA=TRUE"),
        ("indirect", "issuingDistributionPoint=critical,@p\n[p]\nindirectCRL=TRUE"),
        (
            "of another place",
            "issuingDistributionPoint=critical,@p\n[p]\nfullname=URI:http://a.example/l",
        ),
    ] {
        let trust = issued.trust().with_crls([issued.crl(true, more)]).unwrap();
        let found = judge(&trust);
        assert_eq!(found.verdict, Verdict::StatusNotAsked, "{name}");
        assert!(
            notes(&trust).contains("no list of revoked"),
            "{name}: {}",
            notes(&trust)
        );
    }
    let users = "issuingDistributionPoint=critical,@p\n[p]\nonlyuser=TRUE";
    let trust = issued.trust().with_crls([issued.crl(true, users)]).unwrap();
    assert_ne!(judge(&trust).verdict, Verdict::StatusNotAsked);
    // A list by an impostor of the same name accounts for nothing, and revokes nothing.
    let impostor = Issued::new("", USAGE);
    let trust = issued.trust().with_crls([impostor.crl(true, "")]).unwrap();
    assert_eq!(judge(&trust).verdict, Verdict::StatusNotAsked);
    assert!(notes(&trust).contains("no list of revoked"), "{}", notes(&trust));
}

/// Nothing signs the certificates in a seal: who stole a key can leave out the issuer who revoked it.
#[test]
fn list_counts_for_a_seal_that_leaves_out_its_chain() {
    let issued = Issued::new("", USAGE);
    let [leaf, root] = [issued.chain[0].clone(), issued.chain[1].clone()];
    let key = std::fs::read(issued.path().join("leaf.key")).unwrap();
    let key = Arc::new(PrivateKey::from_pem(&key).unwrap());
    let identity = Identity::new(key, vec![leaf.clone()], now()).unwrap();
    let sealed = Sealer::new(identity).seal(&DRAFT, now()).unwrap().bytes;
    let verdict = |trust: Trust| verify(&sealed, None, &trust, now()).verdict;
    let pinned = || Trust::new().with_certificate(leaf.clone(), vec![root.clone()]);
    assert_eq!(verdict(pinned()), Verdict::StatusNotAsked);
    let clean = issued.crl(false, "");
    assert_eq!(verdict(pinned().with_crls([&clean]).unwrap()), Verdict::StatusNotAsked);
    let revoked = issued.crl(true, "");
    let found = verify(&sealed, None, &pinned().with_crls([&revoked]).unwrap(), now());
    assert_ne!(found.verdict, Verdict::StatusNotAsked, "{found:#?}");
    // Without the issuer, what the list says of the certificate is not known.
    let alone = Trust::new().with_certificate(leaf.clone(), Vec::new());
    assert_ne!(verdict(alone.with_crls([&revoked]).unwrap()), Verdict::StatusNotAsked);
}

/// A list may say that a key was stolen before its certificate was revoked.
#[test]
fn key_counts_as_revoked_from_when_it_was_stolen() {
    let issued = Issued::new("", USAGE);
    let sealed = issued.seal().unwrap();
    let judge = |stolen: &str| {
        issued.crl(false, "");
        let line = format!("ca -config ca.cnf -revoke leaf.crt -crl_compromise {stolen}");
        openssl(issued.path(), &line);
        openssl(issued.path(), "ca -config ca.cnf -gencrl -out list.pem");
        let list = std::fs::read(issued.path().join("list.pem")).unwrap();
        let trust = issued.trust().with_crls([list]).unwrap();
        verify(&sealed, None, &trust, now().plus_days(1)).verdict
    };
    assert_eq!(judge("20200101000000Z"), Verdict::KeyRevoked);
    assert_ne!(judge("20990101000000Z"), Verdict::StatusNotAsked);
}
