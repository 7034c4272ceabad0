//! The appearance of a certificate: a digest of everything that can be seen on it.
//!
//! Takes the parts of a page; gives a digest that is equal for pages that look alike. The decision:
//! it covers the sheet, the pictures, the layout's files, the fonts that are not built in, the
//! attachments, the addresses and the program, and not the free fields that the layout never draws. The sheet's
//! sentences are not fitted for it, because their fits follow from the covered parts.

use ring::digest::{Context, SHA256};

use crate::base::digits::DownloadId;
use crate::base::hex;
use crate::press::engine::page::PageInput;
use crate::site::settings::PublishSettings;

/// The program is a part of the appearance, because it draws the page.
const PROGRAM: &str = concat!("testamur ", env!("CARGO_PKG_VERSION"));

/// The digest of a page, 64 hexadecimal digits in lower case. Two pages can be compared
/// only if both were made with the identifier and the day of
/// [`WrittenRequest::for_comparison`](crate::press::job::WrittenRequest::for_comparison).
pub(crate) fn digest(input: &PageInput, publish: &PublishSettings) -> String {
    let mut context = Context::new(&SHA256);
    let mut add = |part: &[u8]| {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    };
    let sources = &input.layout.sources;
    let mut sheet = input.sheet.clone();
    sheet.extra.retain(|key, _| sources.drawn_fields.has(key));
    sheet.extra.sort_keys();
    sheet.extra.values_mut().for_each(serde_json::Value::sort_all_objects);
    add(PROGRAM.as_bytes());
    add(&serde_json::to_vec(&sheet).expect("a sheet has string keys and finite numbers"));
    for image in sheet.picture_files() {
        add(image.picture.bytes());
    }
    add(sources.layout.as_bytes());
    add(sources.sha256.as_bytes());
    add(input.fonts.added_digest().as_bytes());
    add(publish.download_url(&DownloadId::nil()).as_bytes());
    for file in &input.attachments {
        for part in [&file.name, &file.media_type, &file.description] {
            add(part.as_bytes());
        }
        add(&file.bytes);
    }
    hex::lower(context.finish().as_ref())
}
