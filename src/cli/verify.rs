//! `testamur verify`: is a certificate intact, is its signer trusted, and is it still valid?
//!
//! The status comes from the register of the site, if the file was published from there.

use std::path::{Path, PathBuf};

use crate::register::{Record, Status};
use crate::seal::{
    PgpKey, RevisionKind, SealReport, SignatureReport, Trust, Verdict, Verification,
    X509, verify,
};
use crate::site::Keys;

use super::args::{SiteArguments, Verify};
use super::exit::{CommandOutcome, Failure};
use super::{clock, console, context, sealed_file};

pub(crate) fn run(
    site: &SiteArguments,
    arguments: &Verify,
) -> Result<CommandOutcome, Failure> {
    let now = clock::now()?;
    let trust = collect_trust(site, arguments)?;
    let file = context::read_file(&arguments.file)?;
    let signature = match &arguments.signature {
        Some(path) => Some(context::read_file(path)?),
        None => Some(sealed_file::signature_path(&arguments.file))
            .filter(|path| path.is_file())
            .map(|path| context::read_file(&path))
            .transpose()?,
    };
    let found = verify(&file, signature.as_deref(), &trust, now);
    // An unreachable store does not make the file bad.
    let record = find_record(site, &file, &found.sha256).unwrap_or_else(|failure| {
        console::print_message(&format!(
            "warning: the status is unknown: {}",
            failure.message
        ));
        None
    });
    if arguments.json {
        let mut object = serde_json::to_value(&found).unwrap_or_default();
        object["record"] = serde_json::to_value(&record).unwrap_or_default();
        console::print_json(&object);
    } else {
        console::print_result(&describe(&found));
        if let Some(record) = &record {
            console::print_result(&describe_record(record));
        }
    }
    let may_be_valid = record.is_none_or(|record| record.status == Status::Valid);
    Ok(CommandOutcome::of(found.is_good() && may_be_valid))
}

/// The record of the certificate in the site's register, or `None` if this file was not published
/// from there.
fn find_record(
    site: &SiteArguments,
    file: &[u8],
    sha256: &str,
) -> Result<Option<Record>, Failure> {
    let files = context::open_site_without_note(site)?;
    let settings = context::read_settings(&files)?;
    let register = context::open_register(site, &files, &settings, None, None)?;
    let record = register.record_of(file)?;
    // The record of a superseded or erased certificate has no digest to compare with.
    Ok(record.filter(|record| match &record.certificate {
        Some(certificate) => certificate.pdf.sha256 == sha256,
        None => true,
    }))
}

fn describe_record(record: &Record) -> String {
    let edition = record.edition;
    let mut text = format!("status       {} (edition {edition})", record.status.as_str());
    if let Some(successor) = &record.successor {
        text.push_str(&format!("\n  successor  {successor}"));
    }
    let last = record.history.last();
    if let Some(reason) = last.and_then(|event| event.reason.as_ref()) {
        text.push_str(&format!("\n  reason     {reason}"));
    }
    text
}

/// Trusts the site's own keys, and the certificates and keys that the arguments name.
fn collect_trust(site: &SiteArguments, arguments: &Verify) -> Result<Trust, Failure> {
    let in_file = |path: &Path, error: crate::Error| {
        Failure::new(format!("{}: {error:#}", path.display()))
    };
    let roots = |paths: &[PathBuf]| -> Result<Vec<X509>, Failure> {
        let mut all = Vec::new();
        for path in paths {
            let text = context::read_file(path)?;
            all.extend(X509::from_pem(&text).map_err(|error| in_file(path, error))?);
        }
        Ok(all)
    };
    let mut keys = Vec::new();
    for path in &arguments.keyring {
        let text = context::read_file(path)?;
        keys.extend(PgpKey::from_armor(&text).map_err(|error| in_file(path, error))?);
    }
    Ok(Keys::trusted(&context::key_folder(site, &arguments.keys))?
        .with_roots(roots(&arguments.trust)?)
        .with_tsa_roots(roots(&arguments.tsa_roots)?)
        .with_keys(keys))
}

fn describe(found: &Verification) -> String {
    let verdict = match found.verdict {
        Verdict::Good => "good: intact, and the signer is trusted",
        Verdict::Unknown => "intact, but the signer is not known here",
        Verdict::Bad => "BAD: changed after it was sealed, or not sealed by testamur",
        _ => "neither sealed nor signed",
    };
    let mut lines = vec![verdict.to_owned(), format!("SHA-256      {}", found.sha256)];
    if let Some(seal) = &found.seal {
        describe_seal(seal, &mut lines);
    }
    if let Some(signature) = &found.signature {
        describe_signature(signature, &mut lines);
    }
    lines.join("\n")
}

fn describe_seal(seal: &SealReport, lines: &mut Vec<String>) {
    let level = seal.level.map_or("unreadable", |level| level.as_str());
    lines.push(format!("seal         {level}"));
    if let Some(signer) = &seal.signer {
        lines.push(format!("  by         {}", signer.subject));
        lines.push(format!("  SHA-256    {}", signer.fingerprint));
        lines.push(format!("  issued by  {}", signer.issuer));
    }
    if let Some(time) = seal.signing_time {
        lines.push(format!("  claims     sealed {time}"));
    }
    for (label, token) in [("timestamp", &seal.timestamp), ("archive", &seal.archive)] {
        if let Some(token) = token {
            lines.push(format!("  {label:<10} {} by {}", token.time, token.tsa));
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
}

fn describe_signature(signature: &SignatureReport, lines: &mut Vec<String>) {
    lines.push("signature    OpenPGP".to_owned());
    if let Some(fingerprint) = &signature.fingerprint {
        lines.push(format!("  key        {fingerprint}"));
    }
    if let Some(name) = &signature.user_id {
        lines.push(format!("  by         {name}"));
    }
    if let Some(time) = signature.signing_time {
        lines.push(format!("  claims     signed {time}"));
    }
    push_findings(&signature.faults, &signature.doubts, lines);
}

/// What is wrong, and why the signer is not trusted.
fn push_findings(faults: &[String], doubts: &[String], lines: &mut Vec<String>) {
    lines.extend(faults.iter().map(|fault| format!("  ERROR      {fault}")));
    lines.extend(doubts.iter().map(|doubt| format!("  doubt      {doubt}")));
}
