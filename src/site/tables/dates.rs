//! Dates as spreadsheets write them: `31.12.2025`, `12/31/2025`, `2025-12-31 10:30`.
//!
//! - **Takes**: the texts of a column, and the order of day, month and year if the caller knows it.
//! - **Gives**: the days, or the refusal of a column whose order cannot be known.
//!
//! The decision made here is that a column has one order. The caller gives it, or one date of the
//! column proves it for all: there is no month 13. With dots the day comes first, in every country
//! that writes dots.

use super::decimals::{decimal, is_direction_mark};
use super::month_names::{self, NamedMonth};
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, ErrorMessage, Place, Result, finding};
use crate::site::date_of_issue;
use crate::site::recipients_format::DateOrder;

/// A date as it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Written {
    /// It has one reading, whatever the order.
    Sure(Date),
    /// Two numbers and a year; with dots the day comes first unless the caller says otherwise.
    Open { one: u32, two: u32, year: u32, is_dotted: bool },
    /// The month is in words, and the year has two digits.
    ShortYear { day: u32, month: u32, year: u32 },
    /// Two digits each.
    Short { one: u32, two: u32, three: u32 },
}

/// The order of the dates of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ColumnOrder {
    told: Option<DateOrder>,
    /// The order that a date of the column proves.
    shown: Option<DateOrder>,
}

/// Finds the order of a column's dates. `cells` are the lines and the texts that are not blank.
pub(super) fn order_of<'a>(
    file: &str,
    header: &str,
    cells: impl Iterator<Item = (u32, &'a str)>,
    told: Option<DateOrder>,
) -> Result<ColumnOrder> {
    let mut open: Option<(u32, &str)> = None;
    let mut shown: [Option<(u32, &str)>; 2] = [None, None];
    let mut contrary: Option<(u32, &str)> = None;
    for (line, text) in cells {
        let Some(Written::Open { one, two, is_dotted, .. }) = parse(text) else {
            continue;
        };
        let is_contrary = match told {
            Some(DateOrder::Dmy) => two > 12,
            Some(DateOrder::Mdy) => one > 12,
            Some(DateOrder::Ymd) => true,
            None => false,
        };
        if is_contrary {
            contrary.get_or_insert((line, text));
        }
        if is_dotted {
            continue;
        }
        match (one > 12, two > 12) {
            (true, false) => drop(shown[0].get_or_insert((line, text))),
            (false, true) => drop(shown[1].get_or_insert((line, text))),
            (false, false) if one != two => drop(open.get_or_insert((line, text))),
            _ => {}
        }
    }
    let refuse = |line: u32, message: ErrorMessage, help: &str| {
        Err(Error::new(ErrorKind::InvalidValue, message)
            .at(Place::line(file, line))
            .with_help(help))
    };
    const HELP: &str = "say the order with --dates dmy or --dates mdy, or write the dates as \
                        `2026-05-14`";
    if let Some(told) = told {
        return match contrary {
            None => Ok(ColumnOrder { told: Some(told), shown: None }),
            Some((line, text)) => refuse(
                line,
                format!(
                    "`{text}` in the column `{header}` is no date in the order {}",
                    told.as_str()
                )
                .into(),
                "correct the date, or the order",
            ),
        };
    }
    let is_shown = |order| Ok(ColumnOrder { told: None, shown: order });
    match (shown, open) {
        ([Some((first, day)), Some((second, month))], _) => refuse(
            first.max(second),
            format!(
                "the dates of the column `{header}` are of two orders: `{day}` on line \
                 {first} begins with the day, `{month}` on line {second} with the month"
            )
            .into(),
            "write them all in one order",
        ),
        ([Some(_), None], _) => is_shown(Some(DateOrder::Dmy)),
        ([None, Some(_)], _) => is_shown(Some(DateOrder::Mdy)),
        ([None, None], None) => is_shown(None),
        ([None, None], Some((line, text))) => {
            let read = |order| {
                let order = ColumnOrder { told: Some(order), shown: None };
                read(text, order).map_or("no date".to_owned(), |date| date.to_string())
            };
            refuse(
                line,
                finding!(
                    "date_ambiguous",
                    text,
                    header,
                    read(DateOrder::Dmy),
                    read(DateOrder::Mdy)
                ),
                HELP,
            )
        }
    }
}

/// Reads a date of a column.
pub(super) fn read(text: &str, order: ColumnOrder) -> Result<Date> {
    let wrong = |why: &str, help: &str| {
        let shown: String = text.chars().take(40).collect();
        let message = match why {
            "" => finding!("not_a_date", shown.escape_debug()),
            _ => format!("`{}` is not a date{why}", shown.escape_debug()).into(),
        };
        Error::new(ErrorKind::InvalidValue, message).with_help(help)
    };
    const HELP: &str = "write year, month and day as in `2026-05-14`";
    let (year, month, day) = match (parse(text), order.told) {
        (None, _) => return Err(wrong("", HELP)),
        (Some(Written::Sure(date)), _) => {
            (date.year().unsigned_abs(), date.month().into(), date.day().into())
        }
        (Some(Written::Open { one, two, year, is_dotted }), told) => {
            let shown = order.shown.filter(|_| !is_dotted);
            match told.or(shown) {
                Some(DateOrder::Mdy) => (year, one, two),
                _ => (year, two, one),
            }
        }
        (Some(Written::ShortYear { day, month, year }), Some(_)) => {
            (2000 + year, month, day)
        }
        (Some(Written::Short { .. } | Written::ShortYear { .. }), None) => {
            let why = ": its year has two digits, and its order is not said";
            return Err(wrong(why, "write the year with four digits, or say --dates"));
        }
        (Some(Written::Short { one, two, three }), Some(order)) => match order {
            DateOrder::Dmy => (2000 + three, two, one),
            DateOrder::Mdy => (2000 + three, one, two),
            DateOrder::Ymd => (2000 + one, two, three),
        },
    };
    let part = |number: u32| u8::try_from(number).unwrap_or(0);
    let date =
        i32::try_from(year).ok().and_then(|y| Date::new(y, part(month), part(day)));
    let date = date.ok_or_else(|| wrong("", HELP))?;
    date_of_issue::check(date).map(|()| date).map_err(|error| {
        let why = format!(": certificates are not dated in the year {year}");
        wrong(&why, error.help().unwrap_or_default())
    })
}

/// Reads a date, and skips a time of day after it.
fn parse(text: &str) -> Option<Written> {
    let text = text.trim();
    parse_numbers(text).or_else(|| parse_words(text))
}

/// Reads a date whose month is in words.
fn parse_words(text: &str) -> Option<Written> {
    let date = match text.find(':') {
        None => text,
        Some(at) => {
            let (date, _) = text[..at].rsplit_once([' ', '\u{202f}', '\u{a0}'])?;
            is_time(&text[date.len()..]).then_some(date)?
        }
    };
    let NamedMonth { day, month, year, year_digits } = month_names::read(date)?;
    if year_digits == 2 {
        return Some(Written::ShortYear { day, month, year });
    }
    let part = |number: u32| u8::try_from(number).ok();
    let date = Date::new(i32::try_from(year).ok()?, part(month)?, part(day)?)?;
    Some(Written::Sure(date))
}

/// Reads three numbers with one sign between them.
fn parse_numbers(text: &str) -> Option<Written> {
    if text.len() > 60 {
        return None;
    }
    let mut numbers: Vec<(u32, usize)> = Vec::new();
    let mut signs: Vec<char> = Vec::new();
    let mut rest = text.chars().filter(|c| !is_direction_mark(*c)).peekable();
    while numbers.len() < 3 {
        let (mut number, mut digits) = (0_u32, 0);
        while let Some(digit) = rest.peek().and_then(|c| decimal(*c)) {
            number = number.checked_mul(10)?.checked_add(digit)?;
            digits += 1;
            rest.next();
        }
        if digits == 0 || digits > 4 {
            return None;
        }
        numbers.push((number, digits));
        if numbers.len() < 3 {
            let sign = rest.next()?;
            while rest.peek() == Some(&' ') {
                rest.next();
            }
            signs.push(sign);
        }
    }
    let rest: String = rest.collect();
    let has_time_only = match rest.trim_start_matches(['.', '日', '일']) {
        "" => true,
        time => is_time(time),
    };
    let (one, two) = (*signs.first()?, *signs.get(1)?);
    let is_cjk = matches!((one, two), ('年', '月') | ('년', '월'));
    if !has_time_only || !(is_cjk || one == two && "./-".contains(one)) {
        return None;
    }
    let [(a, a_digits), (b, b_digits), (c, c_digits)] = numbers[..] else { return None };
    let is_part = |digits| digits <= 2;
    if a_digits == 4 && is_part(b_digits) && is_part(c_digits) {
        let part = |number: u32| u8::try_from(number).ok();
        return Some(match Date::new(i32::try_from(a).ok()?, part(b)?, part(c)?) {
            Some(date) => Written::Sure(date),
            None => return None,
        });
    }
    if is_cjk || !is_part(a_digits) || !is_part(b_digits) || !matches!(c_digits, 2 | 4) {
        return None;
    }
    if c_digits == 2 {
        return Some(Written::Short { one: a, two: b, three: c });
    }
    Some(Written::Open { one: a, two: b, year: c, is_dotted: one == '.' })
}

/// Whether a text is a time of day: `T10:30:00Z`, ` 10:30 PM`, `, 10:30`.
fn is_time(text: &str) -> bool {
    let time = text.trim_start_matches([' ', ',', 'T', 't', '\u{202f}', '\u{a0}']);
    time.len() < text.len()
        && time.contains(':')
        && time.chars().all(|c| {
            decimal(c).is_some()
                || ":.+-Z zAaPpMm/".contains(c)
                || matches!(c, '\u{202f}' | '\u{a0}' | '上' | '下' | '午')
        })
        && is_clock(time.trim_start_matches(|c| decimal(c).is_none() && c != ':'))
}

/// Whether a text begins with a valid time: hour and minute, and seconds if it has them.
fn is_clock(time: &str) -> bool {
    let is_of_clock = |c: &char| decimal(*c).is_some() || *c == ':';
    let clock: String = time.chars().take_while(is_of_clock).collect();
    let mut parts = clock.split(':').map(|part| {
        let digits: Option<Vec<u32>> = part.chars().map(decimal).collect();
        let digits = digits.filter(|digits| matches!(digits.len(), 1 | 2))?;
        Some(digits.iter().fold(0, |number, digit| number * 10 + digit))
    });
    let mut next_is =
        |max: u32| parts.next().map(|part| part.is_some_and(|it| it <= max));
    // ISO 8601 has 24:00 for the end of a day, and a leap second is the sixtieth.
    let (hour, minute, second) = (next_is(24), next_is(59), next_is(60));
    hour == Some(true)
        && minute == Some(true)
        && second != Some(false)
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(texts: &[&str], told: Option<DateOrder>) -> Result<Vec<String>, String> {
        let cells = (2..).zip(texts.iter().copied());
        let order =
            order_of("r.csv", "Date", cells, told).map_err(|error| error.to_string())?;
        let read = |text: &&str| read(text, order).map(|date| date.to_string());
        texts.iter().map(read).collect::<Result<_>>().map_err(|error| error.to_string())
    }

    #[test]
    fn unmistakable_dates_are_read() {
        for (text, expected) in [
            ("2025-12-31", "2025-12-31"),
            ("2025-12-31T23:30:00+02:00", "2025-12-31"),
            ("2025-12-31 23:30:00", "2025-12-31"),
            ("2025-12-31T24:00", "2025-12-31"),
            ("2025-12-31 PM 10:30", "2025-12-31"),
            ("2025-12-31T23:30:00.125Z", "2025-12-31"),
            ("2025/1/2", "2025-01-02"),
            ("31.12.2025", "2025-12-31"),
            ("2. 1. 2025", "2025-01-02"),
            ("2025. 1. 2.", "2025-01-02"),
            ("1.2.2025 10:30", "2025-02-01"),
            ("31/12/2025", "2025-12-31"),
            ("12/31/2025", "2025-12-31"),
            ("12/31/2025, 11:59 PM", "2025-12-31"),
            ("05-05-2025", "2025-05-05"),
            ("2025年12月31日", "2025-12-31"),
            ("2025년 12월 31일", "2025-12-31"),
            ("٣١/١٢/٢٠٢٥", "2025-12-31"),
            ("\u{200f}٣١\u{200f}/١٢/٢٠٢٥", "2025-12-31"),
            ("३१/१२/२०२५", "2025-12-31"),
            // Months in words, as Excel, LibreOffice and Google Sheets export them.
            ("14 May 2026", "2026-05-14"),
            ("May 14, 2026", "2026-05-14"),
            ("May 14, 2026 10:30 PM", "2026-05-14"),
            ("14-May-2026", "2026-05-14"),
            ("14th of May, 2026", "2026-05-14"),
            ("1st Sept. 2026", "2026-09-01"),
            ("14. Mai 2026", "2026-05-14"),
            ("1. März 2026", "2026-03-01"),
            ("1. Jänner 2026", "2026-01-01"),
            ("14 de mayo de 2026", "2026-05-14"),
            ("14 de maig del 2026", "2026-05-14"),
            ("1 d’abril de 2026", "2026-04-01"),
            ("1er août 2026", "2026-08-01"),
            ("1 FEVRIER 2026", "2026-02-01"),
            ("14. května 2026", "2026-05-14"),
            ("1. července 2026", "2026-07-01"),
            ("1. června 2026", "2026-06-01"),
            ("14 maja 2026 r.", "2026-05-14"),
            ("14 мая 2026 г.", "2026-05-14"),
            ("14 травня 2026 р.", "2026-05-14"),
            ("2026. május 14.", "2026-05-14"),
            ("14 Mayıs 2026", "2026-05-14"),
            ("14 Μαΐου 2026", "2026-05-14"),
            ("14 mai 2026", "2026-05-14"),
            ("١٤ مايو ٢٠٢٦", "2026-05-14"),
            ("14 במאי 2026", "2026-05-14"),
            ("१४ जून २०२६", "2026-06-14"),
            ("14 जन॰ 2026", "2026-01-14"),
            ("14 มี.ค. 2026", "2026-03-14"),
            ("ngày 14 tháng 5 năm 2026", "2026-05-14"),
            ("14 tháng 5, 2026", "2026-05-14"),
        ] {
            assert_eq!(column(&[text], None), Ok(vec![expected.to_owned()]), "{text}");
        }
    }

    #[test]
    fn one_date_shows_the_order_of_its_column() {
        let read = column(&["05/06/2025", "31/12/2025"], None).unwrap();
        assert_eq!(read, ["2025-06-05", "2025-12-31"]);
        let read = column(&["05/06/2025", "12/31/2025"], None).unwrap();
        assert_eq!(read, ["2025-05-06", "2025-12-31"]);
    }

    #[test]
    fn open_order_is_refused_with_both_readings() {
        let error = column(&["2025-01-01", "05/06/2025"], None).unwrap_err();
        assert!(
            error.starts_with("r.csv:3: `05/06/2025` in the column `Date` is 2025-06-05")
        );
        assert!(error.contains("2025-05-06"), "{error}");
        let error = column(&["13/06/2025", "06/13/2025"], None).unwrap_err();
        assert!(error.contains("two orders"), "{error}");
        let texts = ["05/06/2025", "5/6/25", "14-May-26"];
        let told = column(&texts, Some(DateOrder::Mdy)).unwrap();
        assert_eq!(told, ["2025-05-06", "2025-05-06", "2026-05-14"]);
        assert_eq!(
            column(&["05.06.2025"], Some(DateOrder::Mdy)).unwrap(),
            ["2025-05-06"]
        );
        let error = column(&["13/06/2025"], Some(DateOrder::Mdy)).unwrap_err();
        assert!(error.contains("no date in the order mdy"), "{error}");
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "45657",
            "31.02.2025",
            "1404/10/10",
            "2568-12-31",
            "31.12.25",
            "tomorrow",
            "",
            "2025-31-12",
            "31/12",
            "14 May",
            "May 2026",
            "14 Mayhem 2026",
            "14 May June 2026",
            "May 14 June 2026",
            "32 May 2026",
            "31 June 2026",
            "14 May 26",
            "14 May 12026",
            "14 May 2026 or so",
            "Thursday, 14 May 2026?",
            "14 مهر 1404",
            "14 พ.ค. 2569",
            "0/0/2025",
            "31/12/2025x",
            "2026-05-14T25:00",
            "2026-05-14 10:75",
            "2026-05-14 10:30:99",
            "2026-05-14 :",
            "0001-01-01",
            "9999-12-31",
            "1.1.1899",
            "1/2/3/2025",
            "99/99/2025",
        ] {
            assert!(column(&[text], None).is_err(), "{text}");
        }
    }
}
