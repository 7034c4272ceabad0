//! What `verify` says to people: a headline, a line for each question, and what was found.
//!
//! All text from the file is not trusted, and is escaped.

use crate::register::Status;
use crate::seal::{
    Judgement, RevisionKind, SealReport, SignatureReport, Standing, Verdict, Verification,
};

use super::verified_file::VerifiedFile;
use crate::cli::console::escaped;

/// The report on one file.
pub(super) fn describe(file: &VerifiedFile, offline: bool) -> String {
    let VerifiedFile { found, status, .. } = file;
    let mut lines = vec![headline(file, offline)];
    if let Some(advice) = file.advice {
        lines.push(format!("advice       {advice}"));
    }
    if let Some(sha256) = &found.sha256 {
        lines.push(format!("SHA-256      {sha256}"));
    }
    if found.verdict != Verdict::TooLarge {
        lines.push(format!("intact       {}", intact(found)));
        lines.push(format!("trusted      {}", trusted(found)));
        lines.push(format!("status       {}", status_line(file, offline)));
    }
    if let Some(source) = &status.source {
        lines.push(format!("  says       {}", escaped(source)));
    }
    if let Some(record) = &status.record {
        lines.push(format!("  edition    {}", record.edition));
        if let Some(successor) = &record.successor {
            lines.push(format!("  successor  {}", escaped(successor)));
        }
        let last = record.history.last();
        if let Some(reason) = last.and_then(|event| event.reason.as_ref()) {
            lines.push(format!("  reason     {}", escaped(reason)));
        }
    }
    if let Some(certificate) = &found.certificate {
        lines.push(format!("certificate  {}", certificate.id));
        if let Some(url) = &certificate.url {
            lines.push(format!("  page       {}", escaped(url)));
        }
    }
    if let Some(seal) = &found.seal {
        describe_seal(seal, &mut lines);
    }
    if let Some(signature) = &found.signature {
        describe_signature(signature, &mut lines);
        if found.is_signature_left_out() {
            lines.push(
                "  left out   the seal answers without it; to judge it too, name its key: --keyring FILE"
                    .to_owned(),
            );
        }
    }
    lines.join("\n")
}

/// The verdict in one line.
fn headline(file: &VerifiedFile, offline: bool) -> String {
    let found = &file.found;
    let signer = || signer(found).unwrap_or_else(|| "a trusted signer".to_owned());
    let why = || file.status.why.as_deref().map_or_else(String::new, escaped);
    let not_known = if offline { "status not asked" } else { "not known" };
    match found.verdict {
        Verdict::Good if found.imported => format!(
            "good: intact, issued by another program before, signed by {}, whose OpenPGP key is \
             trusted, and valid",
            signer()
        ),
        Verdict::StatusNotAsked if found.imported => format!(
            "status not asked: intact, issued by another program before, and signed by {}, whose \
             OpenPGP key is trusted",
            signer()
        ),
        Verdict::NotSealed if found.imported => format!(
            "not sealed: another program issued it without a signature that was kept; the issuer's \
             register {}, and its status {}",
            if found.intact == Judgement::Yes {
                "holds this file's digest"
            } else {
                "does not hold its digest any more"
            },
            match found.status {
                Standing::NotAsked => "was not asked".to_owned(),
                status => format!("is {}", status.as_str()),
            }
        ),
        Verdict::NotSealed if found.certificate.is_some() && offline => {
            "not sealed: it names a certificate, and whether another program issued it was not asked"
                .to_owned()
        }
        Verdict::Good if found.answered_by_record => format!(
            "good: intact, sealed by {}, whose certificate has ended; the issuer's register \
             holds this file's digest, and answers for it",
            signer()
        ),
        Verdict::Good => {
            format!("good: intact, sealed by {}, who is trusted, and valid", signer())
        }
        Verdict::StatusNotAsked => {
            format!(
                "status not asked: intact, and sealed by {}, who is trusted",
                signer()
            )
        }
        Verdict::StatusUnknown => format!(
            "status unknown: intact, and sealed by {}, who is trusted, but {}",
            signer(),
            why()
        ),
        Verdict::SignerUnknown => {
            format!("{not_known}: intact, but the signer is not known here")
        }
        Verdict::SignerEnded => format!(
            "{not_known}: intact, sealed by {}, whose certificate is not valid today; when it was \
             sealed is not proven",
            signer()
        ),
        Verdict::TimeUnknown => format!(
            "{not_known}: intact, and sealed by {}, who is trusted, but when is not proven",
            signer()
        ),
        Verdict::NotOurs if found.foreign.as_ref().is_some_and(|it| it.is_encrypted) => {
            "not ours: it is encrypted, so that nothing tells what was sealed; ask for the file that \
             was issued"
                .to_owned()
        }
        Verdict::NotOurs => {
            let signer = found.foreign.as_ref().and_then(|seal| seal.signer.as_deref());
            let signer = signer
                .map_or("a signer that it does not name".to_owned(), |name| {
                    format!("`{}`, as it says", escaped(name))
                });
            format!(
                "not ours: sealed with another program by {signer}; ask a general verifier, \
                 such as a PDF reader or pdfsig"
            )
        }
        Verdict::NotSealed if file.status.why.is_some() => format!(
            "not sealed: there is neither a seal nor a detached signature; whether another program \
             issued it is not known, because {}",
            why()
        ),
        Verdict::NotSealed => {
            "not sealed: there is neither a seal nor a detached signature".to_owned()
        }
        Verdict::TooLarge => {
            "not read: it is larger than 64 MB, as no certificate is".to_owned()
        }
        Verdict::Bad if found.is_signature_alone_bad() => {
            "BAD: the PDF is as it was sealed, but its detached signature is broken, or is of another \
             file"
                .to_owned()
        }
        Verdict::Bad => {
            "BAD: changed after it was sealed, or not sealed by testamur".to_owned()
        }
        Verdict::KeyRevoked => {
            format!("BAD: the key of {} had been revoked when it sealed", signer())
        }
        Verdict::Revoked => match revoked_on(file) {
            Some(day) => format!("revoked: the issuer ended its validity on {day}"),
            None => "revoked: the issuer ended its validity".to_owned(),
        },
        Verdict::Superseded => {
            "superseded: a later edition of the certificate took its place".to_owned()
        }
        Verdict::Erased => "erased: the issuer erased the certificate".to_owned(),
        Verdict::Expired => "expired: the time of the certificate is over".to_owned(),
        Verdict::Specimen => "specimen: an example, which certifies nothing".to_owned(),
    }
}

fn intact(found: &Verification) -> &'static str {
    if found.is_signature_alone_bad() {
        return "NO: the seal in the PDF is, the detached signature is not";
    }
    match found.intact {
        Judgement::Yes => "yes",
        Judgement::No => "NO",
        _ => "not known",
    }
}

/// Whether a signer is trusted, by which root, and where that was read.
fn trusted(found: &Verification) -> String {
    match found.trusted {
        Judgement::Yes => {}
        Judgement::No => return "NO".to_owned(),
        _ => return "not known".to_owned(),
    }
    let anchor = found.seal.as_ref().and_then(|seal| seal.anchor.as_ref());
    let (what, source) = match anchor {
        Some(anchor) => (escaped(&anchor.subject), anchor.source.as_deref()),
        None => {
            let signature = found.signature.as_ref();
            let key = signature.and_then(|signature| signature.fingerprint.as_deref());
            let source = signature.and_then(|signature| signature.source.as_deref());
            (format!("the OpenPGP key {}", key.unwrap_or_default()), source)
        }
    };
    match source {
        Some(source) => format!("yes, by {what}, from {}", escaped(source)),
        None => format!("yes, by {what}"),
    }
}

fn status_line(file: &VerifiedFile, offline: bool) -> String {
    let status = file.found.status;
    match (status, &file.status.why) {
        (Standing::NotAsked, _) if offline => "not asked (--offline)".to_owned(),
        (Standing::Unknown, Some(why)) => format!("unknown: {}", escaped(why)),
        _ => status.as_str().to_owned(),
    }
}

fn revoked_on(file: &VerifiedFile) -> Option<String> {
    let history = &file.status.record.as_ref()?.history;
    let change = history.iter().rfind(|change| change.status == Status::Revoked)?;
    Some(change.at.date().to_string())
}

/// The name of the signer, whose path leads to a trusted certificate.
fn signer(found: &Verification) -> Option<String> {
    let of_seal = found.seal.as_ref().and_then(|seal| seal.signer.as_ref());
    let name = of_seal.map(|signer| signer.name.as_str());
    let of_signature = found.signature.as_ref();
    let name = name.or_else(|| of_signature.and_then(|it| it.user_id.as_deref()));
    name.map(|name| format!("`{}`", escaped(name)))
}

fn describe_seal(seal: &SealReport, lines: &mut Vec<String>) {
    let level = seal.level.map_or("unreadable", |level| level.as_str());
    lines.push(format!("seal         {level}"));
    if let Some(signer) = &seal.signer {
        lines.push(format!("  by         {}", escaped(&signer.subject)));
        lines.push(format!("  SHA-256    {}", signer.fingerprint));
        lines.push(format!("  issued by  {}", escaped(&signer.issuer)));
    }
    if let Some(time) = seal.signing_time {
        lines.push(format!("  claims     sealed {time}"));
    }
    for (label, token) in [("timestamp", &seal.timestamp), ("archive", &seal.archive)] {
        if let Some(token) = token {
            lines.push(format!(
                "  {label:<10} {} by {}",
                token.time,
                escaped(&token.tsa)
            ));
        }
    }
    let added = seal.revisions.iter().filter_map(|revision| match revision {
        RevisionKind::Dss => Some("certificates and CRLs (DSS)"),
        RevisionKind::Archive => Some("an archive timestamp"),
        _ => None,
    });
    let added: Vec<&str> = added.collect();
    if seal.intact {
        lines.push(format!("  covers     the first {} bytes", seal.covered));
        let nothing =
            if added.is_empty() { "nothing".to_owned() } else { added.join(", ") };
        lines.push(format!("  added      {nothing}"));
    }
    push_findings(&seal.faults, &seal.doubts, lines);
    lines.extend(seal.notes.iter().map(|note| format!("  note       {}", escaped(note))));
    lines.extend(
        seal.time_doubts.iter().map(|doubt| format!("  time       {}", escaped(doubt))),
    );
}

fn describe_signature(signature: &SignatureReport, lines: &mut Vec<String>) {
    lines.push("signature    OpenPGP".to_owned());
    if let Some(fingerprint) = &signature.fingerprint {
        lines.push(format!("  key        {fingerprint}"));
    }
    if let Some(name) = &signature.user_id {
        lines.push(format!("  by         {}", escaped(name)));
    }
    if let Some(source) = &signature.source {
        lines.push(format!("  from       {}", escaped(source)));
    }
    if let Some(time) = signature.signing_time {
        lines.push(format!("  claims     signed {time}"));
    }
    push_findings(&signature.faults, &signature.doubts, lines);
}

/// What is wrong, and why the signer is not trusted.
fn push_findings(faults: &[String], doubts: &[String], lines: &mut Vec<String>) {
    lines.extend(faults.iter().map(|fault| format!("  ERROR      {}", escaped(fault))));
    lines.extend(doubts.iter().map(|doubt| format!("  doubt      {}", escaped(doubt))));
}

/// The verdicts on several files, a line each.
#[derive(Default)]
pub(super) struct Table(Vec<[String; 4]>);

impl Table {
    pub(super) fn push(&mut self, file: &VerifiedFile) {
        let found = &file.found;
        self.0.push([
            word(found.verdict).to_owned(),
            found.status.as_str().to_owned(),
            signer(found).unwrap_or_else(|| "-".to_owned()),
            escaped(&file.name),
        ]);
    }

    /// A file that could not be read; the message says why.
    pub(super) fn push_unread(&mut self, name: &str) {
        self.0.push(["not read", "-", "-", &escaped(name)].map(str::to_owned));
    }

    /// The table as text, its columns as wide as what stands in them.
    pub(super) fn to_text(&self) -> String {
        let head = ["verdict", "status", "sealed by", "file"].map(str::to_owned);
        let rows: Vec<&[String; 4]> = std::iter::once(&head).chain(&self.0).collect();
        let width = |column: usize| {
            let cells =
                rows.iter().map(|row| ::console::measure_text_width(&row[column]));
            cells.max().unwrap_or_default()
        };
        let widths = [width(0), width(1), width(2)];
        let line = |row: &[String; 4]| {
            let mut text = String::new();
            for (cell, width) in row.iter().zip(widths) {
                text.push_str(cell);
                let gap = width - ::console::measure_text_width(cell) + 2;
                text.extend(std::iter::repeat_n(' ', gap));
            }
            text + &row[3]
        };
        rows.into_iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// The verdict in a word or two.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "good",
        Verdict::StatusNotAsked => "status not asked",
        Verdict::StatusUnknown => "status unknown",
        Verdict::SignerUnknown => "signer not known",
        Verdict::SignerEnded => "signer has ended",
        Verdict::TimeUnknown => "time not known",
        Verdict::NotOurs => "not ours",
        Verdict::NotSealed => "not sealed",
        Verdict::TooLarge => "not read",
        Verdict::Bad | Verdict::KeyRevoked => "BAD",
        Verdict::Specimen => "specimen",
        Verdict::Expired => "expired",
        Verdict::Superseded => "superseded",
        Verdict::Revoked => "revoked",
        Verdict::Erased => "erased",
    }
}
