//! What the markers of a JPEG say (ITU-T T.81, annex B): whether the file is whole, and its colours.

/// Whether the file goes on to its end marker. Decoders fill what is missing with grey.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    markers(bytes).any(|(marker, _)| marker == 0xd9)
}

/// The number of components of its colours: 1 for grey, 3 for colours, 4 for CMYK.
pub(super) fn components(bytes: &[u8]) -> Option<u8> {
    let is_frame = |marker: u8| {
        (0xc0..=0xcf).contains(&marker) && ![0xc4, 0xc8, 0xcc].contains(&marker)
    };
    let frame = markers(bytes).find(|(marker, _)| is_frame(*marker));
    frame.and_then(|(_, segment)| segment.get(7).copied())
}

/// The markers, each with its segment, which begins with its length.
fn markers(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    std::iter::from_fn(move || {
        loop {
            let at = rest.iter().position(|byte| *byte == 0xff)?;
            // A marker may have fill bytes before it.
            let filled = rest[at..].iter().take_while(|byte| **byte == 0xff).count();
            rest = &rest[at + filled..];
            let (marker, after) = rest.split_first()?;
            rest = after;
            match marker {
                // A byte of the picture, and markers that stand alone.
                0x00 | 0x01 | 0xd0..=0xd8 => {}
                0xd9 => return Some((0xd9, rest)),
                _ => {
                    let length =
                        rest.first_chunk::<2>().copied().map(u16::from_be_bytes)?;
                    let segment = rest;
                    rest = rest.get(usize::from(length)..)?;
                    return Some((*marker, segment));
                }
            }
        }
    })
}
