//! Decoding of DER whose time grows with its length only.
//!
//! The crate `der` sorts the members of a set by insertion, so that its time grows with the square
//! of their number: a certificate of 200 kB with one large set takes a minute.

use der::{Decode, Error, ErrorKind, Header, Reader, Result, SliceReader, Tag};

/// The largest number of members of a set: more than any name, signature or token has.
const MAX_SET_MEMBERS: usize = 64;
/// The deepest nesting that is read.
const MAX_DEPTH: usize = 32;

/// Decodes a value that is all of `der`, after checking the sizes of its sets.
///
/// # Errors
/// Those of [`Decode::from_der`]; a set has too many members; values are nested too deep.
pub(crate) fn decode<'a, T: Decode<'a>>(der: &'a [u8]) -> Result<T> {
    count_members(der, usize::MAX, 0)?;
    T::from_der(der)
}

/// Reads the values in `bytes`, of which there may be at most `max`, and those in them.
fn count_members(bytes: &[u8], max: usize, depth: usize) -> Result<()> {
    let mut reader = SliceReader::new(bytes)?;
    let mut members = 0;
    while !reader.is_finished() {
        members += 1;
        let header = Header::decode(&mut reader)?;
        if members > max || depth > MAX_DEPTH {
            return Err(Error::new(ErrorKind::Overlength, reader.position()));
        }
        let value = reader.read_slice(header.length)?;
        match header.tag {
            Tag::Sequence => count_members(value, usize::MAX, depth + 1)?,
            // A set whose type is implied, such as the certificates of CMS, has a tag of its own.
            tag if tag.is_constructed() => {
                count_members(value, MAX_SET_MEMBERS, depth + 1)?
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use der::asn1::SetOfVec;
    use der::{Any, Encode};

    use super::*;

    /// A set of that many integers as DER.
    fn set(members: u16) -> Vec<u8> {
        SetOfVec::try_from((0..members).collect::<Vec<_>>()).unwrap().to_der().unwrap()
    }

    #[test]
    fn large_sets_are_refused_at_any_depth() {
        assert_eq!(decode::<SetOfVec<u16>>(&set(64)).unwrap().len(), 64);
        assert!(decode::<SetOfVec<u16>>(&set(65)).is_err());
        let sequence =
            |members| vec![Any::from_der(&set(members)).unwrap()].to_der().unwrap();
        assert!(decode::<Any>(&sequence(64)).is_ok());
        assert!(decode::<Any>(&sequence(65)).is_err());
        // `[0] IMPLICIT SET`.
        let implicit = [&[0xa0][..], &set(65)[1..]].concat();
        assert!(decode::<Any>(&implicit).is_err());
    }

    #[test]
    fn sequences_may_be_long_and_values_deep_up_to_a_limit() {
        let long: Vec<u16> = (0..10_000).collect();
        assert_eq!(decode::<Vec<u16>>(&long.to_der().unwrap()).unwrap(), long);
        let nested = |depth| {
            (0..depth).fold(vec![5, 0], |inner: Vec<u8>, _| {
                vec![Any::from_der(&inner).unwrap()].to_der().unwrap()
            })
        };
        assert!(decode::<Any>(&nested(32)).is_ok());
        assert!(decode::<Any>(&nested(33)).is_err());
        assert!(decode::<Any>(&nested(2_000)).is_err());
    }
}
