//! Errors as an embedder gets them: as JSON and back, and with the causes that led to them.

use std::error::Error as _;
use std::time::Duration;

use testamur::register::{Directory, Record, S3, S3Keys, Store, StorePath};
use testamur::seal::{BlockingHttpClient, HttpClient};
use testamur::site::{S3Settings, Settings, Site};
use testamur::{Date, Error, ErrorKind, Press, Request};

/// An address at which nothing listens.
const CLOSED: &str = "http://127.0.0.1:9";

/// The first cause of that type in the chain of an error.
fn cause<T: std::error::Error + 'static>(error: &Error) -> &T {
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(found) = source.downcast_ref() {
            return found;
        }
        next = source.source();
    }
    panic!("{} has another cause: {:?}", error, error.source());
}

#[test]
fn error_of_a_file_has_the_cause_that_the_system_gave() {
    let folder = tempfile::tempdir().unwrap();
    let path = StorePath::parse("a/b.txt").unwrap();
    std::os::unix::fs::symlink("a", folder.path().join("a")).unwrap();
    let error = Directory::new(folder.path()).read(&path).unwrap_err();
    const ELOOP: i32 = 40;
    assert_eq!(cause::<std::io::Error>(&error).raw_os_error(), Some(ELOOP));
}

#[test]
fn error_of_a_parser_has_the_error_of_the_parser() {
    let error = Record::parse(b"{").unwrap_err();
    assert!(cause::<serde_json::Error>(&error).is_eof());
    let error = Request::from_json(b"[1,").unwrap_err();
    assert!(cause::<serde_json::Error>(&error).is_eof());
    let error = Settings::parse(b"log: [a").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Syntax);
    assert!(error.source().is_some(), "{error}");
}

#[test]
fn error_of_a_sentence_has_the_error_of_the_template() {
    let site = Site::new()
        .with_sample_pictures()
        .with_file("courses.yaml", "c: { title: T, organization: O, language: en }")
        .with_file("layouts/classic/locales/en.yaml", "heading: '{{ 1 +'");
    let today = Date::parse("2026-05-14").unwrap();
    let request = Request::new("c", "Ada").unwrap();
    let error = Press::new(site).unwrap().draft(&request, today).unwrap_err();
    cause::<minijinja::Error>(&error);
}

#[test]
fn error_of_a_server_has_the_error_of_the_client() {
    let client = BlockingHttpClient::new(Duration::from_secs(2));
    let error = client.get(CLOSED).unwrap_err();
    cause::<ureq::Error>(&error);

    let mut settings = S3Settings::new("bucket", "us-east-1");
    settings.endpoint = Some(CLOSED.to_owned());
    settings.path_style = true;
    settings.attempts = 1;
    let store = S3::with_keys(&settings, &S3Keys::new("key", "secret")).unwrap();
    let error = store.read(&StorePath::parse("a").unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(cause::<reqwest::Error>(&error).is_connect());
}

#[test]
fn error_is_read_from_the_json_that_it_wrote() {
    let courses = "a: { titel: T }\nb: { title: T, organisation: O, language: en }\n";
    let site = Site::new().with_sample_pictures().with_file("courses.yaml", courses);
    let error = Press::new(site).unwrap_err();
    assert!(error.faults().count() > 1, "{error:#}");
    let json = serde_json::to_string(&error).unwrap();
    let read: Error = serde_json::from_str(&json).unwrap();
    assert_eq!(read.faults().count(), error.faults().count());
    for (read, error) in read.faults().zip(error.faults()) {
        assert_eq!(read.kind(), error.kind());
        assert_eq!(read.message(), error.message());
        assert_eq!(read.help(), error.help());
        let place =
            |error: &Error| error.place().map(|it| (it.file.clone(), it.line, it.column));
        assert_eq!(place(read), place(error));
        assert!(place(read).is_some());
    }
    assert_eq!(read.to_string(), error.to_string());
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
}
