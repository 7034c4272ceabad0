//! From what a template printed to runs: `*strong*`, `_emphasis_`, and values that are neither.
//!
//! A value passes through the template between noncharacters, which no text may contain
//! ([`encode`] takes them out of what it is given). Markup is read outside of them only.

use std::fmt;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::site::name;
use crate::text::runs::{Run, Runs, isolated};

const OPEN: char = '\u{fdd0}';
const MIDDLE: char = '\u{fdd1}';
const CLOSE: char = '\u{fdd2}';

/// A run as a template prints it: opened, style and link, middle, text, closed.
pub(super) fn encode(run: &Run, out: &mut dyn fmt::Write) -> fmt::Result {
    let link = run.link.as_deref().map(|link| name::inert(link).into_owned());
    encode_finished(
        &Run { text: name::inert(&run.text).into_owned(), link, ..run.clone() },
        out,
    )
}

/// A run of a text that went through here before: its isolates may span several runs.
pub(super) fn encode_finished(run: &Run, out: &mut dyn fmt::Write) -> fmt::Result {
    let style =
        u8::from(run.strong) | u8::from(run.emphasis) << 1 | u8::from(run.value) << 2;
    out.write_char(OPEN)?;
    out.write_char(char::from(b'0' + style))?;
    out.write_str(run.link.as_deref().unwrap_or_default())?;
    out.write_char(MIDDLE)?;
    out.write_str(&run.text)?;
    out.write_char(CLOSE)
}

/// A plain value as a run.
pub(super) fn value(text: &str) -> Run {
    Run {
        text: isolated(&name::inert(text)),
        strong: false,
        emphasis: false,
        link: None,
        value: true,
    }
}

/// A fault in the markup, at a byte of the printed text.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) offset: usize,
    pub(super) message: &'static str,
    pub(super) help: &'static str,
}

/// Reads what a template printed. White space of the template's own is folded, outer space dropped.
pub(super) fn parse(printed: &str) -> Result<Runs, Fault> {
    let mut reader = Reader::default();
    let mut rest = printed;
    let mut before = None;
    while let Some(c) = rest.chars().next() {
        let offset = printed.len() - rest.len();
        rest = &rest[c.len_utf8()..];
        let after = rest.chars().next();
        match c {
            OPEN => rest = reader.value(rest),
            '\\' if matches!(after, Some('*' | '_' | '#' | '\\')) => {
                reader.push(after.unwrap_or(c));
                rest = &rest[1..];
            }
            '*' | '_' if after == Some(c) => {
                let message =
                    if c == '*' { "`**` is no markup" } else { "`__` is no markup" };
                let help = "write `*strong*` or `_emphasis_`; for the sign itself write `\\*` or `\\_`";
                return Err(Fault { offset, message, help });
            }
            '*' => reader.toggle(0, offset),
            '_' if !(is_alphanumeric(before) && is_alphanumeric(after)) => {
                reader.toggle(1, offset)
            }
            ' ' | '\t' | '\n' | '\r' => reader.space = true,
            _ => reader.push(c),
        }
        before = Some(c);
    }
    match reader.open {
        [Some(offset), _] => Err(Fault {
            offset,
            message: "`*` opens strong text that nothing closes",
            help: "close it with `*`, or write `\\*` for the sign itself",
        }),
        [_, Some(offset)] => Err(Fault {
            offset,
            message: "`_` opens emphasised text that nothing closes",
            help: "close it with `_`, or write `\\_` for the sign itself",
        }),
        [None, None] => Ok(reader.finish()),
    }
}

fn is_alphanumeric(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_alphanumeric())
}

#[derive(Default)]
struct Reader {
    runs: Vec<Run>,
    /// Where strong and emphasised text were opened.
    open: [Option<usize>; 2],
    /// White space that waits for something to separate.
    space: bool,
}

impl Reader {
    fn toggle(&mut self, which: usize, offset: usize) {
        self.open[which] = match self.open[which] {
            None => {
                // The space before an opening sign is not part of what it styles.
                self.flush_space();
                Some(offset)
            }
            Some(_) => None,
        };
    }

    fn push(&mut self, c: char) {
        self.flush_space();
        self.push_own(c);
    }

    fn push_own(&mut self, c: char) {
        let [strong, emphasis] = self.open.map(|open| open.is_some());
        match self.runs.last_mut() {
            Some(run)
                if !run.value
                    && run.link.is_none()
                    && run.strong == strong
                    && run.emphasis == emphasis =>
            {
                run.text.push(c);
            }
            _ => {
                let text = c.to_string();
                self.runs.push(Run { text, strong, emphasis, link: None, value: false });
            }
        }
    }

    fn flush_space(&mut self) {
        if std::mem::take(&mut self.space) && !self.runs.is_empty() {
            self.push_own(' ');
        }
    }

    /// Takes an encoded run off the front of `rest` and gives what follows it.
    fn value<'a>(&mut self, rest: &'a str) -> &'a str {
        let Some((head, tail)) = rest.split_once(MIDDLE) else { return "" };
        let (text, tail) = tail.split_once(CLOSE).unwrap_or((tail, ""));
        if !text.is_empty() {
            self.flush_space();
            let style = head.bytes().next().unwrap_or(b'0') - b'0';
            let link = head.get(1..).filter(|link| !link.is_empty()).map(str::to_owned);
            self.runs.push(Run {
                text: text.to_owned(),
                strong: style & 1 != 0 || self.open[0].is_some(),
                emphasis: style & 2 != 0 || self.open[1].is_some(),
                link,
                value: style & 4 != 0,
            });
        }
        tail
    }

    fn finish(mut self) -> Runs {
        for run in self.runs.iter_mut().filter(|run| !is_nfc(&run.text)) {
            run.text = run.text.cjk_compat_variants().nfc().collect();
        }
        Runs(self.runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(printed: &str) -> String {
        let mut shown = String::new();
        for run in &parse(printed).unwrap() {
            let sign = ["", "*", "_", "*_"]
                [usize::from(run.strong) + 2 * usize::from(run.emphasis)];
            shown += &format!("[{sign}{}]", run.text);
        }
        shown
    }

    #[test]
    fn reads_two_signs_and_their_escapes() {
        assert_eq!(shown("a *b* _c *d*_\n e"), "[a ][*b][ ][_c ][*_d][ e]");
        assert_eq!(shown(r"2 \* 3 \_ \# \\ \n"), r"[2 * 3 _ # \ \n]");
        assert_eq!(shown("snake_case_2 _x_"), "[snake_case_2 ][_x]");
        assert_eq!(shown("  \u{a0}a  \n b "), "[\u{a0}a b]");
    }

    #[test]
    fn values_are_no_markup() {
        let mut printed = "*".to_owned();
        encode(&value("*x* _y_ \u{fdd2}\u{fdd0}\\"), &mut printed).unwrap();
        printed.push_str("* z");
        assert_eq!(shown(&printed), "[*\u{2068}*x* _y_ \\\u{2069}][ z]");
    }

    #[test]
    fn markup_must_balance() {
        assert_eq!(parse("a *b").unwrap_err().offset, 2);
        assert_eq!(parse("a _b* *").unwrap_err().offset, 2);
        assert_eq!(parse("**b**").unwrap_err().offset, 0);
    }
}
