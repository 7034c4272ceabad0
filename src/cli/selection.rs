//! The certificates that `testamur revoke` and `testamur erase` are for, and the question before
//! they are changed.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use crate::register::CertificateId;
use crate::register::{AwardEditions, RecipientFilter, Record, Register, typed_id};
use crate::site::{Award, IdSecret, Recipient};

use super::args::{Selection, SiteArguments};
use super::exit::Failure;
use super::{console, context, index};

/// The ids that the arguments name and those in the file that they name, each once.
pub(crate) fn read_ids(selection: &Selection) -> Result<Vec<CertificateId>, Failure> {
    let mut ids = typed_ids(&selection.ids)?;
    if let Some(file) = &selection.file {
        let name = file.display().to_string();
        let bytes = if name == "-" {
            context::read_standard_input()?
        } else {
            context::read_file(file)?
        };
        ids.extend(ids_in_file(&name, &bytes)?);
    }
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    Ok(ids)
}

/// The ids in arguments. The shell splits an id with blanks into several arguments.
fn typed_ids(arguments: &[String]) -> Result<Vec<CertificateId>, Failure> {
    let mut ids = Vec::new();
    let mut parts = String::new();
    for argument in arguments {
        let is_part = argument.len() < 32
            && argument.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        if !is_part {
            if !parts.is_empty() {
                ids.push(typed_id(&parts)?);
                parts.clear();
            }
            ids.push(typed_id(argument)?);
            continue;
        }
        parts.push_str(argument);
        if let Ok(id) = typed_id(&parts) {
            ids.push(id);
            parts.clear();
        }
    }
    if !parts.is_empty() {
        ids.push(typed_id(&parts)?);
    }
    Ok(ids)
}

/// The ids in a file: one on each line, or those in the column `verify_id` of a table, as reports
/// and lists have it, or `id`.
fn ids_in_file(name: &str, bytes: &[u8]) -> Result<Vec<CertificateId>, Failure> {
    let text = str::from_utf8(bytes).map_err(|error| {
        Failure::new(format!(
            "{name}: the file is not UTF-8 ({error})\nhelp: save it as UTF-8"
        ))
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().unwrap_or_default();
    let cells = |separator: char, name: &str| {
        let cell = |cell: &str| cell.trim().trim_matches('"').to_lowercase();
        header.split(separator).map(cell).position(|cell| cell == name)
    };
    let separators = [',', ';', '\t'].into_iter();
    let column = ["verify_id", "id"]
        .into_iter()
        .find_map(|name| separators.clone().find_map(|it| Some((it, cells(it, name)?))));
    let at_line = |line: usize, error: crate::Error| {
        Failure::new(format!("{name}:{line}: {error:#}"))
    };
    let mut ids = Vec::new();
    let Some((separator, column)) = column else {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        for (number, line) in lines {
            ids.push(typed_id(line).map_err(|error| at_line(number + 1, error))?);
        }
        return Ok(ids);
    };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator as u8).from_reader(text.as_bytes());
    for row in reader.records() {
        let row = row.map_err(|error| Failure::new(format!("{name}: {error}")))?;
        let line = row.position().map_or(0, csv::Position::line) as usize;
        // A row of a report that failed has no id.
        let cell = row.get(column).unwrap_or_default();
        if !cell.trim().is_empty() {
            ids.push(typed_id(cell).map_err(|error| at_line(line, error))?);
        }
    }
    Ok(ids)
}

/// The awards of the recipient that the arguments name, and the filter with the usernames that go
/// with the name. They are found by the index, which is refreshed first. An `output` folder has no
/// index.
pub(crate) fn find_awards(
    site: &SiteArguments,
    output: Option<&Path>,
    register: &Register,
    selection: &Selection,
    secret: &IdSecret,
) -> Result<Option<(RecipientFilter, Vec<AwardEditions>)>, Failure> {
    let Some(recipient) = &selection.recipient else { return Ok(None) };
    let filter = RecipientFilter::new(recipient);
    let mut filter = filter.with_course(selection.course.as_deref());
    let ids = match output {
        None => index::ids_of_recipient(site, recipient)?,
        Some(_) => None,
    };
    let found = match ids {
        Some(ids) => register.awards_among(&mut filter, &ids, secret)?,
        None => register.awards_of(&mut filter, secret)?,
    };
    Ok(Some((filter, found)))
}

/// Refuses to change certificates that the public store of the settings does not have: they may be published
/// elsewhere, where they would stay as they are. `output` is the folder that the arguments name.
pub(crate) fn check_published<'a>(
    register: &Register,
    output: Option<&Path>,
    records: impl IntoIterator<Item = &'a Record>,
) -> Result<(), Failure> {
    if output.is_some() {
        return Ok(());
    }
    let mut missing = Vec::new();
    for record in records {
        if !register.is_published(&record.id)? {
            missing.push(record.id.as_str());
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "nothing was changed: the public store has no record of {}\nhelp: if `issue --output DIR` \
         published it elsewhere, name that folder: --output DIR; if the public store was lost, make it \
         anew first: testamur restore",
        missing.join(", ")
    )))
}

/// The failure when nothing was found for a recipient.
pub(crate) fn not_found(selection: &Selection) -> Failure {
    let recipient = selection.recipient.as_deref().unwrap_or_default();
    let course = selection.course.as_ref();
    let course = course.map(|it| format!(" for `{it}`")).unwrap_or_default();
    Failure {
        code: 3,
        ..Failure::new(format!(
            "no certificate of `{recipient}` was found{course}\nhelp: give the username, or the \
             whole name as it is printed; look for it: testamur find NAME"
        ))
    }
}

/// The name on a certificate; of one whose record has none, what its request tells. Other editions may
/// have other names.
pub(crate) fn printed_name(
    register: &Register,
    editions: &AwardEditions,
    record: &Record,
) -> Option<String> {
    if let Some(certificate) = &record.certificate {
        return Some(certificate.name.clone());
    }
    let requested = register.requested_name(&record.id);
    let of_award = || match &editions.award {
        Some(Award { recipient: Recipient::Name(name), .. }) => Some(name.clone()),
        Some(_) => None,
        None => editions.name.clone(),
    };
    requested.or_else(of_award)
}

/// Refuses addresses of pages that are not the site's. The id in such an address may belong to a
/// certificate of this site although the page that the user sees does not.
pub(crate) fn check_addresses(
    register: &Register,
    selection: &Selection,
) -> Result<(), Failure> {
    selection.ids.iter().try_for_each(|text| check_address(register, text))
}

/// Refuses an address whose host is neither that of the site's pages nor the one that is printed on
/// the certificate, which the site may not use any more.
pub(crate) fn check_address(register: &Register, text: &str) -> Result<(), Failure> {
    let Some(host) = host(text) else { return Ok(()) };
    let Ok(id) = typed_id(text) else { return Ok(()) };
    let own = register.publish().verify_url(&id);
    let record = register.record(&id)?;
    let certificate = record.as_ref().and_then(|it| it.certificate.as_ref());
    let printed = certificate.and_then(|it| it.verify_url.as_deref());
    let is_own = [Some(&*own), printed]
        .into_iter()
        .flatten()
        .any(|url| self::host(url).is_some_and(|own| own == host));
    if is_own {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{}` is no address of this site: its pages are at {own}\nhelp: if the certificate is of \
         this site all the same, give the id alone: {id}",
        text.trim().escape_debug()
    )))
}

/// The host in an address, in small letters and without its port.
fn host(address: &str) -> Option<String> {
    let (_, rest) = address.trim().split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    Some(host.to_lowercase())
}

/// Prints one edition that was found.
pub(crate) fn print_found(
    register: &Register,
    editions: &AwardEditions,
    record: &Record,
) {
    let name = printed_name(register, editions, record);
    let award = editions.award.as_ref();
    let course = award.map(|it| it.course.as_str()).or(editions.course.as_deref());
    let username = match award.map(|award| &award.recipient) {
        Some(Recipient::Id(id)) => format!(" ({id})"),
        _ => String::new(),
    };
    console::print_message(&format!(
        "  {}  {}, edition {}  {}{username}  {}",
        record.id,
        record.status.as_str(),
        record.edition,
        name.as_deref().unwrap_or("(no name)"),
        course.unwrap_or("(course unknown)"),
    ));
}

/// Asks whether to go on, unless the arguments say so. Without a terminal they have to.
pub(crate) fn confirm(selection: &Selection, question: &str) -> Result<bool, Failure> {
    confirm_unless(selection.yes, question)
}

/// Asks whether to go on, unless `yes`. Without a terminal it has to be.
pub(crate) fn confirm_unless(yes: bool, question: &str) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::usage(
            "nothing was changed: there is no terminal to ask at\nhelp: see whether the list above \
             is right, then add --yes",
        ));
    }
    let _ = write!(io::stderr().lock(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    read.map_err(|error| Failure::new(format!("failed to read the answer ({error})")))?;
    let is_yes = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if !is_yes {
        console::print_message("nothing was changed");
    }
    Ok(is_yes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0f3c5a7b9d1e2f4068a0b1c2d3e4f567";
    const OTHER: &str = "11111111111111112222222222222222";

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn failure<T>(result: Result<T, Failure>) -> String {
        result.err().expect("it is refused").message
    }

    #[test]
    fn ids_that_the_shell_took_apart_are_joined() {
        let typed = "0f3c 5a7b 9d1e 2f40 68a0 b1c2 d3e4 f567";
        let line = format!("{typed} {OTHER} {}", typed.to_uppercase());
        assert_eq!(typed_ids(&words(&line)).ok().unwrap(), [ID, OTHER, ID]);
        for wrong in ["0f3c 5a7b", &format!("0f3c {OTHER}"), "nonsense", &ID[1..]] {
            assert!(failure(typed_ids(&words(wrong))).contains("is no id"), "{wrong}");
        }
    }

    #[test]
    fn host_of_an_address_is_where_it_leads() {
        for (address, expected) in [
            ("https://A.example/cert/1/", Some("a.example")),
            ("http://a.example:8080/cert/1/", Some("a.example")),
            ("https://a.example@evil.example/cert/1/", Some("evil.example")),
            ("https://evil.example\\@a.example/", Some("evil.example")),
            ("https://[::1]:80/x", Some("[::1]")),
            ("a.example/cert/1/", None),
            (ID, None),
        ] {
            assert_eq!(host(address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn ids_are_read_from_lines_and_from_tables() {
        let read = |text: &str| ids_in_file("f", text.as_bytes());
        let lines = format!("\u{feff}{ID}\r\n\r\nhttps://a.example/cert/{OTHER}/\n");
        assert_eq!(read(&lines).ok().unwrap(), [ID, OTHER]);
        let table =
            format!("row,name,Verify_ID\n1,\"B, A\",{ID}\n2,failed,\n3,C,{OTHER}\n");
        assert_eq!(read(&table).ok().unwrap(), [ID, OTHER]);
        let table = format!("verify_id;name\n{ID};A\n");
        assert_eq!(read(&table).ok().unwrap(), [ID]);
        assert!(failure(read(&format!("{ID}\nAda\n"))).starts_with("f:2: "));
        let table = format!("name,verify_id\nA,{ID}\nB,x\n");
        assert!(failure(read(&table)).starts_with("f:3: "));
    }
}
