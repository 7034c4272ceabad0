//! Many requests for one certificate: one is worked on at a time, the others wait without a worker.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use serde_json::{Value, json};
use testamur::Result;
use testamur::agent::{Agent, AgentExit, Clock, ClockReading, HttpApi};
use testamur::site::{Secret, Site};

use super::setup::{FixedClock, LONG, MemoryQueue, TOKEN, issuer, post, request, until};

/// A clock at which the first request that is worked on stops until it is let go.
#[derive(Default)]
struct StoppingClock {
    has_stopped: AtomicBool,
    is_let_go: Mutex<bool>,
    let_go: Condvar,
}

impl StoppingClock {
    fn let_go(&self) {
        *self.is_let_go.lock().unwrap() = true;
        self.let_go.notify_all();
    }
}

impl Clock for StoppingClock {
    fn read(&self) -> Result<ClockReading> {
        let is_worker = thread::current().name() == Some("testamur-agent");
        if is_worker && !self.has_stopped.swap(true, Ordering::SeqCst) {
            let is_let_go = self.is_let_go.lock().unwrap();
            drop(self.let_go.wait_while(is_let_go, |is_let_go| !*is_let_go).unwrap());
        }
        FixedClock.read()
    }
}

/// So many requests for the certificate of one recipient, each with its number.
fn requests_of_one(recipient: &str, number: usize) -> Vec<String> {
    let request = |number: usize| {
        let mut request = request(recipient);
        request["reference"] = number.to_string().into();
        request.to_string()
    };
    (0..number).map(request).collect()
}

fn agent(folder: &tempfile::TempDir, clock: &Arc<StoppingClock>) -> Agent {
    let issuer = issuer(folder.path(), Site::demo(), |store| store);
    Agent::new(issuer, clock.clone(), "test").with_workers(2).with_shutdown_timeout(LONG)
}

fn count<'a>(answers: &'a [Value], key: &str) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer[key].as_str().unwrap()).or_default() += 1;
    }
    counts
}

/// While one of them is worked on, the others occupy no worker of their source, and none of another.
#[test]
fn requests_of_one_award_stall_no_other() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::default());
    let queue = MemoryQueue::of(requests_of_one("ada", 12));
    queue.add(request("eve").to_string());
    let http_api =
        HttpApi::new("127.0.0.1:0".parse().unwrap(), Some(Secret::new(TOKEN)), 10);
    let agent = agent(&folder, &clock).with_queue(queue.clone()).with_http_api(http_api);
    let running = agent.start().unwrap();
    let at = running.address().unwrap().to_string();
    until("the other is answered", || !queue.answers().is_empty());
    assert_eq!(queue.answers()[0]["username"], "eve");
    for _ in 0..3 {
        let mut request = request("ada");
        request["reference"] = json!("http");
        assert_eq!(post(&at, "/certificates", &request).status, 202);
    }
    let other = post(&at, "/certificates?wait=60", &request("bob"));
    assert_eq!(other.status, 201, "{other:?}");
    assert_eq!(queue.answers().len(), 1, "the award is worked on");
    clock.let_go();
    until("all are answered", || queue.answers().len() == 13);
    let answers = queue.answers();
    assert_eq!(
        count(&answers, "outcome"),
        BTreeMap::from([("issued", 2), ("unchanged", 11)])
    );
    let again = post(&at, "/certificates?wait=60", &request("ada"));
    assert_eq!(again.json()["outcome"], "unchanged", "{again:?}");
    assert_eq!(running.wait(|| true), AgentExit::Stopped);
}

/// A stop returns those that wait, and they do not count as handed out: they have ended no agent.
#[test]
fn stop_returns_requests_that_wait_for_their_award() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::<StoppingClock>::default());
    let queue = MemoryQueue::of(requests_of_one("ada", 5));
    let agent = agent(&folder, &clock).with_queue(queue.clone());
    let running = agent.start().unwrap();
    until("all others wait", || queue.counted.lock().unwrap().len() == 4);
    assert!(queue.counted.lock().unwrap().iter().all(|(_, attempts)| *attempts == 0));
    let stopping = thread::spawn(move || running.wait(|| true));
    until("they are returned", || queue.waiting() == 4);
    clock.let_go();
    assert_eq!(stopping.join().unwrap(), AgentExit::Stopped);
    assert_eq!((queue.answers().len(), queue.waiting()), (1, 4));
}

/// More than can wait in line: the rest is returned to the queue, and others behind it are done.
#[test]
fn requests_of_one_award_that_fill_the_line_stall_no_other() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::<StoppingClock>::default());
    let queue = MemoryQueue::of(requests_of_one("ada", 300));
    queue.add(request("eve").to_string());
    let agent = agent(&folder, &clock).with_queue(queue.clone());
    let running = agent.start().unwrap();
    until("the other is answered", || !queue.answers().is_empty());
    assert_eq!(queue.answers()[0]["username"], "eve");
    let stopping = thread::spawn(move || running.wait(|| true));
    until("they are returned", || queue.waiting() == 299);
    clock.let_go();
    assert_eq!(stopping.join().unwrap(), AgentExit::Stopped);
    assert_eq!(queue.waiting(), 299);
}
