//! Which requests and answers are about a recipient who is erased.
//!
//! The decision made here: a message that cannot be understood is about the recipient if it has a
//! name or an id of theirs as a whole text, in the form in which JSON or Avro writes it, or a whole
//! name anywhere. Of any other one it is not known, and the caller is told so.

use std::collections::BTreeSet;
use std::fmt;

use super::delivery::{Revocation, Target, Task};
use crate::base::digits::CertificateId;
use crate::site::award::Award;

/// What is known of a recipient whose requests and answers are looked for.
pub struct Sought<'a> {
    is_wanted: &'a dyn Fn(&Award, Option<&str>) -> bool,
    ids: &'a BTreeSet<CertificateId>,
    /// What a message has that names the recipient.
    forms: Vec<Vec<u8>>,
    /// Names of several words, which a sentence may have.
    names: Vec<Vec<u8>>,
}

impl<'a> Sought<'a> {
    /// The recipient to whom `is_wanted` ascribes an award, given the award and the name in the
    /// request; with the ids of their certificates, and `words`, their names and usernames.
    pub fn new(
        is_wanted: &'a dyn Fn(&Award, Option<&str>) -> bool,
        ids: &'a BTreeSet<CertificateId>,
        words: &BTreeSet<String>,
    ) -> Self {
        let words = words.iter().filter(|word| !word.trim().is_empty());
        let forms = words.clone().flat_map(|word| [in_json(word), in_avro(word)]);
        let names = words.filter(|word| word.trim().contains(char::is_whitespace));
        Self {
            is_wanted,
            ids,
            forms: forms.collect(),
            names: names.map(|name| name.trim().as_bytes().to_vec()).collect(),
        }
    }

    /// Whether an award is the recipient's.
    pub(in crate::agent) fn has_award(&self, award: &Award, name: Option<&str>) -> bool {
        (self.is_wanted)(award, name)
    }

    /// Whether a task is about the recipient.
    pub(in crate::agent) fn has_task(&self, task: &Task) -> bool {
        match task {
            Task::Issue { request, .. } => {
                self.has_award(&Award::of(request), Some(request.name().as_str()))
            }
            Task::Revoke(Revocation { target: Target::Award(award), .. }) => {
                self.has_award(award, None)
            }
            Task::Revoke(Revocation { target: Target::Certificate(id), .. }) => {
                self.ids.contains(id)
            }
            Task::Ignore(_) => false,
        }
    }

    /// Whether a message that cannot be understood names the recipient.
    pub(in crate::agent) fn is_named_in(&self, bytes: &[u8]) -> bool {
        let has = |form: &Vec<u8>| bytes.windows(form.len()).any(|it| it == *form);
        self.forms.iter().chain(&self.names).any(has)
    }
}

impl fmt::Debug for Sought<'_> {
    /// Writes nothing personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sought").finish_non_exhaustive()
    }
}

/// A text as JSON writes it.
fn in_json(text: &str) -> Vec<u8> {
    serde_json::Value::from(text).to_string().into_bytes()
}

/// A text as Avro writes it: its length in bytes, zigzag and seven bits a byte, and the text
/// (Avro 1.12, Binary encoding).
fn in_avro(text: &str) -> Vec<u8> {
    let mut form = Vec::new();
    let mut left = text.len() << 1;
    while left > 0x7f {
        form.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    form.push(left as u8);
    form.extend(text.as_bytes());
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_texts_name_the_recipient_and_parts_of_others_do_not() {
        let words = BTreeSet::from(["ada".to_owned(), "Zo\u{eb} M\u{fc}ller".to_owned()]);
        let ids = BTreeSet::new();
        let sought = Sought::new(&|_, _| false, &ids, &words);
        for (bytes, expected) in [
            (&br#"{"username": "ada", "nonsense""#[..], true),
            (b"\x00\x06ada\x12x", true),
            ("reason: Zo\u{eb} M\u{fc}ller cheated".as_bytes(), true),
            (br#"{"username": "adam"}"#, false),
            (b"\x08adam", false),
            (b"Canada", false),
        ] {
            assert_eq!(sought.is_named_in(bytes), expected, "{bytes:?}");
        }
        assert_eq!(in_avro(&"x".repeat(100))[..3], [0xc8, 0x01, b'x']);
    }
}
