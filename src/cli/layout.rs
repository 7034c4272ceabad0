//! `testamur layout new`: starts a layout in the site, from a picture, another layout, or a template
//! of Moodle.

mod customcert;

use std::fs;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::base::error::Error;
use crate::press::LayoutStart;
use crate::press::start::file_name;
use crate::site::Site;

use super::args::{LayoutCommand, LayoutNew, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::{console, context, output};

/// The most bytes of a file that a layout is started from.
const MAX_BYTES: u64 = 64 << 20;

pub(crate) fn run(
    arguments: &SiteArguments,
    command: &LayoutCommand,
) -> Result<CommandOutcome, Failure> {
    let LayoutCommand::New(new) = command;
    let site = context::open_site(arguments)?;
    if site.is_demo() {
        return Err(Failure::usage(
            "a layout is made in a site of your own\nhelp: name its folder with --site; `testamur new` \
             makes one",
        ));
    }
    let folder = context::folder(arguments).join("layouts").join(checked_name(new)?);
    if folder.exists() || site.layouts().contains(&new.name.as_str()) {
        return Err(Failure::new(format!(
            "there is a layout `{0}` already, in {1}\nhelp: choose another name, or remove it",
            new.name,
            if folder.exists() {
                folder.display().to_string()
            } else {
                "the program".to_owned()
            }
        )));
    }
    let start = start(&site, new)?;
    for (file, bytes) in &start.files {
        output::write(Some(&folder.join(file)), bytes)?;
    }
    report(arguments, new, &folder, &start);
    Ok(CommandOutcome::of(start.fault.is_none()))
}

fn start(site: &Site, new: &LayoutNew) -> Result<LayoutStart, Failure> {
    if let Some(from) = &new.source.from {
        return Ok(LayoutStart::from_layout(site, &new.name, from)?);
    }
    if let Some(path) = &new.source.from_picture {
        let bytes = read(path)?;
        return Ok(LayoutStart::from_picture(site, &new.name, &file_name(path), &bytes)?);
    }
    let path = new.source.from_customcert.clone().unwrap_or_default();
    let bytes = read(&path)?;
    Ok(customcert::start(site, &new.name, &path.display().to_string(), &bytes)?)
}

/// Prints what was made, notes about it, and what to do next.
fn report(
    arguments: &SiteArguments,
    new: &LayoutNew,
    folder: &Path,
    start: &LayoutStart,
) {
    console::print_message(&format!("made the layout {}", folder.display()));
    for note in &start.notes {
        console::print_message(&format!("note: {note}"));
    }
    let site = match &arguments.folder {
        Some(folder) => format!(" --site {}", folder.display()),
        None => String::new(),
    };
    if let Some(fault) = &start.fault {
        let faults = grouped(fault);
        console::print_message(&format!(
            "the page of its sample is not right yet:\n{faults}\nnext: mend this in {}, and look \
             again",
            folder.join("layout.yaml").display()
        ));
    }
    console::print_message(&format!(
        "look at it:  testamur{site} render --sample {0} -o {0}.png\nuse it:      write `layout: {0}` \
         for a course in courses.yaml",
        new.name
    ));
}

/// The faults of a page, those with the same help together.
fn grouped(fault: &Error) -> String {
    let mut groups: IndexMap<Option<&str>, Vec<String>> = IndexMap::new();
    for fault in fault.faults() {
        groups.entry(fault.help()).or_default().push(match fault.place() {
            Some(place) => format!("{place}: {}", fault.message()),
            None => fault.message().to_owned(),
        });
    }
    let groups = groups.into_iter().map(|(help, messages)| {
        let help = help.map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        messages.join("\n") + &help
    });
    groups.collect::<Vec<_>>().join("\n\n")
}

/// The name of the new layout, which is that of a folder.
fn checked_name(new: &LayoutNew) -> Result<&str, Failure> {
    let name = new.name.as_str();
    let is_letter = |c: char| c.is_alphanumeric() || "-_".contains(c);
    let is_name = name.starts_with(char::is_alphanumeric) && name.chars().all(is_letter);
    if is_name && name != "shared" && name.len() <= 100 {
        return Ok(name);
    }
    Err(Failure::usage(format!(
        "`{name}` cannot name a layout\nhelp: write letters, digits, `-` and `_`, such as `diploma-2026`"
    )))
}

fn read(path: &PathBuf) -> Result<Vec<u8>, Failure> {
    let failed = |cause: &dyn std::fmt::Display| {
        Failure::new(format!("{}: failed to read the file ({cause})", path.display()))
    };
    let size = fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > MAX_BYTES {
        return Err(failed(&format!(
            "it has {} MB, more than {}",
            size >> 20,
            MAX_BYTES >> 20
        )));
    }
    fs::read(path).map_err(|error| failed(&error))
}
