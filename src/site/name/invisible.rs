//! The invisible characters of names: those that a script uses stay, and all others are removed,
//! because they would make one name look like two.
//!
//! The decision made here is that an invisible character stays only where it changes what is read: a
//! joiner after a letter of a script that joins, a variation selector after a character that has
//! variants, a direction mark in a name with letters of both directions (Unicode 16, 23.2 to 23.4).

use unicode_normalization::UnicodeNormalization;

/// Removes the invisible characters that a name's script does not use, and adds them to `removed`. A
/// blank that looks like a space becomes one.
pub(super) fn without_stray(name: &str, removed: &mut Vec<char>) -> String {
    if name.chars().all(|c| !is_candidate(c)) {
        return name.to_owned();
    }
    let mut kept = name.to_owned();
    loop {
        let count = removed.len();
        kept = pass(&kept, removed);
        // Characters that a removed one kept apart may compose now, and change what their
        // neighbours may be.
        if removed.len() == count {
            return kept;
        }
        kept = kept.cjk_compat_variants().nfc().collect();
    }
}

fn pass(name: &str, removed: &mut Vec<char>) -> String {
    let is_mixed =
        name.chars().any(is_right_to_left) && name.chars().any(is_other_than_rtl);
    let mut kept = String::with_capacity(name.len());
    let mut before: Option<char> = None;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let stays = match c {
            _ if !is_candidate(c) => true,
            '\u{200e}' | '\u{200f}' | '\u{61c}' => is_mixed,
            '\u{3164}' | '\u{ffa0}' | '\u{2800}' => {
                kept.push(' ');
                before = Some(' ');
                removed.push(c);
                continue;
            }
            // It keeps two letters of a word apart.
            '\u{200c}' if chars.peek().is_none_or(|after| after.is_whitespace()) => false,
            _ => before.is_some_and(|before| is_used_after(c, before)),
        };
        if stays {
            kept.push(c);
            before = Some(c);
        } else {
            removed.push(c);
        }
    }
    kept
}

/// Whether a character is invisible and not one of the controls that `cleaned` checks.
fn is_candidate(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a script uses an invisible character after another one.
fn is_used_after(c: char, before: char) -> bool {
    match c {
        // Joiners: of letters that join and of emoji.
        '\u{200c}' => is_joining(before),
        '\u{200d}' => is_joining(before) || is_pictograph(before),
        '\u{115f}' | '\u{1160}' => is_hangul(before),
        '\u{180b}'..='\u{180f}' => is_mongolian(before),
        // Variants of ideographs, of signs, and of letters of Myanmar and Phags-pa.
        '\u{fe00}'..='\u{fe0f}' => {
            is_pictograph(before)
                || is_ideograph(before)
                || matches!(before, '#' | '*' | '0'..='9' | '\u{1000}'..='\u{109f}' | '\u{a840}'..='\u{a877}')
        }
        '\u{e0100}'..='\u{e01ef}' => is_ideograph(before),
        // The flags of regions.
        '\u{e0020}'..='\u{e007f}' => {
            before == '\u{1f3f4}' || matches!(before, '\u{e0020}'..='\u{e007e}')
        }
        _ => false,
    }
}

/// Whether a character is of a script whose letters join, or of one that writes conjuncts.
fn is_joining(c: char) -> bool {
    matches!(u32::from(c), 0x0600..=0x08ff | 0x0900..=0x0dff | 0x0f00..=0x109f | 0x1700..=0x18af
        | 0x1a20..=0x1aaf | 0x1b00..=0x1c4f | 0xa800..=0xa8ff | 0xa930..=0xa9ff | 0xaa00..=0xaa7f
        | 0xaae0..=0xaaff | 0xabc0..=0xabff | 0xfb50..=0xfdff | 0xfe70..=0xfefe
        | 0x10a00..=0x10a5f | 0x10ac0..=0x10aff | 0x10d00..=0x10d3f | 0x10f30..=0x10fdf
        | 0x11000..=0x11fff | 0x1e900..=0x1e95f)
        && !c.is_numeric()
}

fn is_mongolian(c: char) -> bool {
    matches!(u32::from(c), 0x1800..=0x18af)
}

fn is_hangul(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x11ff | 0xa960..=0xa97f | 0xac00..=0xd7ff)
}

fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c), 0x3001..=0x3007 | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff
        | 0x20000..=0x3ffff)
}

/// Whether a character is a sign that may be an emoji, or a modifier of one.
fn is_pictograph(c: char) -> bool {
    matches!(u32::from(c), 0x2190..=0x27ff | 0x2900..=0x2bff | 0x3030 | 0x303d | 0x3297 | 0x3299
        | 0xfe0f | 0x1f000..=0x1faff)
}

/// Whether a letter is written from right to left.
fn is_right_to_left(c: char) -> bool {
    c.is_alphabetic()
        && matches!(u32::from(c), 0x0590..=0x08ff | 0xfb1d..=0xfdff | 0xfe70..=0xfefe
            | 0x10800..=0x10fff | 0x1e800..=0x1efff)
}

/// Whether a character has another direction than such a letter, or the one of its neighbours.
fn is_other_than_rtl(c: char) -> bool {
    let is_mark = unicode_normalization::char::is_combining_mark(c);
    !is_right_to_left(c) && !c.is_whitespace() && !is_candidate(c) && !is_mark
}
