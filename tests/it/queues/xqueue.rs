//! The protocol of XQueue, and faults of the predecessor in dealing with it.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use testamur::ErrorKind;
use testamur::agent::{Answer, LeaseState, Queue, Target, Task, XQueue};
use testamur::site::CertificateUrl;

use testamur::agent::conformance::QueueHarness as _;

use super::contract::{LEASE, receive};
use super::xqueue_server::XqueueServer;
use super::{BRIEF, failed, issued};

/// Ids of a certificate.
const VERIFY: &str = "0123456789abcdef0123456789abcdef";
const DOWNLOAD: &str = "fedcba9876543210fedcba9876543210";

fn server() -> (XqueueServer, XQueue) {
    let server = XqueueServer::new();
    let queue = server.xqueue();
    (server, queue)
}

#[test]
fn reply_has_the_form_of_the_predecessor() {
    let (server, queue) = server();
    server.send("guido");
    let delivery = receive(&queue);
    queue.ack(&delivery, &issued(&delivery)).unwrap();
    let state = server.state();
    let (header, reply) = &state.callbacks[0];
    assert_eq!(header["lms_key"], format!("{:032x}", 1));
    let keys: Vec<&String> = reply.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["action", "download_uuid", "verify_uuid", "username", "course_id", "url"]
    );
    assert_eq!(reply["action"], "create");
    assert_eq!(reply["course_id"], "Example/Knots/2026");
    assert!(state.rows[0].retired);
}

#[test]
fn ended_session_logs_in_again() {
    for (real_status, followed) in [(false, false), (false, true), (true, false)] {
        let (server, queue) = server();
        server.state().real_status = real_status;
        server.state().followed = followed;
        queue.check().unwrap();
        server.send("ada");
        server.end_sessions();
        let delivery = receive(&queue);
        server.end_sessions();
        // The result is not lost with the session.
        assert_eq!(queue.ack(&delivery, &issued(&delivery)).unwrap(), LeaseState::Held);
        assert_eq!(server.answers(), [("ada".to_owned(), true)]);
        assert_eq!(server.calls("login"), [200, 200, 200]);
        assert_eq!(server.calls("put_result").len(), 2);
    }
}

#[test]
fn concurrent_consumers_log_in_once() {
    let (server, queue) = server();
    for number in 0..8 {
        server.send(&number.to_string());
    }
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| receive(&queue));
        }
    });
    assert_eq!(server.calls("login").len(), 1);
}

/// The real server locks no row: workers that ask at once are given the same request.
#[test]
fn concurrent_workers_of_an_agent_do_each_request_once() {
    let (server, queue) = server();
    server.state().unlocked = Duration::from_millis(150);
    for number in 0..6 {
        server.send(&number.to_string());
    }
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let until = Instant::now() + Duration::from_secs(4);
                while Instant::now() < until && server.answers().len() < 6 {
                    if let Some(delivery) = queue.receive(BRIEF).unwrap() {
                        thread::sleep(Duration::from_millis(200));
                        queue.ack(&delivery, &issued(&delivery)).unwrap();
                    }
                }
            });
        }
    });
    let mut answers: Vec<String> =
        server.answers().into_iter().map(|(recipient, _)| recipient).collect();
    answers.sort();
    assert_eq!(answers, ["0", "1", "2", "3", "4", "5"]);
}

/// A request whose lease runs out while it is worked on is handed out under another key: it is
/// answered under that one, and not done again.
#[test]
fn request_in_hand_is_answered_under_its_new_key() {
    let (server, queue) = server();
    server.send("ada");
    let delivery = receive(&queue);
    thread::sleep(LEASE * 2);
    assert!(queue.receive(BRIEF).unwrap().is_none(), "it is in hand");
    assert_eq!(queue.ack(&delivery, &issued(&delivery)).unwrap(), LeaseState::Held);
    assert_eq!(server.answers(), [("ada".to_owned(), true)]);
    // A worker that lost its delivery does not keep the request from others.
    server.send("grace");
    drop(receive(&queue));
    thread::sleep(LEASE * 2);
    assert_eq!(receive(&queue).correlation().recipient.as_deref(), Some("grace"));
}

#[test]
fn wrong_password_is_refused_before_any_message() {
    for real_status in [false, true] {
        let (server, queue) = server();
        server.send("ada");
        server.state().real_status = real_status;
        server.state().password = "another".to_owned();
        let fault = queue.check().unwrap_err();
        assert_eq!(fault.kind(), ErrorKind::QueueRefused);
        assert!(fault.to_string().contains("does not let `lms` in"), "{fault}");
        assert!(fault.help().unwrap().contains("password_file"));
        assert_eq!(queue.receive(BRIEF).unwrap_err().kind(), ErrorKind::QueueRefused);
        assert!(server.calls("get_submission").is_empty());
    }
}

#[test]
fn unknown_queue_is_refused_with_a_suggestion() {
    let server = XqueueServer::new();
    let mut settings = server.settings();
    settings.name = Some("certificate".to_owned());
    let queue = XQueue::new(&settings).unwrap();
    let fault = queue.check().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::QueueRefused);
    assert_eq!(fault.help(), Some("did you mean `certificates`?"));
    assert_eq!(queue.receive(BRIEF).unwrap_err().kind(), ErrorKind::QueueRefused);

    settings.url = Some(server.url() + "/somewhere");
    let fault = XQueue::new(&settings).unwrap().check().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::QueueRefused, "{fault}");
}

#[test]
fn basic_authentication_of_a_proxy_is_supported() {
    let server = XqueueServer::new();
    server.state().basic = Some("ZWR4OmludHJh".to_owned());
    server.send("ada");
    let mut settings = server.settings();
    let fault = XQueue::new(&settings).unwrap().check().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::QueueRefused);
    assert!(fault.help().unwrap().contains("auth_user"), "{fault}");
    settings.auth_user = Some("edx".to_owned());
    settings.auth_password = Some(testamur::site::Secret::new("intra"));
    let queue = XQueue::new(&settings).unwrap();
    let delivery = receive(&queue);
    queue.ack(&delivery, &issued(&delivery)).unwrap();
    assert_eq!(server.answers().len(), 1);
}

#[test]
fn example_certificate_needs_no_course_name_or_grade() {
    let (server, queue) = server();
    server.submit(
        &json!({
            "action": "create", "username": VERIFY, "course_id": "Example/Knots/2026",
            "name": "John Doë", "example_certificate": true,
        })
        .to_string(),
    );
    let delivery = receive(&queue);
    let Ok(Task::Issue { request, replaces, .. }) = delivery.task() else { panic!() };
    assert!(request.is_specimen() && replaces.is_none());
    assert_eq!(request.name().as_str(), "John Doë");
    assert_eq!(request.grade(), None);
    queue.ack(&delivery, &issued(&delivery)).unwrap();
    assert_eq!(server.replies()[0]["username"], VERIFY);
}

/// The platform knows no other reply without a certificate, and does not ask again.
#[test]
fn grade_that_does_not_pass_is_answered_once() {
    let (server, queue) = server();
    server.submit(
        &json!({
            "action": "create", "username": "ada", "course_id": "Example/Knots/2026",
            "name": "Ada", "grade": "Fail",
        })
        .to_string(),
    );
    let delivery = receive(&queue);
    let why = "not passed: the grade is `Fail`".to_owned();
    queue.ack(&delivery, &Answer::NotPassed { why }).unwrap();
    let reply = &server.replies()[0];
    assert_eq!(reply["username"], "ada");
    let reason = reply["error_reason"].as_str().unwrap();
    assert!(reason.contains("not_passed: not passed: the grade is `Fail`"), "{reason}");
    assert!(queue.receive(std::time::Duration::ZERO).unwrap().is_none());
}

#[test]
fn regen_replaces_and_remove_and_delete_revoke() {
    let (server, queue) = server();
    for (action, more) in [
        ("regen", json!({ "name": "Ada", "course_id": "c" })),
        ("remove", json!({ "course_id": "c" })),
        ("delete", json!({})),
    ] {
        let mut body = json!({
            "action": action, "username": "ada",
            "delete_verify_uuid": VERIFY, "delete_download_uuid": DOWNLOAD,
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server.submit(&body.to_string());
    }
    let delivery = receive(&queue);
    let Ok(Task::Issue { options, replaces, .. }) = delivery.task() else { panic!() };
    assert!(options.replace);
    assert_eq!(replaces.as_ref().map(|id| id.as_str()), Some(VERIFY));
    queue.ack(&delivery, &issued(&delivery)).unwrap();
    for _ in 0..2 {
        let delivery = receive(&queue);
        let Ok(Task::Revoke(revocation)) = delivery.task() else { panic!() };
        let target = Target::Certificate(VERIFY.parse().unwrap());
        assert_eq!(revocation.target, target);
        let answer = Answer::Revoked { verify_id: VERIFY.parse().unwrap() };
        queue.ack(&delivery, &answer).unwrap();
    }
    for (reply, action) in server.replies().iter().zip(["regen", "remove", "delete"]) {
        assert_eq!(reply["action"], action);
        assert!(
            reply.get("error").is_none(),
            "an error would keep the platform from setting `deleted`"
        );
    }
}

#[test]
fn malformed_messages_get_an_error_reply() {
    let (server, queue) = server();
    let large = format!("\"{}\"", "x".repeat(10 << 20));
    let cases = [
        ("", "is no JSON"),
        ("[]", "is no JSON object"),
        ("{\"action\": \"create\"", "is no JSON"),
        (large.as_str(), "bytes"),
        (r#"{"action":"create","name":"A","course_id":"c"}"#, "`username` is missing"),
        (r#"{"action":"create","username":"é","course_id":"c"}"#, "`name` is missing"),
        (
            r#"{"action":"create","username":"a","course_id":"c","name":" "}"#,
            "`name` is missing",
        ),
        (r#"{"action":"create","username":"a","name":"A"}"#, "`course_id` is missing"),
        (
            r#"{"action":"create","username":"a\u0000","name":"A","course_id":"c"}"#,
            "`username` has",
        ),
        (
            r#"{"action":"create","username":"a","name":7,"course_id":"c"}"#,
            "`name` is no text",
        ),
        (
            r#"{"action":"creat","username":"a","name":"A","course_id":"c"}"#,
            "unknown action `creat`",
        ),
        (r#"{"username":"a","name":"A","course_id":"c"}"#, "`action` is missing"),
        (r#"{"action":"remove","username":"a"}"#, "`delete_verify_uuid` is missing"),
        (r#"{"action":"remove","username":"a","delete_verify_uuid":"../x"}"#, "is no id"),
        (
            r#"{"action":"create","username":"a","name":"A","course_id":"c","issued_date":"soon"}"#,
            "`issued_date`",
        ),
    ];
    for (body, _) in cases {
        server.submit(body);
    }
    for (body, words) in cases {
        let delivery = receive(&queue);
        let Err(why) = delivery.task() else { panic!("{body}") };
        assert!(why.to_string().contains(words), "{body}: {why}");
        queue.dead_letter(&delivery, why).unwrap();
    }
    let replies = server.replies();
    assert_eq!(replies.len(), cases.len());
    for (reply, (body, words)) in replies.iter().zip(cases) {
        let keys: Vec<&String> = reply.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["error", "username", "course_id", "error_reason"], "{body}");
        assert!(reply["error_reason"].as_str().unwrap().contains(words), "{reply}");
    }
    assert_eq!(replies[5]["username"], "é");
    assert!(
        replies[5]["error_reason"].as_str().unwrap().starts_with("(é c) missing_field: ")
    );
    thread::sleep(LEASE + BRIEF);
    assert!(queue.receive(BRIEF).unwrap().is_none(), "no message comes again");
}

#[test]
fn no_error_reply_follows_a_success() {
    let (server, queue) = server();
    server.state().lms.1 = false;
    server.send("ada");
    let delivery = receive(&queue);
    assert_eq!(queue.ack(&delivery, &issued(&delivery)).unwrap(), LeaseState::Held);
    // The platform did not take the answer, so the message comes again; this time it fails.
    let delivery = receive(&queue);
    queue.ack(&delivery, &failed()).unwrap();
    let replies = server.replies();
    assert_eq!(replies.len(), 2);
    assert_eq!(replies[0], replies[1], "the certificate stays");
    // An error for another recipient is sent as an error.
    server.state().lms.1 = true;
    server.send("grace");
    loop {
        let delivery = receive(&queue);
        queue.ack(&delivery, &failed()).unwrap();
        if delivery.correlation().recipient.as_deref() == Some("grace") {
            break;
        }
    }
    assert!(server.replies().last().unwrap().get("error").is_some());
}

#[test]
fn message_with_four_failed_callbacks_is_retired() {
    let (server, queue) = server();
    server.state().delay = Duration::from_millis(50);
    server.state().lms.1 = false;
    server.send("ada");
    for _ in 0..4 {
        let delivery = receive(&queue);
        queue.ack(&delivery, &issued(&delivery)).unwrap();
    }
    assert!(queue.receive(BRIEF * 2).unwrap().is_none());
    let state = server.state();
    assert_eq!((state.rows[0].failures, state.rows[0].retired), (4, true));
    assert_eq!(state.callbacks.len(), 4);
}

#[test]
fn reply_fits_the_columns_of_the_platform() {
    let (server, queue) = server();
    server.send("ada");
    server.send("grace");
    let delivery = receive(&queue);
    let message = format!("\u{1f600} {}", "ü".repeat(600));
    let answer =
        Answer::Failed { kind: ErrorKind::Layout, message, help: None, place: None };
    queue.ack(&delivery, &answer).unwrap();
    let delivery = receive(&queue);
    let mut answer = issued(&delivery);
    let Answer::Issued { urls, .. } = &mut answer else { panic!() };
    let long = format!("https://example.org/{}", "x".repeat(109));
    urls.download_url = CertificateUrl::parse(&long).unwrap();
    assert_eq!(urls.download_url.len(), 129);
    queue.ack(&delivery, &answer).unwrap();
    let replies = server.replies();
    let reason = replies[0]["error_reason"].as_str().unwrap();
    assert!(reason.len() <= 512 && reason.len() > 500, "{}", reason.len());
    assert!(reason.chars().all(|c| c <= '\u{ffff}') && reason.ends_with('…'));
    assert!(replies[1]["error_reason"].as_str().unwrap().contains("129 bytes"));
}

#[test]
fn slow_platform_is_waited_for_until_the_deadline() {
    let server = XqueueServer::new();
    server.state().lms.0 = Duration::from_secs(1);
    server.send("ada");
    let queue = server.xqueue();
    let delivery = receive(&queue);
    assert_eq!(queue.ack(&delivery, &issued(&delivery)).unwrap(), LeaseState::Held);

    // The platform is slower than the deadline: whether it has the answer is unknown, so the answer
    // may be sent again.
    let mut settings = server.settings();
    settings.deadline = Duration::from_millis(300);
    let hasty = XQueue::new(&settings).unwrap();
    server.send("grace");
    let delivery = receive(&hasty);
    let fault = hasty.ack(&delivery, &issued(&delivery)).unwrap_err();
    assert!(fault.is_retryable(), "{fault}");
    assert_eq!(queue.ack(&delivery, &issued(&delivery)).unwrap(), LeaseState::Held);
    assert!(server.answers().iter().all(|(_, good)| *good));
}

#[test]
fn silent_server_fails_after_the_deadline() {
    let server = XqueueServer::new();
    let mut settings = server.settings();
    settings.deadline = Duration::from_millis(300);
    let queue = XQueue::new(&settings).unwrap();
    queue.check().unwrap();
    server.state().mute = true;
    let begun = Instant::now();
    let fault = queue.receive(BRIEF).unwrap_err();
    assert!(fault.is_retryable(), "{fault}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    server.state().mute = false;
}

#[test]
fn races_and_error_pages_are_retryable() {
    let (server, queue) = server();
    queue.check().unwrap();
    server.state().races = 2;
    server.send("ada");
    let delivery = receive(&queue);
    for status in [500, 502, 503, 429, 200] {
        server.state().broken = (status, 1);
        let fault = queue.ack(&delivery, &issued(&delivery)).unwrap_err();
        assert_eq!(fault.kind(), ErrorKind::Queue, "{status}: {fault}");
    }
    queue.ack(&delivery, &issued(&delivery)).unwrap();
    assert_eq!(server.answers(), [("ada".to_owned(), true)]);
}

#[test]
fn empty_queue_is_polled_once_per_interval() {
    let server = XqueueServer::new();
    let mut settings = server.settings();
    settings.poll = Duration::from_millis(400);
    let queue = XQueue::new(&settings).unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                assert!(queue.receive(Duration::from_secs(1)).unwrap().is_none())
            });
        }
    });
    let calls = server.calls("get_submission").len();
    assert!((2..=4).contains(&calls), "{calls} for eight threads");
}

#[test]
fn reissue_setting_applies_to_create() {
    let (server, queue) = server();
    let queue = queue.with_reissue(true);
    server.send("ada");
    let delivery = receive(&queue);
    let Ok(Task::Issue { options, .. }) = delivery.task() else { panic!() };
    assert!(options.reissue && !options.replace);
}
