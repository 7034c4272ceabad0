//! The form of a file that is no whole PDF, and advice for its reader.

/// The bytes at the beginning and at the end in which readers look for the header and the end of a PDF.
const SEARCHED: usize = 1024;

/// Says what the file is, unless it is a PDF that has its end.
pub(super) fn advice(bytes: &[u8]) -> Option<&'static str> {
    let head = &bytes[..bytes.len().min(SEARCHED)];
    let tail = &bytes[bytes.len().saturating_sub(SEARCHED)..];
    let has = |part: &[u8], text: &[u8]| part.windows(text.len()).any(|it| it == text);
    // An archive may begin with a PDF that is not compressed.
    let is_archive = head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06");
    if !is_archive && has(head, b"%PDF-") {
        let is_cut = !has(tail, b"%%EOF");
        return is_cut.then_some(
            "the end of the PDF is missing, as after a download that stopped: get it again",
        );
    }
    let begins = |starts: &[&[u8]]| starts.iter().any(|start| head.starts_with(start));
    let text = String::from_utf8_lossy(head).trim_start().to_ascii_lowercase();
    Some(if bytes.is_empty() {
        "the file is empty: get it again"
    } else if is_archive {
        "this is a ZIP archive: unpack it, and verify each PDF in it"
    } else if begins(&[b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*"])
        || has(&head[..head.len().min(16)], b"ftyp")
    {
        "this is a picture, and a seal is in the PDF alone: ask for the PDF"
    } else if text.starts_with("<!doctype") || text.starts_with("<html") {
        "this is a web page: download the PDF that it shows"
    } else if text.starts_with("-----begin pgp") {
        "this is a detached signature: verify the PDF that it belongs to"
    } else if text.starts_with("-----begin") {
        "these are certificates or keys: give them with --trust or --keyring"
    } else if text.starts_with('{') {
        "this is a record or other JSON: verify the PDF that it belongs to"
    } else {
        "this is no PDF: verify the file that was downloaded or sent"
    })
}

#[cfg(test)]
mod tests {
    use super::advice;

    #[test]
    fn each_kind_of_file_is_named() {
        let whole = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n";
        assert_eq!(advice(whole), None);
        // Some servers put bytes before the header.
        assert_eq!(advice(&[b"\n\n".as_slice(), whole].concat()), None);
        for (bytes, word) in [
            (&whole[..20], "the end of the PDF is missing"),
            (b"", "empty"),
            (b"PK\x03\x04rest %PDF-1.7", "ZIP archive"),
            (b"\xff\xd8\xff\xe0", "picture"),
            (b"\0\0\0\x18ftypheic", "picture"),
            (b"\n <!DOCTYPE html>", "web page"),
            (b"-----BEGIN PGP SIGNATURE-----", "detached signature"),
            (b"-----BEGIN CERTIFICATE-----", "--trust"),
            (b"{\"id\": 1}", "JSON"),
            (b"Dear Sir", "no PDF"),
        ] {
            assert!(advice(bytes).is_some_and(|it| it.contains(word)), "{word}");
        }
    }
}
