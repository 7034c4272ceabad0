//! A sealed PDF and its detached OpenPGP signature, as two files in one folder.

use std::path::{Path, PathBuf};

use crate::seal::Sealed;

use super::exit::Failure;
use super::output;

/// Writes a sealed PDF, and its detached signature to [`signature_path`]. Standard output, which is
/// what no path means, gets the PDF alone. The caller prints the warnings.
pub(crate) fn write(path: Option<&Path>, sealed: &Sealed) -> Result<(), Failure> {
    output::write(path, &sealed.bytes)?;
    if let (Some(path), Some(signature)) = (path, &sealed.signature) {
        output::write(Some(&signature_path(path)), signature.as_bytes())?;
    }
    Ok(())
}

/// The path of the detached signature over a PDF: `Certificate.pdf.sig`.
pub(crate) fn signature_path(pdf: &Path) -> PathBuf {
    let mut path = pdf.as_os_str().to_owned();
    path.push(".sig");
    PathBuf::from(path)
}
