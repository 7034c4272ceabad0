//! Text that is separated into cells (RFC 4180, with any separator and any line end).
//!
//! - **Takes**: a text, and the character between cells.
//! - **Gives**: its records, each with its line as an editor counts it.
//!
//! The decision made here is that a line feed, a carriage return, and both together end a line alike,
//! and that a quote which is not closed is a fault: it would join rows.

use std::borrow::Cow;

/// A record of the text.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) line: u32,
    pub(super) cells: Vec<Cow<'a, str>>,
}

/// What is wrong with the text at a line.
#[derive(Debug)]
pub(super) struct CsvFault {
    pub(super) line: u32,
    pub(super) message: &'static str,
    pub(super) help: &'static str,
}

/// Reads the records of a text one by one. A line without any character is a record of one empty
/// cell.
pub(super) struct Records<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    delimiter: u8,
}

impl<'a> Records<'a> {
    /// `delimiter` is an ASCII character, `first_line` the line on which the text begins.
    pub(super) fn new(text: &'a str, delimiter: u8, first_line: u32) -> Self {
        Self { text, at: 0, line: first_line, delimiter }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips the line end at the position.
    fn end_line(&mut self) {
        let crlf = self.text.as_bytes()[self.at..].starts_with(b"\r\n");
        self.at += if crlf { 2 } else { 1 };
        self.line += 1;
    }

    /// Reads a cell, and leaves the position at the character that ends it.
    fn cell(&mut self) -> Result<Cow<'a, str>, CsvFault> {
        let bytes = self.text.as_bytes();
        let is_blank = |byte: u8| matches!(byte, b' ' | b'\t') && byte != self.delimiter;
        let blanks = bytes[self.at..].iter().take_while(|&&byte| is_blank(byte)).count();
        if bytes.get(self.at + blanks) == Some(&b'"') {
            self.at += blanks + 1;
            return self.quoted();
        }
        let delimiter = self.delimiter;
        let ends = |byte: &u8| *byte == delimiter || matches!(byte, b'\r' | b'\n');
        let length = bytes[self.at..].iter().position(ends);
        let end = length.map_or(bytes.len(), |length| self.at + length);
        let cell = &self.text[self.at..end];
        self.at = end;
        Ok(Cow::Borrowed(cell))
    }

    /// Reads a cell after its opening quote.
    fn quoted(&mut self) -> Result<Cow<'a, str>, CsvFault> {
        let opened = self.line;
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut is_escaped = false;
        loop {
            match self.byte() {
                None => {
                    return Err(CsvFault {
                        line: opened,
                        message: "a quote `\"` is opened here and never closed",
                        help: "close it, or remove it; a quote inside a quoted cell is \
                               written twice",
                    });
                }
                Some(b'"') if bytes.get(self.at + 1) == Some(&b'"') => {
                    is_escaped = true;
                    self.at += 2;
                }
                Some(b'"') => break,
                Some(b'\r' | b'\n') => self.end_line(),
                Some(_) => self.at += 1,
            }
        }
        let cell = &self.text[start..self.at];
        self.at += 1;
        while self
            .byte()
            .is_some_and(|byte| matches!(byte, b' ' | b'\t') && byte != self.delimiter)
        {
            self.at += 1;
        }
        match self.byte() {
            None | Some(b'\r' | b'\n') => {}
            Some(byte) if byte == self.delimiter => {}
            Some(_) => {
                return Err(CsvFault {
                    line: opened,
                    message: "a quoted cell that begins here goes on after its closing \
                              quote",
                    help: "close the quote at the end of its cell; a quote inside a quoted \
                           cell is written twice",
                });
            }
        }
        Ok(if is_escaped { cell.replace("\"\"", "\"").into() } else { cell.into() })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, CsvFault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.byte()?;
        let line = self.line;
        let mut cells = Vec::new();
        loop {
            match self.cell() {
                Ok(cell) => cells.push(cell),
                Err(fault) => {
                    self.at = self.text.len();
                    return Some(Err(fault));
                }
            }
            match self.byte() {
                None => break,
                Some(b'\r' | b'\n') => {
                    self.end_line();
                    break;
                }
                Some(_) => self.at += 1,
            }
        }
        Some(Ok(Record { line, cells }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line and the cells of a record.
    type Found = (u32, Vec<String>);

    fn records(text: &str) -> Result<Vec<Found>, (u32, &'static str)> {
        Records::new(text, b',', 1)
            .map(|record| {
                let record = record.map_err(|fault| (fault.line, fault.message))?;
                let cells = record.cells.into_iter().map(Cow::into_owned).collect();
                Ok((record.line, cells))
            })
            .collect()
    }

    fn row(line: u32, cells: &[&str]) -> (u32, Vec<String>) {
        (line, cells.iter().map(|&cell| cell.to_owned()).collect())
    }

    #[test]
    fn each_line_end_ends_a_line() {
        let expected = vec![row(1, &["a", "b"]), row(2, &["c", ""]), row(3, &["d"])];
        for text in ["a,b\nc,\nd", "a,b\r\nc,\r\nd\r\n", "a,b\rc,\rd\r", "a,b\r\nc,\rd\n"]
        {
            assert_eq!(records(text), Ok(expected.clone()), "{text:?}");
        }
    }

    #[test]
    fn quoted_cells_hold_delimiters_quotes_and_lines() {
        let text = "\"a, \"\"b\"\"\"\r\n \"c\rd\" ,e\nf \"g\" h\n";
        let expected =
            vec![row(1, &["a, \"b\""]), row(2, &["c\rd", "e"]), row(4, &["f \"g\" h"])];
        assert_eq!(records(text), Ok(expected));
    }

    #[test]
    fn a_quote_that_joins_rows_is_named_by_the_line_that_opens_it() {
        let (line, message) = records("n\nA\n\"B\nC\nD").unwrap_err();
        assert_eq!((line, message.contains("never closed")), (3, true));
        let (line, message) = records("n\n\"B\nC,\"D\"\n").unwrap_err();
        assert_eq!((line, message.contains("goes on")), (2, true));
        assert_eq!(records("\"a \\\"b\\\" c\"").unwrap_err().0, 1);
    }

    #[test]
    fn blank_lines_are_records_of_one_empty_cell() {
        assert_eq!(records("a\n\n"), Ok(vec![row(1, &["a"]), row(2, &[""])]));
        assert_eq!(records(""), Ok(vec![]));
    }
}
