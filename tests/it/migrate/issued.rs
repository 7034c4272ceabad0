//! What the old program issued: imported where it lies.

use std::fs;

use super::installation::{Ended, Installation, gpg, stop, tree};

pub(super) const FIRST: &str = "82371b7cc3424c319e3381fa28ce9568";
pub(super) const SECOND: &str = "0a424cd8bd8348d4a78a574e7b77104a";
pub(super) const THIRD: &str = "5fed08fb47b144f88cbd3e2a060061e4";

/// A site with old files in its web root, signed with the old key: three certificates, the last of which
/// has a page that no template made.
pub(super) fn site() -> Installation {
    let old = Installation::whole("KEY");
    let key = Installation::make_key(&old.dir);
    let env = String::from_utf8(old.dir.read("old/env.json")).unwrap();
    old.dir.write("old/env.json", env.replace("\"KEY\"", &format!("\"{key}\"")));
    let template =
        String::from_utf8(old.dir.read("old/private/template_data/valid.html")).unwrap();
    for (id, download, name) in [
        (FIRST, "1".repeat(32), "Ada Example"),
        (SECOND, "2".repeat(32), "Grace <b>Sample"),
        (THIRD, "3".repeat(32), "Unknown"),
    ] {
        let pdf = format!("%PDF-1.3 (https://verify.example.org/cert/{id}) of {name}");
        let path = format!("web/downloads/{download}/Attestation.pdf");
        old.dir.write(&path, pdf);
        let signature = format!("web/cert/{id}/Attestation.pdf.sig");
        fs::create_dir_all(old.dir.path(&format!("web/cert/{id}"))).unwrap();
        let (signature, pdf) = (old.dir.path(&signature), old.dir.path(&path));
        let sign = ["--armor", "--digest-algo", "SHA512", "--detach-sign", "--output"];
        let sign =
            sign.into_iter().chain([signature.to_str().unwrap(), pdf.to_str().unwrap()]);
        gpg(&old.dir.path("old/gnupg"), &sign.collect::<Vec<_>>());
        let page = template
            .replace("{{", "{")
            .replace("}}", "}")
            .replace("{CERTS_ARE_CALLED}", "Statement")
            .replace("{NAME}", name)
            .replace("{COURSE}", "CS101")
            .replace("{COURSE_LONG}", "Sample course with an è")
            .replace("{ORG}", "ExampleX")
            .replace("{ORG_LONG}", "Sample Organization")
            .replace("{CERTIFICATE_ID}", id)
            .replace("{ISSUE_DATE}", "Jan. 1st, 1970")
            .replace("{SIGNATURE}", "-----BEGIN PGP SIGNATURE-----")
            .replace("{SIG_URL}", "sig")
            .replace("{VERIFY_URL}", "verify.html")
            .replace("{TEACHER}", "Alan");
        let page = if id == THIRD { "<h1>Unknown</h1>".to_owned() } else { page };
        old.dir.write(&format!("web/cert/{id}/valid.html"), page);
    }
    stop(&old.dir.path("old/gnupg"));
    old.dir.run(["migrate", "old", "new"]).ends(1);
    old
}

/// A PDF that its signature does not fit takes not the place of the one that it fits.
#[test]
fn changed_pdf_does_not_keep_the_right_one_out() {
    let old = site();
    let changed = format!("%PDF-1.3 (https://verify.example.org/cert/{FIRST}) changed");
    let first = "0".repeat(32);
    old.dir.write(&format!("web/downloads/{first}/Attestation.pdf"), changed);
    let run = old.dir.run(["--site", "new", "migrate", "issued"]);
    run.ends(1);
    assert!(run.stderr.contains("2 imported"), "{}", run.stderr);
    assert!(!run.stderr.contains("another PDF"), "{}", run.stderr);
    let found = old.dir.run(["--site", "new", "find", "ada", "--json"]);
    found.ends(0);
    assert_eq!(found.objects()[0]["verify_id"], FIRST);
    let url = found.objects()[0].to_string();
    assert!(!url.contains(&first), "{url}");
}

#[test]
fn issued_certificates_are_found_verified_and_revoked() {
    let old = site();
    let before = tree(&old.dir.path("web"));
    let run = old.dir.run(["--site", "new", "migrate", "issued", "--dry-run"]);
    run.ends(1);
    assert_eq!(tree(&old.dir.path("web")), before);
    let run =
        old.dir.run(["--site", "new", "migrate", "issued", "--report", "report.csv"]);
    run.ends(1);
    assert!(run.stderr.contains("2 imported"), "{}", run.stderr);
    let why = format!("{THIRD}: not imported: its page was not made from a template");
    assert!(run.stderr.contains(&why), "{}", run.stderr);
    for (name, bytes) in &before {
        assert_eq!(&old.dir.read(format!("web/{name}")), bytes, "{name}");
    }
    let table = format!(
        "verify_uuid;name;course_id;username;status\n{THIRD};Linus Third;ExampleX/CS101/2014;linus;downloadable\n"
    );
    old.dir.write("table.csv", table);
    let again = ["--site", "new", "migrate", "issued", "--table", "table.csv"];
    let run = old.dir.run(again);
    run.ends(0);
    assert!(
        run.stderr.contains("1 imported") && run.stderr.contains("2 were in"),
        "{}",
        run.stderr
    );
    let run = old.dir.run(again);
    run.ends(0);
    assert!(run.stderr.contains("0 imported"), "{}", run.stderr);

    let found = old.dir.run(["--site", "new", "find", "ada", "--json"]);
    found.ends(0);
    let found = &found.objects()[0];
    assert_eq!(found["verify_id"], FIRST);
    assert_eq!(found["status"], "valid");
    let run = old.dir.run(["--site", "new", "find", "linus"]);
    assert!(run.ends(0).output().contains(THIRD), "{}", run.stderr);

    let revoke = [
        "--site",
        "new",
        "revoke",
        "--recipient",
        "linus",
        "--reason",
        "a test",
        "--yes",
    ];
    old.dir.run(revoke).ends(0);
    let page = |id: &str| {
        String::from_utf8(old.dir.read(format!("web/cert/{id}/valid.html"))).unwrap()
    };
    assert!(page(THIRD).contains("This number is not valid"), "{}", page(THIRD));
    assert!(
        !old.dir
            .path(&format!("web/downloads/{}/Attestation.pdf", "3".repeat(32)))
            .exists()
    );
    assert_eq!(page(FIRST).as_bytes(), before[&format!("cert/{FIRST}/valid.html")]);
    let erase = ["--site", "new", "erase", "--recipient", "Ada Example", "--yes"];
    old.dir.run(erase).ends(0);
    assert!(!page(FIRST).contains("Ada"), "{}", page(FIRST));
    old.dir.run(["--site", "new", "restore"]).ends(0);
}

#[test]
fn changed_files_and_other_statuses_are_not_imported() {
    let old = site();
    old.dir.write(
        &format!("web/downloads/{}/Attestation.pdf", "1".repeat(32)),
        format!("%PDF-1.3 /cert/{FIRST} forged"),
    );
    old.dir.write("table.csv", format!("verify_uuid,status\n{SECOND},notpassing\n"));
    let run = old.dir.run([
        "--site",
        "new",
        "migrate",
        "issued",
        "--table",
        "table.csv",
        "--json",
    ]);
    run.ends(1);
    let why = |id: &str| {
        let found = run.objects().into_iter().find(|it| it["verify_id"] == id).unwrap();
        assert_eq!(found["outcome"], "not imported");
        found["note"].as_str().unwrap().to_owned()
    };
    assert!(why(FIRST).contains("does not fit its PDF"), "{}", why(FIRST));
    assert!(why(SECOND).contains("`notpassing`"), "{}", why(SECOND));
}
