//! `testamur verify`: is it intact, by whom, and does it still stand.

use crate::register::{Record, Status};
use crate::seal::{
    PgpKey, RevisionKind, SealReport, SignatureReport, Trust, Verdict, Verification,
    X509, verify,
};
use crate::site::Keys;

use super::args::{SiteArguments, Verify};
use super::seal::beside;
use super::{Failure, Outcome, place, report};

pub(crate) fn run(site: &SiteArguments, arguments: &Verify) -> Result<Outcome, Failure> {
    let now = place::now()?;
    let trust = trust(site, arguments)?;
    let file = place::read(&arguments.file)?;
    let signature = match &arguments.signature {
        Some(path) => Some(place::read(path)?),
        None => Some(beside(&arguments.file))
            .filter(|path| path.is_file())
            .map(|path| place::read(&path))
            .transpose()?,
    };
    let found = verify(&file, signature.as_deref(), &trust, now);
    // A store that cannot be reached says nothing about the file.
    let record = record(site, &file, &found.sha256).unwrap_or_else(|failure| {
        report::line(&format!("warning: the status is not known: {}", failure.message));
        None
    });
    match arguments.json {
        true => {
            let mut object = serde_json::to_value(&found).unwrap_or_default();
            object["record"] = serde_json::to_value(&record).unwrap_or_default();
            report::object(&object);
        }
        false => {
            report::text(&describe(&found));
            if let Some(record) = &record {
                report::text(&describe_record(record));
            }
        }
    }
    let stands = record.is_none_or(|record| record.status == Status::Valid);
    Ok(if found.is_good() && stands { Outcome::Done } else { Outcome::SomeFailed })
}

/// The record in the site's register, if this very file was published from there.
fn record(
    site: &SiteArguments,
    file: &[u8],
    sha256: &str,
) -> Result<Option<Record>, Failure> {
    let files = place::quiet_site(site)?;
    let settings = place::settings_of(&files)?;
    let register = place::register(site, &files, &settings, None)?;
    let record = register.record_of(file)?;
    // A later edition, or a revocation, tells no hash any more.
    Ok(record.filter(|record| match &record.certificate {
        Some(certificate) => certificate.pdf.sha256 == sha256,
        None => true,
    }))
}

fn describe_record(record: &Record) -> String {
    let edition = record.edition;
    let mut text = format!("status       {} (edition {edition})", record.status.as_str());
    if let Some(successor) = &record.successor {
        text.push_str(&format!("\n  now        {successor}"));
    }
    let last = record.history.last();
    if let Some(reason) = last.and_then(|event| event.reason.as_ref()) {
        text.push_str(&format!("\n  because    {reason}"));
    }
    text
}

/// The site's own keys, and whom the arguments name.
fn trust(site: &SiteArguments, arguments: &Verify) -> Result<Trust, Failure> {
    let named = |path: &std::path::Path, fault: crate::Error| {
        Failure::new(format!("{}: {fault:#}", path.display()))
    };
    let roots = |paths: &[std::path::PathBuf]| -> Result<Vec<X509>, Failure> {
        let mut all = Vec::new();
        for path in paths {
            let text = place::read(path)?;
            all.extend(X509::from_pem(&text).map_err(|fault| named(path, fault))?);
        }
        Ok(all)
    };
    let mut keys = Vec::new();
    for path in &arguments.keyring {
        let text = place::read(path)?;
        keys.extend(PgpKey::from_armor(&text).map_err(|fault| named(path, fault))?);
    }
    Ok(Keys::trusted(&place::key_folder(site, &arguments.keys))?
        .with_roots(roots(&arguments.trust)?)
        .with_tsa_roots(roots(&arguments.trust_time)?)
        .with_keys(keys))
}

fn describe(found: &Verification) -> String {
    let verdict = match found.verdict {
        Verdict::Good => "good: intact, and by somebody trusted",
        Verdict::Unknown => "intact, but the signer is not known here",
        Verdict::Bad => "BAD: changed since, or not sealed by testamur",
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
        lines.push(format!("  says       sealed {time}"));
    }
    for (what, stamp) in [("stamped", &seal.timestamp), ("archived", &seal.archive)] {
        if let Some(stamp) = stamp {
            lines.push(format!("  {what:<10} {} by {}", stamp.time, stamp.tsa));
        }
    }
    let added = seal.revisions.iter().filter_map(|revision| match revision {
        RevisionKind::Dss => Some("validation data"),
        RevisionKind::Archive => Some("an archive time stamp"),
        _ => None,
    });
    let added: Vec<&str> = added.collect();
    if seal.intact {
        lines.push(format!("  covers     the first {} bytes", seal.covered));
        let nothing =
            if added.is_empty() { "nothing".to_owned() } else { added.join(", ") };
        lines.push(format!("  added      {nothing}"));
    }
    complaints(&seal.faults, &seal.doubts, lines);
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
        lines.push(format!("  says       signed {time}"));
    }
    complaints(&signature.faults, &signature.doubts, lines);
}

fn complaints(faults: &[String], doubts: &[String], lines: &mut Vec<String>) {
    lines.extend(faults.iter().map(|fault| format!("  FAULT      {fault}")));
    lines.extend(doubts.iter().map(|doubt| format!("  doubt      {doubt}")));
}
