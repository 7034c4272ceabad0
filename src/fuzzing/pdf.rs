//! PDF files, whole and in parts, and the verifier.

use std::sync::LazyLock;

use super::keys::now;
use crate::seal::pdf::{self as writer, ArchiveField, Document, Dss, SealParams};
use crate::seal::verify::Revisions;
use crate::seal::{PadesLevel, Trust, X509};

/// The objects of the smallest document that can be sealed.
const OBJECTS: [&[u8]; 5] = [
    b"<</Type/Catalog/Pages 2 0 R/StructTreeRoot 4 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>",
    b"<</Type/StructTreeRoot/K[5 0 R]/ParentTree<</Nums[]>>/ParentTreeNextKey 0>>",
    b"<</Type/StructElem/S/Document/P 4 0 R/K[]>>",
];

/// A whole PDF of one revision.
pub fn pdf(bytes: &[u8]) {
    let Ok(document) = Document::read(bytes) else { return };
    assert_eq!(document.bytes(), bytes);
    seal(&document);
}

/// The objects of a PDF, each up to `endobj`: the cross-reference table is made for them.
pub fn pdf_objects(bytes: &[u8]) {
    if let Ok(document) = Document::read(&assemble(split(bytes, b"\nendobj\n"))) {
        seal(&document);
    }
}

/// The revisions after a document, which the verifier reads and makes again.
pub fn pdf_revisions(appended: &[u8]) {
    static DOCUMENT: LazyLock<Document<'static>> = LazyLock::new(|| {
        let bytes = assemble(OBJECTS.to_vec());
        Document::read(&bytes).expect("it is as our writer makes it").into_owned()
    });
    if let Some(params) = SealParams::read(&DOCUMENT, appended)
        && params.placeholder_len < 1 << 20
    {
        seal_with(&DOCUMENT, &params);
    }
    if let Some(dss) = Dss::read(&DOCUMENT, appended) {
        let revision = dss.revise(&DOCUMENT).expect("the document has a catalog");
        assert_eq!(Dss::read(&DOCUMENT, &revision.bytes), Some(dss));
    }
    if let Some(placeholder_len) = writer::archive_placeholder_len(&DOCUMENT, appended) {
        assert!(placeholder_len <= appended.len());
        for field in [ArchiveField::Reserved(DOCUMENT.root()), ArchiveField::Added(2)] {
            if let Ok(mut signable) =
                writer::embed_archive(&DOCUMENT, field, placeholder_len)
            {
                let file = [DOCUMENT.bytes(), appended].concat();
                let _ = signable.extract(&file);
            }
        }
    }
}

/// Any file with a seal, and with a detached signature if one follows it, for a verifier that
/// trusts the certificates in the seal.
pub fn verify(bytes: &[u8]) {
    let begin = b"-----BEGIN PGP SIGNATURE-----";
    let at = bytes.windows(begin.len()).position(|window| window == begin);
    let (file, signature) = match at {
        Some(at) => (&bytes[..at], Some(&bytes[at..])),
        None => (bytes, None),
    };
    let known: Vec<X509> = Revisions::read(file)
        .map(|revisions| revisions.seal.certificates().to_vec())
        .unwrap_or_default();
    let trust = Trust::new().with_roots(known.clone()).with_tsa_roots(known);
    let report = crate::seal::verify(file, signature, &trust, now());
    let _ = format!("{report:?}");
    if let Some(seal) = report.seal {
        assert!(!seal.trusted || seal.intact && seal.faults.is_empty());
        assert!(seal.covered <= file.len());
        assert!(seal.level != Some(PadesLevel::Lta) || seal.timestamp.is_some());
    }
}

/// Seals a document as the sealer does, up to the signature, and reads what comes of it.
fn seal(document: &Document) {
    let name = "Ada".to_owned();
    let dss = Dss { certificates: vec![vec![1, 2]], crls: vec![vec![3]] };
    for (has_archive_field, dss) in [(true, None), (false, None), (true, Some(dss))] {
        seal_with(
            document,
            &SealParams {
                signing_time: now(),
                name: name.clone(),
                placeholder_len: 64,
                has_archive_field,
                dss,
            },
        );
    }
}

fn seal_with(document: &Document, params: &SealParams) {
    let Ok((signable, _)) = writer::seal(document, params) else { return };
    let mut sealed = document.clone();
    sealed.append(signable.revision);
    let file = sealed.bytes();
    let end = Document::base_end(file).expect("the seal's revision names the one before");
    let base = Document::read(&file[..end]).expect("sealing changes no byte before it");
    let read = SealParams::read(&base, &file[end..]).expect("the revision is ours");
    assert_eq!(read, SealParams { has_archive_field: true, ..params.clone() });
    // A placeholder of zeros is no signature.
    assert!(Revisions::read(file).is_err());
}

/// A PDF of these objects, numbered from 1: the catalog is the first.
fn assemble(objects: Vec<&[u8]>) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n%\x80\x80\x80\x80\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f\r\n", objects.len() + 1);
    for (object, number) in objects.iter().zip(1..) {
        table.push_str(&format!("{:010} 00000 n\r\n", file.len()));
        file.extend(format!("{number} 0 obj\n").bytes());
        file.extend(*object);
        file.extend(b"\nendobj\n");
    }
    let start = file.len();
    file.extend(table.bytes());
    let size = objects.len() + 1;
    let trailer = format!("trailer\n<</Size {size}/Root 1 0 R/ID[<00><00>]>>\n");
    file.extend(trailer.bytes());
    file.extend(format!("startxref\n{start}\n%%EOF\n").bytes());
    file
}

/// The parts between separators.
fn split<'a>(mut bytes: &'a [u8], separator: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    while let Some(at) =
        bytes.windows(separator.len()).position(|window| window == separator)
    {
        parts.push(&bytes[..at]);
        bytes = &bytes[at + separator.len()..];
    }
    parts.push(bytes);
    parts
}
