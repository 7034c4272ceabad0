//! The register in the browser: certificates are found, revoked, and issued again under a corrected name.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, body};
use super::context::StudioContext;
use super::findings;
use super::host::Issuing;
use super::workspace::Overlay;
use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::press::Press;
use crate::register::{EditionQuery, IndexedEdition, IssueOptions, Status, StatusChange};
use crate::site::course::IssueDate;

/// The most certificates in one answer.
const MAX_TOLD: usize = 200;

/// The statuses that are looked for.
const STATUSES: [Status; 6] = [
    Status::Valid,
    Status::Specimen,
    Status::Expired,
    Status::Superseded,
    Status::Revoked,
    Status::Erased,
];

/// The opened register, and the time of the request.
struct Opened {
    press: Arc<Press>,
    issuing: Issuing,
    now: Timestamp,
}

impl Opened {
    fn new(context: &StudioContext) -> Result<Self> {
        let press = context.workspace.press(&Overlay::new())?;
        let (now, _) = context.clock(&press)?;
        let issuing = context.host.open_issuer(&press)?;
        Ok(Self { press, issuing, now })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FindWish {
    text: String,
    course: Option<String>,
    status: Option<String>,
}

/// Finds certificates by a part of a name, a username, an id, an address or the SHA-256 of a PDF.
///
/// # Errors
/// The register cannot be read.
pub(super) fn find(context: &StudioContext, call: &Call<'_>) -> Result<Value> {
    let wish: FindWish = body(call)?;
    let press = context.workspace.press(&Overlay::new())?;
    let (now, _) = context.clock(&press)?;
    let index = context.host.open_index(&press)?;
    let mut query = EditionQuery::default();
    if !wish.text.trim().is_empty() {
        query = query.with_text(wish.text.trim());
    }
    if let Some(course) = wish.course.filter(|course| !course.is_empty()) {
        query = query.with_course(course);
    }
    if let Some(word) = wish.status.filter(|word| !word.is_empty()) {
        let status = STATUSES.into_iter().find(|status| status.as_str() == word);
        let status = status.ok_or_else(|| {
            let message = format!("`{}` is no status", word.escape_debug());
            Error::new(ErrorKind::InvalidValue, message)
        })?;
        query = query.with_status(status);
    }
    let Some(index) = index else {
        let error = Error::new(ErrorKind::MissingFile, "this site keeps no index");
        return Err(
            error.with_help("set `index` in testamur.yaml, or use `testamur find`")
        );
    };
    index.refresh(now, &mut |_| ())?;
    // The last that were issued: those before them are counted alone.
    let mut told = VecDeque::new();
    let mut unreadable = Vec::new();
    let answer = index.answer(&query, now, &mut |edition, _| {
        match edition {
            Ok(edition) => {
                if told.len() == MAX_TOLD {
                    told.pop_front();
                }
                told.push_back(edition);
            }
            Err(error) if unreadable.len() < MAX_TOLD => unreadable.push(error),
            Err(_) => {}
        }
        Ok(())
    })?;
    let publish = &press.settings().publish;
    Ok(json!({
        "count": answer.count,
        // The last that was issued first.
        "found": told.iter().rev().map(|it| edition(it, &publish.verify_url(&it.id), publish.has_pages())).collect::<Value>(),
        "findings": findings::of_errors(&unreadable),
    }))
}

fn edition(edition: &IndexedEdition, verify_url: &str, has_pages: bool) -> Value {
    let change = edition.history.last();
    json!({
        "id": edition.id,
        "status": edition.status.as_str(),
        "edition": edition.edition,
        "name": edition.name,
        "username": edition.username,
        "course": edition.course,
        "issued": edition.issued.map(|date| date.to_string()),
        "reason": change.and_then(|change: &StatusChange| change.reason.clone()),
        "verifyUrl": has_pages.then_some(verify_url),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokeWish {
    id: CertificateId,
    reason: String,
}

/// Revokes a certificate.
///
/// # Errors
/// It cannot be revoked; the reason is empty.
pub(super) fn revoke(context: &StudioContext, call: &Call<'_>) -> Result<Value> {
    let RevokeWish { id, reason } = body(call)?;
    let reason = reason.trim();
    if reason.is_empty() {
        let error = Error::new(ErrorKind::MissingField, "the reason is empty");
        return Err(error.with_help("write a few words, which the verify page shows"));
    }
    let Opened { issuing, now, .. } = Opened::new(context)?;
    let record = issuing.service.register().revoke(&id, reason, now)?;
    Ok(json!({ "id": record.id, "status": record.status.as_str() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CorrectWish {
    id: CertificateId,
    name: String,
}

/// Issues a certificate again under a corrected name, in the place of the one with the wrong name.
///
/// # Errors
/// The certificate is not valid, or the request that it was issued for is not known.
pub(super) fn correct(context: &StudioContext, call: &Call<'_>) -> Result<Value> {
    let CorrectWish { id, name } = body(call)?;
    let Opened { press, issuing, now } = Opened::new(context)?;
    let register = issuing.service.register();
    let unknown = || {
        let message = "the request that the certificate was issued for is not known";
        Error::new(ErrorKind::UnknownCertificate, message)
            .with_help("issue it in a terminal: testamur issue --instead-of ID")
    };
    let record = register.record(&id)?.ok_or_else(unknown)?;
    let old = record.certificate.as_ref().ok_or_else(unknown)?;
    let sha256 = old.pdf_sha256().ok_or_else(unknown)?;
    let snapshot = register.snapshot(&id, sha256)?.ok_or_else(unknown)?;
    let mut request = snapshot.request.to_request(&name)?;
    request = request.with_specimen(record.status == Status::Specimen);
    let course = press.courses().get(request.course())?;
    // The certificate of a rolling course keeps the day of the one that it corrects.
    if request.issued().is_none() && course.issued == IssueDate::Rolling {
        request = request.with_issued(old.issued);
    }
    let options = IssueOptions::default();
    let receipt =
        issuing.service.issue_instead_of(&id, &request, old.issued, now, &options)?;
    Ok(json!({
        "id": receipt.urls.verify_id,
        "outcome": receipt.outcome.as_str(),
        "warnings": findings::of_warnings(&receipt.warnings),
    }))
}
