//! Attributes of XML elements.

use quick_xml::escape::unescape;
use quick_xml::events::BytesStart;

/// Returns the value of an attribute by its name without a prefix.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    let found = attributes
        .with_checks(false)
        .flatten()
        .find(|it| it.key.local_name().as_ref() == name)?;
    let value = unescape(&found.value).ok()?;
    Some(value.into_owned())
}
