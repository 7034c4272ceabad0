//! How much of a message is read, and how long a text of it may be where it is repeated.

/// The most bytes of one message that are read: a larger one is no request for a certificate.
pub(crate) const MAX_MESSAGE: usize = 1 << 20;
/// The most bytes of an id: of a course, a recipient or a message.
pub(crate) const MAX_ID: usize = 255;

/// Returns a text of at most `max` bytes; one that was longer ends in `…`.
pub(crate) fn truncated(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(max.saturating_sub('…'.len_utf8()));
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_truncated_between_characters() {
        assert_eq!(truncated("abc", 3), "abc");
        assert_eq!(truncated("abcd", 3), "…");
        assert_eq!(truncated("aüüü", 6), "aü…");
        assert_eq!(truncated("aüüü", 7), "aüüü");
    }
}
