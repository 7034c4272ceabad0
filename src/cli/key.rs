//! `testamur key`: make, show and rotate the keys that seal.

use crate::site::{KeySource, Keys, PublicKeys, X509Facts};

use super::args::{Key, NewKey, SiteArguments};
use super::{Failure, Outcome, place, report};

pub(crate) fn run(site: &SiteArguments, command: &Key) -> Result<Outcome, Failure> {
    let now = place::now()?;
    match command {
        Key::New(new) => {
            let source = own(new).unwrap_or(KeySource::NewRoot { name: &new.name });
            let keys = Keys::create(&place::key_folder(site, &new.keys), &source, now)?;
            made(&keys);
        }
        Key::Rotate(rotate) => {
            let new = &rotate.new;
            let source = own(new).unwrap_or(match rotate.root {
                true => KeySource::NewRoot { name: &new.name },
                false => KeySource::NextLeaf { name: &new.name },
            });
            let keys = Keys::rotate(&place::key_folder(site, &new.keys), &source, now)?;
            made(&keys);
        }
        Key::Show(show) => {
            let keys = Keys::open(&place::key_folder(site, &show.keys), now)?;
            keys.warnings().iter().for_each(report::warning);
            let public = keys.public();
            match show.json {
                true => report::text(&serde_json::to_string(&public).unwrap_or_default()),
                false => report::text(&describe(&public, true)),
            }
        }
    }
    Ok(Outcome::Done)
}

fn own(new: &NewKey) -> Option<KeySource<'_>> {
    let (key, chain) = (new.key.as_deref()?, new.chain.as_deref()?);
    Some(KeySource::Own { name: &new.name, key, chain })
}

fn made(keys: &Keys) {
    keys.warnings().iter().for_each(report::warning);
    report::line(&format!("made the keys in {}", keys.public().folder));
    report::text(&describe(&keys.public(), false));
}

/// Facts and whole fingerprints; with the public parts themselves if `parts`.
fn describe(public: &PublicKeys, parts: bool) -> String {
    let mut text = format!("seal         {}\n", public.algorithm.name());
    let mut certificate = |role: &str, cert: &X509Facts| {
        text.push_str(&format!(
            "{role:<12} {}\n  SHA-256    {}\n  valid      {} to {}\n",
            cert.subject, cert.fingerprint, cert.not_before, cert.not_after
        ));
        if parts {
            text.push_str(&cert.pem);
        }
    };
    for (index, cert) in public.certificate.iter().enumerate() {
        certificate(if index == 0 { "certificate" } else { "issuer" }, cert);
    }
    text.push_str(&format!(
        "OpenPGP      {}\n  key        {}\n  made       {}\n",
        public.openpgp_user_id.as_deref().unwrap_or("(no name)"),
        public.openpgp_fingerprint,
        public.openpgp_created
    ));
    if parts {
        text.push_str(&public.openpgp_armor);
    }
    text.trim_end().to_owned()
}
