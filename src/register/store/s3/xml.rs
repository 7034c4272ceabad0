//! The XML in S3's answers, as far as it is needed: the texts of elements without attributes.

use std::borrow::Cow;

/// The texts of all elements of this name, in order.
pub(super) fn values(xml: &str, tag: &str) -> impl Iterator<Item = String> {
    contents(xml, tag).map(|text| unescape(text).into_owned())
}

/// What is inside of each element of this name, as it is written.
pub(super) fn contents<'a>(xml: &'a str, tag: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let mut rest = xml;
    std::iter::from_fn(move || {
        let start = rest.find(&open)? + open.len();
        let length = rest[start..].find(&close)?;
        let text = &rest[start..start + length];
        rest = &rest[start + length + close.len()..];
        Some(text)
    })
}

fn unescape(text: &str) -> Cow<'_, str> {
    let mut found = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        let entity = after.split_once(';');
        let letter = entity.and_then(|(name, _)| entity_letter(name));
        found.push_str(before);
        found.push(letter.unwrap_or('&'));
        rest = match (letter, entity) {
            (Some(_), Some((_, after))) => after,
            _ => after,
        };
    }
    if found.is_empty() && rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    found.push_str(rest);
    Cow::Owned(found)
}

fn entity_letter(name: &str) -> Option<char> {
    let number = |digits: &str, radix| {
        u32::from_str_radix(digits, radix).ok().and_then(char::from_u32)
    };
    match name {
        "amp" => Some('&'),
        "apos" => Some('\''),
        "gt" => Some('>'),
        "lt" => Some('<'),
        "quot" => Some('"'),
        _ => match name.strip_prefix("#x") {
            Some(digits) => number(digits, 16),
            None => number(name.strip_prefix('#')?, 10),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_elements_are_unescaped() {
        let xml = "<R><IsTruncated>true</IsTruncated><C><Key>a/b</Key></C>\
                   <C><Key>&quot;&#x3c;&#62;&amp;lt;&what;&</Key></C><Key>open";
        let keys: Vec<_> = values(xml, "Key").collect();
        assert_eq!(keys, ["a/b", "\"<>&lt;&what;&"]);
        assert_eq!(values(xml, "IsTruncated").next().as_deref(), Some("true"));
        assert_eq!(values(xml, "Code").next(), None);
        assert_eq!(contents(xml, "C").collect::<Vec<_>>()[0], "<Key>a/b</Key>");
    }
}
