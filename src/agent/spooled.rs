//! Finds and removes requests of the spool from outside of an agent.
//!
//! Before an agent hands a request out, it checks that the request's file exists: a
//! request whose file was removed is not done.

use serde_json::Value;

use super::queue::{Target, Task};
use super::spool::{FOLDER, request_path, tries_path};
use crate::base::error::Result;
use crate::base::path::StorePath;
use crate::register::store::Store;
use crate::site::award::Award;

/// Returns the ids of requests that came over HTTP and are not answered yet, for which
/// `is_wanted` holds, each with the texts that the request gave in free fields.
/// `is_wanted` is given the award, and the name of the recipient if the request has one.
///
/// # Errors
/// As [`Store::list`] and [`Store::read`].
pub fn spooled_requests(
    private: &dyn Store,
    is_wanted: &dyn Fn(&Award, Option<&str>) -> bool,
) -> Result<Vec<(String, Vec<String>)>> {
    let mut ids = Vec::new();
    private.list(Some(&StorePath::parse(FOLDER)?), &mut |path| {
        ids.extend(path.name().strip_suffix(".json").map(str::to_owned));
        Ok(())
    })?;
    ids.sort();
    let mut found = Vec::new();
    for id in ids {
        let Some(body) = private.read(&request_path(&id)?)? else { continue };
        let mut texts = Vec::new();
        let is_found = match Task::from_json(&body).1 {
            Ok(Task::Issue { request, .. }) => {
                let given = request.extra().values().filter_map(Value::as_str);
                texts.extend(given.map(str::to_owned));
                is_wanted(&Award::of(&request), Some(request.name().as_str()))
            }
            Ok(Task::Revoke(revocation)) => match &revocation.target {
                Target::Award(award) => is_wanted(award, None),
                Target::Certificate(_) => false,
            },
            Ok(Task::Ignore(_)) | Err(_) => false,
        };
        found.extend(is_found.then_some((id, texts)));
    }
    Ok(found)
}

/// Removes a request from the spool. It is no error if it was answered meanwhile.
///
/// # Errors
/// As [`Store::remove`].
pub fn remove_spooled(private: &dyn Store, id: &str) -> Result<()> {
    private.remove(&request_path(id)?)?;
    private.remove(&tries_path(id)?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::agent::queue::Queue;
    use crate::agent::spool::Spool;
    use crate::base::timestamp::Timestamp;
    use crate::register::store::MemoryStore;
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
        let found = spooled_requests(&*store, &is_of_a).unwrap();
        assert_eq!(found.len(), 2);
        for (id, _) in &found {
            remove_spooled(&*store, id).unwrap();
        }
        let left = spool.receive(Duration::ZERO).unwrap().unwrap();
        assert_eq!(left.correlation().recipient.as_deref(), Some("b"));
        assert!(spool.receive(Duration::ZERO).unwrap().is_none());
    }
}
