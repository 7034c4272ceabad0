//! Fits addresses that contain an identifier, which differs on each certificate of a
//! course.
//!
//! Takes runs, gives them as if each digit of the identifier was the widest one. The
//! decision made here: a sentence with an address is fitted in this form, once for a
//! course, if the widest address has room on a line. So each certificate has its lines in
//! the same places, and no identifier is wider than what was fitted.

use super::advances::Part;
use super::keep::line_end;
use crate::press::sheet::sentence::SheetRun;

/// How many hexadecimal digits in a row are taken for an identifier, at least.
const MIN_DIGITS: usize = 16;
/// One of these digits is the widest of each face.
pub(super) const WIDE: [char; 3] = ['0', 'b', 'd'];

/// The runs with `digit` for each digit of an identifier in an address, or `None` if there is no
/// identifier.
pub(super) fn with_digit(runs: &[SheetRun], digit: char) -> Option<Vec<SheetRun>> {
    let mut has_id = false;
    let runs = runs.iter().map(|run| {
        let text = run.link.as_ref().and_then(|_| masked(&run.text, digit));
        match text {
            None => run.clone(),
            Some(text) => {
                has_id = true;
                SheetRun { text, link: Some(String::new()), ..run.clone() }
            }
        }
    });
    let runs: Vec<SheetRun> = runs.collect();
    has_id.then_some(runs)
}

/// An address with `digit` for each digit of its identifiers; `None` if it has none.
fn masked(address: &str, digit: char) -> Option<String> {
    let is_digit = |letter: char| matches!(letter, '0'..='9' | 'a'..='f');
    let mut text = String::with_capacity(address.len());
    let mut rest = address;
    let mut has_id = false;
    while let Some(letter) = rest.chars().next() {
        let count = rest.chars().take_while(|letter| is_digit(*letter)).count();
        if count >= MIN_DIGITS {
            has_id = true;
            text.extend(std::iter::repeat_n(digit, count));
        } else {
            text.push_str(&rest[..count]);
        }
        rest = &rest[count..];
        if count == 0 {
            text.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    has_id.then_some(text)
}

/// Divides a text like another one, whose parts are given and have the same lengths.
pub(super) fn own_parts(text: &str, parts: &[Part]) -> Vec<Part> {
    let mut at = 0;
    let own = parts.iter().map(|(part, whole)| {
        if *part == line_end().0 {
            return line_end();
        }
        let own = text.get(at..at + part.len()).unwrap_or(part);
        at += part.len();
        (own.to_owned(), *whole)
    });
    own.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_of_addresses_alone_are_replaced() {
        let id = "0f3c5a7b9d1e2f4068a0b1c2d3e4f567";
        let address = format!("https://cafe.example.org/deed/{id}/");
        let run = SheetRun { link: Some(address.clone()), ..SheetRun::latin(&address) };
        let runs = [SheetRun::latin(id), run];
        let masked = with_digit(&runs, 'd').expect("it has an identifier");
        assert_eq!(masked[0], runs[0]);
        assert_eq!(masked[1].text, address.replace(id, &"d".repeat(32)));
        assert_eq!(with_digit(&runs[..1], 'd'), None);
        let parts = [line_end(), ("https://cafe.example.org/deed/".to_owned(), true)];
        let end = (format!("{}/", "d".repeat(32)), true);
        let parts = [&parts[..], &[end]].concat();
        let own = own_parts(&address, &parts);
        assert_eq!(own[2], (format!("{id}/"), true));
        assert_eq!(own[..2], parts[..2]);
    }
}
