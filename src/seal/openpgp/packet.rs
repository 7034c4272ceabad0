//! Packets, subpackets and multiprecision integers (MPIs): RFC 9580, 3.2, 4 and 5.2.3.

/// The packet types that are written or read (RFC 9580, 5).
pub(crate) const SIGNATURE: u8 = 2;
pub(crate) const PUBLIC_KEY: u8 = 6;
pub(crate) const USER_ID: u8 = 13;
pub(crate) const PUBLIC_SUBKEY: u8 = 14;
pub(crate) const USER_ATTRIBUTE: u8 = 17;
/// The packets that may follow a primary key and are published with it.
pub(crate) const PUBLIC_PARTS: [u8; 4] =
    [SIGNATURE, USER_ID, PUBLIC_SUBKEY, USER_ATTRIBUTE];
/// Secret keys and subkeys, and the parts of messages, which no ring of public keys has.
pub(crate) const FOREIGN_PARTS: [u8; 11] = [1, 3, 4, 5, 7, 8, 9, 11, 18, 19, 20];

/// Writes a packet in the OpenPGP format, with its length in the shortest form.
pub(crate) fn write(packet_type: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![0xc0 | packet_type];
    write_length(&mut packet, body.len());
    packet.extend(body);
    packet
}

/// Reads a packet's type and body, in the OpenPGP or the legacy format, and returns the bytes after
/// it. Partial body lengths, which only streams have, are not read.
pub(crate) fn read(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first()?;
    let (kind, length, rest) = match head >> 6 {
        3 => {
            let (length, rest) = read_length(rest)?;
            (head & 0x3f, length, rest)
        }
        2 => {
            let size = match head & 3 {
                0 => 1,
                1 => 2,
                2 => 4,
                _ => return None,
            };
            let (length, rest) = rest.split_at_checked(size)?;
            let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (head >> 2 & 0x0f, length, rest)
        }
        _ => return None,
    };
    let (body, rest) = rest.split_at_checked(length)?;
    Some((kind, body, rest))
}

/// Writes a subpacket of a signature.
pub(crate) fn write_subpacket(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut subpacket = Vec::with_capacity(body.len() + 2);
    write_length(&mut subpacket, body.len() + 1);
    subpacket.push(kind);
    subpacket.extend(body);
    subpacket
}

/// Reads the subpackets of an area: the type of each, with its critical bit, and its body.
pub(crate) fn read_subpackets(mut area: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut all = Vec::new();
    while !area.is_empty() {
        let (length, rest) = read_subpacket_length(area)?;
        let (subpacket, rest) = rest.split_at_checked(length)?;
        let (kind, body) = subpacket.split_first()?;
        all.push((*kind, body));
        area = rest;
    }
    Some(all)
}

/// Writes an MPI: its length in bits, then its bytes without leading zeros.
pub(crate) fn write_mpi(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[zeros..];
    let bits =
        bytes.first().map_or(0, |first| bytes.len() * 8 - first.leading_zeros() as usize);
    let mut mpi = (bits as u16).to_be_bytes().to_vec();
    mpi.extend(bytes);
    mpi
}

/// Reads an MPI's bytes, and returns the bytes after it.
pub(crate) fn read_mpi(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (bits, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*bits)).div_ceil(8))
}

/// Reads `N` MPIs, each in its shortest form, and nothing after them.
pub(crate) fn read_mpis<const N: usize>(bytes: &[u8]) -> Option<[&[u8]; N]> {
    let mut rest = bytes;
    let mut mpis = [&[][..]; N];
    let mut shortest = Vec::new();
    for mpi in &mut mpis {
        (*mpi, rest) = read_mpi(rest)?;
        shortest.extend(write_mpi(mpi));
    }
    (rest.is_empty() && shortest == bytes).then_some(mpis)
}

/// Pads bytes on the left with zeros to a length. Returns `None` if they are longer.
pub(crate) fn pad_left(bytes: &[u8], length: usize) -> Option<Vec<u8>> {
    let missing = length.checked_sub(bytes.len())?;
    Some([&vec![0; missing], bytes].concat())
}

fn write_length(out: &mut Vec<u8>, length: usize) {
    match length {
        0..192 => out.push(length as u8),
        192..8384 => {
            let rest = length - 192;
            out.extend([(rest >> 8) as u8 + 192, rest as u8]);
        }
        _ => {
            out.push(255);
            out.extend((length as u32).to_be_bytes());
        }
    }
}

fn read_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    match first {
        0..192 => Some((usize::from(*first), rest)),
        192..224 => {
            let (second, rest) = rest.split_first()?;
            Some((((usize::from(*first) - 192) << 8) + usize::from(*second) + 192, rest))
        }
        255 => {
            let (length, rest) = rest.split_first_chunk::<4>()?;
            Some((u32::from_be_bytes(*length) as usize, rest))
        }
        _ => None,
    }
}

/// As [`read_length`]; but every first byte from 192 to 254 begins a length of two bytes, because a
/// subpacket has no partial length (RFC 9580, 5.2.3.7).
fn read_subpacket_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [first @ 224..=254, second, rest @ ..] => {
            Some((((usize::from(*first) - 192) << 8) + usize::from(*second) + 192, rest))
        }
        _ => read_length(bytes),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn written_packets_and_mpis_are_read_back() {
        for length in [0, 1, 191, 192, 8383, 8384, 70_000] {
            let body = vec![7; length];
            let packet = write(SIGNATURE, &body);
            assert_eq!(read(&packet), Some((SIGNATURE, &body[..], &[][..])), "{length}");
        }
        assert_eq!(write_mpi(&[0, 0, 1, 2]), [0, 9, 1, 2]);
        assert_eq!(read_mpi(&[0, 9, 1, 2, 3]), Some((&[1, 2][..], &[3][..])));
        assert_eq!(pad_left(&[1], 3), Some(vec![0, 0, 1]));
        assert_eq!(read(&[0xc2, 5, 1]), None);
        assert_eq!(read_subpackets(&[0]), None);
        let long = [&[224, 0, 20][..], &[7; 8383]].concat();
        assert_eq!(read_subpackets(&long), Some(vec![(20, &long[3..])]));
    }

    proptest! {
        #[test]
        fn any_body_is_written_and_read_back(
            kind in 0..64_u8, body in proptest::collection::vec(any::<u8>(), 0..9000), rest: Vec<u8>,
        ) {
            let packet = [write(kind, &body), rest.clone()].concat();
            prop_assert_eq!(read(&packet), Some((kind, &body[..], &rest[..])));
            let area = write_subpacket(kind, &body);
            prop_assert_eq!(read_subpackets(&area), Some(vec![(kind, &body[..])]));
            let number = [write_mpi(&body[..body.len().min(8191)]), rest.clone()].concat();
            let (mpi, after) = read_mpi(&number).unwrap();
            prop_assert_eq!(after, &rest[..]);
            prop_assert!(body.len() > 8191 || body.ends_with(mpi));
        }
    }
}
