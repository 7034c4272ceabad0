//! Finds and removes requests of the spool from outside of an agent.
//!
//! Before an agent hands a request out, it checks that the request's file exists: a
//! request whose file was removed is not done.

use serde_json::Value;

use super::queue::{Sought, Task};
use super::spool::{FOLDER, request_path, tries_path};
use crate::base::error::Result;
use crate::base::path::StorePath;
use crate::register::store::Store;
use crate::site::award::Award;

/// A request that came over HTTP and is not answered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpooledRequest {
    /// Its id.
    pub id: String,
    /// The award that it is about, if it can be understood and names one.
    pub award: Option<Award>,
    /// The name of the recipient, if it has one.
    pub name: Option<String>,
    /// The texts that it gave in free fields.
    pub texts: Vec<String>,
}

/// The requests about a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FoundRequests {
    /// The requests.
    pub requests: Vec<SpooledRequest>,
    /// The paths of files that cannot be understood, and may be about the recipient.
    pub unread: Vec<StorePath>,
}

/// Returns the requests about a recipient that came over HTTP and are not answered yet.
///
/// # Errors
/// As [`Store::list`] and [`Store::read`].
pub fn spooled_requests(
    private: &dyn Store,
    sought: &Sought<'_>,
) -> Result<FoundRequests> {
    let mut ids = Vec::new();
    private.list(Some(&StorePath::parse(FOLDER)?), &mut |path| {
        ids.extend(path.name().strip_suffix(".json").map(str::to_owned));
        Ok(())
    })?;
    ids.sort();
    let mut found = FoundRequests::default();
    for id in ids {
        let path = request_path(&id)?;
        let Some(body) = private.read(&path)? else { continue };
        let mut request =
            SpooledRequest { id, award: None, name: None, texts: Vec::new() };
        let is_found = match Task::from_json(&body).1 {
            Ok(task) => {
                if let Task::Issue { request: it, .. } = &task {
                    let given = it.extra().values().filter_map(Value::as_str);
                    request.texts.extend(given.map(str::to_owned));
                    request.name = Some(it.name().as_str().to_owned());
                }
                request.award = task.award();
                sought.has_task(&task)
            }
            Err(_) if sought.is_named_in(&body) => true,
            Err(_) => {
                found.unread.push(path);
                false
            }
        };
        found.requests.extend(is_found.then_some(request));
    }
    Ok(found)
}

/// Removes a request from the spool. Returns whether it was there: it may have been answered
/// meanwhile.
///
/// # Errors
/// As [`Store::read`] and [`Store::remove`].
pub fn remove_spooled(private: &dyn Store, id: &str) -> Result<bool> {
    let path = request_path(id)?;
    let was_there = private.read(&path)?.is_some();
    private.remove(&path)?;
    private.remove(&tries_path(id)?)?;
    Ok(was_there)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::agent::queue::Queue;
    use crate::agent::spool::Spool;
    use crate::base::digits::CertificateId;
    use crate::base::timestamp::Timestamp;
    use crate::register::store::{MemoryStore, StoreFile};
    use crate::site::award::Recipient;

    #[test]
    fn request_that_was_removed_is_not_handed_out() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let spool = Spool::new(store.clone(), "one", 100);
        let revocation = r#"{"action":"revoke","course":"c","username":"a"}"#;
        let issue = |user| format!(r#"{{"course":"c","name":"x","username":"{user}"}}"#);
        for body in [&issue("a"), &issue("b"), revocation] {
            let task = Task::from_json(body.as_bytes()).1.unwrap();
            let now = Timestamp::from_unix(1).unwrap();
            spool.accept(body.as_bytes(), &task, now).unwrap().unwrap();
        }
        let is_of_a = |award: &Award, _: Option<&str>| {
            award.recipient == Recipient::Id("a".to_owned())
        };
        let words = BTreeSet::from(["a".to_owned()]);
        let id: CertificateId = "0".repeat(32).parse().unwrap();
        let ids = BTreeSet::from([id.clone()]);
        let sought = Sought::new(&is_of_a, &ids, &words);
        // Files that another program wrote, or an agent of a later release.
        let revocation = format!(r#"{{"action":"revoke","id":"{id}"}}"#);
        for (name, body) in [
            ("000000000009-x-1", &revocation[..]),
            ("000000000009-x-2", r#"{"course":"c","username":"a","later":1}"#),
            ("000000000009-x-3", r#"{"course":"c","username":"ab","later":1}"#),
        ] {
            let path = request_path(name).unwrap();
            store.create(&StoreFile::new(&path, body.as_bytes())).unwrap();
        }
        let found = spooled_requests(&*store, &sought).unwrap();
        assert_eq!(found.requests.len(), 4);
        assert_eq!(found.unread, [request_path("000000000009-x-3").unwrap()]);
        for request in &found.requests {
            assert!(remove_spooled(&*store, &request.id).unwrap());
            assert!(!remove_spooled(&*store, &request.id).unwrap());
        }
        let left = spool.receive(Duration::ZERO).unwrap().unwrap();
        assert_eq!(left.correlation().recipient.as_deref(), Some("b"));
        assert!(spool.receive(Duration::ZERO).unwrap().is_none());
    }
}
