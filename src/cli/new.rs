//! `testamur new`: a site that issues at once.

use std::fs;
use std::path::Path;

use crate::site::{KeySource, Keys, Site};

use super::args::New;
use super::{Failure, Outcome, output, place, report};

/// What must never be in version control, and what is made.
const IGNORE: &str = "\
# Secret: whoever has it can seal in your name.
keys/
# Personal: what went into each certificate.
private/
# Made by testamur.
public/
drafts/
";

pub(crate) fn run(new: &New) -> Result<Outcome, Failure> {
    let folder = new.folder.as_path();
    if folder.join("testamur.yaml").exists() || !is_free(folder)? {
        return Err(Failure::new(format!(
            "{}: the folder is there, and is not empty\nhelp: name another one",
            folder.display()
        )));
    }
    let demo = Site::demo();
    let write = |name: &str, bytes: &[u8]| output::write(Some(&folder.join(name)), bytes);
    for name in ["courses.yaml", "signatures/ada.svg", "signatures/grace.svg"] {
        let bytes = demo
            .read(name)?
            .ok_or_else(|| Failure::new(format!("the demo site has no `{name}`")))?;
        match name {
            "courses.yaml" => write(name, named(&bytes, &new.name).as_bytes())?,
            _ => write(name, &bytes)?,
        }
    }
    write(".gitignore", IGNORE.as_bytes())?;
    let source = KeySource::NewRoot { name: &new.name };
    Keys::create(&folder.join("keys"), &source, place::now()?)?;
    Keys::id_secret(&folder.join("keys"))?;
    // Last, because it is what makes a folder a site.
    let settings = demo.read("testamur.yaml")?;
    write("testamur.yaml", &settings.unwrap_or_default())?;
    report::line(&format!(
        "made a site in {0}\n  testamur.yaml  settings: where to publish, at which address\n  \
         courses.yaml   courses: who signs, what is certified\n  signatures/    scans of \
         signatures\n  keys/          secret; keep a copy in a safe place\nnext: testamur --site \
         {0} issue -n \"Ada Lovelace\"",
        folder.display()
    ));
    Ok(Outcome::Done)
}

/// The demo's courses under another organization's name.
fn named(courses: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(courses);
    let quoted = serde_json::to_string(name).unwrap_or_default();
    match name {
        "Example University" => text.into_owned(),
        _ => text.replacen("en: Example University", &format!("en: {quoted}"), 1),
    }
}

/// Whether a folder is absent or empty.
fn is_free(folder: &Path) -> Result<bool, Failure> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(Failure::new(format!(
            "{}: failed to look into the folder ({error})",
            folder.display()
        ))),
    }
}
