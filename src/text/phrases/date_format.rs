//! Dates in words.
//!
//! Takes a language and a [`DateStyle`]; gives [`DateFormat`]. The decision: styles are ICU4X's,
//! and a pattern of the translator's own is filled with ICU4X's names of months and weekdays.

use std::fmt;
use std::ops::Range;

use icu_calendar::{AnyCalendarKind, Iso, cal};
use icu_datetime::fieldsets::enums::DateFieldSet;
use icu_datetime::fieldsets::{YMD, YMDE};
use icu_datetime::pattern::{DateTimePattern, FixedCalendarDateTimeNames};
use icu_datetime::{DateTimeFormatter, parts};
use writeable::{Part, PartsWrite, TryWriteable, Writeable};

use super::date_style::DateStyle;
use super::pseudolocale::Pseudolocale;
use crate::base::date::Date;
use crate::base::error::nearest;
use crate::base::lang::Tag;

const STYLES: [&str; 4] = ["full", "long", "medium", "short"];
/// The day with the ending of its ordinal number, in English alone: `2nd`.
const ORDINAL_DAY: &str = "do";
const FIELDS: [&str; 10] =
    ["d", "dd", "M", "MM", "MMM", "MMMM", "LLLL", "y", "yyyy", "EEEE"];

/// A function that writes a date.
type WriteDate = Box<dyn Fn(Date) -> DateParts + Send + Sync>;

/// A style, prepared for one language.
pub(super) struct DateFormat {
    write: WriteDate,
    /// How the language writes the first day of a month in words, where ICU4X does not do so.
    first_day: Option<&'static str>,
    /// Whether the first two months have two digits, as official papers of Vietnam write them
    /// (Decree 30/2020, annex I), so that no digit can be added.
    pads_first_months: bool,
    /// Whether the day is an ordinal number.
    is_ordinal: bool,
}

impl DateFormat {
    /// Prepares a format for `tag`, which stands for the language of the style too.
    ///
    /// # Errors
    /// The cause: no such style or pattern, or no data for the language.
    pub(super) fn new(tag: &Tag, style: &DateStyle) -> Result<Self, String> {
        for (_, pattern) in &style.calendars {
            check_pattern(pattern)?;
        }
        let own = match &style.calendars[..] {
            [] => None,
            calendars => {
                let calendar = calendar_of(tag)?;
                let own =
                    calendars.iter().find(|(name, _)| Some(name.as_str()) == calendar);
                own.map(|(_, pattern)| pattern.as_str())
            }
        };
        let style = own.unwrap_or(&style.style);
        let is_english = tag.language() == "en";
        // A pseudolocale has the patterns of English.
        let (style, is_ordinal) = if is_english || Pseudolocale::of(tag).is_some() {
            let (style, is_ordinal) = without_ordinal_day(style);
            (style, is_ordinal && is_english)
        } else {
            (style.to_owned(), false)
        };
        let style = style.as_str();
        let write = match style {
            // CLDR writes the full date of Portugal in digits.
            "full" if tag.language() == "pt" && tag.region() == Some("PT") => {
                by_pattern(tag, "EEEE, d 'de' MMMM 'de' y")
            }
            "full" => by_style(tag, DateFieldSet::YMDE(YMDE::long())),
            "long" => by_style(tag, DateFieldSet::YMD(YMD::long())),
            "medium" => by_style(tag, DateFieldSet::YMD(YMD::medium())),
            "short" => by_style(tag, DateFieldSet::YMD(YMD::short())),
            pattern => check_pattern(pattern).and_then(|()| by_pattern(tag, pattern)),
        }?;
        let first_day = match (tag.language(), tag.region()) {
            ("fr", _) => Some("1er"),
            ("it", _) | ("pt", Some("BR")) => Some("1º"),
            _ => None,
        };
        let is_pattern = !STYLES.contains(&style);
        let pads_first_months = tag.language() == "vi" && is_pattern;
        Ok(Self { write, first_day, pads_first_months, is_ordinal })
    }

    pub(super) fn format(&self, date: Date) -> String {
        let DateParts { mut text, day, month } = (self.write)(date);
        let in_words = text[month.clone()].chars().any(char::is_alphabetic);
        if self.is_ordinal {
            let ending = match text[day.clone()].parse() {
                Ok(1 | 21 | 31) => "st",
                Ok(2 | 22) => "nd",
                Ok(3 | 23) => "rd",
                Ok(0_u8..) | Err(_) => "th",
            };
            text.insert_str(day.end, ending);
        }
        if let (Some(first), "1", true) = (self.first_day, &text[day.clone()], in_words) {
            text.replace_range(day, first);
        }
        if self.pads_first_months && matches!(&text[month.clone()], "tháng 1" | "tháng 2")
        {
            text.insert(month.end - 1, '0');
        }
        // The narrow no-break space of CLDR is almost invisible in most fonts: «2026г.».
        text.replace('\u{202f}', "\u{a0}")
    }
}

/// A date in the style of the sentence `date`; in digits if there is no data for the language.
#[cfg(feature = "issue")]
pub(crate) fn issue_date(tag: &Tag, template: &str, date: Date) -> String {
    let style = DateStyle::of_template(template);
    let other = style.language.as_deref().and_then(|other| Tag::parse(other).ok());
    let format = DateFormat::new(other.as_ref().unwrap_or(tag), &style);
    format.map_or_else(|_| date.to_string(), |format| format.format(date))
}

/// A pattern with the plain day in place of the ordinal one, and whether it had that.
fn without_ordinal_day(style: &str) -> (String, bool) {
    let mut found = false;
    let parts = style.split('\'').enumerate().map(|(index, part)| {
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
        let at = part.find(ORDINAL_DAY).filter(|at| {
            let before = part[..*at].chars().next_back();
            let after = part[at + ORDINAL_DAY.len()..].chars().next();
            index % 2 == 0 && !is_word(before) && !is_word(after)
        });
        match at {
            Some(at) => {
                found = true;
                format!("{}d{}", &part[..at], &part[at + ORDINAL_DAY.len()..])
            }
            None => part.to_owned(),
        }
    });
    let style = parts.collect::<Vec<_>>().join("'");
    (style, found)
}

/// The date as a type of ICU4X's.
fn to_icu(date: Date) -> icu_calendar::Date<Iso> {
    icu_calendar::Date::try_new_iso(date.year(), date.month(), date.day())
        .expect("a `Date` is a day of the Gregorian calendar")
}

fn by_style(tag: &Tag, fields: DateFieldSet) -> Result<WriteDate, String> {
    let formatter = formatter(tag, fields)?;
    Ok(Box::new(move |date| {
        let mut parts = DateParts::default();
        // Writing to a `String` does not fail, neither here nor in `by_pattern`.
        let _ = formatter.format(&to_icu(date)).write_to_parts(&mut parts);
        parts
    }))
}

fn by_pattern(tag: &Tag, pattern: &str) -> Result<WriteDate, String> {
    let unreadable = |error: &dyn fmt::Display| {
        format!("cannot read the date pattern `{pattern}` ({error})")
    };
    let fields = DateFieldSet::YMD(YMD::long());
    let calendar = formatter(tag, fields)?.calendar().kind();
    let parsed = DateTimePattern::try_from_pattern_str(pattern)
        .map_err(|error| unreadable(&error))?;
    macro_rules! names {
        ($name:ty, $calendar:expr) => {{
            let prefs = tag.locale().into();
            let names = FixedCalendarDateTimeNames::<$name, DateFieldSet>::try_new(prefs);
            let mut names = names.map_err(|error| unreadable(&error))?;
            names.include_for_pattern(&parsed).map_err(|error| unreadable(&error))?;
            Box::new(move |date: Date| {
                let mut parts = DateParts::default();
                let date = to_icu(date).to_calendar($calendar);
                let written = names.with_pattern_unchecked(&parsed).format(&date);
                let _ = written.try_write_to_parts(&mut parts);
                parts
            })
        }};
    }
    Ok(match calendar {
        AnyCalendarKind::Gregorian => names!(cal::Gregorian, cal::Gregorian),
        AnyCalendarKind::Buddhist => names!(cal::Buddhist, cal::Buddhist),
        AnyCalendarKind::Japanese => names!(cal::Japanese, cal::Japanese::new()),
        AnyCalendarKind::Roc => names!(cal::Roc, cal::Roc),
        AnyCalendarKind::Ethiopian => names!(cal::Ethiopian, cal::Ethiopian::new()),
        AnyCalendarKind::Coptic => names!(cal::Coptic, cal::Coptic),
        AnyCalendarKind::Indian => names!(cal::Indian, cal::Indian),
        AnyCalendarKind::Persian => names!(cal::Persian, cal::Persian),
        AnyCalendarKind::Hebrew => names!(cal::Hebrew, cal::Hebrew),
        AnyCalendarKind::HijriUmmAlQura => {
            names!(cal::Hijri<cal::hijri::UmmAlQura>, cal::Hijri::new_umm_al_qura())
        }
        other => {
            return Err(format!(
                "there are no date patterns for the {other:?} calendar of `{tag}`; use `date('long')`"
            ));
        }
    })
}

fn formatter(
    tag: &Tag,
    fields: DateFieldSet,
) -> Result<DateTimeFormatter<DateFieldSet>, String> {
    DateTimeFormatter::try_new(tag.locale().into(), fields)
        .map_err(|error| format!("no dates are known for `{tag}` ({error})"))
}

/// The BCP 47 name of the calendar of a language, if a style can have a pattern for it.
fn calendar_of(tag: &Tag) -> Result<Option<&'static str>, String> {
    let kind = formatter(tag, DateFieldSet::YMD(YMD::long()))?.calendar().kind();
    Ok(match kind {
        AnyCalendarKind::Gregorian => Some("gregory"),
        AnyCalendarKind::Buddhist => Some("buddhist"),
        AnyCalendarKind::Japanese => Some("japanese"),
        AnyCalendarKind::Roc => Some("roc"),
        AnyCalendarKind::Ethiopian => Some("ethiopic"),
        AnyCalendarKind::Coptic => Some("coptic"),
        AnyCalendarKind::Indian => Some("indian"),
        AnyCalendarKind::Persian => Some("persian"),
        AnyCalendarKind::Hebrew => Some("hebrew"),
        AnyCalendarKind::HijriUmmAlQura => Some("islamic"),
        _ => None,
    })
}

/// Checks that each letter of a pattern outside of quotes belongs to a known field.
///
/// # Errors
/// The cause, as text.
fn check_pattern(pattern: &str) -> Result<(), String> {
    let mut fields = 0;
    for (index, part) in pattern.split('\'').enumerate() {
        let mut rest = if index % 2 == 0 { part } else { "" };
        while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic()) {
            let field = &rest[start..];
            let letter = field.chars().next();
            let end = field.find(|c| Some(c) != letter).unwrap_or(field.len());
            if !FIELDS.contains(&&field[..end]) {
                let is_no_letter = |c: char| !c.is_ascii_alphabetic();
                let style =
                    nearest(pattern, STYLES).filter(|_| !pattern.contains(is_no_letter));
                return Err(match style {
                    Some(style) => format!(
                        "`{pattern}` is no style of dates; did you mean `{style}`?"
                    ),
                    None => format!(
                        "`{}` is no field of a date pattern; there are {}, and words stand in \
                         single quotes",
                        &field[..end],
                        FIELDS.join(", ")
                    ),
                });
            }
            fields += 1;
            rest = &field[end..];
        }
    }
    match fields {
        0 => Err(format!(
            "`{pattern}` is no style or pattern of dates; use one of {}",
            STYLES.join(", ")
        )),
        _ => Ok(()),
    }
}

/// A date as text, and the ranges of its day and month.
#[derive(Default)]
struct DateParts {
    text: String,
    day: Range<usize>,
    month: Range<usize>,
}

impl fmt::Write for DateParts {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        Ok(())
    }
}

impl PartsWrite for DateParts {
    type SubPartsWrite = Self;

    fn with_part(
        &mut self,
        part: Part,
        mut write: impl FnMut(&mut Self) -> fmt::Result,
    ) -> fmt::Result {
        let start = self.text.len();
        write(self)?;
        let range = start..self.text.len();
        match part {
            parts::DAY => self.day = range,
            parts::MONTH => self.month = range,
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_in_each_language() {
        for (tag, style, date, expected) in [
            ("en", "long", "2026-05-14", "May 14, 2026"),
            ("en-GB", "long", "2026-05-14", "14 May 2026"),
            ("en", "full", "2026-05-14", "Thursday, May 14, 2026"),
            ("ar-XB", "MMMM do, y", "2026-05-02", "مايو 2, 2026"),
            ("es", "long", "2026-05-14", "14 de mayo de 2026"),
            ("es", "d 'de' MMMM 'del' y", "2026-05-14", "14 de mayo del 2026"),
            ("ar", "long", "2026-05-14", "14 مايو 2026"),
            ("ar-EG", "long", "2026-05-14", "١٤ مايو ٢٠٢٦"),
            ("ar-EG", "dd/MM/yyyy", "2026-05-04", "٠٤/٠٥/٢٠٢٦"),
            ("ar-u-ca-islamic-umalqura", "d MMMM y", "2026-05-14", "27 ذو القعدة 1447"),
            ("ja", "long", "2026-05-14", "2026年5月14日"),
            ("ja", "y年M月d日", "2026-05-14", "2026年5月14日"),
            ("ja-u-ca-japanese", "long", "2026-05-14", "令和8年5月14日"),
            ("th", "d MMMM y", "2026-05-14", "14 พฤษภาคม 2569"),
            ("en", "MMMM do, y", "2012-02-02", "February 2nd, 2012"),
            ("en", "do 'do' MMMM", "2026-05-11", "11th do May"),
            ("en", "MMMM do, y", "2026-05-23", "May 23rd, 2026"),
            ("ru", "d MMMM y", "2026-05-14", "14 мая 2026"),
            ("fr", "long", "2026-05-01", "1er mai 2026"),
            ("fr", "full", "2026-05-01", "vendredi 1er mai 2026"),
            ("fr", "d/M/y", "2026-05-01", "1/5/2026"),
            ("pt-BR", "long", "2026-05-01", "1º de maio de 2026"),
            ("pt-PT", "long", "2026-05-01", "1 de maio de 2026"),
            ("vi", "dd MMMM 'năm' y", "2026-02-05", "05 tháng 02 năm 2026"),
            ("vi", "dd MMMM 'năm' y", "2026-12-05", "05 tháng 12 năm 2026"),
            ("ca", "d MMMM 'de' y", "2026-05-14", "14 de maig de 2026"),
            ("ca", "d MMMM 'de' y", "2026-04-01", "1 d’abril de 2026"),
        ] {
            let tag = Tag::parse(tag).unwrap();
            let format = DateFormat::new(&tag, &DateStyle::of_style(style)).unwrap();
            assert_eq!(
                format.format(Date::parse(date).unwrap()),
                expected,
                "{tag} {style}"
            );
        }
    }

    #[test]
    fn patterns_are_checked() {
        let tag = Tag::parse("es").unwrap();
        let error =
            |style| DateFormat::new(&tag, &DateStyle::of_style(style)).err().unwrap();
        assert!(error("d de MMMM").contains("`e` is no field"), "{}", error("d de MMMM"));
        assert!(error("do MMMM").contains("`o` is no field"), "{}", error("do MMMM"));
        assert!(error("lnog").contains("did you mean `long`?"));
        assert!(error("").contains("no style or pattern"));
        assert!(error("d MMMM MMM").contains("cannot read"));
    }

    #[test]
    fn calendar_with_a_pattern_of_its_own_has_its_era() {
        let era = |name: &str, pattern: &str| (name.to_owned(), pattern.to_owned());
        let style = DateStyle {
            calendars: vec![
                era("ethiopic", "MMMM d 'ቀን' y 'ዓ.ም.'"),
                era("buddhist", "d MMMM 'พ.ศ.' y"),
            ],
            ..DateStyle::of_style("d MMMM y")
        };
        for (tag, expected) in [
            ("am-u-ca-ethiopic", "ግንቦት 6 ቀን 2018 ዓ.ም."),
            ("am", "14 ሜይ 2026"),
            ("th", "14 พฤษภาคม พ.ศ. 2569"),
            ("th-u-ca-gregory", "14 พฤษภาคม 2026"),
        ] {
            let format = DateFormat::new(&Tag::parse(tag).unwrap(), &style).unwrap();
            assert_eq!(format.format(Date::parse("2026-05-14").unwrap()), expected);
        }
        let style = DateStyle { calendars: vec![era("roc", "d de y")], ..style };
        let error = DateFormat::new(&tag("es"), &style).err().unwrap();
        assert!(error.contains("`e` is no field"), "{error}");
    }

    fn tag(text: &str) -> Tag {
        Tag::parse(text).unwrap()
    }
}
