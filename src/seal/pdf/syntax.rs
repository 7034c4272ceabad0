//! The objects of PDF (ISO 32000-1, 7.3), as far as reading and writing dictionaries needs them.
//!
//! Values stay as they are written. Comments are not read.

use crate::base::hex;

/// The deepest nesting that is read: more than any object of ours has.
const MAX_DEPTH: usize = 32;
/// The largest number of keys of a dictionary that is taken apart. Each key is compared with all
/// others.
const MAX_KEYS: usize = 64;
/// The longest dictionary that is taken apart, in bytes: its values are copied.
const MAX_DICT_LEN: usize = 1 << 20;

/// A dictionary: its keys in order, each with its value as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Dict(Vec<(Vec<u8>, Vec<u8>)>);

impl Dict {
    /// Reads the dictionary at that offset, and returns the offset after it. Returns `None` if a
    /// key occurs twice, there are more than 64, or it is longer than a megabyte.
    pub(crate) fn read(bytes: &[u8], at: usize) -> Option<(Self, usize)> {
        let mut dict = Self::default();
        let bytes = &bytes[..bytes.len().min(at.saturating_add(MAX_DICT_LEN))];
        let mut at = open(bytes, at)?;
        loop {
            at = skip_space(bytes, at);
            if bytes.get(at..)?.starts_with(b">>") {
                return Some((dict, at + 2));
            }
            let end = name_end(bytes, at)?;
            let key = &bytes[at + 1..end];
            let start = skip_space(bytes, end);
            at = value_end(bytes, start, 1)?;
            if dict.get_bytes(key).is_some() || dict.0.len() == MAX_KEYS {
                return None;
            }
            dict.0.push((key.to_vec(), bytes[start..at].to_vec()));
        }
    }

    /// Reads a dictionary that is all of `bytes`.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        Self::read(bytes, 0).filter(|(_, end)| *end == bytes.len()).map(|(dict, _)| dict)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        self.get_bytes(key.as_bytes())
    }

    /// Sets the value of a key: in its place if the dictionary has it, else at the end.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Vec<u8>>) {
        match self.0.iter_mut().find(|(known, _)| known == key.as_bytes()) {
            Some((_, old)) => *old = value.into(),
            None => self.0.push((key.as_bytes().to_vec(), value.into())),
        }
    }

    /// The keys with their values as they are written, but for keys that are not UTF-8.
    #[cfg(feature = "press")]
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0
            .iter()
            .filter_map(|(key, value)| Some((str::from_utf8(key).ok()?, &value[..])))
    }

    /// The dictionary as bytes.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = b"<<".to_vec();
        for (key, value) in &self.0 {
            out.push(b'/');
            out.extend(key);
            if !value.first().is_some_and(|first| b"/<[(".contains(first)) {
                out.push(b' ');
            }
            out.extend(value);
        }
        out.extend(b">>");
        out
    }

    fn get_bytes(&self, key: &[u8]) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| &value[..])
    }
}

/// The number of the object that a value refers to, in generation zero.
pub(crate) fn reference(value: &[u8]) -> Option<u32> {
    number(value.strip_suffix(b" 0 R")?)
}

/// A whole number without a sign.
pub(crate) fn number<T: std::str::FromStr>(value: &[u8]) -> Option<T> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    str::from_utf8(value).ok().filter(|_| digits)?.parse().ok()
}

/// The items of an array, as they are written.
pub(crate) fn items(array: &[u8]) -> Option<Vec<&[u8]>> {
    let mut at = 1;
    let mut items = Vec::new();
    array.strip_prefix(b"[")?;
    loop {
        at = skip_space(array, at);
        if array.get(at)? == &b']' {
            return (at + 1 == array.len()).then_some(items);
        }
        let end = value_end(array, at, 1)?;
        items.push(&array[at..end]);
        at = end;
    }
}

/// An array with further items appended.
pub(crate) fn with_items(array: &[u8], more: &[String]) -> Option<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = items(array)?.into_iter().map(<[u8]>::to_vec).collect();
    all.extend(more.iter().map(|item| item.clone().into_bytes()));
    Some([b"[", &all.join(&b' ')[..], b"]"].concat())
}

/// Writes a text string as hexadecimal UTF-16, which needs no escapes.
pub(crate) fn text(text: &str) -> String {
    let units = text.encode_utf16().map(|unit| format!("{unit:04X}"));
    format!("<FEFF{}>", units.collect::<String>())
}

/// Reads a text string that [`text`] has written.
pub(crate) fn read_text(value: &[u8]) -> Option<String> {
    let digits = value.strip_prefix(b"<FEFF")?.strip_suffix(b">")?;
    let bytes = hex::read_upper(digits)?;
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().copied().map(u16::from_be_bytes).collect();
    String::from_utf16(&units).ok().filter(|_| rest.is_empty())
}

/// The offset after the value at that offset.
pub(crate) fn value_end(bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
    if depth > MAX_DEPTH {
        return None;
    }
    match bytes.get(at)? {
        b'<' if bytes.get(at + 1) == Some(&b'<') => {
            let mut at = at + 2;
            loop {
                at = skip_space(bytes, at);
                if bytes.get(at..)?.starts_with(b">>") {
                    return Some(at + 2);
                }
                at = skip_space(bytes, name_end(bytes, at)?);
                at = value_end(bytes, at, depth + 1)?;
            }
        }
        b'<' => {
            let length =
                bytes[at + 1..].iter().position(|byte| !byte.is_ascii_hexdigit())?;
            let end = at + 1 + length;
            (bytes[end] == b'>').then_some(end + 1)
        }
        b'[' => {
            let mut at = at + 1;
            loop {
                at = skip_space(bytes, at);
                if bytes.get(at)? == &b']' {
                    return Some(at + 1);
                }
                at = value_end(bytes, at, depth + 1)?;
            }
        }
        b'(' => string_end(bytes, at),
        b'/' => name_end(bytes, at),
        byte if byte.is_ascii_digit() || b"+-.".contains(byte) => {
            Some(number_end(bytes, at))
        }
        _ => {
            let end = regular_end(bytes, at);
            matches!(&bytes[at..end], b"true" | b"false" | b"null").then_some(end)
        }
    }
}

fn open(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..)?.starts_with(b"<<").then_some(at + 2)
}

fn name_end(bytes: &[u8], at: usize) -> Option<usize> {
    let end = (bytes.get(at)? == &b'/').then(|| regular_end(bytes, at + 1))?;
    (end > at + 1).then_some(end)
}

fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, at);
    loop {
        match bytes.get(at)? {
            b'\\' => at += 1,
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at + 1),
            b')' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
}

/// The offset after a number at that offset, or after a reference such as `12 0 R`.
fn number_end(bytes: &[u8], at: usize) -> usize {
    let end = regular_end(bytes, at);
    let is_reference = bytes[end..].starts_with(b" 0 R")
        && regular_end(bytes, end + 4) == end + 4
        && bytes[at..end].iter().all(u8::is_ascii_digit);
    if is_reference { end + 4 } else { end }
}

fn regular_end(bytes: &[u8], at: usize) -> usize {
    let is_special = |byte: &u8| IS_SPECIAL[usize::from(*byte)];
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(is_special).unwrap_or(rest.len())
}

/// Whether a byte ends a name or a number: white space, or a delimiter.
const IS_SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let special = b"\0\t\n\x0C\r ()<>[]{}/%";
    let mut index = 0;
    while index < special.len() {
        table[special[index] as usize] = true;
        index += 1;
    }
    table
};

fn skip_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !is_space(*byte)).unwrap_or(rest.len())
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn written_dictionaries_are_unchanged() {
        let source: &[u8] =
            b"<</A 1/B[2 0 R<</C(x\\)(y))>>]/D<FEFF>/E/F/G true/H -1.5/I 12 0 R>>";
        let dict = Dict::parse(source).unwrap();
        assert_eq!(dict.write(), source);
        assert_eq!(dict.get("B").and_then(items).unwrap().len(), 2);
        assert_eq!(dict.get("I").and_then(reference), Some(12));
        let mut dict = dict;
        dict.set("A", "7");
        dict.set("Z", "[1]");
        assert!(dict.write().starts_with(b"<</A 7/B"));
        assert!(dict.write().ends_with(b"/I 12 0 R/Z[1]>>"));
    }

    #[test]
    fn broken_dictionaries_are_not_read() {
        for broken in [
            "<<",
            "<</A>>",
            "<</A 1",
            "<</A 1/A 2>>",
            "<</A(>>",
            "<</A<0g>>>",
            "<</A 1>",
            "[",
            "<</A 1>>x",
            "<</ 1>>",
            "<</A nul>>",
            "<</A % c\n1>>",
        ] {
            assert_eq!(Dict::parse(broken.as_bytes()), None, "{broken}");
        }
        let keys = |count| (0..count).map(|key| format!("/{key} 1")).collect::<String>();
        assert!(Dict::parse(format!("<<{}>>", keys(64)).as_bytes()).is_some());
        assert_eq!(Dict::parse(format!("<<{}>>", keys(65)).as_bytes()), None);
        let deep = ["<</A ".to_owned(), "[".repeat(100_000)].concat();
        assert_eq!(Dict::parse(deep.as_bytes()), None);
    }

    #[test]
    fn written_text_of_any_script_is_read_back() {
        for words in ["", "Ada", "証明書 – Ω", "🎓"] {
            assert_eq!(read_text(text(words).as_bytes()).as_deref(), Some(words));
        }
        assert_eq!(read_text(b"<FEFFD800>"), None);
        assert_eq!(read_text(b"<FEFF00>"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_written_and_read_back(words: String) {
            prop_assert_eq!(read_text(text(&words).as_bytes()), Some(words));
        }

        /// No value can end early, or be read as another one.
        #[test]
        fn any_dictionary_that_is_read_is_written_and_read_back(
            body in "(/[A-Za-z0-9#]{1,3}[ \n]?(-?[0-9.]{1,3}|[0-9]{1,2} 0 R|\\(([ -\\[\\]-~]|\\\\[()\\\\])*\\)|<[0-9A-F]*>|\\[[0-9 /a<>()\\[\\]]*\\]|true|null)[ \n]?){0,5}",
        ) {
            if let Some(dict) = Dict::parse(format!("<<{body}>>").as_bytes()) {
                prop_assert_eq!(Dict::parse(&dict.write()), Some(dict));
            }
        }
    }
}
