//! Where strings of a PDF end. In the bytes of a font thousands of strings begin that never end, so
//! that is found once for all of them.

/// The ends of strings in some bytes, and how many bytes were read for them and for other values.
#[derive(Default)]
pub(super) struct StringEnds {
    /// How many bytes were read.
    pub(super) work: usize,
    /// A bit for each byte that begins a string without an end, once there is one.
    endless: Option<Vec<u64>>,
    /// From here on no hexadecimal string has an end.
    without_close: Option<usize>,
}

impl StringEnds {
    /// The offset after the string that begins at that offset, if it ends.
    pub(super) fn of_string(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        let is_endless = self.endless.as_ref().is_some_and(|bits| has_bit(bits, at));
        if is_endless {
            return None;
        }
        let end = string_end(bytes, at);
        self.work += end.unwrap_or(bytes.len()) - at;
        if end.is_none() && self.endless.is_none() {
            self.endless = Some(endless_after(bytes, at));
            self.work += bytes.len() - at;
        }
        end
    }

    /// The offset after the hexadecimal string that begins at that offset, if it ends.
    pub(super) fn of_hexadecimal(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        if self.without_close.is_some_and(|from| at >= from) {
            return None;
        }
        let end = bytes[at..].iter().position(|byte| *byte == b'>');
        let end = end.map(|end| at + end + 1);
        self.work += end.unwrap_or(bytes.len()) - at;
        if end.is_none() {
            self.without_close = Some(at);
        }
        end
    }
}

/// The offset after the string that begins at that offset, if it ends.
pub(super) fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, at);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at + 1),
            b')' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// A bit for each string without an end, from that one on.
fn endless_after(bytes: &[u8], first: usize) -> Vec<u64> {
    let mut bits = vec![0_u64; bytes.len() / 64 + 1];
    // Brackets that close strings which begin further ahead.
    let mut closing = 0_usize;
    let mut at = bytes.len();
    while at > first {
        at -= 1;
        let byte = bytes[at];
        if byte != b'(' && byte != b')' {
            continue;
        }
        let escapes =
            bytes[first..at].iter().rev().take_while(|it| **it == b'\\').count();
        let is_escaped = escapes % 2 == 1;
        match (byte, is_escaped) {
            (b')', false) => closing += 1,
            (b'(', _) if closing == 0 => bits[at / 64] |= 1 << (at % 64),
            (b'(', false) => closing -= 1,
            _ => {}
        }
    }
    bits
}

fn has_bit(bits: &[u64], at: usize) -> bool {
    bits.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every string of three kinds of bytes has the end that it has when it is read alone.
    #[test]
    fn ends_that_are_known_are_those_that_are_read() {
        let kinds = b"()\\a";
        for number in 0..4_usize.pow(7) {
            let digits = (0..7).map(|place| kinds[number / 4_usize.pow(place) % 4]);
            let bytes: Vec<u8> = digits.collect();
            let mut ends = StringEnds::default();
            for at in (0..bytes.len()).filter(|at| bytes[*at] == b'(') {
                let alone = string_end(&bytes, at);
                let text = String::from_utf8_lossy(&bytes);
                assert_eq!(ends.of_string(&bytes, at), alone, "{text} at {at}");
            }
        }
    }

    #[test]
    fn strings_without_an_end_are_read_once() {
        let bytes = b"(a(b".repeat(10_000);
        let mut ends = StringEnds::default();
        for at in (0..bytes.len()).filter(|at| bytes[*at] == b'(') {
            assert_eq!(ends.of_string(&bytes, at), None);
            assert_eq!(ends.of_hexadecimal(&bytes, at), None);
        }
        assert!(ends.work <= 3 * bytes.len());
    }
}
