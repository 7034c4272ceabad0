//! The output of `list` and `find`.

use serde_json::{Value, json};

use crate::Timestamp;
use crate::cli::args::{List, SiteArguments};
use crate::cli::exit::Failure;
use crate::cli::{clock, console, context};
use crate::register::batch::escape_formula;
use crate::register::{
    Answer, EditionQuery, Index, IndexedEdition, Register, Status, Stores,
};
use crate::site::course::Courses;
use crate::site::{Keys, PublishSettings, Site};

/// How much was printed.
pub(super) struct Told {
    pub(super) count: usize,
    /// How many records could not be read.
    pub(super) unreadable: usize,
}

/// Prints the editions for which the query and the arguments hold. A record that cannot be read is
/// reported, and the others are printed.
pub(super) fn answer(
    site: &SiteArguments,
    list: &List,
    mut query: EditionQuery,
) -> Result<Told, Failure> {
    let files = context::open_site(site)?;
    let settings = context::read_settings(&files)?;
    let output = list.public.output.as_deref();
    let stores = Stores::open_with(&settings, context::folder(site), output, None)?;
    // What another site's store holds is not told under this site's addresses.
    let (public, private) = (stores.public.clone(), stores.private.clone());
    let register = Register::new(&files, settings.publish.clone(), public, private)?;
    let keys = context::folder(site).join("keys");
    if Keys::has_id_secret(&keys) {
        register.check_identity(&Keys::id_secret(&keys)?)?;
    } else {
        register.check_marks()?;
    }
    let index = match output {
        None => context::open_index(site, &settings, &stores).filter(Index::has_place),
        Some(_) => None,
    };
    let now = clock::now()?;
    let (index, is_fresh) = open(index, &stores, list.refresh, now)?;

    query.course = list.course.clone();
    query.status = list.status;
    query.since = list.since;
    let format = Format::of(list);
    let mut results = console::Results::new();
    if matches!(format, Format::Csv) {
        results.print(CSV_HEADER);
    }
    let mut unreadable = 0;
    let answer = index.answer(&query, now, &mut |edition, as_of| {
        match edition {
            Ok(edition) => {
                results.print(&format.write(&edition, as_of, &settings.publish));
            }
            Err(error) => {
                unreadable += 1;
                console::print_message(&format!("{error:#}"));
            }
        }
        Ok(())
    })?;
    drop(results);
    print_time(&answer, is_fresh);
    if answer.behind > 0 {
        console::print_message(&format!(
            "warning: of {} certificates the public store lacks the record, or has an older one than \
             the private store, whose records are told here\nhelp: make the public store anew: \
             testamur restore",
            answer.behind
        ));
    }
    if answer.count == 0 && unreadable == 0 {
        check_course(&files, list)?;
    }
    Ok(Told { count: answer.count, unreadable })
}

/// Refuses a course of which there is no certificate and which the site does not have: it is misspelt.
fn check_course(files: &Site, list: &List) -> Result<(), Failure> {
    let Some(id) = &list.course else { return Ok(()) };
    let mut sources = Vec::new();
    for name in files.course_files() {
        let bytes = files.read(name)?.unwrap_or_default();
        sources.push((name.to_owned(), bytes.into_owned()));
    }
    // Faulty files are told by the commands that need them.
    let Ok(courses) = Courses::parse(&sources) else { return Ok(()) };
    match courses.get(id) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure { code: 3, ..Failure::from(error) }),
    }
}

/// Refreshes the index if that is asked for, needed, or takes no time. Returns whether it was. If
/// the index cannot be used, a note says so, and every record is read.
fn open(
    index: Option<Index>,
    stores: &Stores,
    refresh: bool,
    now: Timestamp,
) -> Result<(Index, bool), Failure> {
    let in_memory = || Index::in_memory(stores.public.clone(), stores.private.clone());
    let index = match index.map(|index| (index.wants_refresh(), index)) {
        Some((Ok(false), index)) if !refresh => return Ok((index, false)),
        Some((Ok(_), index)) => index,
        Some((Err(error), _)) => {
            console::print_note(&format!(
                "every record is read, without an index: {error}"
            ));
            in_memory()
        }
        None => in_memory(),
    };
    crate::cli::index::refresh(&index, now)?;
    Ok((index, true))
}

/// Prints the time as of which the answer is complete.
fn print_time(answer: &Answer, is_fresh: bool) {
    let as_of = answer.as_of;
    console::print_note(&match (is_fresh, answer.is_confirmed) {
        (true, _) => format!("as of {as_of}"),
        (false, true) => format!(
            "as of {as_of}, with what this machine wrote since and each status as it is now; \
             `--refresh` lists the store"
        ),
        (false, false) => format!(
            "as of {as_of}, with what this machine wrote since; `--refresh` lists the store"
        ),
    });
}

/// How an edition is printed.
#[derive(Clone, Copy)]
enum Format {
    Text,
    Csv,
    Json,
}

const CSV_HEADER: &str =
    "verify_id,status,edition,course,name,username,issued,issued_at,verify_url,as_of";

impl Format {
    fn of(list: &List) -> Self {
        match (list.csv, list.json) {
            (true, _) => Self::Csv,
            (_, true) => Self::Json,
            _ => Self::Text,
        }
    }

    fn write(
        self,
        edition: &IndexedEdition,
        as_of: Timestamp,
        publish: &PublishSettings,
    ) -> String {
        let url = publish.verify_url(&edition.id);
        match self {
            Self::Text => text_lines(edition, &url),
            Self::Csv => csv_line(edition, as_of, &url),
            Self::Json => json_object(edition, as_of, &url).to_string(),
        }
    }
}

fn csv_line(edition: &IndexedEdition, as_of: Timestamp, url: &str) -> String {
    let text =
        |text: &Option<String>| text.as_deref().map(escape_formula).unwrap_or_default();
    let fields = [
        edition.id.to_string(),
        edition.status.as_str().to_owned(),
        edition.edition.to_string(),
        text(&edition.course),
        text(&edition.name),
        text(&edition.username),
        edition.issued.map(|date| date.to_string()).unwrap_or_default(),
        edition.issued_at.to_string(),
        url.to_owned(),
        as_of.to_string(),
    ];
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing into memory does not fail.
    let _ = writer.write_record(fields);
    let line = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&line).trim_end().to_owned()
}

fn json_object(edition: &IndexedEdition, as_of: Timestamp, url: &str) -> Value {
    json!({
        "verify_id": edition.id,
        "status": edition.status.as_str(),
        "edition": edition.edition,
        "course": edition.course,
        "name": edition.name,
        "username": edition.username,
        "issued": edition.issued.map(|date| date.to_string()),
        "issued_at": edition.issued_at,
        "verify_url": url,
        "download_url": edition.pdf_url,
        "sha256": edition.pdf_sha256,
        "successor": edition.successor,
        "history": edition.history,
        "as_of": as_of,
    })
}

fn text_lines(edition: &IndexedEdition, url: &str) -> String {
    let username = edition.username.as_ref().map(|username| format!("({username})"));
    let name = [edition.name.clone(), username];
    let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let status = match edition.status {
        Status::Valid => None,
        status => Some(format!("[{}]", status.as_str())),
    };
    let parts = [
        Some(edition.id.to_string()),
        edition.issued.map(|date| date.to_string()),
        Some(name).filter(|name| !name.is_empty()),
        edition.course.clone(),
        status,
    ];
    let line = parts.into_iter().flatten().collect::<Vec<_>>().join("  ");
    match &edition.successor {
        Some(successor) => format!("{line}\n  {url}\n  superseded by {successor}"),
        None => format!("{line}\n  {url}"),
    }
}
