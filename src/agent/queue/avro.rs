//! Avro's binary encoding, as far as the events of Open edX need it: a record's fields one after the
//! other, without names. What is read is bounded by what is there; whatever follows it is a newer
//! writer's and passed over.

use crate::base::error::{Error, ErrorKind, Result};

/// Reads values off the front of some bytes.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// A `long`: zigzag, seven bits a byte, the least first.
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
        Err(fault(field, "is no number"))
    }

    /// A `boolean`.
    pub(super) fn boolean(&mut self, field: &str) -> Result<bool> {
        match self.byte(field)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(fault(field, "is neither true nor false")),
        }
    }

    /// A `string`: its length in bytes, then UTF-8.
    pub(super) fn string(&mut self, field: &str) -> Result<&'a str> {
        let length = usize::try_from(self.long(field)?);
        let length = length.map_err(|_| fault(field, "has a length below nought"))?;
        let split = self.0.split_at_checked(length);
        let (text, rest) = split.ok_or_else(|| fault(field, "is cut short"))?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| fault(field, "is not UTF-8"))
    }

    /// A union of `null` and `string`, in that order.
    pub(super) fn optional_string(&mut self, field: &str) -> Result<Option<&'a str>> {
        match self.long(field)? {
            0 => Ok(None),
            1 => self.string(field).map(Some),
            _ => Err(fault(field, "is neither nothing nor a text")),
        }
    }

    fn byte(&mut self, field: &str) -> Result<u8> {
        let (byte, rest) =
            self.0.split_first().ok_or_else(|| fault(field, "is cut short"))?;
        self.0 = rest;
        Ok(*byte)
    }
}

fn fault(field: &str, what: &str) -> Error {
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
    fn numbers_of_every_length() {
        for (bytes, number) in [
            (&[0][..], 0),
            (&[1], -1),
            (&[14], 7),
            (&[0x80, 1], 64),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], i64::MIN),
            (&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], i64::MAX),
        ] {
            assert_eq!(Reader::new(bytes).long("n").unwrap(), number, "{bytes:?}");
        }
        for bytes in [&[][..], &[0x80], &[0xff; 9], &[0xff; 10], &[0xff; 20]] {
            assert!(Reader::new(bytes).long("n").is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn lengths_that_lie() {
        for bytes in [
            &[4, b'a'][..],
            &[1],
            &[2, 0xff],
            &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, b'a'],
        ] {
            let fault = Reader::new(bytes).string("name").unwrap_err();
            assert!(fault.to_string().contains("`name`"), "{bytes:?}: {fault}");
        }
        assert_eq!(Reader::new(&[4, b'a', b'b', 9]).string("name").unwrap(), "ab");
    }
}
