//! What the old program issued into a bucket: imported where it lies, and continued after a failure.

use std::fs;

use super::installation::{Ended, Installation};
use crate::stores::s3_server::{ACCESS_KEY, Action, BUCKET, SECRET_KEY, Server};

/// How many certificates the bucket has.
const COUNT: usize = 12;

fn id(kind: usize, index: usize) -> String {
    format!("{:032x}", kind << 8 | index)
}

#[test]
fn import_from_a_bucket_goes_on_after_a_failure() {
    let server = Server::start();
    let mut table = "verify_uuid,download_uuid,course_id,name,created_date\n".to_owned();
    for index in 0..COUNT {
        let pdf = server.folder().join("downloads").join(id(2, index));
        let page = server.folder().join("certs").join(id(1, index));
        fs::create_dir_all(&pdf).unwrap();
        fs::create_dir_all(&page).unwrap();
        fs::write(pdf.join("Attestation.pdf"), format!("%PDF-1.3 {index}")).unwrap();
        fs::write(page.join("valid.html"), "<p>an old page</p>").unwrap();
        table.push_str(&format!(
            "{},{},ExampleX/CS101/2014,Learner {index},2014-03-02 10:00:00\n",
            id(1, index),
            id(2, index)
        ));
    }
    let old = Installation::whole("");
    let text = |name: &str| String::from_utf8(old.dir.read(name)).unwrap();
    let env = text("old/env.json")
        .replace("\"verify.example.org\"", &format!("\"{BUCKET}\""))
        .replace("\"S3_UPLOAD\": false", "\"S3_UPLOAD\": true")
        .replace("\"S3_VERIFY_PATH\": \"cert\"", "\"S3_VERIFY_PATH\": \"certs\"");
    old.dir.write("old/env.json", env);
    let auth = text("old/auth.json")
        .replace("\"CERT_AWS_ID\": null", &format!("\"CERT_AWS_ID\": \"{ACCESS_KEY}\""))
        .replace(
            "\"CERT_AWS_KEY\": null",
            &format!("\"CERT_AWS_KEY\": \"{SECRET_KEY}\""),
        );
    old.dir.write("old/auth.json", auth);
    old.dir.write("table.csv", table);
    old.dir.run(["migrate", "old", "new"]).ends(1);
    // The old program knew Amazon's servers alone.
    let endpoint = server.settings().endpoint.unwrap();
    let bucket = format!("    bucket: {BUCKET}\n");
    let settings = text("new/testamur.yaml");
    assert!(settings.contains(&bucket), "{settings}");
    let here = format!("{bucket}    endpoint: \"{endpoint}\"\n    path_style: true\n");
    old.dir.write("new/testamur.yaml", settings.replace(&bucket, &here));

    let import = ["--site", "new", "migrate", "issued", "--table", "table.csv"];
    // The marks, the listings and a few certificates; then the server refuses.
    let passed = (0..40).map(|_| Action::Pass);
    let refused = "<Error><Code>AccessDenied</Code></Error>";
    server.proxy.next(passed.chain([Action::Answer(403, "", refused)]));
    let run = old.dir.run(import);
    run.ends(1);
    let count = || {
        let pages = fs::read_dir(server.folder().join("certs")).unwrap();
        pages
            .filter(|it| it.as_ref().unwrap().path().join("certificate.json").exists())
            .count()
    };
    let before = count();
    assert!(before < COUNT, "{}", run.stderr);
    let run = old.dir.run(import);
    run.ends(0);
    assert_eq!(count(), COUNT, "{}", run.stderr);
    let told = format!("{} imported", COUNT - before);
    assert!(run.stderr.contains(&told), "{told}\n{}", run.stderr);
    let run = old.dir.run(["--site", "new", "find", "Learner 7", "--json"]);
    assert_eq!(run.ends(0).objects()[0]["verify_id"], id(1, 7));
    // What is issued now lies beside it.
    let receipt = old.issue();
    let verify = receipt["verify_url"].as_str().unwrap();
    assert!(verify.starts_with("https://verify.example.org/certs/"), "{verify}");
    let new = receipt["verify_id"].as_str().unwrap();
    assert!(server.folder().join("certs").join(new).join("valid.html").exists());
}
