//! The bytes of a file as text.

use std::sync::Arc;

use super::fault::YamlFault;
use super::span::{SourceFile, Span};
use crate::base::error::ErrorKind;

/// The most bytes of one file.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Decodes a file. Another encoding than UTF-8, which many editors write, is an error that names
/// it.
pub(super) fn decode(file: &str, bytes: &[u8]) -> Result<SourceFile, YamlFault> {
    let source = |text: String| SourceFile { file: file.to_owned(), text };
    let fault = |text: String, at: usize, kind, message: String| {
        let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
        Span::new(&Arc::new(source(text)), at as u32..end as u32).fault(kind, message)
    };
    if bytes.len() > MAX_BYTES {
        let message = format!("{} bytes are more than a file may have", bytes.len());
        return Err(fault(String::new(), 0, ErrorKind::TooLarge, message).with_help(
            format!("divide it into files of at most {} MiB", MAX_BYTES >> 20),
        ));
    }
    let utf16: Option<fn([u8; 2]) -> u16> = match bytes {
        [0xff, 0xfe, ..] | [1..=255, 0, ..] => Some(u16::from_le_bytes),
        [0xfe, 0xff, ..] | [0, 1..=255, ..] => Some(u16::from_be_bytes),
        _ => None,
    };
    if let Some(unit) = utf16 {
        let (pairs, _) = bytes.as_chunks::<2>();
        let units = pairs.iter().take(1000).map(|&pair| unit(pair));
        let text: String = char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .filter(|&c| c != '\u{feff}')
            .collect();
        return Err(fault(
            text,
            0,
            ErrorKind::Syntax,
            "the file is UTF-16, not UTF-8".into(),
        )
        .with_help("save it again with the encoding UTF-8"));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(source(text.trim_start_matches('\u{feff}').to_owned())),
        Err(error) => {
            let at = error.valid_up_to();
            let message = format!("byte 0x{:02x} is not UTF-8", bytes[at]);
            // Most other encodings agree with Latin-1 in the first 256 characters, which is enough
            // for an excerpt.
            let mut text = String::from_utf8_lossy(&bytes[..at]).into_owned();
            text.extend(bytes[at..].iter().map(|&byte| char::from(byte)));
            Err(fault(text, at, ErrorKind::Syntax, message).with_help(
                "save the file again with the encoding UTF-8 (it may be Latin-1 now)",
            ))
        }
    }
}
