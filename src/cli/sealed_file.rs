//! A sealed PDF and its detached OpenPGP signature, as two files in one folder.

use std::path::{Path, PathBuf};

use crate::seal::Sealed;

use super::exit::Failure;
use super::output;

/// Writes a sealed PDF, and its detached signature to [`signature_path`], in the place of the signature
/// over another PDF there. Standard output, which is
/// what no path means, gets the PDF alone. The caller prints the warnings.
pub(crate) fn write(path: Option<&Path>, sealed: &Sealed) -> Result<(), Failure> {
    let Some(path) = path else { return output::write(None, &sealed.bytes) };
    let signature = sealed.signature.as_ref().map(|signature| signature.as_bytes());
    output::write_with_second(path, &sealed.bytes, &signature_path(path), signature)
}

/// The path of the detached signature over a PDF: `Certificate.pdf.sig`.
pub(crate) fn signature_path(pdf: &Path) -> PathBuf {
    let mut path = pdf.as_os_str().to_owned();
    path.push(".sig");
    PathBuf::from(path)
}
