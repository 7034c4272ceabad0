//! Bytes as hexadecimal digits, two a byte: fingerprints, and strings in a PDF.

/// Writes bytes as digits in lower case.
pub(crate) fn lower(bytes: &[u8]) -> String {
    write(bytes, b"0123456789abcdef")
}

/// Writes bytes as digits in upper case.
pub(crate) fn upper(bytes: &[u8]) -> String {
    write(bytes, b"0123456789ABCDEF")
}

/// Reads digits in upper case. Returns `None` for an odd number of them or any other character.
pub(crate) fn read_upper(text: &[u8]) -> Option<Vec<u8>> {
    read(text, b'A')
}

/// Reads digits in lower case. Returns `None` for an odd number of them or any other character.
pub(crate) fn read_lower(text: &[u8]) -> Option<Vec<u8>> {
    read(text, b'a')
}

/// Reads digits in the case of `ten`, the digit of the value ten.
fn read(text: &[u8], ten: u8) -> Option<Vec<u8>> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        _ => byte.checked_sub(ten).filter(|&more| more < 6).map(|more| more + 10),
    };
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

fn write(bytes: &[u8], alphabet: &[u8; 16]) -> String {
    let digit = |value: u8| char::from(alphabet[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_of_the_other_case_are_refused() {
        assert_eq!(lower(&[0, 0xaf, 0x10]), "00af10");
        assert_eq!(upper(&[0, 0xaf, 0x10]), "00AF10");
        assert_eq!(read_upper(b"00AF10"), Some(vec![0, 0xaf, 0x10]));
        assert_eq!(read_upper(b"00af10"), None);
        assert_eq!(read_upper(b"0"), None);
        assert_eq!(read_lower(b"00af10"), Some(vec![0, 0xaf, 0x10]));
        assert_eq!(read_lower(b"00AF10"), None);
        assert_eq!(read_lower(b"0g"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_written_and_read_back(bytes: Vec<u8>) {
            let upper = upper(&bytes);
            prop_assert_eq!(read_upper(upper.as_bytes()), Some(bytes.clone()));
            prop_assert_eq!(lower(&bytes), upper.to_lowercase());
        }
    }
}
