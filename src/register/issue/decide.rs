//! What the editions of an award mean for a request: keep the current one, or issue the next.
//!
//! The decision is a function of records, request and options. It reads no store and no clock, so
//! that each process that sees the same records decides alike.

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::register::editions::{Edition, Editions};
use crate::register::issue::facts::RequestFacts;
use crate::register::issue::options::IssueOptions;
use crate::register::issue::receipt::IssueOutcome;
use crate::register::record::{Record, Status};
use crate::site::request::Request;

/// How often other processes may change an award while this one issues or revokes, before this one
/// gives up.
pub(super) const MAX_ATTEMPTS: usize = 16;

/// The decision about a request.
#[derive(Debug)]
pub(super) enum Decision {
    /// The current edition answers the request.
    Keep(Edition, IssueOutcome),
    /// The current edition has other facts, and the options keep it.
    Differ(Edition),
    /// The request makes the next edition.
    IssueNext(Editions),
}

/// Decides about a request.
///
/// # Errors
/// [`ErrorKind::Revoked`]: the options do not allow the next edition.
pub(super) fn decide(
    editions: Editions,
    request: &Request,
    facts: &RequestFacts,
    options: &IssueOptions,
) -> Result<Decision> {
    let Editions { past, current, next } = editions;
    let Some(current) = current else {
        return Ok(Decision::IssueNext(Editions { past, current, next }));
    };
    let record = &current.record;
    let kept = match record.status {
        Status::Valid | Status::Specimen => {
            let is_same = facts.are_those_of(record);
            // A PDF that is lost can only be made anew as the next edition: a seal has its time.
            let looks_same = facts.look_like(record) && !current.is_pdf_lost;
            if is_same && (!options.replace || looks_same) {
                Some(IssueOutcome::Unchanged)
            } else if options.replace {
                None
            } else if let Some(requested_at) = request.requested_at() {
                let is_stale = requested_at <= record.last_requested_at();
                is_stale.then_some(IssueOutcome::Stale)
            } else if options.cautious {
                return Ok(Decision::Differ(current));
            } else {
                let was_kept = request.acceptance().filter(|it| it.was_kept);
                let is_stale =
                    was_kept.is_some_and(|it| it.at < record.last_requested_at());
                is_stale.then_some(IssueOutcome::Stale)
            }
        }
        _ => keep_ended(record, request, options)?,
    };
    Ok(match kept {
        Some(outcome) => Decision::Keep(current, outcome),
        None => Decision::IssueNext(Editions { past, current: Some(current), next }),
    })
}

/// The outcome for an award whose current edition was revoked, erased or replaced by another award,
/// or `None` if the request makes the next edition.
fn keep_ended(
    current: &Record,
    request: &Request,
    options: &IssueOptions,
) -> Result<Option<IssueOutcome>> {
    let requested_at = request.requested_at();
    let revocation_requested_at =
        current.history.last().and_then(|change| change.requested_at);
    // Such a revocation found no certificate, and counts for the requests before it alone.
    let is_ahead = current.is_tombstone() && revocation_requested_at.is_none();
    let is_older = match (requested_at, request.acceptance(), ended_at(current)) {
        (Some(requested_at), _, Some(ended_at)) => requested_at <= ended_at,
        // One clock has told both times.
        (None, Some(acceptance), Some(ended_at)) if is_ahead => acceptance.at <= ended_at,
        // The clock of a queue may count whole seconds, so only those are compared.
        (None, Some(acceptance), Some(ended_at)) => {
            acceptance.at.unix() < ended_at.unix()
        }
        _ => false,
    };
    if is_older {
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
    if is_ahead {
        return Ok(None);
    }
    let successor = current.successor.as_deref();
    let change = match (current.status, successor) {
        (Status::Erased, _) => "was erased".to_owned(),
        (Status::Expired, _) => "is expired".to_owned(),
        (Status::Superseded, Some(successor)) => format!("was replaced by {successor}"),
        _ => "was revoked".to_owned(),
    };
    let message = format!("{} that {change}", has_certificate(request));
    Err(Error::new(ErrorKind::Revoked, message)
        .with_help("to issue it all the same: --reissue"))
}

/// When an award ended by its last change: the time at which that was requested, by the clock that
/// also dates requests, or else the time at which it was done.
fn ended_at(record: &Record) -> Option<Timestamp> {
    let change = record.history.last()?;
    Some(change.requested_at.unwrap_or(change.at))
}

/// When the next edition of an award was requested, for its record. A revocation that was requested
/// earlier does not apply to it.
pub(super) fn requested_at(
    request: &Request,
    current: Option<&Record>,
) -> Option<Timestamp> {
    request.requested_at().or_else(|| {
        let accepted_at = request.acceptance()?.at;
        let ended_at = current.filter(|it| !it.status.stands()).and_then(ended_at);
        Some(ended_at.map_or(accepted_at, |at| at.max(accepted_at)))
    })
}

/// The error for a request in a name that was corrected: `url` is the page of the certificate that
/// took the place of the one in that name.
pub(super) fn corrected(request: &Request, url: &str) -> Error {
    let message = format!("{} that was replaced by {url}", has_certificate(request));
    Error::new(ErrorKind::Revoked, message).with_help(
        "it is the same recipient's: write name and username as on that certificate; to correct \
         that one give its address to --instead-of",
    )
}

/// The error for a request whose facts differ from those of the current edition.
pub(super) fn differs(request: &Request, differences: &str) -> Error {
    let mut message = format!("{} with other facts", has_certificate(request));
    if !differences.is_empty() {
        message.push_str(": ");
        message.push_str(differences);
    }
    Error::new(ErrorKind::Exists, message)
        .with_help("to let this one take its place: --replace")
}

fn has_certificate(request: &Request) -> String {
    format!("`{}` has a certificate of `{}`", request.name(), request.course())
}
