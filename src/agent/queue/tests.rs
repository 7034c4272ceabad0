use super::*;

/// A message of any bytes is a task or an error, and never a panic.
#[test]
fn mutations_of_messages() {
    let messages: [&[u8]; 3] = [
        br#"{"course":"c","name":"Ada","username":"a","grade":0.9,"extra":{"a":[1]}}"#,
        br#"{"action":"revoke","course":"c","username":"a","reason":"why"}"#,
        br#"{"action":"revoke","id":"0123456789abcdef0123456789abcdef"}"#,
    ];
    for message in messages {
        assert!(Task::from_json(message).1.is_ok());
        for at in 0..message.len() {
            for byte in [0, b'"', b'\\', b'{', b'}', b'7', 0xff] {
                let mut message = message.to_vec();
                message[at] = byte;
                let (about, task) = Task::from_json(&message);
                assert!(about.course.is_none_or(|course| course.len() <= 255));
                drop(task);
            }
            assert!(Task::from_json(&message[..at]).1.is_err());
        }
    }
}

#[test]
fn who_is_to_lose_a_certificate() {
    let read = |text: &str| match Task::from_json(text.as_bytes()).1 {
        Ok(Task::Revoke(revocation)) => Ok(revocation),
        Ok(task) => panic!("{task:?}"),
        Err(error) => Err(error.to_string()),
    };
    let id = "0123456789abcdef0123456789abcdef";
    let revocation = read(&format!(r#"{{"action":"revoke","id":"{id}"}}"#)).unwrap();
    assert_eq!(revocation.reason, "revoked at the request of the issuing platform");
    let by_name =
        r#"{"action":"revoke","course":"c","name":" Ada  Example ","reason":"fraud"}"#;
    let revocation = read(by_name).unwrap();
    let award = Award::of(&Request::new("c", "Ada Example").unwrap());
    assert_eq!(revocation.target, Target::Award(award));
    assert_eq!(revocation.reason, "fraud");
    for (text, words) in [
        (r#"{"action":"revoke"}"#, "`course` is missing"),
        (r#"{"action":"revoke","course":"c"}"#, "`username` is missing"),
        (r#"{"action":"revoke","id":"0123"}"#, "is no id of a certificate"),
        (r#"{"action":"revoke","id":"0123","username":"a"}"#, "one of them"),
        (
            r#"{"action":"revoke","course":"c","username":"a","grade":"1"}"#,
            "unknown key `grade`",
        ),
        (
            r#"{"action":"revoke","course":"c","username":"a","requested_at":"now"}"#,
            "is not a time",
        ),
    ] {
        let fault = read(text).unwrap_err();
        assert!(fault.contains(words), "{text}: {fault}");
    }
}

#[test]
fn texts_are_cut_between_characters() {
    assert_eq!(cut("abc", 3), "abc");
    assert_eq!(cut("abcd", 3), "…");
    assert_eq!(cut("aüüü", 6), "aü…");
    assert_eq!(cut("aüüü", 7), "aüüü");
}
