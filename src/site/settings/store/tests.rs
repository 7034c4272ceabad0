//! The values that are read, and the errors with their lines.

use super::*;
use crate::base::error::Result;
use crate::site::settings::Settings;

fn parse(text: &str) -> Result<Settings> {
    Settings::parse(text.as_bytes())
}

#[test]
fn folder_is_a_name_or_a_map() {
    assert_eq!(parse("store:\n").unwrap().store, StoreSettings::folder("public"));
    let settings = parse("store: www\nprivate: ../apart\n").unwrap();
    assert_eq!(settings.store, StoreSettings::folder("www"));
    assert_eq!(settings.private, Some(StoreSettings::folder("../apart")));
    let settings = parse("store: { folder: www, readers: group }\n").unwrap();
    let StoreSettings::Folder(folder) = settings.store else { panic!() };
    assert_eq!(folder.readers, Some(Readers::Group));
}

#[test]
fn all_keys_of_a_bucket_are_read() {
    let settings = parse(
        "store:\n  s3: { bucket: certs, region: eu-central-1 }\n\
         private:\n  s3:\n    bucket: certs\n    endpoint: https://s3.example.org:9000/\n    \
         prefix: /in/puts/\n    path_style: false\n    acl: private\n    \
         profile: school\n    access_key_file: keys/s3.id\n    \
         secret_key_file: /run/secrets/s3\n    deadline: 2.5\n    attempts: 3\n",
    )
    .unwrap();
    let expected = S3Settings::new("certs", "eu-central-1");
    assert_eq!(settings.store, StoreSettings::S3(expected));
    let mut expected = S3Settings::new("certs", "us-east-1");
    expected.endpoint = Some("https://s3.example.org:9000".to_owned());
    expected.prefix = Some(StorePath::parse("in/puts").unwrap());
    expected.acl = Some("private".to_owned());
    expected.profile = Some("school".to_owned());
    expected.key_files = Some(KeyFiles::new("keys/s3.id", "/run/secrets/s3"));
    expected.deadline = Duration::from_millis(2500);
    expected.attempts = 3;
    assert_eq!(settings.private, Some(StoreSettings::S3(expected)));
}

#[test]
fn endpoint_has_buckets_in_the_path() {
    let settings =
        parse("store: { s3: { bucket: certs, endpoint: 'http://localhost:9000' } }\n");
    let StoreSettings::S3(bucket) = settings.unwrap().store else { panic!() };
    assert!(bucket.path_style);
    assert_eq!(bucket.to_string(), "the bucket `certs` at `http://localhost:9000`");
    assert_eq!(S3Settings::new("a", "cn-north-1").host().rsplit('.').next(), Some("cn"));
}

#[test]
fn wrong_value_is_reported_with_its_line() {
    for (line, words, text) in [
        (1, "is no folder", "store: s3\n"),
        (1, "is no folder", "store: s3://certs/x\n"),
        (1, "either a folder or a bucket", "store: {}\n"),
        (1, "either a folder or a bucket", "store: { folder: a, s3: { bucket: abc } }\n"),
        (2, "unknown key `s4`", "store:\n  s4: { bucket: abc }\n"),
        (
            2,
            "`readers` is for folders",
            "store:\n  readers: group\n  s3: { bucket: abc, region: x }\n",
        ),
        (1, "unknown value `all`", "store: { folder: a, readers: all }\n"),
        (2, "`s3` has no `bucket`", "store:\n  s3: { region: eu-central-1 }\n"),
        (2, "`s3` has no `region`", "store:\n  s3: { bucket: abc }\n"),
        (3, "no name of a bucket", "store:\n  s3:\n    bucket: a/b\n    region: x\n"),
        (
            3,
            "is no address",
            "store:\n  s3:\n    endpoint: s3.example.org\n    bucket: abc\n",
        ),
        (
            3,
            "is no address",
            "store:\n  s3:\n    endpoint: https://id:key@s3.example.org\n    bucket: abc\n",
        ),
        (
            4,
            "is no path in a store",
            "store:\n  s3:\n    bucket: abc\n    prefix: ../x\n    region: x\n",
        ),
        (
            2,
            "`s3` has no `secret_key_file`",
            "store:\n  s3: { bucket: abc, region: x, access_key_file: a }\n",
        ),
        (
            2,
            "`s3` has no `access_key_file`",
            "store:\n  s3: { bucket: abc, region: x, session_token_file: a }\n",
        ),
        (
            2,
            "unknown value `public`",
            "store:\n  s3: { bucket: abc, region: x, acl: public }\n",
        ),
        (2, "more than 600", "store:\n  s3: { bucket: abc, region: x, deadline: 700 }\n"),
        (2, "from 1 to 100", "store:\n  s3: { bucket: abc, region: x, attempts: 0 }\n"),
        (2, "would be published", "store: public\nprivate: ./public//inputs\n"),
        (1, "would be published", "private: public\n"),
        (2, "would be published", "store: .\nprivate: inputs\n"),
        (
            1,
            "`acl: public-read`",
            "private: { s3: { bucket: abc, region: x, acl: public-read } }\n",
        ),
    ] {
        let fault = parse(text).unwrap_err();
        assert!(fault.to_string().contains(words), "{text}: {fault}");
        assert_eq!(fault.place().and_then(|place| place.line), Some(line), "{text}");
    }
}

#[test]
fn private_bucket_inside_of_the_public_one_is_refused() {
    let both = |one: &str, other: &str| {
        let text = format!(
            "store: {{ s3: {{ bucket: abc, region: x{one} }} }}\n\
             private: {{ s3: {{ region: x, {other} }} }}\n"
        );
        parse(&text).map(drop)
    };
    for (one, other) in [
        ("", "bucket: abc"),
        ("", "bucket: abc, prefix: a"),
        (", prefix: a", "bucket: abc, prefix: a"),
        (", prefix: a", "bucket: abc, prefix: a/b"),
    ] {
        let fault = both(one, other).unwrap_err();
        assert!(fault.to_string().contains("would be published"), "{one} {other}");
    }
    for (one, other) in [
        (", prefix: a", "bucket: abc"),
        (", prefix: a", "bucket: abc, prefix: ab"),
        ("", "bucket: abd"),
        ("", "bucket: abc, endpoint: 'https://s3.example.org'"),
    ] {
        both(one, other).unwrap();
    }
}
