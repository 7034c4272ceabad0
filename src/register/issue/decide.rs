//! What the editions of an award mean for a request: keep the current one, or issue the next.
//!
//! The decision is a function of records, request and options. It reads no store and no clock, so
//! that each process that sees the same records decides alike.

use crate::base::error::{Error, ErrorKind, Result};
use crate::register::editions::{Edition, Editions};
use crate::register::issue::options::IssueOptions;
use crate::register::issue::receipt::IssueOutcome;
use crate::register::record::{Record, Status};
use crate::site::request::Request;

/// What is to be done about a request.
#[derive(Debug)]
pub(super) enum Decision {
    /// The current edition answers the request.
    Keep(Edition, IssueOutcome),
    /// The request makes the next edition.
    IssueNext(Editions),
}

/// Decides about a request whose facts have this fingerprint.
///
/// # Errors
/// [`ErrorKind::Revoked`], [`ErrorKind::Exists`]: the options do not allow the next edition.
pub(super) fn decide(
    editions: Editions,
    request: &Request,
    fingerprint: &str,
    options: &IssueOptions,
) -> Result<Decision> {
    let Editions { past, current, next } = editions;
    let Some(current) = current else {
        return Ok(Decision::IssueNext(Editions { past, current, next }));
    };
    let kept = match current.record.status {
        Status::Valid | Status::Specimen => {
            keep_valid(&current, &past, request, fingerprint, options)?
        }
        _ => keep_revoked(&current.record, request, options)?,
    };
    Ok(match kept {
        Some(outcome) => Decision::Keep(current, outcome),
        None => Decision::IssueNext(Editions { past, current: Some(current), next }),
    })
}

/// The outcome for an award whose current edition was revoked or erased, or `None` if the request
/// makes the next edition.
fn keep_revoked(
    current: &Record,
    request: &Request,
    options: &IssueOptions,
) -> Result<Option<IssueOutcome>> {
    let requested_at = request.requested_at();
    let last_change = current.history.last();
    // When the revocation was requested counts, by the clock that also dates requests; for want of
    // that, when it was done.
    let revocation_requested_at = last_change.and_then(|change| change.requested_at);
    let revoked_at = revocation_requested_at.or(last_change.map(|change| change.at));
    let is_older = |requested_at| revoked_at.is_some_and(|at| requested_at <= at);
    if requested_at.is_some_and(is_older) {
        return Ok(Some(IssueOutcome::Stale));
    }
    if options.reissue {
        return Ok(None);
    }
    // Revocation and request come from one platform, in this order: it issues the certificate
    // again.
    if current.status == Status::Revoked
        && requested_at.is_some()
        && revocation_requested_at.is_some()
    {
        return Ok(None);
    }
    let change = match current.status {
        Status::Erased => "was erased",
        Status::Expired => "is expired",
        _ => "was revoked",
    };
    let message = format!("{} that {change}", has_certificate(request));
    Err(Error::new(ErrorKind::Revoked, message)
        .with_help("to issue it all the same: --reissue"))
}

/// The outcome for an award whose current edition is valid, or `None` if the request makes the next
/// edition.
fn keep_valid(
    edition: &Edition,
    past: &[Edition],
    request: &Request,
    fingerprint: &str,
    options: &IssueOptions,
) -> Result<Option<IssueOutcome>> {
    let is_same = |record: &Record| record.facts.as_deref() == Some(fingerprint);
    let current = &edition.record;
    // A PDF that is lost can only be made anew as the next edition: a seal has its time.
    if is_same(current) && !(options.replace && edition.is_pdf_lost) {
        return Ok(Some(IssueOutcome::Unchanged));
    }
    if options.replace {
        return Ok(None);
    }
    if let Some(requested_at) = request.requested_at() {
        let is_stale = requested_at <= current.last_requested_at();
        return Ok(is_stale.then_some(IssueOutcome::Stale));
    }
    // An old request that comes a second time must not undo a correction.
    if past.iter().any(|edition| is_same(&edition.record)) {
        return Ok(Some(IssueOutcome::Unchanged));
    }
    if options.cautious {
        let message = format!("{} with other facts", has_certificate(request));
        return Err(Error::new(ErrorKind::Exists, message)
            .with_help("to let this one take its place: --replace"));
    }
    Ok(None)
}

fn has_certificate(request: &Request) -> String {
    format!("`{}` has a certificate of `{}`", request.name(), request.course())
}
