//! The date of issue of an old course.

use super::course_reader::CourseReader;
use super::old_text::plain_text;
use super::python::Value;
use super::report::Report;
use super::yaml::Yaml;
use crate::Date;

/// The date of issue.
pub(super) fn issued(reader: &mut CourseReader<'_>, report: &mut Report) -> Option<Yaml> {
    let node = reader.take("ISSUED_DATE")?;
    let at = reader.at.line(node.line);
    if !node.is_true() {
        return None;
    }
    let printed = node.printed();
    if printed == "ROLLING" {
        report.taken(at, "ISSUED_DATE", "ROLLING: the day of issue, `issued: rolling`");
        return Some(Yaml::plain("rolling"));
    }
    if let Ok(date) = Date::parse(printed.split(' ').next().unwrap_or_default())
        && (printed.len() == 10 || matches!(node.value, Value::Date(_)))
    {
        let how = "`issued`, and printed in words: the old program printed the digits";
        report.translated(at, "ISSUED_DATE", how);
        return Some(Yaml::plain(date.to_string()));
    }
    let text = plain_text(node, "ISSUED_DATE", at, report)?;
    let mut entries = vec![("text".to_owned(), Yaml::text(&text))];
    match english_date(&text) {
        Some(date) => {
            entries.push(("date".to_owned(), Yaml::plain(date.to_string())));
            report.taken(at, "ISSUED_DATE", "the words as `issued.text`, the day as `issued.date`");
        }
        None => report.taken(
            at,
            "ISSUED_DATE",
            "the words as `issued.text`; the date in the data of the file is the day of issue, \
             unless you add `issued.date`",
        ),
    }
    Some(Yaml::Map(entries))
}

/// The day that English words name without doubt: `Jan. 1st, 1970`.
fn english_date(text: &str) -> Option<Date> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let words: Vec<&str> =
        text.split([' ', ',', '.']).filter(|it| !it.is_empty()).collect();
    let [month, day, year] = words[..] else { return None };
    let month = month.to_lowercase();
    let is_month =
        |it: &&str| **it == month || (month.len() >= 3 && it.starts_with(&month));
    let mut months = MONTHS.iter().enumerate().filter(|(_, it)| is_month(it));
    let (month, _) = months.next().filter(|_| months.next().is_none())?;
    let day = day.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    // A year of two digits is of no certain century.
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let year = Some(year).filter(|year| year.len() == 4 && is_digits(year))?;
    let (day, year) = (day.parse::<u8>().ok()?, year.parse::<i16>().ok()?);
    Date::parse(&format!("{year:04}-{:02}-{day:02}", month + 1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_english_words_are_read_and_others_are_not() {
        for (text, date) in [
            ("Jan. 1st, 1970", Some("1970-01-01")),
            ("May 3, 2015", Some("2015-05-03")),
            ("February 2nd, 2012", Some("2012-02-02")),
            ("11 mai 2015", None),
            ("May 3, 15", None),
            ("May 3, +015", None),
            ("Ma 3, 2015", None),
            ("Feb 30, 2012", None),
            ("Spring 2026", None),
        ] {
            let read = english_date(text).map(|date| date.to_string());
            assert_eq!(read.as_deref(), date, "{text}");
        }
    }
}
