//! Names and values in the query of a URL or in a form (RFC 3986, 3.4).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All bytes but the unreserved characters of RFC 3986, 2.3.
const RESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Appends fields as `name=value`, joined with `&`.
pub(crate) fn append_fields(text: &mut String, fields: &[(&str, &str)]) {
    for (index, (name, value)) in fields.iter().enumerate() {
        if index > 0 {
            text.push('&');
        }
        text.extend(utf8_percent_encode(name, RESERVED));
        text.push('=');
        text.extend(utf8_percent_encode(value, RESERVED));
    }
}
