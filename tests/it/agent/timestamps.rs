//! A TSA that is unreachable for a while: no certificate is issued without its timestamp token.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use testamur::Error;
use testamur::agent::{Agent, AgentExit, Clock, ClockReading};
use testamur::site::{KeySource, Keys, SealSettings, Site, TsaSettings};

use super::setup::{
    MemoryQueue, assert_verifies, issuer_with_keys, records, request, until,
};
use crate::seal::judges::Certomancer;
use crate::seal::site::now;

/// The machine's clock, which the TSA uses too.
struct SystemClock;

impl Clock for SystemClock {
    fn read(&self) -> Result<ClockReading, Error> {
        let now = now();
        Ok(ClockReading { now, today: now.date() })
    }
}

/// Forwards connections to the port `far` unless it is cut; returns the port to connect to, and the
/// switch.
fn proxy(far: u16) -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let cut = Arc::new(AtomicBool::new(true));
    let is_cut = cut.clone();
    thread::spawn(move || {
        for near in listener.incoming() {
            let near = near.unwrap();
            if is_cut.load(Ordering::SeqCst) {
                continue;
            }
            let far = TcpStream::connect(("127.0.0.1", far)).unwrap();
            for (mut from, mut to) in [
                (near.try_clone().unwrap(), far.try_clone().unwrap()),
                (far.try_clone().unwrap(), near.try_clone().unwrap()),
            ] {
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
            }
        }
    });
    (port, cut)
}

fn keys(folder: &Path, tsa: &Certomancer, port: u16) -> Keys {
    let source = KeySource::NewRoot { name: "Example University" };
    let keys = folder.join("keys");
    Keys::create(&keys, &source, now()).unwrap();
    std::fs::write(folder.join("tsa.pem"), tsa.read("out/root/root.cert.pem")).unwrap();
    let url = format!("http://127.0.0.1:{port}/testamur/tsa/tsa");
    let mut settings = TsaSettings::new(url);
    settings.roots = Some("tsa.pem".to_owned());
    let settings = SealSettings::default().with_tsa(settings);
    Keys::open_with(&keys, folder, &settings, now()).unwrap()
}

/// With `require_timestamp`, requests wait for the TSA and then get a timestamp token.
#[test]
fn requests_wait_while_the_tsa_is_unreachable() {
    let tsa = Certomancer::start();
    let (port, cut) = proxy(tsa.port);
    let folder = tempfile::tempdir().unwrap();
    let keys = keys(folder.path(), &tsa, port).with_require_timestamp(true);
    let issuer = issuer_with_keys(&keys, folder.path(), Site::demo(), |store| store);
    let queue = MemoryQueue::of(["a", "b"].map(|user| request(user).to_string()));
    let agent =
        Agent::new(issuer, Arc::new(SystemClock), "test").with_queue(queue.clone());
    let running = agent.start().unwrap();
    thread::sleep(Duration::from_secs(2));
    let public = folder.path().join("public");
    assert!(queue.answers().is_empty() && records(&public).is_empty());
    cut.store(false, Ordering::SeqCst);
    until("both are answered", || queue.answers().len() == 2);
    assert_eq!(running.wait(|| true), AgentExit::Stopped);
    assert!(queue.answers().iter().all(|answer| answer["outcome"] == "issued"));
    let records = records(&public);
    assert_eq!(records.len(), 2);
    for record in &records {
        assert_eq!(record["certificate"]["seal"]["level"], "B-T", "{record}");
        assert_verifies(&public, record, keys.trust(), now());
    }
}
