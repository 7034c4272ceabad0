//! What a certificate certifies, apart from how it looks: an award, and the ids that follow from it.
//!
//! An award is a course and a recipient. Its editions have ids of 32 hexadecimal digits, derived from
//! the site's secret by HMAC-SHA-256, so that the same request always leads to the same address and
//! nobody can guess another. The decision made here is who is the same recipient: whoever has the same
//! id of the caller's (a username), else the same cleaned name.

use std::fmt;
use std::path::Path;

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::hex;
use crate::site::course::{Course, IssueDate, Text};
use crate::site::request::Request;

/// The secret that a site's ids are derived from. It is made once and never replaced: with another,
/// every award would get another address.
#[derive(Clone)]
pub struct IdSecret(hmac::Key);

impl IdSecret {
    /// How many bytes it has.
    pub const LENGTH: usize = 32;

    /// The secret of these bytes.
    pub fn new(bytes: &[u8; Self::LENGTH]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Reads the secret's file: 64 hexadecimal digits in lower case.
    ///
    /// # Errors
    /// [`ErrorKind::Key`] when it holds anything else.
    pub fn parse(file: &Path, text: &[u8]) -> Result<Self> {
        let digits = text.trim_ascii_end();
        let bytes = hex::read_lower(digits).map(Zeroizing::new);
        let bytes = bytes.as_deref().and_then(|bytes| bytes.as_slice().try_into().ok());
        bytes.map(Self::new).ok_or_else(|| {
            Error::new(ErrorKind::Key, "this is no id secret")
                .at(Place::file(file.display().to_string()))
                .with_help(
                    "restore the file from a copy: with another secret every award would get \
                     another address",
                )
        })
    }

    /// The content of a new secret's file.
    pub(crate) fn generate() -> Result<Zeroizing<String>> {
        let mut bytes = Zeroizing::new([0; Self::LENGTH]);
        SystemRandom::new().fill(&mut *bytes).map_err(|_| {
            Error::new(ErrorKind::Key, "the machine gives no random numbers")
        })?;
        Ok(Zeroizing::new(hex::lower(&*bytes) + "\n"))
    }

    /// 32 digits that follow from the parts, none of which runs into the next.
    pub(crate) fn derive(&self, purpose: &str, parts: &[&str]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        for part in [purpose].iter().chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        hex::lower(&context.sign().as_ref()[..16])
    }
}

impl fmt::Debug for IdSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdSecret(…)")
    }
}

/// Who is awarded what.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Award {
    /// The course's id.
    pub course: String,
    /// The recipient.
    #[serde(flatten)]
    pub recipient: Recipient,
}

/// By what a recipient is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A username, or any id that the caller has.
    Id(String),
    /// The cleaned name, for want of an id.
    Name(String),
    /// Nobody: the id or the name in an example, of whose certificates it is none.
    Specimen(String),
}

impl Award {
    /// The award that is asked for.
    pub fn of(request: &Request) -> Self {
        let (id, name) = (request.recipient(), request.name().as_str());
        let recipient = match (id, request.is_specimen()) {
            (id, true) => Recipient::Specimen(id.unwrap_or(name).to_owned()),
            (Some(id), false) => Recipient::Id(id.to_owned()),
            (None, false) => Recipient::Name(name.to_owned()),
        };
        Self { course: request.course().to_owned(), recipient }
    }

    /// A fingerprint of the facts that a certificate would print: equal for equal facts. The date of
    /// a rolling course is none of them, because it is fixed by the first issue.
    pub(crate) fn facts(secret: &IdSecret, course: &Course, request: &Request) -> String {
        let language = request.language().unwrap_or(&course.language);
        let text = |text: &Text| text.get(language, &course.language).0.to_owned();
        let mut extra = course.extra.clone();
        extra.extend(request.extra().clone());
        extra.sort_keys();
        let issued = request.issued().or(match course.issued {
            IssueDate::Rolling => None,
            IssueDate::On(date) => Some(date),
        });
        let people: Vec<_> = course
            .signatories
            .iter()
            .map(|person| (text(&person.name), person.title.as_ref().map(text)))
            .collect();
        let facts = serde_json::json!([
            request.name(),
            request.designation(),
            request.grade(),
            language,
            request.second_language().or(course.second_language.as_ref()),
            text(&course.title),
            text(&course.organization.name),
            people,
            issued.map(|date| date.to_string()),
            course.issued_text.as_ref().map(text),
            course.place_of_issue.as_ref().map(text),
            extra,
        ]);
        secret.derive("facts", &[&facts.to_string()])
    }

    /// The addresses of an edition, from one.
    pub(crate) fn ids(&self, secret: &IdSecret, edition: u32) -> Ids {
        let edition = edition.to_string();
        let (kind, recipient) = match &self.recipient {
            Recipient::Id(id) => ("id", id),
            Recipient::Name(name) => ("name", name),
            Recipient::Specimen(id) => ("specimen", id),
        };
        let parts = [self.course.as_str(), kind, recipient, &edition];
        Ids {
            verify: secret.derive("verify", &parts),
            download: secret.derive("download", &parts),
        }
    }
}

/// Where an edition is to be had and checked: neither leads to the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ids {
    pub(crate) verify: String,
    pub(crate) download: String,
}

/// Whether a text has the form of an id: 32 hexadecimal digits in lower case.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> IdSecret {
        IdSecret::new(&[7; IdSecret::LENGTH])
    }

    fn award(course: &str, name: &str) -> Award {
        Award::of(&Request::new(course, name).unwrap())
    }

    #[test]
    fn ids_follow_from_the_award_and_from_nothing_else() {
        let ids = award("a/b/c", "Ada  Example").ids(&secret(), 1);
        assert_eq!(ids, award("a/b/c", " Ada Example").ids(&secret(), 1));
        assert!(is_id(&ids.verify) && is_id(&ids.download) && ids.verify != ids.download);
        let other = IdSecret::new(&[8; IdSecret::LENGTH]);
        for ids in [
            award("a/b/c", "Ada Example").ids(&secret(), 2),
            award("a/b/c", "Ada Example").ids(&other, 1),
            award("a/b/cA", "da Example").ids(&secret(), 1),
            Award::of(&Request::new("a/b/c", "x").unwrap().with_username("Ada Example"))
                .ids(&secret(), 1),
            Award::of(&Request::new("a/b/c", "Ada Example").unwrap().with_specimen(true))
                .ids(&secret(), 1),
        ] {
            assert_ne!(ids, award("a/b/c", "Ada Example").ids(&secret(), 1));
        }
    }

    #[test]
    fn a_recipient_with_an_id_may_change_their_name() {
        let request = |name| Request::new("c", name).unwrap().with_username("ada");
        assert_eq!(Award::of(&request("Ada")), Award::of(&request("Augusta")));
    }

    #[test]
    fn a_secret_survives_its_file_and_shows_itself_nowhere() {
        let file = IdSecret::generate().unwrap();
        let read = IdSecret::parse(Path::new("id.secret"), file.as_bytes()).unwrap();
        let bytes = hex::read_lower(file.trim_end().as_bytes()).unwrap();
        let same = IdSecret::new(&bytes.try_into().unwrap());
        assert_eq!(read.derive("x", &["y"]), same.derive("x", &["y"]));
        assert_eq!(format!("{read:?}"), "IdSecret(…)");
        for wrong in ["", "00", &"0".repeat(63), &"G".repeat(64), &"A".repeat(64)] {
            let fault = IdSecret::parse(Path::new("f"), wrong.as_bytes()).unwrap_err();
            assert_eq!(fault.kind(), ErrorKind::Key, "{wrong}");
        }
    }

    #[test]
    fn an_award_is_written_flat() {
        let json = serde_json::to_string(&award("c", "Ada")).unwrap();
        assert_eq!(json, r#"{"course":"c","name":"Ada"}"#);
        assert_eq!(serde_json::from_str::<Award>(&json).unwrap(), award("c", "Ada"));
    }
}
