//! From the output of a template to runs: `*strong*`, `_emphasis_`, and values, which are never
//! markup.
//!
//! The decision: a template prints a value between noncharacters, and markup is read only outside
//! of them. A value cannot contain noncharacters, because [`encode`] removes them.

use std::fmt;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::fact::Fact;
use crate::site::name;
use crate::text::runs::{Run, Runs, isolated};

const OPEN: char = '\u{fdd0}';
const MIDDLE: char = '\u{fdd1}';
const CLOSE: char = '\u{fdd2}';
const VALUE: char = '\u{fdd3}';
const CHOICE: char = '\u{fdd4}';

/// Prints a run: `OPEN`, style and link, its facts, `MIDDLE`, text, `CLOSE`.
pub(super) fn encode(run: &Run, facts: &[Fact], out: &mut dyn fmt::Write) -> fmt::Result {
    let link = run.link.as_deref().map(|link| name::inert(link).into_owned());
    encode_finished(
        &Run { text: name::inert(&run.text).into_owned(), link, ..run.clone() },
        facts,
        out,
    )
}

/// Prints a run of a finished text, whose isolates may enclose several runs and must stay.
pub(super) fn encode_finished(
    run: &Run,
    facts: &[Fact],
    out: &mut dyn fmt::Write,
) -> fmt::Result {
    let style =
        u8::from(run.strong) | u8::from(run.emphasis) << 1 | u8::from(run.value) << 2;
    out.write_char(OPEN)?;
    out.write_char(char::from(b'0' + style))?;
    out.write_str(run.link.as_deref().unwrap_or_default())?;
    for fact in facts {
        let (sign, text) = match fact {
            Fact::Value(text) => (VALUE, text),
            Fact::Choice(name) => (CHOICE, name),
        };
        out.write_char(sign)?;
        out.write_str(&name::inert(text))?;
    }
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

/// An error in the markup, at a byte of the output.
#[derive(Debug, PartialEq)]
pub(super) struct MarkupError {
    pub(super) offset: usize,
    pub(super) message: &'static str,
    pub(super) help: &'static str,
}

/// The output of a template, read.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) runs: Runs,
    /// The facts that it prints, each with its byte in the output.
    pub(super) facts: Vec<(usize, Fact)>,
}

/// Reads the output of a template. White space outside of values becomes one space, and none at the
/// ends.
pub(super) fn parse(printed: &str) -> Result<Parsed, MarkupError> {
    let mut reader = MarkupReader::default();
    let mut rest = printed;
    let mut before = None;
    while let Some(c) = rest.chars().next() {
        let offset = printed.len() - rest.len();
        rest = &rest[c.len_utf8()..];
        let after = rest.chars().next();
        match c {
            OPEN => rest = reader.read_value(rest, offset),
            '\\' if matches!(after, Some('*' | '_' | '#' | '\\')) => {
                reader.push(after.unwrap_or(c));
                rest = &rest[1..];
            }
            '*' | '_' if after == Some(c) => {
                let message =
                    if c == '*' { "`**` is no markup" } else { "`__` is no markup" };
                let help = "write `*strong*` or `_emphasis_`; for the sign itself write `\\*` or `\\_`";
                return Err(MarkupError { offset, message, help });
            }
            '*' => reader.toggle(0, offset),
            '_' if !(is_alphanumeric(before) && is_alphanumeric(after)) => {
                reader.toggle(1, offset)
            }
            ' ' | '\t' | '\n' | '\r' => reader.has_space = true,
            _ => reader.push(c),
        }
        before = Some(c);
    }
    match reader.open {
        [Some(offset), _] => Err(MarkupError {
            offset,
            message: "`*` opens strong text that nothing closes",
            help: "close it with `*`, or write `\\*` for the sign itself",
        }),
        [_, Some(offset)] => Err(MarkupError {
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
struct MarkupReader {
    runs: Vec<Run>,
    facts: Vec<(usize, Fact)>,
    /// The bytes at which strong and emphasised text were opened, if they are open.
    open: [Option<usize>; 2],
    /// Whether white space came last. It counts only before further text.
    has_space: bool,
}

impl MarkupReader {
    fn toggle(&mut self, which: usize, offset: usize) {
        self.open[which] = match self.open[which] {
            None => {
                // The space before an opening sign does not have the style.
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
        if std::mem::take(&mut self.has_space) && !self.runs.is_empty() {
            self.push_own(' ');
        }
    }

    /// Reads an encoded run at the beginning of `rest`, and gives the text after it.
    fn read_value<'a>(&mut self, rest: &'a str, offset: usize) -> &'a str {
        let Some((head, tail)) = rest.split_once(MIDDLE) else { return "" };
        let (text, tail) = tail.split_once(CLOSE).unwrap_or((tail, ""));
        let (head, facts) =
            head.split_at(head.find([VALUE, CHOICE]).unwrap_or(head.len()));
        // A value without letters is a fact too: another branch might print nothing.
        self.facts.extend(read_facts(facts).map(|fact| (offset, fact)));
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

    fn finish(mut self) -> Parsed {
        for run in self.runs.iter_mut().filter(|run| !is_nfc(&run.text)) {
            run.text = run.text.cjk_compat_variants().nfc().collect();
        }
        Parsed { runs: Runs(self.runs), facts: self.facts }
    }
}

/// The facts of an encoded run.
fn read_facts(text: &str) -> impl Iterator<Item = Fact> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let sign = rest.chars().next()?;
        let body = &rest[sign.len_utf8()..];
        let (text, after) =
            body.split_at(body.find([VALUE, CHOICE]).unwrap_or(body.len()));
        rest = after;
        let text = text.to_owned();
        Some(if sign == CHOICE { Fact::Choice(text) } else { Fact::Value(text) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(printed: &str) -> String {
        let mut shown = String::new();
        for run in &parse(printed).unwrap().runs {
            let sign = ["", "*", "_", "*_"]
                [usize::from(run.strong) + 2 * usize::from(run.emphasis)];
            shown += &format!("[{sign}{}]", run.text);
        }
        shown
    }

    #[test]
    fn signs_and_their_escapes_are_read() {
        assert_eq!(shown("a *b* _c *d*_\n e"), "[a ][*b][ ][_c ][*_d][ e]");
        assert_eq!(shown(r"2 \* 3 \_ \# \\ \n"), r"[2 * 3 _ # \ \n]");
        assert_eq!(shown("snake_case_2 _x_"), "[snake_case_2 ][_x]");
        assert_eq!(shown("  \u{a0}a  \n b "), "[\u{a0}a b]");
    }

    #[test]
    fn value_with_signs_is_no_markup() {
        let mut printed = "*".to_owned();
        let facts = [Fact::Value("x\u{fdd4}".into()), Fact::Choice("y".into())];
        encode(&value("*x* _y_ \u{fdd2}\u{fdd0}\\"), &facts, &mut printed).unwrap();
        printed.push_str("* z");
        assert_eq!(shown(&printed), "[*\u{2068}*x* _y_ \\\u{2069}][ z]");
        let facts = [(1, Fact::Value("x".into())), (1, Fact::Choice("y".into()))];
        assert_eq!(parse(&printed).unwrap().facts, facts);
    }

    #[test]
    fn unbalanced_markup_is_refused() {
        assert_eq!(parse("a *b").unwrap_err().offset, 2);
        assert_eq!(parse("a _b* *").unwrap_err().offset, 2);
        assert_eq!(parse("**b**").unwrap_err().offset, 0);
    }
}
