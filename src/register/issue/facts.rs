//! What a request would print on its certificate, for comparison with the records of editions.

use crate::base::digits::KeyedDigest;
use crate::base::error::Result;
use crate::press::draft::Press;
use crate::press::job::WrittenRequest;
use crate::register::award::AwardHandle;
use crate::register::record::Record;
use crate::site::request::Request;
use crate::text::phrases::{Fact, PrintedFact};

/// The most differences that a message names, and the most letters of a fact in it.
const MAX_NAMED: usize = 3;
const MAX_LETTERS: usize = 60;

/// The facts of a request, and how its certificate would look.
pub(super) struct RequestFacts {
    pub(super) printed: Vec<PrintedFact>,
    pub(super) fingerprint: KeyedDigest,
    /// The fingerprint in records of earlier releases.
    request_fingerprint: KeyedDigest,
    /// The fingerprint of the appearance, once it was asked for.
    pub(super) appearance: Option<KeyedDigest>,
}

impl RequestFacts {
    /// The facts of a request whose sentences are written, without the appearance.
    pub(super) fn of(
        award: &AwardHandle<'_>,
        request: &Request,
        written: &WrittenRequest<'_>,
    ) -> Self {
        let printed = written.facts();
        Self {
            fingerprint: award.fingerprint(&printed),
            request_fingerprint: award.request_fingerprint(written.course(), request),
            printed,
            appearance: None,
        }
    }

    /// Adds the fingerprint of the appearance of what was written, unless it is there already.
    ///
    /// # Errors
    /// As [`Press::sheet`].
    pub(super) fn add_appearance(
        &mut self,
        press: &Press,
        award: &AwardHandle<'_>,
        written: &mut Option<WrittenRequest<'_>>,
    ) -> Result<()> {
        if let Some(written) = written.take() {
            self.appearance = Some(award.appearance(&press.appearance(written)?));
        }
        Ok(())
    }

    /// Whether an edition has the same facts.
    pub(super) fn are_those_of(&self, record: &Record) -> bool {
        let own = match record.appearance {
            Some(_) => &self.fingerprint,
            None => &self.request_fingerprint,
        };
        record.facts.as_ref() == Some(own)
    }

    /// Whether an edition looks the same; false unless the appearance was added. An edition sealed
    /// with a revoked key never does, because others may have the key.
    pub(super) fn look_like(&self, record: &Record) -> bool {
        let seal = record.certificate.as_ref().and_then(|it| it.seal.as_ref());
        self.appearance.is_some()
            && record.appearance == self.appearance
            && seal.is_none_or(|seal| seal.key_revoked.is_none())
    }

    /// The differences between an edition that printed `before` and this request, in words; empty
    /// if they are not known. Where the values are the same, the sentences whose words differ are
    /// named.
    pub(super) fn differences(&self, before: &[PrintedFact]) -> String {
        if before.is_empty() {
            return String::new();
        }
        let values = differing_values(&told(before), &told(&self.printed));
        if values.is_empty() { differing_words(before, &self.printed) } else { values }
    }
}

/// The values that a message can name, each with its role.
fn told(facts: &[PrintedFact]) -> Vec<(&str, &str)> {
    let values = facts.iter().filter_map(|it| match &it.fact {
        Fact::Value(text) if !text.is_empty() => Some((it.role.as_str(), text.as_str())),
        _ => None,
    });
    values.collect()
}

/// The differences between two lists of values with their roles, in words.
fn differing_values(before: &[(&str, &str)], after: &[(&str, &str)]) -> String {
    let same = before.iter().zip(after).take_while(|(one, other)| one == other);
    let same = same.count();
    let (before, after) = (&before[same..], &after[same..]);
    let end = before.iter().rev().zip(after.iter().rev());
    let end = end.take_while(|(one, other)| one == other).count();
    let before = &before[..before.len() - end];
    let after = &after[..after.len() - end];
    let mut words = Vec::new();
    for index in 0..before.len().max(after.len()) {
        let said = match (before.get(index).copied(), after.get(index).copied()) {
            (Some(one), Some(other)) if one == other => continue,
            (Some(one), Some(other)) if one.0 == other.0 => {
                format!("{} {} is now {}", one.0, shown(one), shown(other))
            }
            (one, other) => {
                let one = one.map(|one| format!("{} {} is gone", one.0, shown(one)));
                let other = other.map(|one| format!("{} {} is new", one.0, shown(one)));
                one.into_iter().chain(other).collect::<Vec<_>>().join(", ")
            }
        };
        words.push(said);
    }
    let more = words.len().saturating_sub(MAX_NAMED);
    words.truncate(MAX_NAMED);
    if more > 0 {
        words.push(format!("and {more} more"));
    }
    words.join(", ")
}

/// The sentences in which two certificates with the same values have other words.
fn differing_words(before: &[PrintedFact], after: &[PrintedFact]) -> String {
    let of = |facts: &[PrintedFact], role: &str| -> Vec<PrintedFact> {
        facts.iter().filter(|it| it.role == role).cloned().collect()
    };
    let mut roles: Vec<&str> = Vec::new();
    for role in before.iter().chain(after).map(|it| it.role.as_str()) {
        if !roles.contains(&role) && of(before, role) != of(after, role) {
            roles.push(role);
        }
    }
    let words: Vec<_> =
        roles.iter().map(|role| format!("other words in `{role}`")).collect();
    words.join(", ")
}

/// A value in a message. Of the text of an outcome the values in it are facts of their own.
fn shown((role, text): (&str, &str)) -> String {
    let text = if role == "outcome" { without_tags(text) } else { text.to_owned() };
    if text.chars().count() > MAX_LETTERS {
        return format!("`{}…`", text.chars().take(MAX_LETTERS).collect::<String>());
    }
    format!("`{text}`")
}

/// A template with `…` for each of its tags.
fn without_tags(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let close = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
        let Some(end) = rest[start..].find(close) else { break };
        text.push_str(&rest[..start]);
        text.push('…');
        rest = &rest[start + end + close.len()..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_the_facts_that_changed() {
        let facts = |texts: &[(&str, &str)]| -> Vec<PrintedFact> {
            texts.iter().map(|(role, text)| PrintedFact::value(role, text)).collect()
        };
        let new = |printed: Vec<PrintedFact>| RequestFacts {
            printed,
            fingerprint: KeyedDigest::of_bytes(&[0; 16]),
            request_fingerprint: KeyedDigest::of_bytes(&[0; 16]),
            appearance: None,
        };
        let said = |before: &[(&str, &str)], after: &[(&str, &str)]| {
            new(facts(after)).differences(&facts(before))
        };
        let before = [("recipient", "Ada"), ("course", "Knots"), ("date", "2026-05-14")];
        assert_eq!(
            said(
                &before,
                &[("recipient", "Ada"), ("course", "Bends"), ("date", "2026-05-14")]
            ),
            "course `Knots` is now `Bends`"
        );
        assert_eq!(
            said(
                &before,
                &[
                    ("recipient", "Ada"),
                    ("recipient", "MD"),
                    ("course", "Knots"),
                    ("date", "2026-05-14")
                ]
            ),
            "recipient `MD` is new"
        );
        let many: Vec<_> = ["a", "b", "c", "d", "e"].map(|text| ("cell", text)).into();
        let other: Vec<_> = ["1", "2", "3", "4", "5"].map(|text| ("cell", text)).into();
        assert!(said(&many, &other).ends_with(", and 2 more"), "{}", said(&many, &other));
        assert_eq!(said(&[], &before), "");
        let outcome = ("outcome", "passed with {{ grade }}{% if x %}!");
        assert_eq!(
            said(&[outcome, ("outcome", "19/20")], &[]),
            "outcome `passed with ……!` is gone, outcome `19/20` is gone"
        );
        assert_eq!(said(&[("recipient", "{{ x }}")], &[]), "recipient `{{ x }}` is gone");

        // What a value chose is named by its sentence, and beside other values not at all.
        let chose = |name: &str| PrintedFact {
            role: "statement".to_owned(),
            fact: Fact::Choice(name.to_owned()),
        };
        let ada = PrintedFact::value("recipient", "Ada");
        let grace = PrintedFact::value("recipient", "Grace");
        let female = [ada.clone(), chose("female")];
        assert_eq!(
            new(vec![ada, chose("male")]).differences(&female),
            "other words in `statement`"
        );
        assert_eq!(
            new(vec![grace, chose("male")]).differences(&female),
            "recipient `Ada` is now `Grace`"
        );
    }
}
