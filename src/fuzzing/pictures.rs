//! Pictures, and the PDFs that lie under a page.

use std::sync::Once;

use crate::base::error::Place;
use crate::image::background::Background;
use crate::image::picture::Picture;
use crate::image::{Ink, InkOptions};

/// PNG, JPEG and WebP.
pub fn bitmap(bytes: &[u8]) {
    if !is_svg(bytes) {
        read(bytes);
    }
}

/// SVG.
pub fn svg(bytes: &[u8]) {
    if is_svg(bytes) {
        read(bytes);
    }
}

fn is_svg(bytes: &[u8]) -> bool {
    bytes.windows(4).any(|window| window == b"<svg")
}

fn read(bytes: &[u8]) {
    if let Ok(picture) = Picture::read(bytes) {
        check(&picture);
        // What a page is given is a picture too.
        check(&Picture::read(picture.bytes()).expect("it was written here"));
    }
    if let Ok(ink) = Ink::extract(bytes, &InkOptions::default()) {
        let (width, height) = ink.size();
        let area = ink.area();
        assert!(area.x + area.width <= width && area.y + area.height <= height);
        assert!(ink.baseline().is_finite() && ink.stroke_width().is_finite());
    }
    if let Ok(signature) = Picture::read_signature(bytes, Some([0, 0, 128])) {
        check(&signature);
    }
}

fn check(picture: &Picture) {
    let (width, height) = picture.size();
    assert!(width.is_finite() && width > 0.0 && height.is_finite() && height > 0.0);
    let _ = picture.to_json();
}

/// A PDF that lies under a page.
pub fn background(bytes: &[u8]) {
    // The reader of PDFs may panic, which is caught; the fuzzer's hook would end the process.
    static HOOK: Once = Once::new();
    HOOK.call_once(|| drop(std::panic::take_hook()));
    if let Ok(background) = Background::read(bytes, &Place::file("background.pdf")) {
        let (width, height) = background.sides();
        assert!(width.is_finite() && height.is_finite());
        let _ = background.warnings((297.0, 210.0));
    }
}
