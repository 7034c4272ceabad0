//! Pictures on a page: scanned signatures, logos, badges, backgrounds and QR codes.
//!
//! - **Takes**: the bytes of PNG, JPEG, WebP, GIF, SVG and PDF files; an address for a QR code.
//! - **Gives**: [`Ink`], the strokes of a signature without its paper; pictures of known and
//!   bounded size; an SVG for a QR code.
//! - **Imports**: `base`, `site`.

pub(crate) mod background;
mod bounds;
pub(crate) mod cache;
mod decode;
mod jpeg;
pub(crate) mod pdf_page;
pub(crate) mod picture;
pub(crate) mod qr;
pub(crate) mod signature_scan;
mod svg;

pub(crate) use self::bounds::check_file;
pub use self::signature_scan::{Area, Ink, InkOptions};
