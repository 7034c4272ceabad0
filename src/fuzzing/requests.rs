//! Requests of queues, HTTP clients and recipients files, and the records that come of them.

use crate::agent::Task;
use crate::agent::queue::event::{EventRules, read_event};
use crate::agent::queue::xqueue::message::read_message;
use crate::base::lang::Tag;
use crate::base::path::StorePath;
use crate::register::Record;
use crate::site::Name;

/// Names of recipients, language tags, and paths in a store.
pub fn request(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok((name, _)) = Name::clean(text) {
        let (again, warnings) = Name::clean(name.as_str()).expect("it is clean");
        assert_eq!(again, name);
        assert!(warnings.is_empty(), "{warnings:?}");
    }
    if let Ok(tag) = Tag::parse(text) {
        let _ = tag.direction();
        assert_eq!(Tag::parse(&tag.to_string()).ok(), Some(tag));
    }
    if let Ok(path) = StorePath::parse(text) {
        assert_eq!(path.as_str(), text);
    }
}

/// Requests in JSON: our own, and those of XQueue.
pub fn json(bytes: &[u8]) {
    for (correlation, task) in [Task::from_json(bytes), read_message(bytes)] {
        for text in [correlation.action, correlation.course, correlation.recipient]
            .iter()
            .flatten()
        {
            assert!(text.len() <= 255);
        }
        if let Err(error) = task {
            let _ = format!("{error:#}");
        }
    }
}

/// The `event_data` of the event bus.
pub fn avro(bytes: &[u8]) {
    let rules =
        EventRules::new(vec!["verified".to_owned()], vec!["downloadable".to_owned()]);
    let field = |key: &str| match key {
        "event_data" => Some(bytes),
        "time" => Some(&b"2026-05-14T11:30:00.123456+02:00"[..]),
        _ => None,
    };
    for kind in ["created.v1", "revoked.v1"] {
        let kind = format!("org.openedx.learning.certificate.{kind}");
        let (correlation, _) = read_event(&kind, field, &rules);
        assert!(correlation.recipient.is_none_or(|text| text.len() <= 255));
    }
}

/// `certificate.json`.
pub fn record(bytes: &[u8]) {
    if let Ok(record) = Record::parse(bytes) {
        let json = record.to_json();
        let again = Record::parse(json.as_bytes()).expect("it was written here");
        assert_eq!(again.to_json(), json);
    }
}
