//! The objects of a PDF by their text: found without a cross-reference table, read without
//! recursion.

use super::strings::{StringEnds, string_end};

/// How deep arrays and dictionaries may be nested.
const MAX_NESTING: usize = 100;
/// How often a byte may be read: objects that begin inside of others are read again.
pub(super) const MAX_PASSES: usize = 64;
pub(super) const OVERLAP: &str = "its objects lie inside of each other";

/// Finds the objects of a file.
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    left: usize,
}

/// The structure of an object.
pub(super) struct ObjectText<'a> {
    pub(super) number: u32,
    /// The object up to its stream or its end.
    pub(super) text: &'a [u8],
    /// The numbers that it refers to, each with the key that it stands under.
    pub(super) references: Vec<(Vec<u8>, u32)>,
    pub(super) is_dict: bool,
    /// All of the file that follows `stream`.
    pub(super) stream: Option<&'a [u8]>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let left = bytes.len().saturating_mul(MAX_PASSES).saturating_add(1 << 20);
        Self { bytes, at: 0, left }
    }

    /// Checks a dictionary at every place where one may begin: a reader that repairs a file tries
    /// them all.
    pub(super) fn check_dictionaries(&mut self) -> Result<(), String> {
        let (mut at, mut ends) = (0, StringEnds::default());
        while let Some(found) = find(self.bytes, at, b"<<") {
            skip_value(self.bytes, found, &mut ends)?;
            self.spend(std::mem::take(&mut ends.work))?;
            at = found + 2;
        }
        Ok(())
    }

    /// The next object, wherever `1 0 obj` stands.
    pub(super) fn next_object(&mut self) -> Result<Option<ObjectText<'a>>, String> {
        while let Some(found) = find(self.bytes, self.at, b"obj") {
            self.at = found + 3;
            if let Some(number) = number_before(self.bytes, found) {
                let object = ObjectText::read(number, self.bytes, found + 3)?;
                self.spend(object.text.len())?;
                return Ok(Some(object));
            }
        }
        Ok(None)
    }

    fn spend(&mut self, bytes: usize) -> Result<(), String> {
        self.left = self.left.checked_sub(bytes).ok_or(OVERLAP)?;
        Ok(())
    }
}

impl<'a> ObjectText<'a> {
    /// Reads the object that begins at that offset.
    pub(super) fn read(number: u32, bytes: &'a [u8], at: usize) -> Result<Self, String> {
        let start = skip_space(bytes, at);
        let mut references = Vec::new();
        let mut ends = StringEnds::default();
        let Skipped { end, .. } = walk(bytes, start, &mut ends, &mut |key, number| {
            references.push((key.to_vec(), number));
        })?;
        let is_dict = bytes[start..].starts_with(b"<<");
        let after = skip_space(bytes, end);
        let stream = bytes[after..].strip_prefix(b"stream").filter(|_| is_dict);
        let stream = stream.map(|data| match data {
            [b'\r', b'\n', rest @ ..] | [b'\n' | b'\r', rest @ ..] => rest,
            data => data,
        });
        Ok(Self { number, text: &bytes[start..end], references, is_dict, stream })
    }

    /// The value of a key of the outermost dictionary, as it is written.
    pub(super) fn value(&self, key: &[u8]) -> Option<&'a [u8]> {
        let text = self.text.strip_prefix(b"<<")?;
        let (mut at, mut ends) = (0, StringEnds::default());
        loop {
            at = skip_space(text, at);
            if text.get(at)? != &b'/' {
                return None;
            }
            let end = regular_end(text, at + 1);
            let start = skip_space(text, end);
            let value = skip_value(text, start, &mut ends).ok()?;
            let value_end = Some(value.end).filter(|end| *end > start)?;
            if name(&text[at + 1..end]) == key {
                return Some(&text[start..value_end]);
            }
            at = value_end;
        }
    }
}

/// Refuses a layer that is switched off (ISO 32000-1, 8.11.4.3): the page as a picture has no layers.
/// A list or a state that is an object of its own is refused too, because it is not followed here.
pub(super) fn check_layers(text: &[u8]) -> Result<(), String> {
    let off = || Err("a layer of it is switched off".to_owned());
    // The open arrays and dictionaries: of a dictionary the key whose value comes next.
    let mut open: Vec<Option<Vec<u8>>> = Vec::new();
    let mut is_dict: Vec<bool> = Vec::new();
    let mut at = skip_space(text, 0);
    while let Some(&byte) = text.get(at) {
        let key = open.last().and_then(|key| key.as_deref());
        let is_list = key == Some(b"OFF");
        let is_key = is_dict.last() == Some(&true) && key.is_none();
        let mut next_key = None;
        match byte {
            _ if text[at..].starts_with(b"<<") => {
                open.push(None);
                is_dict.push(true);
                at = skip_space(text, at + 2);
                continue;
            }
            b'[' => {
                at = skip_space(text, at + 1);
                if is_list && text.get(at) != Some(&b']') {
                    return off();
                }
                open.push(None);
                is_dict.push(false);
                continue;
            }
            b']' | b'>' => {
                open.pop();
                is_dict.pop();
                at += 1 + usize::from(text[at..].starts_with(b">>"));
            }
            b'/' => {
                let end = regular_end(text, at + 1);
                let name = name(&text[at + 1..end]);
                if key == Some(b"BaseState") && name == b"OFF" {
                    return off();
                }
                next_key = is_key.then_some(name);
                at = end;
            }
            b'(' => at = string_end(text, at).unwrap_or(text.len()),
            b'<' => {
                let end = text[at..].iter().position(|byte| *byte == b'>');
                at += end.map_or(text.len() - at, |end| end + 1);
            }
            _ => match reference_at(text, at) {
                Some(_) if is_list || key == Some(b"BaseState") => return off(),
                Some((_, end)) => at = end,
                None => at = regular_end(text, at + 1),
            },
        }
        if let Some(key) = open.last_mut() {
            *key = next_key;
        }
        at = skip_space(text, at);
    }
    Ok(())
}

/// The objects of an object stream: their numbers and offsets.
pub(super) fn stream_entries(
    decoded: &[u8],
    first: usize,
) -> Result<Vec<(u32, usize)>, String> {
    let head = decoded.get(..first).ok_or("an object stream is broken")?;
    let head = String::from_utf8_lossy(head);
    let numbers =
        head.split_ascii_whitespace().map_while(|word| word.parse::<u32>().ok());
    let numbers: Vec<u32> = numbers.collect();
    let (pairs, _) = numbers.as_chunks::<2>();
    let at = |offset: u32| first.saturating_add(offset as usize).min(decoded.len());
    Ok(pairs.iter().map(|[number, offset]| (*number, at(*offset))).collect())
}

/// Refuses operators of a page whose arrays or dictionaries are nested too deep.
///
/// A font is checked like a page, and may have thousands of `<` and `(` without an end.
pub(super) fn check_content(content: &[u8]) -> Result<(), String> {
    let (mut at, mut left) = (0, content.len().saturating_mul(MAX_PASSES));
    let mut ends = StringEnds::default();
    while let Some(next) = content[at..].iter().position(|byte| b"[<(".contains(byte)) {
        let start = at + next;
        // Hexadecimal strings do not nest.
        if content[start] == b'<' && content.get(start + 1) != Some(&b'<') {
            at = ends.of_hexadecimal(content, start).unwrap_or(start + 1);
            continue;
        }
        let value = skip_value(content, start, &mut ends)?;
        left = left.checked_sub(std::mem::take(&mut ends.work)).ok_or(OVERLAP)?;
        // Objects inside one that was read whole need no second check.
        at = if value.is_whole { value.end } else { start + 1 };
    }
    Ok(())
}

/// A name without its escapes: `#4bids` is `Kids`.
pub(super) fn name(written: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(written.len());
    let mut rest = written;
    while let [first, after @ ..] = rest {
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let escaped = match (first, after) {
            (b'#', [high, low, ..]) => digit(high).zip(digit(low)),
            _ => None,
        };
        name.push(escaped.map_or(*first, |(high, low)| (high * 16 + low) as u8));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    name
}

/// A whole number without a sign.
pub(super) fn whole(value: &[u8]) -> Option<u32> {
    str::from_utf8(value).ok()?.parse().ok()
}

/// The whole numbers of an array, up to the first item that is none.
pub(super) fn wholes(array: &[u8]) -> Vec<u32> {
    let text = String::from_utf8_lossy(array);
    let inside = text.trim_start_matches('[').trim_end_matches(']');
    inside.split_ascii_whitespace().map_while(|word| word.parse().ok()).collect()
}

pub(super) fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(what.len()).position(|window| window == what).map(|at| from + at)
}

/// A value that was skipped.
struct Skipped {
    /// The offset after it.
    end: usize,
    /// Whether all that it began has an end.
    is_whole: bool,
}

/// Skips the value at that offset.
fn skip_value(bytes: &[u8], at: usize, ends: &mut StringEnds) -> Result<Skipped, String> {
    walk(bytes, at, ends, &mut |_, _| {})
}

/// Skips one value, and calls `see` for each reference with the key that it stands under. Ends at
/// the first byte that no value has.
fn walk(
    bytes: &[u8],
    at: usize,
    ends: &mut StringEnds,
    see: &mut dyn FnMut(&[u8], u32),
) -> Result<Skipped, String> {
    let mut at = at;
    let cut = |end| Ok(Skipped { end, is_whole: false });
    // The key under which each open array or dictionary stands.
    let mut open: Vec<Vec<u8>> = Vec::new();
    let mut key: Vec<u8> = Vec::new();
    let mut read = at;
    loop {
        at = skip_space(bytes, at);
        ends.work += at - read + 1;
        read = at;
        let Some(&byte) = bytes.get(at) else { return cut(bytes.len()) };
        let is_dict = bytes[at..].starts_with(b"<<");
        if is_dict || byte == b'[' {
            open.push(key.clone());
            if open.len() > MAX_NESTING {
                return Err(format!(
                    "its objects are nested more than {MAX_NESTING} deep"
                ));
            }
            at += if is_dict { 2 } else { 1 };
            continue;
        }
        match byte {
            b']' => {
                key = open.pop().unwrap_or_default();
                at += 1;
            }
            b'>' if bytes[at..].starts_with(b">>") => {
                key = open.pop().unwrap_or_default();
                at += 2;
            }
            // Their bytes are counted where they are read.
            b'(' | b'<' => {
                let end = if byte == b'(' {
                    ends.of_string(bytes, at)
                } else {
                    ends.of_hexadecimal(bytes, at)
                };
                let Some(end) = end else { return cut(bytes.len()) };
                (at, read) = (end, end);
            }
            b'/' => {
                let end = regular_end(bytes, at + 1);
                if !open.is_empty() {
                    key = name(&bytes[at + 1..end]);
                }
                at = end;
            }
            b'0'..=b'9' => match reference_at(bytes, at) {
                Some((number, end)) => {
                    see(&key, number);
                    at = end;
                }
                None => at = regular_end(bytes, at),
            },
            b'+' | b'-' | b'.' | b't' | b'f' | b'n' => at = regular_end(bytes, at + 1),
            _ => return cut(at),
        }
        if open.is_empty() {
            return Ok(Skipped { end: at, is_whole: true });
        }
    }
}

/// The number and the end of `12 0 R` at that offset.
fn reference_at(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let end = digits_end(bytes, at);
    let second = skip_space(bytes, end);
    let second_end = digits_end(bytes, second);
    let mark = skip_space(bytes, second_end);
    let is_reference =
        end > at && second > end && second_end > second && mark > second_end;
    if !is_reference || bytes.get(mark) != Some(&b'R') {
        return None;
    }
    let ends = regular_end(bytes, mark) == mark + 1;
    whole(&bytes[at..end]).filter(|_| ends).map(|number| (number, mark + 1))
}

/// The number of `12 0 obj`, whose last word is at that offset.
fn number_before(bytes: &[u8], at: usize) -> Option<u32> {
    let before = bytes[at.saturating_sub(64)..at].trim_ascii_end();
    let mut words = before.rsplit(|byte| !byte.is_ascii_digit());
    let generation = words.next().filter(|word| !word.is_empty())?;
    let before = before[..before.len() - generation.len()].trim_ascii_end();
    let number = before.rsplit(|byte| !byte.is_ascii_digit()).next()?;
    whole(number)
}

fn digits_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len())
}

fn regular_end(bytes: &[u8], at: usize) -> usize {
    let is_special = |byte: &u8| is_space(*byte) || b"()<>[]{}/%".contains(byte);
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(is_special).unwrap_or(rest.len())
}

/// The offset after white space and comments.
fn skip_space(bytes: &[u8], at: usize) -> usize {
    let mut at = at.min(bytes.len());
    loop {
        match bytes.get(at) {
            Some(byte) if is_space(*byte) => at += 1,
            Some(b'%') => {
                let rest = &bytes[at..];
                let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
                at += end.unwrap_or(rest.len());
            }
            _ => return at,
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}
