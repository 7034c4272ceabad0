//! What a user writes for a certificate's id.

/// The id in the address of a verify page, or the text itself.
pub(super) fn id_of(text: &str) -> &str {
    let is_id =
        |part: &&str| part.len() == 32 && part.bytes().all(|b| b.is_ascii_hexdigit());
    text.split('/').find(is_id).unwrap_or(text)
}
