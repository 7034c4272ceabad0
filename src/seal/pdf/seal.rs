//! The revision that seals: an invisible, tagged signature field, and its signature dictionary.
//!
//! The field keeps the file PDF/A-3a and PDF/UA-1. A widget without a size needs no appearance
//! stream (ISO 19005-3, 6.3.3); it is printed and never hidden (6.3.2), is in a `Form` structure
//! element (ISO 14289-1, 7.18.4), and the tab order of its page follows the structure (7.18.3).
//! Later revisions must not change the structure, so this one reserves the field for an archive
//! timestamp if one is wanted later.

use super::document::{Document, refused};
use super::dss::{Dss, EarlierDss};
use super::signable::{Signable, set_placeholder};
use super::structure::StructureTree;
use super::syntax::{self, Dict};
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;

/// The names of the fields.
const SEAL: &str = "Seal";
const ARCHIVE: &str = "Archive";
/// Their descriptions for assistive technology, in English.
const SEAL_TEXT: &str = "Digital seal";
const ARCHIVE_TEXT: &str = "Archive time stamp";
/// The deepest page tree that is followed. It also ends a tree that forms a circle.
const MAX_PAGE_TREE_DEPTH: usize = 8;

/// The parameters of a sealing revision, on which it depends besides the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealParams {
    /// The claimed signing time (`/M`).
    pub(crate) signing_time: Timestamp,
    /// The signer's name (`/Name`).
    pub(crate) name: String,
    /// The length in bytes of the placeholder for the signature.
    pub(crate) placeholder_len: usize,
    /// Whether a field for an archive timestamp is reserved.
    pub(crate) has_archive_field: bool,
    /// The certificates and CRLs that the seal covers, if there are any.
    pub(crate) dss: Option<Dss>,
}

impl SealParams {
    /// Reads the parameters from the signature dictionary that begins the bytes after `document`.
    /// It does not tell whether a field is reserved; the result says that one is.
    pub(crate) fn read(document: &Document, appended: &[u8]) -> Option<Self> {
        let head = format!("{} 0 obj\n", document.next_number());
        let start = appended.iter().position(|byte| *byte != b'\n')?;
        let rest = appended.get(start..)?.strip_prefix(head.as_bytes())?;
        let (dict, end) = Dict::read(rest, 0)?;
        let dss = rest[end..].strip_prefix(b"\nendobj\n").and_then(|rest| {
            let store = document.next_number().saturating_add(1);
            Dss::read_objects(store, &EarlierDss::default(), rest)
        });
        let signing_time = dict.get("M")?.strip_prefix(b"(")?.strip_suffix(b")")?;
        let contents = dict.get("Contents")?.strip_prefix(b"<")?.strip_suffix(b">")?;
        Some(Self {
            signing_time: Timestamp::from_pdf(signing_time)?,
            name: syntax::read_text(dict.get("Name")?)?,
            placeholder_len: contents.len() / 2,
            has_archive_field: true,
            dss,
        })
    }
}

/// Makes the revision that seals a document, whose signature is not embedded yet. Returns it with
/// the number of the field that is reserved for an archive timestamp.
///
/// # Errors
/// [`ErrorKind::Seal`](crate::ErrorKind::Seal): pages or structure are not as our writer makes
/// them.
pub(crate) fn seal(
    document: &Document,
    params: &SealParams,
) -> Result<(Signable, Option<u32>)> {
    let mut numbers = document.next_number()..;
    let mut next = || numbers.next().unwrap_or(u32::MAX);
    let signature = next();
    // The DSS follows the signature dictionary, where a reader finds it first.
    let dss = params.dss.as_ref().map(|dss| (dss, next()));
    if let Some((dss, _)) = dss {
        (1..dss.len()).for_each(|_| _ = next());
    }
    let page = first_page(document)?;
    let mut fields =
        vec![Field { number: next(), element: next(), name: SEAL, text: SEAL_TEXT }];
    if params.has_archive_field {
        let field =
            Field { number: next(), element: next(), name: ARCHIVE, text: ARCHIVE_TEXT };
        fields.push(field);
    }
    let mut tree = StructureTree::read(document)?;
    let keys: Vec<u32> =
        fields.iter().map(|field| tree.add(field.element)).collect::<Result<_>>()?;

    let mut objects = vec![(signature, signature_dictionary(params))];
    if let Some((dss, store)) = dss {
        objects.extend(dss.objects(store, &EarlierDss::default()));
    }
    for (field, key) in fields.iter().zip(keys) {
        let mut widget = field.widget(page, key);
        if field.name == SEAL {
            widget.set("V", format!("{signature} 0 R"));
        }
        objects.push((field.number, widget.write()));
        objects.push((field.element, field.structure_element(tree.document(), page)));
    }
    let store = dss.map(|(_, store)| store);
    objects.extend(page_and_catalog(document, page, &fields, signature, store)?);
    objects.extend(tree.write());
    let archive_field = fields.get(1).map(|field| field.number);
    Ok((Signable::new(document, document.revise(objects))?, archive_field))
}

/// A signature field to be added.
struct Field {
    /// The object number of the field.
    number: u32,
    /// The object number of its structure element.
    element: u32,
    name: &'static str,
    text: &'static str,
}

impl Field {
    /// The field, which is its own widget: printed and locked (flags 4 and 128), without a size.
    fn widget(&self, page: u32, key: u32) -> Dict {
        let mut dict = Dict::default();
        dict.set("Type", "/Annot");
        dict.set("Subtype", "/Widget");
        dict.set("FT", "/Sig");
        dict.set("T", syntax::text(self.name));
        dict.set("TU", syntax::text(self.text));
        dict.set("F", "132");
        dict.set("Rect", "[0 0 0 0]");
        dict.set("P", format!("{page} 0 R"));
        dict.set("StructParent", key.to_string());
        dict
    }

    fn structure_element(&self, parent: u32, page: u32) -> Vec<u8> {
        let mut dict = Dict::default();
        dict.set("Type", "/StructElem");
        dict.set("S", "/Form");
        dict.set("P", format!("{parent} 0 R"));
        dict.set("Pg", format!("{page} 0 R"));
        dict.set("Lang", "(en)");
        dict.set("Alt", syntax::text(self.text));
        dict.set("K", format!("<</Type/OBJR/Pg {page} 0 R/Obj {} 0 R>>", self.number));
        dict.write()
    }
}

/// The signature dictionary (ETSI EN 319 142-1, 5.3), with a DocMDP that permits no changes.
fn signature_dictionary(params: &SealParams) -> Vec<u8> {
    let mut dict = Dict::default();
    dict.set("Type", "/Sig");
    dict.set("Filter", "/Adobe.PPKLite");
    dict.set("SubFilter", "/ETSI.CAdES.detached");
    dict.set("M", format!("({})", params.signing_time.to_pdf()));
    dict.set("Name", syntax::text(&params.name));
    dict.set(
        "Reference",
        "[<</Type/SigRef/TransformMethod/DocMDP\
         /TransformParams<</Type/TransformParams/P 1/V/1.2>>>>]",
    );
    set_placeholder(&mut dict, params.placeholder_len);
    dict.write()
}

fn first_page(document: &Document) -> Result<u32> {
    let broken = || refused("its pages are not as our writer makes them");
    let catalog = document.dict(document.root())?;
    let mut number =
        catalog.get("Pages").and_then(syntax::reference).ok_or_else(broken)?;
    for _ in 0..MAX_PAGE_TREE_DEPTH {
        let node = document.dict(number)?;
        match (node.get("Type"), node.get("Kids")) {
            (Some(b"/Page"), None) => return Ok(number),
            (_, Some(kids)) => {
                let first = syntax::items(kids).and_then(|kids| kids.first().copied());
                number = first.and_then(syntax::reference).ok_or_else(broken)?;
            }
            _ => break,
        }
    }
    Err(broken())
}

/// The page with the fields, and the catalog with the form, the DocMDP signature and the DSS.
fn page_and_catalog(
    document: &Document,
    page: u32,
    fields: &[Field],
    signature: u32,
    store: Option<u32>,
) -> Result<[(u32, Vec<u8>); 2]> {
    let references: Vec<String> =
        fields.iter().map(|field| format!("{} 0 R", field.number)).collect();
    let mut page_dict = document.dict(page)?;
    let annotations = page_dict.get("Annots").unwrap_or(b"[]");
    let annotations = syntax::with_items(annotations, &references)
        .ok_or_else(|| refused("its annotations are not as our writer makes them"))?;
    page_dict.set("Annots", annotations);
    page_dict.set("Tabs", "/S");
    let mut catalog = document.dict(document.root())?;
    // ISO 32000-1, table 219: signatures exist (1), and the file must only be appended to (2).
    let form = format!("<</SigFlags 3/Fields[{}]>>", references.join(" "));
    catalog.set("AcroForm", form);
    catalog.set("Perms", format!("<</DocMDP {signature} 0 R>>"));
    if let Some(store) = store {
        Dss::set_in(&mut catalog, store);
    }
    Ok([(page, page_dict.write()), (document.root(), catalog.write())])
}
