//! Numbers and strings as PDF writes them (ISO 32000-1, 7.3.3 and 7.3.4).

/// Writes a number, rounded to `decimals` decimal places.
pub(super) fn number(out: &mut Vec<u8>, value: f64, decimals: u32) {
    let scale = 10_i64.pow(decimals);
    let scaled = (value * scale as f64).round() as i64;
    if scaled < 0 {
        out.push(b'-');
    }
    let scaled = scaled.unsigned_abs();
    let (whole, mut rest) = (scaled / scale as u64, scaled % scale as u64);
    integer(out, whole);
    if rest > 0 {
        out.push(b'.');
        let mut place = scale as u64 / 10;
        while rest > 0 {
            out.push(b'0' + (rest / place) as u8);
            rest %= place;
            place /= 10;
        }
    }
}

/// Writes a whole number.
pub(super) fn integer(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend(&digits[at..]);
}

/// Writes a string of bytes.
pub(super) fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'(');
    for byte in bytes {
        match byte {
            b'(' | b')' | b'\\' => out.extend([b'\\', *byte]),
            b'\r' => out.extend(b"\\r"),
            b'\n' => out.extend(b"\\n"),
            _ => out.push(*byte),
        }
    }
    out.push(b')');
}

/// Writes a text string: unchanged if it is ASCII, else in UTF-16.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
        return string(out, text.as_bytes());
    }
    out.extend(b"<FEFF");
    for unit in text.encode_utf16() {
        hex(out, unit);
    }
    out.push(b'>');
}

/// Writes four hexadecimal digits.
pub(super) fn hex(out: &mut Vec<u8>, value: u16) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for shift in [12, 8, 4, 0] {
        out.push(DIGITS[usize::from(value >> shift & 15)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_short() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.00001, "0"),
            (1.5, "1.5"),
            (-12.0625, "-12.0625"),
            (0.05, "0.05"),
            (99.99996, "100"),
        ] {
            assert_eq!(written(|out| number(out, value, 4)), expected, "{value}");
        }
        assert_eq!(written(|out| integer(out, 90_210)), "90210");
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(written(|out| text(out, "a (b) \\")), "(a \\(b\\) \\\\)");
        assert_eq!(written(|out| text(out, "é🎓")), "<FEFF00E9D83CDF93>");
    }
}
