//! The structure tree (ISO 32000-1, 14.7), to which the fields' `Form` elements are added.

use super::document::{Document, refused};
use super::syntax::{self, Dict};
use crate::base::error::{Error, Result};

/// The parts of a structure tree that change when elements are added.
pub(super) struct StructureTree {
    /// The number and dictionary of the root.
    root: (u32, Dict),
    /// The number and dictionary of the element that contains all others.
    document: (u32, Dict),
    parent_tree: Dict,
    next_key: u32,
}

impl StructureTree {
    /// Reads the tree of a document that our writer has tagged.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`](crate::ErrorKind::Seal): the document is not tagged so.
    pub(super) fn read(source: &Document) -> Result<Self> {
        let catalog = source.dict(source.root())?;
        let root = catalog
            .get("StructTreeRoot")
            .and_then(syntax::reference)
            .ok_or_else(untagged)?;
        let tree = source.dict(root)?;
        let kids = tree.get("K").and_then(syntax::items).ok_or_else(untagged)?;
        let document = match kids[..] {
            [kid] => syntax::reference(kid).ok_or_else(untagged)?,
            _ => return Err(untagged()),
        };
        let element = source.dict(document)?;
        let parent_tree =
            tree.get("ParentTree").and_then(Dict::parse).ok_or_else(untagged)?;
        let next_key = tree
            .get("ParentTreeNextKey")
            .and_then(syntax::number)
            .ok_or_else(untagged)?;
        let (root, document) = ((root, tree), (document, element));
        Ok(Self { root, document, parent_tree, next_key })
    }

    /// The number of the element that contains all others.
    pub(super) fn document(&self) -> u32 {
        self.document.0
    }

    /// Adds the element with that object number, and returns its key in the parent tree.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`](crate::ErrorKind::Seal): the document is not tagged by our writer.
    pub(super) fn add(&mut self, element: u32) -> Result<u32> {
        let key = self.next_key;
        let entry = [key.to_string(), format!("{element} 0 R")];
        let nums = self.parent_tree.get("Nums");
        let nums = nums.and_then(|nums| syntax::with_items(nums, &entry));
        self.parent_tree.set("Nums", nums.ok_or_else(untagged)?);
        let (_, document) = &mut self.document;
        let kids = document.get("K");
        let kids = kids.and_then(|kids| syntax::with_items(kids, &entry[1..]));
        document.set("K", kids.ok_or_else(untagged)?);
        self.next_key = key.checked_add(1).ok_or_else(untagged)?;
        Ok(key)
    }

    /// The new forms of the objects that have changed.
    pub(super) fn write(self) -> [(u32, Vec<u8>); 2] {
        let (root, mut tree) = self.root;
        tree.set("ParentTree", self.parent_tree.write());
        tree.set("ParentTreeNextKey", self.next_key.to_string());
        let (document, element) = self.document;
        [(root, tree.write()), (document, element.write())]
    }
}

fn untagged() -> Error {
    refused("it is not tagged as our writer tags")
}
