//! A file of one revision whose objects are replaced, and to which objects are added, before
//! anything is appended to it.

use std::borrow::Cow;

use super::syntax::Dict;
use super::xref;

/// The objects of a PDF as our writer makes it: a classic cross-reference table, one revision.
pub(crate) struct Rewrite<'a> {
    /// The bytes before the first object.
    header: &'a [u8],
    /// The objects 1, 2, …, each without `obj` and `endobj`.
    bodies: Vec<Cow<'a, [u8]>>,
    /// The numbers of the objects in the order of the file.
    order: Vec<usize>,
    trailer: Dict,
}

impl<'a> Rewrite<'a> {
    /// Takes a file apart. Returns `None` if it is not as our writer makes it.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let start = xref::last_table(bytes)?;
        let table = xref::read_table(bytes, start)?;
        let mut order: Vec<usize> = (0..table.offsets.len()).collect();
        order.sort_unstable_by_key(|index| table.offsets[*index]);
        let mut bodies = vec![Cow::Borrowed(&bytes[..0]); table.offsets.len()];
        let mut end = start;
        for index in order.iter().rev() {
            let at = table.offsets[*index];
            let object = bytes.get(at..end)?.trim_ascii_end().strip_suffix(b"endobj")?;
            let body =
                object.strip_prefix(format!("{} 0 obj\n", index + 1).as_bytes())?;
            bodies[*index] = Cow::Borrowed(body.strip_suffix(b"\n").unwrap_or(body));
            end = at;
        }
        Some(Self { header: &bytes[..end], bodies, order, trailer: table.trailer })
    }

    /// What stands before the first object.
    pub(crate) fn header(&self) -> &[u8] {
        self.header
    }

    pub(crate) fn trailer(&self) -> &Dict {
        &self.trailer
    }

    /// The numbers of all objects, each with its value as it is written: of a stream its dictionary
    /// and its content.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (u32, &[u8])> {
        (1..).zip(self.bodies.iter().map(|body| &body[..]))
    }

    /// The value of an object.
    pub(crate) fn object(&self, number: u32) -> Option<&[u8]> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.bodies.get(index).map(|body| &body[..])
    }

    /// Replaces an object. Other numbers than those of [`objects`](Self::objects) change nothing.
    pub(crate) fn replace(&mut self, number: u32, body: Vec<u8>) {
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        if let Some(old) = index.and_then(|index| self.bodies.get_mut(index)) {
            *old = Cow::Owned(body);
        }
    }

    /// Adds an object, unless there is one with the same value. Returns its number.
    pub(crate) fn add(&mut self, body: &[u8]) -> u32 {
        let known = self.objects().find(|(_, known)| *known == body);
        if let Some((number, _)) = known {
            return number;
        }
        self.order.push(self.bodies.len());
        self.bodies.push(Cow::Owned(body.to_vec()));
        self.bodies.len() as u32
    }

    /// Writes the file, with a table of where the objects are now.
    pub(crate) fn write(mut self) -> Vec<u8> {
        let length: usize = self.bodies.iter().map(|body| body.len() + 48).sum();
        let mut out = Vec::with_capacity(self.header.len() + length + 256);
        out.extend(self.header);
        let mut offsets = vec![0; self.bodies.len()];
        for index in self.order {
            offsets[index] = out.len();
            out.extend(format!("{} 0 obj\n", index + 1).bytes());
            out.extend(&self.bodies[index][..]);
            out.extend(b"\nendobj\n");
        }
        self.trailer.set("Size", (offsets.len() + 1).to_string());
        xref::write_first(&mut out, &offsets, &self.trailer);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::pdf::Document;

    const FILE: &[u8] = include_bytes!("../../../fuzz/seeds/pdf/plain.pdf");

    #[test]
    fn file_that_is_taken_apart_and_written_has_the_same_objects() {
        let written = Rewrite::read(FILE).unwrap().write();
        let (before, after) =
            (Document::read(FILE).unwrap(), Document::read(&written).unwrap());
        assert_eq!(before.next_number(), after.next_number());
        let again = Rewrite::read(&written).unwrap();
        assert!(Rewrite::read(FILE).unwrap().objects().eq(again.objects()));
        assert_eq!(again.write(), written);
    }

    #[test]
    fn objects_are_replaced_and_added_once() {
        let mut file = Rewrite::read(FILE).unwrap();
        let count = file.objects().count() as u32;
        let first = file.object(1).unwrap().to_vec();
        assert_eq!(file.add(&first), 1);
        assert_eq!(file.add(b"[1 2 3]"), count + 1);
        assert_eq!(file.add(b"[1 2 3]"), count + 1);
        file.replace(count + 1, b"[4]".to_vec());
        let written = file.write();
        assert!(Document::read(&written).is_ok());
        assert_eq!(Rewrite::read(&written).unwrap().object(count + 1), Some(&b"[4]"[..]));
    }

    #[test]
    fn other_files_are_not_taken_apart() {
        for length in [0, 10, FILE.len() / 2, FILE.len() - 2] {
            assert!(Rewrite::read(&FILE[..length]).is_none(), "{length}");
        }
    }
}
