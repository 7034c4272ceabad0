//! The streams of a PDF: what they hold, and how much that is once it is decompressed.

use super::objects::{self, ObjectText, find, whole, wholes};

mod filters;

use self::filters::{apply, check_pixels};

/// The most bytes of one stream, of one picture, and of all together, once they are decompressed. A
/// sheet of A3 at 600 dots per inch has 208 MB.
const MAX_STREAM: u64 = 64 << 20;
const MAX_PICTURE: u64 = 256 << 20;
const MAX_ALL: u64 = 512 << 20;
/// How many filters one stream may have.
const MAX_FILTERS: usize = 2;

/// What a stream holds.
pub(super) enum StreamKind {
    /// Objects, the first at that offset.
    Objects {
        first: usize,
    },
    /// Cross-references: the widths of their fields, and the objects that they are of.
    References {
        widths: [usize; 3],
        index: Vec<(u32, u32)>,
    },
    Picture,
    Other,
}

/// The sizes of the streams of a file so far.
#[derive(Default)]
pub(super) struct StreamBudget {
    decoded: u64,
}

impl StreamKind {
    pub(super) fn of(object: &ObjectText<'_>) -> Result<Self, String> {
        let is = |key, what: &[u8]| {
            let value = object.value(key).and_then(|value| value.strip_prefix(b"/"));
            value.is_some_and(|value| objects::name(value) == what)
        };
        if is(b"Type", b"ObjStm") {
            let first = object.value(b"First").and_then(whole);
            let first = first.ok_or("an object stream is broken")?;
            return Ok(Self::Objects { first: first as usize });
        }
        if is(b"Type", b"XRef") {
            let numbers = |key| object.value(key).map(wholes).unwrap_or_default();
            let widths: Vec<usize> =
                numbers(b"W").iter().map(|it| *it as usize).collect();
            let widths = <[usize; 3]>::try_from(widths).ok();
            let widths = widths.filter(|widths| widths.iter().all(|it| *it <= 8));
            let widths = widths.ok_or("its cross-references are broken")?;
            let index = numbers(b"Index");
            let mut index: Vec<(u32, u32)> = index
                .as_chunks()
                .0
                .iter()
                .map(|[start, count]| (*start, *count))
                .collect();
            if index.is_empty() {
                index
                    .push((0, object.value(b"Size").and_then(whole).unwrap_or_default()));
            }
            return Ok(Self::References { widths, index });
        }
        Ok(if is(b"Subtype", b"Image") { Self::Picture } else { Self::Other })
    }
}

impl StreamBudget {
    /// Decompresses a stream, and returns what it holds unless it is a picture.
    pub(super) fn decode(
        &mut self,
        object: &ObjectText<'_>,
        kind: &StreamKind,
    ) -> Result<Vec<u8>, String> {
        let data = object.stream.unwrap_or_default();
        let filters = filter_names(object)?;
        let is_picture = matches!(kind, StreamKind::Picture);
        if is_picture {
            let side = |key| object.value(key).and_then(whole).map_or(0, u64::from);
            check_pixels(side(b"Width"), side(b"Height"))?;
        }
        if filters.is_empty() {
            let end = find(data, 0, b"endstream").unwrap_or(data.len());
            let length = object.value(b"Length").and_then(whole).unwrap_or_default();
            let end = end.max(length as usize).min(data.len());
            return Ok(if is_picture { Vec::new() } else { data[..end].to_vec() });
        }
        let max = if is_picture { MAX_PICTURE } else { MAX_STREAM };
        let mut current = None;
        for (step, filter) in filters.iter().enumerate() {
            let is_last = step + 1 == filters.len();
            let keeps = !is_last || !is_picture;
            // Compressed data marks its own end, so the stream's `/Length`, which may be wrong, is
            // not used.
            let input = current.as_deref().unwrap_or(data);
            let (length, output) = apply(filter, input, max, keeps, is_last)?;
            if length > max {
                return Err(format!("one of its streams has more than {} MB", max >> 20));
            }
            self.decoded += length;
            if self.decoded > MAX_ALL {
                return Err(format!("its streams have more than {} MB", MAX_ALL >> 20));
            }
            current = Some(output);
        }
        let decoded = current.unwrap_or_default();
        match kind {
            StreamKind::References { .. } => unpredicted(object, decoded),
            _ => Ok(decoded),
        }
    }
}

/// The filters of a stream.
fn filter_names(object: &ObjectText<'_>) -> Result<Vec<Vec<u8>>, String> {
    let value = object.value(b"Filter").or(object.value(b"F"));
    let Some(value) = value.filter(|value| *value != b"null") else {
        return Ok(Vec::new());
    };
    let names: Vec<Vec<u8>> = value
        .split(|byte| *byte == b'/')
        .skip(1)
        .map(|rest| {
            let end = rest.iter().position(|byte| b" \t\r\n\0\x0c]".contains(byte));
            objects::name(&rest[..end.unwrap_or(rest.len())])
        })
        .collect();
    // The value may end without its bracket.
    let inside = value.strip_prefix(b"[");
    let inside = inside.map(|inside| inside.strip_suffix(b"]").unwrap_or(inside));
    let is_empty_list = inside.is_some_and(|inside| inside.trim_ascii().is_empty());
    if names.is_empty() && !is_empty_list {
        return Err("it has a stream whose filter is another object".to_owned());
    }
    if names.len() > MAX_FILTERS {
        return Err(format!("it has a stream with {} filters", names.len()));
    }
    Ok(names)
}

/// Undoes the predictor of cross-references, which is the difference to the row above (PNG's
/// `Up`) or none.
fn unpredicted(object: &ObjectText<'_>, data: Vec<u8>) -> Result<Vec<u8>, String> {
    let Some(parameters) = object.value(b"DecodeParms") else { return Ok(data) };
    let parameters = parameters.strip_prefix(b"[").unwrap_or(parameters);
    let read = ObjectText::read(0, parameters, 0)?;
    let number = |key| read.value(key).and_then(whole).unwrap_or(1);
    if number(b"Predictor") < 10 {
        return match number(b"Predictor") {
            1 => Ok(data),
            _ => Err("its cross-references have another predictor".to_owned()),
        };
    }
    let columns = (number(b"Columns") as usize).clamp(1, 1 << 10);
    let mut above = vec![0_u8; columns];
    let mut rows = Vec::with_capacity(data.len());
    for row in data.chunks_exact(columns + 1) {
        match row[0] {
            0 => above.copy_from_slice(&row[1..]),
            2 => {
                let pairs = above.iter_mut().zip(&row[1..]);
                pairs.for_each(|(above, byte)| *above = above.wrapping_add(*byte));
            }
            _ => return Err("its cross-references have another predictor".to_owned()),
        }
        rows.extend(&above);
    }
    Ok(rows)
}
