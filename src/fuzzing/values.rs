//! Values that are written as short texts.

use crate::base::date::Date;
use crate::base::hex;
use crate::base::timestamp::Timestamp;

/// Dates, times and hexadecimal digits.
pub fn values(bytes: &[u8]) {
    assert_eq!(hex::read_upper(hex::upper(bytes).as_bytes()).as_deref(), Some(bytes));
    if let Some(time) = Timestamp::from_pdf(bytes) {
        assert_eq!(time.to_pdf().as_bytes(), bytes);
    }
    if let Some(time) = Timestamp::from_generalized(bytes) {
        assert_eq!(Timestamp::from_unix(time.unix()), Some(time));
    }
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(date) = Date::parse(text) {
        assert_eq!(date.to_string(), text);
    }
    if let Ok(time) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&time.to_string()).ok(), Some(time));
    }
}
