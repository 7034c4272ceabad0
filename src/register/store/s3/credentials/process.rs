//! Keys that a program writes: `credential_process`.

use std::io::Read as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{io, thread};

use super::found::{FoundKeys, refused};
use crate::base::error::Result;

/// How long the program may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// The most bytes that it may write.
const MAX_OUTPUT: u64 = 256 << 10;

/// Runs the program, without a shell, and reads its keys.
pub(super) fn find(profile: &str, command: &str) -> Result<FoundKeys> {
    let from = format!("`credential_process` of the profile `{profile}`");
    let failed = |what: &str| refused(&format!("{from} failed ({what})"));
    let words = words(command).ok_or_else(|| failed("a quote has no end"))?;
    let (program, arguments) =
        words.split_first().ok_or_else(|| failed("it names no program"))?;
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn();
    let mut child = child.map_err(|cause| failed(&format!("`{program}`: {cause}")))?;
    let output = child.stdout.take().ok_or_else(|| failed("it has no output"))?;
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut text = String::new();
        let read = output.take(MAX_OUTPUT).read_to_string(&mut text).map(|_| text);
        sender.send(read)
    });
    let Ok(text) = receiver.recv_timeout(DEADLINE) else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(&format!("it took longer than {} s", DEADLINE.as_secs())));
    };
    let text = text.map_err(|cause| failed(&format!("its output: {cause}")))?;
    let status =
        ended(&mut child).map_err(|cause| failed(&cause.to_string()))?.ok_or_else(
            || failed(&format!("it took longer than {} s", DEADLINE.as_secs())),
        )?;
    if !status.success() {
        return Err(failed(&status.to_string()));
    }
    let version: Option<u64> = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|json| json["Version"].as_u64());
    if version != Some(1) {
        return Err(failed("its output is no JSON of `\"Version\": 1`"));
    }
    FoundKeys::from_json(&from, &text, "SessionToken")
}

/// Waits for a process that has closed its output; `None` if it does not end in time.
fn ended(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let until = Instant::now() + DEADLINE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The words of a command line, with the quotes of a POSIX shell. `None` if one has no end.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match sign {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match signs.next()? {
                        '\'' => break,
                        sign => word.push(sign),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match signs.next()? {
                        '"' => break,
                        '\\' => match signs.next()? {
                            sign @ ('"' | '\\') => word.push(sign),
                            sign => word.extend(['\\', sign]),
                        },
                        sign => word.push(sign),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(signs.next()?),
            sign => word.get_or_insert_default().push(sign),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_by_a_shell() {
        let split = |text| words(text).map(|words| words.join("|"));
        for (text, found) in [
            (
                r#"/opt/bin/keys --to "my keys" 'a "b"' c\ d"#,
                r#"/opt/bin/keys|--to|my keys|a "b"|c d"#,
            ),
            (r#""a\"b\c" ''"#, r#"a"b\c|"#),
            ("", ""),
        ] {
            assert_eq!(split(text).as_deref(), Some(found));
        }
        assert_eq!(split("'a"), None);
    }
}
