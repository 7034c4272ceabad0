//! Where an error is: a file, a line and a column, with an excerpt of that line.

use std::fmt;
use std::ops::Range;

/// A place in a file. Lines and columns count from one; a column is one character (a Unicode scalar
/// value).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The file's path within the site, with `/` between its parts; or the name of another source,
    /// such as a variable of the environment.
    pub file: String,
    /// The line; `None` for the file as a whole.
    pub line: Option<u32>,
    /// The column; `None` for the whole line.
    pub column: Option<u32>,
    pub(super) excerpt: Option<Excerpt>,
}

impl Place {
    /// The place of a whole file.
    pub(crate) fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, column: None, excerpt: None }
    }

    /// The place of a whole line, counted from 1.
    #[cfg(feature = "tables")]
    pub(crate) fn line(file: impl Into<String>, line: u32) -> Self {
        Self { line: Some(line), ..Self::file(file) }
    }

    /// The place of the bytes `range` of `text`, which is the whole content of `file`.
    pub(crate) fn in_text(
        file: impl Into<String>,
        text: &str,
        range: Range<usize>,
    ) -> Self {
        let start = floor_boundary(text, range.start);
        let end = floor_boundary(text, range.end).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end =
            text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let line_number = text[..start].matches('\n').count() as u32 + 1;
        let before = text[line_start..start].trim_start_matches('\u{feff}');
        let line = text[line_start..line_end].trim_start_matches('\u{feff}');
        let width = text[start..end.min(line_end)].chars().count().max(1);
        let column = before.chars().count();
        Self {
            file: file.into(),
            line: Some(line_number),
            column: Some(column as u32 + 1),
            excerpt: Some(Excerpt::new(
                line_number,
                line.trim_end_matches('\r'),
                column,
                width,
            )),
        }
    }
}

#[cfg(feature = "studio")]
impl Place {
    /// Returns the line that is shown, and the column and the width of the marked part of it, in
    /// characters counted from 0.
    pub(crate) fn excerpt(&self) -> Option<(&str, usize, usize)> {
        let excerpt = self.excerpt.as_ref()?;
        Some((&excerpt.text, excerpt.column, excerpt.width))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        Ok(())
    }
}

/// The line of a place, cut to the width of a terminal, with carets under the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Excerpt {
    line: u32,
    text: String,
    column: usize,
    width: usize,
}

impl Excerpt {
    /// In characters.
    const MAX_WIDTH: usize = 100;

    fn new(line: u32, text: &str, column: usize, width: usize) -> Self {
        let skip = if column > Self::MAX_WIDTH - 20 { column - 40 } else { 0 };
        let text: String = text
            .chars()
            .skip(skip)
            .take(Self::MAX_WIDTH)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let column = column - skip;
        let width = width.min(text.chars().count().saturating_sub(column)).max(1);
        Self { line, text, column, width }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let carets = "^".repeat(self.width);
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {}", self.text)?;
        write!(f, "{gutter} | {}{carets}", " ".repeat(self.column))
    }
}

fn floor_boundary(text: &str, index: usize) -> usize {
    text.floor_char_boundary(index.min(text.len()))
}
