//! Avro's binary encoding, as far as the events of Open edX need it: the fields of a
//! record follow each other without names. A length is refused if fewer bytes are left.
//! Bytes after the last known field are ignored, because newer writers add fields there.

use crate::base::error::{Error, ErrorKind, Result};

/// Reads Avro values one after the other.
pub(super) struct AvroReader<'a>(&'a [u8]);

impl<'a> AvroReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Reads a `long`: zigzag, seven bits a byte, the least significant first.
    pub(super) fn long(&mut self, field: &str) -> Result<i64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(field)?;
            // The tenth byte has one bit left.
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(unreadable(field, "is no number"))
    }

    /// Reads a `boolean`.
    pub(super) fn boolean(&mut self, field: &str) -> Result<bool> {
        match self.byte(field)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(unreadable(field, "is neither true nor false")),
        }
    }

    /// Reads a `string`: its length in bytes, then UTF-8.
    pub(super) fn string(&mut self, field: &str) -> Result<&'a str> {
        let length = usize::try_from(self.long(field)?);
        let length = length.map_err(|_| unreadable(field, "has a negative length"))?;
        let split = self.0.split_at_checked(length);
        let (text, rest) = split.ok_or_else(|| unreadable(field, "is cut short"))?;
        self.0 = rest;
        std::str::from_utf8(text)
            .map_err(|cause| unreadable(field, "is not UTF-8").with_source(cause))
    }

    /// Reads a union of `null` and `string`, in that order.
    pub(super) fn optional_string(&mut self, field: &str) -> Result<Option<&'a str>> {
        match self.long(field)? {
            0 => Ok(None),
            1 => self.string(field).map(Some),
            _ => Err(unreadable(field, "is neither nothing nor a text")),
        }
    }

    fn byte(&mut self, field: &str) -> Result<u8> {
        let (byte, rest) =
            self.0.split_first().ok_or_else(|| unreadable(field, "is cut short"))?;
        self.0 = rest;
        Ok(*byte)
    }
}

fn unreadable(field: &str, what: &str) -> Error {
    Error::new(
        ErrorKind::Syntax,
        format!("failed to read `event_data` (`{field}` {what})"),
    )
    .with_help(
        "its Avro schema is another than that of `CertificateData` in openedx-events",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longs_of_every_length_are_read_and_longer_ones_refused() {
        for (bytes, number) in [
            (&[0][..], 0),
            (&[1], -1),
            (&[14], 7),
            (&[0x80, 1], 64),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], i64::MIN),
            (&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], i64::MAX),
        ] {
            assert_eq!(AvroReader::new(bytes).long("n").unwrap(), number, "{bytes:?}");
        }
        for bytes in [&[][..], &[0x80], &[0xff; 9], &[0xff; 10], &[0xff; 20]] {
            assert!(AvroReader::new(bytes).long("n").is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn wrong_string_lengths_are_refused() {
        for bytes in [
            &[4, b'a'][..],
            &[1],
            &[2, 0xff],
            &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, b'a'],
        ] {
            let error = AvroReader::new(bytes).string("name").unwrap_err();
            assert!(error.to_string().contains("`name`"), "{bytes:?}: {error}");
        }
        assert_eq!(AvroReader::new(&[4, b'a', b'b', 9]).string("name").unwrap(), "ab");
    }
}
