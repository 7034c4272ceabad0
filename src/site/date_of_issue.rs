//! Which days may be the date of issue of a certificate, from a course, a request or a table alike.

use std::ops::RangeInclusive;

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result};

/// The years that a date of issue may have. Another year is a typing error, of another calendar, or
/// what a program writes for no date: `0001-01-01`, `9999-12-31`.
const YEARS: RangeInclusive<i32> = 1900..=2199;

/// Refuses a date in a year that no certificate has.
pub(crate) fn check(date: Date) -> Result<()> {
    if YEARS.contains(&date.year()) {
        return Ok(());
    }
    let message = format!(
        "`{date}` is not a date of issue: certificates are not dated in the year {}",
        date.year()
    );
    Err(Error::new(ErrorKind::InvalidValue, message)
        .with_help("write the year of the Gregorian calendar, as in `2026-05-14`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_dated_in_a_few_centuries() {
        for date in ["0001-01-01", "0026-05-14", "1899-12-31", "2200-01-01", "9999-12-31"]
        {
            let error = check(Date::parse(date).unwrap()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{date}");
            assert!(error.message().starts_with(&format!("`{date}`")), "{error}");
        }
        for date in ["1900-01-01", "2026-05-14", "2199-12-31"] {
            check(Date::parse(date).unwrap()).unwrap();
        }
    }
}
