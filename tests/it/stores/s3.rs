//! S3 buckets: requests, refusals, lost responses, and servers that are down.

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use testamur::register::{
    CacheControl, CreateOutcome, S3, S3Keys, Store, StoreFile, StorePath, Stores,
    SwapOutcome,
};
use testamur::site::{Settings, StoreSettings};
use testamur::{Error, ErrorKind};

use super::contract::{check_contract, create, listed, path};
use super::s3_server::{ACCESS_KEY, Action, BUCKET, SECRET_KEY, Server};

const BUSY: Action = Action::Answer(503, "", "<Error><Code>SlowDown</Code></Error>");

#[test]
fn bucket_fulfils_the_contract() {
    check_contract(&Server::start().store());
}

#[test]
fn bucket_prefix_fulfils_the_contract() {
    let server = Server::start();
    let mut settings = server.settings();
    settings.prefix = Some(path("schools/one"));
    let store = server.store_of(&settings);
    let others = server.store();
    for other in ["schools/two", "schools/one-and-a-half/x", "schools/ones"] {
        create(&others, &path(other), b"not ours");
    }
    check_contract(&store);
    create(&store, &path("a/b"), b"ours");
    assert_eq!(
        others.read(&path("schools/one/a/b")).unwrap().as_deref(),
        Some(&b"ours"[..])
    );
    assert_eq!(listed(&others, None).len(), 4);
}

#[test]
fn each_lost_side_is_restored_in_buckets() {
    let (public, private) = (Server::start(), Server::start());
    let stores = [&public, &private].map(|server| Arc::new(server.store()));
    let [public, private] = stores;
    crate::issuing::restore::check_losses(public, private);
}

#[test]
fn requests_have_conditions_and_headers() {
    let server = Server::start();
    let mut settings = server.settings();
    settings.prefix = Some(path("x"));
    settings.acl = Some("public-read".to_owned());
    let store = server.store_of(&settings);
    let file = path("cert/1/index.html");
    let page = StoreFile::new(&file, "<p>ø".as_bytes());

    server.proxy.next([]);
    store.create(&page).unwrap();
    store
        .replace(
            &page
                .with_cache_control(CacheControl::Immutable)
                .with_media_type("text/plain"),
        )
        .unwrap();
    store.swap(&page, "<p>ø".as_bytes()).unwrap();
    store.swap(&StoreFile::new(&file, b"<p>o"), "<p>ø".as_bytes()).unwrap();
    let seen = server.proxy.seen();
    let lines: Vec<_> = seen.iter().map(|request| request.line.as_str()).collect();
    let (put, get) = (
        format!("PUT /{BUCKET}/x/cert/1/index.html HTTP/1.1"),
        format!("GET /{BUCKET}/x/cert/1/index.html HTTP/1.1"),
    );
    assert_eq!(lines, [&put, &put, &get, &get, &put]);

    let [created, replaced, _, _, swapped] = &seen[..] else { panic!() };
    assert_eq!(created.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(created.header("cache-control"), Some("no-cache"));
    assert_eq!(created.header("x-amz-acl"), Some("public-read"));
    assert_eq!(created.header("if-none-match"), Some("*"));
    assert_eq!(replaced.header("content-type"), Some("text/plain"));
    let immutable = "public, max-age=31536000, immutable";
    assert_eq!(replaced.header("cache-control"), Some(immutable));
    assert_eq!(replaced.header("if-none-match"), None);
    assert!(swapped.header("if-match").unwrap().starts_with('"'));
    let signed = created.header("authorization").unwrap();
    for name in ["cache-control", "content-type", "if-none-match", "x-amz-acl"] {
        assert!(signed.contains(name), "{signed}");
    }

    server.proxy.next([]);
    server.store().create(&StoreFile::new(&file, b"")).unwrap();
    assert_eq!(server.proxy.seen()[0].header("x-amz-acl"), None);
}

#[test]
fn files_have_encryption_class_and_tags() {
    let server = Server::start();
    let endpoint = server.settings().endpoint.unwrap();
    let read = |more: &str| {
        let text = format!(
            "store: {{ s3: {{ bucket: {BUCKET}, endpoint: '{endpoint}', {more} }} }}\n"
        );
        Settings::parse(text.as_bytes())
    };
    let store = |more: &str| {
        let StoreSettings::S3(settings) = read(more).unwrap().store else { panic!() };
        server.store_of(&settings)
    };
    let file = path("cert/1/index.html");
    let put = |store: &S3| {
        server.proxy.next([Action::Answer(200, "ETag: \"x\"\r\n", "")]);
        store.create(&StoreFile::new(&file, b"x")).unwrap();
        server.proxy.seen().remove(0)
    };
    let seen = put(&store(
        "encryption: 'aws:kms', kms_key: 'alias/school', storage_class: STANDARD_IA, \
         tags: { unit: 'registrar = 1', kind: certificate }",
    ));
    let signed = seen.header("authorization").unwrap();
    for (name, value) in [
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-aws-kms-key-id", "alias/school"),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("x-amz-tagging", "kind=certificate&unit=registrar%20%3D%201"),
    ] {
        assert_eq!(seen.header(name), Some(value));
        assert!(signed.contains(name), "{signed}");
    }
    let seen = put(&store("encryption: AES256"));
    assert_eq!(seen.header("x-amz-server-side-encryption"), Some("AES256"));
    assert_eq!(seen.header("x-amz-tagging"), None);
    // The server takes them, and checks the signature over them.
    let store = store("encryption: AES256, storage_class: STANDARD, tags: { a: b }");
    server.proxy.next([]);
    check_contract(&store);
    server.proxy.next([Action::Answer(
        403,
        "",
        "<Error><Code>AccessDenied</Code></Error>",
    )]);
    let fault = store.create(&StoreFile::new(&file, b"y")).unwrap_err();
    assert!(fault.help().unwrap().contains("s3:PutObjectTagging"), "{fault:#}");

    let many: Vec<String> = (0..11).map(|number| format!("k{number}: v")).collect();
    for (more, words) in [
        ("encryption: AES", "AES256"),
        ("kms_key: alias/school", "`encryption: aws:kms`"),
        ("encryption: AES256, kms_key: x", "`encryption: aws:kms`"),
        ("storage_class: GLACIER", "GLACIER"),
        ("tags: { 'aws:x': y }", "`aws:x` is no tag"),
        (&format!("tags: {{ {} }}", many.join(", ")), "at most 10 tags"),
        ("tags: { unit: 'a & b' }", "`unit` is no tag"),
        ("tags: [a]", "map"),
    ] {
        let fault = read(more).unwrap_err();
        assert!(format!("{fault:#}").contains(words), "{more}: {fault:#}");
    }
}

#[test]
fn long_listing_is_paginated() {
    let server = Server::start();
    let store = server.store();
    let count = 1050;
    thread::scope(|scope| {
        for part in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for number in (part..count).step_by(8) {
                    create(store, &path(&format!("a/{number}")), b"");
                }
            });
        }
    });
    server.proxy.next([]);
    assert_eq!(listed(&store, Some("a")).len(), count);
    let seen = server.proxy.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen[1].line.contains("continuation-token="), "{}", seen[1].line);
}

#[test]
fn refusal_has_help_and_is_not_retried() {
    let server = Server::start();
    let file = path("a");
    let attempt = |store: S3, actions: fn() -> Vec<Action>| {
        server.proxy.next(actions());
        let fault = store.create(&StoreFile::new(&file, b"")).unwrap_err();
        assert_eq!(fault.kind(), ErrorKind::StoreRefused, "{fault}");
        assert!(!fault.is_retryable() && fault.is_user_fault());
        assert_eq!(server.proxy.seen().len(), 1, "a refusal is not retried");
        server.proxy.next(actions());
        let checked = store.check().unwrap_err();
        assert_eq!(checked.help(), fault.help());
        (fault.to_string(), fault.help().unwrap().to_owned())
    };
    let keys = |access: &str, secret: &str| {
        S3::with_keys(&server.settings(), &S3Keys::new(access, secret)).unwrap()
    };
    let secret = "another-Secret/x";
    let (fault, help) = attempt(keys(ACCESS_KEY, secret), Vec::new);
    assert!(
        fault.contains("failed to write `a` in the bucket `certs` at `http://"),
        "{fault}"
    );
    assert!(fault.contains("403 SignatureDoesNotMatch"), "{fault}");
    assert!(help.contains("secret key"), "{help}");
    assert!(!fault.contains(secret));

    let (fault, help) = attempt(keys("AKIDUNKNOWN", SECRET_KEY), Vec::new);
    assert!(fault.contains("(40"), "{fault}");
    assert!(help.contains("access key"), "{fault} {help}");

    // The test's server treats any folder as a bucket, so the proxy answers like a real one.
    let (fault, help) = attempt(server.store(), || {
        vec![Action::Answer(404, "", "<Error><Code>NoSuchBucket</Code></Error>")]
    });
    assert!(fault.contains("404 NoSuchBucket"), "{fault}");
    assert!(help.contains("make the bucket first"), "{help}");
}

#[test]
fn keys_are_never_shown() {
    let server = Server::start();
    let store = server.store();
    let keys = S3Keys::new(ACCESS_KEY, SECRET_KEY).with_session_token("a-token");
    let shown = format!("{store:?} {store:#?} {store} {keys:?}");
    for secret in [ACCESS_KEY, SECRET_KEY, "a-token"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(store.to_string().starts_with("the bucket `certs` at `http://127.0.0.1:"));
}

#[test]
fn busy_server_is_retried() {
    let server = Server::start();
    let store = server.store();
    let conflict =
        Action::Answer(409, "", "<Error><Code>ConditionalRequestConflict</Code></Error>");
    for (name, actions) in [
        ("503", vec![BUSY, BUSY]),
        ("429", vec![Action::Answer(429, "Retry-After: 1\r\n", "")]),
        ("409", vec![conflict]),
        ("500", vec![Action::Answer(500, "", "not even XML")]),
        ("cut", vec![Action::Cut, Action::Cut]),
    ] {
        let file = path("busy").join(name).unwrap();
        let attempts = actions.len() + 1;
        server.proxy.next(actions);
        assert_eq!(
            create(&store, &file, name.as_bytes()),
            CreateOutcome::Created,
            "{name}"
        );
        assert_eq!(server.proxy.seen().len(), attempts, "{name}");

        server.proxy.next([BUSY]);
        assert_eq!(store.read(&file).unwrap().as_deref(), Some(name.as_bytes()));
        server.proxy.next([Action::Cut]);
        assert_eq!(listed(&store, Some("busy")).len(), 1);
        server.proxy.next([Action::Answer(429, "", "")]);
        store.remove(&file).unwrap();
        assert_eq!(server.proxy.seen().len(), 2);
    }
}

#[test]
fn lost_response_is_distinguished_from_a_conflict() {
    let server = Server::start();
    let store = server.store();
    let file = path("a/ours");
    server.proxy.next([Action::Lose]);
    assert_eq!(create(&store, &file, b"ours"), CreateOutcome::Created);
    // One request to write, one that is refused, and one to read.
    assert_eq!(server.proxy.seen().len(), 3);

    // Another writer's file exists, and the first attempt did not reach the server.
    server.proxy.next([Action::Cut]);
    assert_eq!(create(&store, &file, b"other"), CreateOutcome::Exists);
    // Without a failed attempt the conflict is certain.
    server.proxy.next([]);
    assert_eq!(create(&store, &file, b"ours"), CreateOutcome::Exists);
    assert_eq!(server.proxy.seen().len(), 1);

    let swap = |to: &'static [u8], was: &[u8]| {
        store.swap(&StoreFile::new(&file, to), was).unwrap()
    };
    server.proxy.next([Action::Pass, Action::Lose]);
    assert_eq!(swap(b"next", b"ours"), SwapOutcome::Swapped);
    assert_eq!(store.read(&file).unwrap().as_deref(), Some(&b"next"[..]));
    server.proxy.next([
        Action::Cut,
        Action::Pass,
        Action::Cut,
        Action::Answer(412, "", ""),
    ]);
    assert_eq!(swap(b"last", b"next"), SwapOutcome::Conflict);

    server.proxy.next([Action::Lose]);
    store.remove(&file).unwrap();
    assert_eq!(store.read(&file).unwrap(), None);
    server.proxy.next([Action::Lose]);
    store.replace(&StoreFile::new(&file, b"x")).unwrap();
}

#[test]
fn concurrent_creates_with_lost_responses_have_one_winner() {
    let server = Server::start();
    let store = server.store();
    server.proxy.next((0..48).map(|turn| match turn % 3 {
        0 => Action::Lose,
        1 => Action::Cut,
        _ => Action::Pass,
    }));
    let file = path("race");
    let texts: Vec<String> = (0..16).map(|number| format!("by {number}")).collect();
    let made: Vec<CreateOutcome> = thread::scope(|scope| {
        let create = |text: &str| create(&store, &file, text.as_bytes());
        let threads: Vec<_> =
            texts.iter().map(|text| scope.spawn(move || create(text))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let is = store.read(&file).unwrap().unwrap();
    let told: Vec<_> = texts
        .iter()
        .zip(&made)
        .filter(|(_, made)| **made == CreateOutcome::Created)
        .collect();
    assert_eq!(told.len(), 1, "{made:?}");
    assert_eq!(told[0].0.as_bytes(), is);
}

#[test]
fn unavailable_server_fails_after_the_attempts() {
    let server = Server::start();
    let mut settings = server.settings();
    settings.attempts = 3;
    let store = server.store_of(&settings);
    let file = path("a");
    let failed = |fault: Error, words: &str| {
        assert_eq!(fault.kind(), ErrorKind::Store, "{fault}");
        assert!(fault.is_retryable() && !fault.is_user_fault());
        assert!(fault.to_string().contains(words), "{fault}");
        assert!(fault.help().unwrap().contains("what is done stays done"));
    };

    server.proxy.next([BUSY, BUSY, BUSY]);
    let fault = store.create(&StoreFile::new(&file, b"x")).unwrap_err();
    failed(fault, "(503 SlowDown; asked 3 times)");
    assert_eq!(server.proxy.seen().len(), 3);

    server.proxy.next([Action::Cut, Action::Cut, Action::Cut]);
    failed(store.read(&file).unwrap_err(), "asked 3 times");

    // When listing fails halfway, the entries of the earlier pages have been passed on.
    create(&store, &file, b"x");
    let page: &str = "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key></Contents>\
                      <NextContinuationToken>t</NextContinuationToken></ListBucketResult>";
    server.proxy.next([Action::Answer(200, "", page), BUSY, BUSY, BUSY]);
    let mut found = Vec::new();
    let mut keep = |path: StorePath| {
        found.push(path);
        Ok(())
    };
    failed(store.list(None, &mut keep).unwrap_err(), "failed to list the bucket");
    assert_eq!(found, [path("a")]);

    settings.deadline = Duration::from_millis(100);
    let hasty = server.store_of(&settings);
    server.proxy.next([0; 3].map(|_| Action::Stall(Duration::from_millis(400))));
    failed(hasty.read(&file).unwrap_err(), "(no answer in time; asked 3 times)");

    // A port that nothing listens on.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    settings.endpoint = Some(format!("http://{port}"));
    let nowhere = server.store_of(&settings);
    failed(nowhere.check().unwrap_err(), "refused");
}

#[test]
fn creates_during_an_outage_lose_nothing() {
    let server = Server::start();
    let store = server.store();
    let paths: Vec<StorePath> =
        (0..24).map(|number| path(&format!("a/{number}"))).collect();
    server.proxy.next((0..18).map(|turn| match turn {
        0..6 => Action::Pass,
        6..10 => Action::Lose,
        _ => Action::Cut,
    }));
    thread::scope(|scope| {
        for part in paths.chunks(6) {
            let store = &store;
            scope.spawn(move || {
                for file in part {
                    let made = create(store, file, file.as_str().as_bytes());
                    assert_eq!(made, CreateOutcome::Created, "{file}");
                }
            });
        }
    });
    assert_eq!(listed(&store, None).len(), paths.len());
    for file in &paths {
        assert_eq!(store.read(file).unwrap().unwrap(), file.as_str().as_bytes());
    }
}

#[test]
fn server_that_ignores_conditions_is_refused() {
    let server = Server::start();
    let store = server.store();
    let fine = || Action::Answer(200, "ETag: \"x\"\r\n", "");
    server.proxy.next([fine(), fine()]);
    let fault = store.check().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::StoreRefused);
    assert!(fault.to_string().contains("it ignores `If-None-Match`"), "{fault}");

    // The first check writes its mark, the second one finds it.
    for requests in [4, 3] {
        server.proxy.next([]);
        store.check().unwrap();
        assert_eq!(server.proxy.seen().len(), requests);
    }
    assert_eq!(listed(&store, None).len(), 0, "the mark is not listed");
}

#[test]
fn key_files_in_the_settings_are_read() {
    let server = Server::start();
    let site = tempfile::tempdir().unwrap();
    fs::create_dir(site.path().join("keys")).unwrap();
    fs::write(site.path().join("keys/s3.id"), format!("{ACCESS_KEY}\n")).unwrap();
    let secret = site.path().join("keys/s3.secret");
    fs::write(&secret, format!("{SECRET_KEY}\n")).unwrap();
    let settings = format!(
        "store:\n  s3:\n    bucket: {BUCKET}\n    endpoint: {}\n    \
         access_key_file: keys/s3.id\n    secret_key_file: {}\n",
        server.settings().endpoint.unwrap(),
        secret.display(),
    );
    let settings = Settings::parse(settings.as_bytes()).unwrap();
    let stores = Stores::open(&settings, site.path()).unwrap();
    stores.public.check().unwrap();

    for (text, kind) in [
        (Some("two\nlines"), ErrorKind::Key),
        (Some(" "), ErrorKind::Key),
        (None, ErrorKind::MissingFile),
    ] {
        match text {
            Some(text) => fs::write(&secret, text).unwrap(),
            None => fs::remove_file(&secret).unwrap(),
        }
        let fault = Stores::open(&settings, site.path()).unwrap_err();
        assert_eq!(fault.kind(), kind);
        assert!(fault.place().unwrap().file.ends_with("s3.secret"));
        assert!(!fault.to_string().contains("lines"));
    }
}
