//! Requests in a spool, also of agents that have ended and of several agents.

use super::*;
use crate::register::store::{Directory, MemoryStore};

/// Takes all requests, and returns the usernames of their recipients in order.
fn handed_out(spool: &Spool) -> Vec<String> {
    let next = || spool.receive(Duration::ZERO).unwrap();
    std::iter::from_fn(next)
        .map(|delivery| delivery.correlation().recipient.clone().unwrap())
        .collect()
}

fn accept(spool: &Spool, user: &str, unix: u64) {
    let body = format!(r#"{{"course":"c","name":"x","username":"{user}"}}"#);
    let (_, task) = Task::from_json(body.as_bytes());
    let now = Timestamp::from_unix(unix).unwrap();
    spool.accept(body.as_bytes(), &task.unwrap(), now).unwrap().unwrap();
}

#[test]
fn requests_are_handed_out_in_order_of_arrival_whatever_the_clock_says() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Directory::new(folder.path()));
    let spool = Spool::new(store.clone(), "one", 100);
    for (user, unix) in [("a", 2_000_000_000), ("b", 1_000), ("c", 1_000_000_000)] {
        accept(&spool, user, unix);
    }
    // What another agent left comes before what this one accepts.
    let spool = Spool::new(store.clone(), "another", 100);
    assert_eq!(spool.recover().unwrap(), 3);
    accept(&spool, "d", 5);
    let spool = Spool::new(store, "a third", 100);
    assert_eq!(spool.recover().unwrap(), 4);
    assert_eq!(handed_out(&spool), ["a", "b", "c", "d"]);
}

/// A request that an agent works on is counted each time an agent ends; one that only
/// waits is not.
#[test]
fn attempts_are_counted_across_agents_for_requests_in_hand() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Directory::new(folder.path()));
    let receive = |spool: &Spool| spool.receive(Duration::ZERO).unwrap().unwrap();
    let spool = Spool::new(store.clone(), "one", 100);
    accept(&spool, "deadly", 1);
    accept(&spool, "patient", 2);
    assert_eq!(receive(&spool).attempt(), 1);
    let mut last = spool;
    for attempt in 2..6 {
        last = Spool::new(store.clone(), "next", 100);
        last.recover().unwrap();
        let delivery = receive(&last);
        assert_eq!(delivery.attempt(), attempt);
        assert_eq!(delivery.correlation().recipient.as_deref(), Some("deadly"));
        // What the agent returns does not count.
        last.nack(&delivery, Duration::ZERO).unwrap();
        assert_eq!(receive(&last).attempt(), attempt);
    }
    let other = receive(&last);
    assert_eq!(other.attempt(), 2);
    let spool = Spool::new(store, "last", 100);
    spool.recover().unwrap();
    for _ in 0..2 {
        let delivery = receive(&spool);
        let done = Answer::Ignored { why: "x".to_owned() };
        spool.ack(&delivery, &done).unwrap();
    }
    let left = std::fs::read_dir(folder.path().join(FOLDER));
    assert_eq!(left.map_or(0, Iterator::count), 0);
}

/// A request that another agent has answered is not reported as ignored.
#[test]
fn request_that_another_agent_has_answered_is_dropped_without_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Directory::new(folder.path()));
    let one = Spool::new(store.clone(), "one", 100);
    accept(&one, "a", 1);
    let other = Spool::new(store, "other", 100);
    other.recover().unwrap();
    let mut listener = other.state().waiting[0].listen();
    let delivery = one.receive(Duration::ZERO).unwrap().unwrap();
    let done = Answer::NotPassed { why: "x".to_owned() };
    one.ack(&delivery, &done).unwrap();
    assert!(other.receive(Duration::ZERO).unwrap().is_none());
    let ended = listener.try_recv().map(|_| ());
    assert_eq!(ended, Err(oneshot::error::TryRecvError::Closed));
    assert_eq!(other.state().len(), 0);
}

/// No request is lost if something else answers in place of the store.
#[test]
fn request_that_cannot_be_read_stays_for_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Directory::new(folder.path()));
    let spool = Spool::new(store.clone(), "one", 100);
    accept(&spool, "a", 1);
    accept(&spool, "b", 2);
    let id = spool.state().waiting[0].id.clone();
    let file = folder.path().join(request_path(&id).unwrap().as_str());
    let body = std::fs::read(&file).unwrap();
    std::fs::write(&file, "<html>").unwrap();
    let spool = Spool::new(store.clone(), "two", 100);
    assert_eq!(spool.recover().unwrap(), 1);
    assert_eq!(handed_out(&spool), ["b"]);
    std::fs::write(&file, body).unwrap();
    let spool = Spool::new(store, "three", 100);
    assert_eq!(spool.recover().unwrap(), 2);
    assert_eq!(handed_out(&spool), ["a", "b"]);
}

/// Two agents that were given one name, and the same second and number of a request, keep both.
#[test]
fn requests_of_two_agents_with_one_name_are_two() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Directory::new(folder.path()));
    let one = Spool::new(store.clone(), "agent", 100);
    let other = Spool::new(store.clone(), "agent", 100);
    accept(&one, "a", 7);
    accept(&other, "b", 7);
    assert_eq!(handed_out(&one), ["a"]);
    assert_eq!(handed_out(&other), ["b"]);
    let next = Spool::new(store, "agent", 100);
    assert_eq!(next.recover().unwrap(), 2);
    let delivery = next.receive(Duration::ZERO).unwrap().unwrap();
    assert_eq!(delivery.acceptance().unwrap().at, Timestamp::from_unix(7).unwrap());
    assert!(!delivery.acceptance().unwrap().was_kept);
}

#[test]
fn attempt_that_cannot_be_written_down_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Directory::new(folder.path()));
    accept(&Spool::new(store.clone(), "one", 100), "patient", 1);
    let spool = Spool::new(store, "two", 100);
    assert_eq!(spool.recover().unwrap(), 1);
    let id = spool.state().waiting[0].id.clone();
    // A folder at the path of the count makes the store fail until it is removed.
    let tries = folder.path().join(tries_path(&id).unwrap().as_str());
    std::fs::create_dir(&tries).unwrap();
    for _ in 0..40 {
        spool.receive(Duration::ZERO).unwrap_err();
    }
    std::fs::remove_dir(&tries).unwrap();
    let delivery = spool.receive(Duration::ZERO).unwrap().unwrap();
    assert_eq!(delivery.attempt(), 2, "the first that was written down");
    // The next agent counts on from the number that is set.
    let count = |attempts| {
        spool.set_attempts(&delivery, attempts).unwrap();
        let next = Spool::new(spool.store.clone(), "three", 100);
        next.recover().unwrap();
        next.receive(Duration::ZERO).unwrap().unwrap().attempt()
    };
    assert_eq!((count(1), count(5)), (2, 6));
}

/// What was erased, or answered by another agent, is not the request that comes now.
#[test]
fn request_that_equals_a_removed_one_is_done() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let spool = Spool::new(store.clone(), "one", 100);
    accept(&spool, "a", 1);
    for is_in_hand in [false, true] {
        if is_in_hand {
            spool.receive(Duration::ZERO).unwrap().unwrap();
        }
        let mut paths = Vec::new();
        let folder = StorePath::parse(FOLDER).unwrap();
        let mut keep = |path| {
            paths.push(path);
            Ok(())
        };
        store.list(Some(&folder), &mut keep).unwrap();
        assert_eq!(paths.len(), 1);
        store.remove(&paths[0]).unwrap();
        accept(&spool, "a", 2);
        // It is the same request as long as its file is there.
        accept(&spool, "a", 3);
    }
    let in_hand = spool.state().busy.pop().unwrap();
    assert!(store.read(&request_path(&in_hand.id).unwrap()).unwrap().is_none());
    assert_eq!(handed_out(&spool), ["a"]);
}

#[test]
fn counts_of_requests_that_another_agent_answered_are_removed() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let left = || {
        let mut count = 0;
        let mut note = |_| {
            count += 1;
            Ok(())
        };
        store.list(Some(&StorePath::parse(FOLDER).unwrap()), &mut note).unwrap();
        count
    };
    let receive = |spool: &Spool| spool.receive(Duration::ZERO).unwrap();
    let first = Spool::new(store.clone(), "one", 100);
    accept(&first, "a", 1);
    let delivery = receive(&first).unwrap();
    let second = Spool::new(store.clone(), "two", 100);
    second.recover().unwrap();
    let same = receive(&second).unwrap();
    second.nack(&same, Duration::ZERO).unwrap();
    let answer = Answer::Ignored { why: "done".to_owned() };
    first.ack(&delivery, &answer).unwrap();
    assert!(receive(&second).is_none());
    assert_eq!(left(), 0);
    // An agent that was killed has left one.
    let path = tries_path("000000000001-one-000000000009").unwrap();
    store.create(&StoreFile::new(&path, b"1")).unwrap();
    assert_eq!(Spool::new(store.clone(), "three", 100).recover().unwrap(), 0);
    assert_eq!(left(), 0);
}
