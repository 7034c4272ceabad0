//! Lookups in the register before a request is decided: whether the same message was answered
//! before, which certificate of another award superseded this one, and how an earlier request
//! differs.

use crate::base::digits::KeyedDigest;
use crate::base::error::{Error, Result};
use crate::register::award::AwardHandle;
use crate::register::certificates::Register;
use crate::register::corrections::successor;
use crate::register::editions::{Edition, Editions};
use crate::register::issue::decide::{self, Decision, MAX_ATTEMPTS};
use crate::register::issue::facts::RequestFacts;
use crate::register::issue::options::IssueOptions;
use crate::register::issue::receipt::IssueOutcome;
use crate::register::record::{Record, Status};
use crate::site::id_secret::IdSecret;
use crate::site::request::Request;

/// The outcome of a message that was done before and would now change something; `None` for any
/// other request.
pub(super) fn answered(
    register: &Register,
    editions: &Editions,
    message: Option<&KeyedDigest>,
    facts: &RequestFacts,
) -> Result<Option<IssueOutcome>> {
    let Some((message, current)) = message.zip(editions.current.as_ref()) else {
        return Ok(None);
    };
    let stands = current.record.status.stands();
    if stands && facts.are_those_of(&current.record) && facts.appearance.is_none() {
        // The request would change nothing, so the message need not be looked up.
        return Ok(None);
    }
    let answered = register.answered(editions, message)?;
    Ok(answered.map(|number| {
        if stands && number == current.record.edition {
            IssueOutcome::Unchanged
        } else {
            IssueOutcome::Stale
        }
    }))
}

/// The error for a request whose facts differ from those of the current edition.
///
/// # Errors
/// The private store failed.
pub(super) fn differs(
    register: &Register,
    request: &Request,
    facts: &RequestFacts,
    current: &Record,
) -> Result<Error> {
    let sha256 = current.certificate.as_ref().and_then(|it| it.pdf_sha256());
    let snapshot =
        sha256.map(|sha256| register.snapshot(&current.id, sha256)).transpose()?;
    let before = snapshot.flatten().map(|snapshot| snapshot.facts);
    let differences = facts.differences(&before.unwrap_or_default());
    Ok(decide::differs(request, &differences))
}

/// The certificate of another award that superseded the current edition, if it stands.
pub(super) fn corrected_by(
    register: &Register,
    secret: &IdSecret,
    editions: &Editions,
) -> Result<Option<Edition>> {
    let mut current = editions.current.as_ref().map(|current| current.record.clone());
    // The correction may have been corrected.
    for _ in 0..MAX_ATTEMPTS {
        let replaced = current.filter(|record| record.status == Status::Superseded);
        let Some(id) = replaced.as_ref().and_then(successor) else { return Ok(None) };
        let Some(award) = register.award_of(&id, secret)? else {
            return Ok(None);
        };
        let award = AwardHandle::new(award, secret);
        let Some(edition) = register.editions(&award)?.current else {
            return Ok(None);
        };
        if edition.record.status.stands() {
            return Ok(Some(edition));
        }
        current = Some(edition.record);
    }
    Ok(None)
}

/// Decides about a request; `corrected` is the certificate of another award that superseded the
/// current edition. A recipient never has two valid certificates of a course.
pub(super) fn decide_with_correction(
    register: &Register,
    editions: Editions,
    corrected: Option<Edition>,
    request: &Request,
    facts: &RequestFacts,
    options: &IssueOptions,
) -> Result<Decision> {
    let decided = decide::decide(editions, request, facts, options);
    let Some(corrected) = corrected else { return decided };
    if let Ok(Decision::Keep(edition, outcome)) = decided {
        return Ok(Decision::Keep(edition, outcome));
    }
    if facts.are_those_of(&corrected.record) {
        return Ok(Decision::Keep(corrected, IssueOutcome::Unchanged));
    }
    let url = register.publish().verify_url(&corrected.record.id);
    Err(decide::corrected(request, &url))
}
