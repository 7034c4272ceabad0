//! The form of web addresses.

/// Returns an `http` or `https` address without the `/` at its end, or `None` for another text. The
/// address must not have a user, a query or a fragment.
pub(crate) fn web_address(text: &str) -> Option<&str> {
    let url = text.trim_end_matches('/');
    let host =
        ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme))?;
    let is_clean = !host.is_empty()
        && !host.starts_with(['/', ':'])
        && host.bytes().all(|byte| byte.is_ascii_graphic())
        && !host.contains(['?', '#', '@', '"', '<', '>', '\\']);
    is_clean.then_some(url)
}
