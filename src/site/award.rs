//! Awards, and the ids of their editions.
//!
//! - **Takes**: a request, and the [`IdSecret`] of the site.
//! - **Gives**: the [`Award`], and for each of its editions the two ids in its addresses.
//!
//! Ids are derived from the secret, so that the same request always gives the same addresses, and
//! other addresses cannot be guessed. The decision made here is which requests are for the same
//! recipient: those in which the caller gives the same id, such as a username; without an id, those
//! with the same cleaned name.

use serde::{Deserialize, Serialize};

use crate::base::digits::{CertificateId, DownloadId, KeyedDigest};
use crate::site::course::{Course, IssueDate, Text};
use crate::site::id_secret::IdSecret;
use crate::site::request::Request;

/// One recipient's certificate for one course, over all its editions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Award {
    /// The course's id.
    pub course: String,
    /// The recipient, a field `id`, `name` or `specimen` in JSON.
    #[serde(flatten)]
    pub recipient: Recipient,
}

/// What identifies the recipient of an award.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A username, or any other id of the caller's.
    Id(String),
    /// The cleaned name, if the caller has no id.
    Name(String),
    /// The id or the name in a specimen, which is no certificate of that recipient.
    Specimen(String),
}

impl Award {
    /// Returns the award that a request is for.
    pub fn of(request: &Request) -> Self {
        let (id, name) = (request.recipient(), request.name().as_str());
        let recipient = match (id, request.is_specimen()) {
            (id, true) => Recipient::Specimen(id.unwrap_or(name).to_owned()),
            (Some(id), false) => Recipient::Id(id.to_owned()),
            (None, false) => Recipient::Name(name.to_owned()),
        };
        Self { course: request.course().to_owned(), recipient }
    }

    /// Returns a fingerprint of a request and its course. Older records have it as their facts:
    /// they were written before certificates were compared by what they print.
    pub(crate) fn facts(
        secret: &IdSecret,
        course: &Course,
        request: &Request,
    ) -> KeyedDigest {
        let language = request.language().unwrap_or(&course.language);
        let text = |text: &Text| text.get(language, &course.language).0.to_owned();
        let mut extra = course.extra.clone();
        extra.extend(request.extra().clone());
        extra.sort_keys();
        extra.values_mut().for_each(serde_json::Value::sort_all_objects);
        let issued = request.issued().or(match course.issued {
            IssueDate::Rolling => None,
            IssueDate::On(date) => Some(date),
        });
        let signatories: Vec<_> = course
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
            signatories,
            issued.map(|date| date.to_string()),
            course.issued_text.as_ref().map(text),
            course.place_of_issue.as_ref().map(text),
            extra,
        ]);
        secret.derive("facts", &[&facts.to_string()])
    }

    /// Returns the ids of an edition, which is counted from 1.
    pub(crate) fn ids(&self, secret: &IdSecret, edition: u32) -> Ids {
        let edition = edition.to_string();
        let (kind, recipient) = match &self.recipient {
            Recipient::Id(id) => ("id", id),
            Recipient::Name(name) => ("name", name),
            Recipient::Specimen(id) => ("specimen", id),
        };
        let parts = [self.course.as_str(), kind, recipient, &edition];
        Ids {
            verify: secret.derive("verify", &parts).into_certificate_id(),
            download: secret.derive("download", &parts).into_download_id(),
        }
    }
}

/// The two ids of an edition. Neither can be derived from the other
/// without the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ids {
    /// The id in the address of the verify page.
    pub(crate) verify: CertificateId,
    /// The id in the address of the PDF.
    pub(crate) download: DownloadId,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::*;
    use crate::site::course::Courses;

    fn secret() -> IdSecret {
        IdSecret::new(&[7; IdSecret::LENGTH])
    }

    fn award(course: &str, name: &str) -> Award {
        Award::of(&Request::new(course, name).unwrap())
    }

    #[test]
    fn ids_depend_on_award_edition_and_secret_alone() {
        let ids = award("a/b/c", "Ada  Example").ids(&secret(), 1);
        assert_eq!(ids, award("a/b/c", " Ada Example").ids(&secret(), 1));
        assert_ne!(ids.verify.as_str(), ids.download.as_str());
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
    fn recipient_with_an_id_is_the_same_under_another_name() {
        let request = |name| Request::new("c", name).unwrap().with_username("ada");
        assert_eq!(Award::of(&request("Ada")), Award::of(&request("Augusta")));
    }

    #[test]
    fn award_is_flat_in_json() {
        let json = serde_json::to_string(&award("c", "Ada")).unwrap();
        assert_eq!(json, r#"{"course":"c","name":"Ada"}"#);
        assert_eq!(serde_json::from_str::<Award>(&json).unwrap(), award("c", "Ada"));
    }

    proptest! {
        #[test]
        fn order_of_keys_changes_no_facts(
            (value, shuffled) in any_json().prop_flat_map(|value| {
                (Just(value.clone()), any::<u64>().prop_map(move |seed| shuffled(&value, seed)))
            }),
        ) {
            let file = "c: { title: T, organization: O, language: en, extra: { z: 1, a: 2 } }";
            let courses = Courses::parse(&[("courses.yaml".into(), file.into())]).unwrap();
            let facts = |value: &Json| {
                let fields = value.as_object().unwrap().clone();
                let request = Request::new("c", "Ada").unwrap();
                let request = fields.into_iter().fold(request, |request, (key, value)| {
                    request.with_extra(key, value)
                });
                Award::facts(&secret(), courses.get("c").unwrap(), &request)
            };
            prop_assert_eq!(facts(&value), facts(&shuffled));
        }
    }

    /// An object with objects and lists in it.
    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            any::<i32>().prop_map(Json::from),
            "[a-z]{0,3}".prop_map(Json::from)
        ];
        let value = leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                object_of(inner),
            ]
        });
        object_of(value)
    }

    fn object_of(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
        proptest::collection::hash_map("[a-z]{1,2}", value, 0..5)
            .prop_map(|fields| Json::Object(fields.into_iter().collect()))
    }

    /// The value with the keys of each object in another order.
    fn shuffled(value: &Json, seed: u64) -> Json {
        match value {
            Json::Object(fields) => {
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_by_key(|(key, _)| {
                    key.bytes().fold(seed, |sum, byte| {
                        (sum ^ u64::from(byte))
                            .wrapping_mul(0x0100_0000_01b3)
                            .rotate_left(17)
                    })
                });
                let fields = fields
                    .into_iter()
                    .map(|(key, value)| (key.clone(), shuffled(value, seed)));
                Json::Object(fields.collect())
            }
            Json::Array(items) => items.iter().map(|item| shuffled(item, seed)).collect(),
            other => other.clone(),
        }
    }
}
