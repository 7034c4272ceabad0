//! Explanations of syntax errors.
//!
//! The parser names the rule of its grammar that failed, and where. The mistake is most often a
//! colon in a title, a tab, or a quote that is never closed, and may be several lines above. The
//! explanation names the mistake and its line.

use std::ops::Range;

use serde_yaml::granit_parser::{ErrorKind as ScanErrorKind, ScanError};

use super::document::MAX_NESTED;
use crate::base::error::{ErrorKind, ErrorMessage, finding, nearest};

/// A parser's error, explained.
pub(super) struct Explained {
    pub(super) kind: ErrorKind,
    pub(super) at: Range<u32>,
    pub(super) message: ErrorMessage,
    pub(super) help: Option<String>,
}

pub(super) fn explain(text: &str, error: &ScanError) -> Explained {
    use ScanErrorKind::*;
    let at = offset(text, error.marker().line(), error.marker().col());
    let rest = &text[at..];
    let found = rest.chars().next();
    match error.kind() {
        MappingValueNotAllowed => colon(text, at),
        SimpleKeyExpected | InvalidSimpleKey | ExpectedDocumentStart => {
            no_entry(text, at)
        }
        TabInBlockIndentation
        | TabInIndentation
        | TabNotAllowed
        | TabInPlainScalar
        | TabAtBlockScalarStart => {
            let line = line_start(text, at);
            let tab = text[line..].find('\t').map_or(at, |tab| line + tab);
            say(tab..tab + 1, finding!("tab_indented"), "indent with spaces")
        }
        UnclosedQuotedScalar => {
            say(at..at + 1, finding!("quote_open", quote(rest)), "add the closing quote")
        }
        InvalidQuotedScalarIndent
        | DocumentIndicatorInQuotedScalar
        | InvalidTrailingSingleQuotedScalar
        | InvalidTrailingDoubleQuotedScalar
            if let Some(open) = last_quote(text, at)
                && open < line_start(text, at) =>
        {
            say(
                open..open + 1,
                format!("this quote is not closed on its line: {}", quote(&text[open..])),
                "add the closing quote",
            )
        }
        InvalidTrailingSingleQuotedScalar | InvalidTrailingDoubleQuotedScalar
            if rest.starts_with(['"', '\'']) && !open(&text[..at]).0.is_empty() =>
        {
            bracket(text, at)
        }
        InvalidTrailingSingleQuotedScalar => say(
            word(text, at),
            "text goes on after the closing quote",
            "write `''` for an apostrophe between single quotes, or use double quotes",
        ),
        InvalidTrailingDoubleQuotedScalar => say(
            word(text, at),
            "text goes on after the closing quote",
            r#"write `\"` for a quote between double quotes, or put single quotes around all"#,
        ),
        UnknownQuotedScalarEscape
        | InvalidQuotedScalarHexEscape
        | InvalidUnicodeEscape => {
            let escape = unknown_escape(rest).map_or(at, |escape| at + escape);
            let end = text[escape..]
                .char_indices()
                .nth(2)
                .map_or(text.len(), |(i, _)| escape + i);
            say(
                escape..end,
                format!("unknown escape `{}`", &text[escape..end]),
                r"write `\\` for a backslash, or put single quotes around the text",
            )
        }
        UnknownAnchor | MissingAnchorOrAliasName => unknown_anchor(text, at),
        UnexpectedCharacter { character } if character.is_control() => say(
            at..at + 1,
            format!("a control character (U+{:04X})", *character as u32),
            "remove it",
        ),
        UnexpectedCharacter { character } => say(
            at..at + character.len_utf8(),
            finding!("bad_start", character),
            "put the text in quotes",
        ),
        ExpectedBlockMappingKey | InvalidIndentation => say(
            word(text, at),
            finding!("wrong_indentation"),
            "give keys that belong together the same number of spaces",
        ),
        ExpectedBlockSequenceEntry => say(
            word(text, at),
            "a list ends here without its map having gone on",
            "begin each item with `- `, and indent what belongs to an item",
        ),
        BlockSequenceEntryNotAllowed => say(
            at..at + 1,
            "a list cannot begin on the line of its key",
            "begin it on the next line, or write `[…]`",
        ),
        MisplacedFlowCollectionEnd => say(
            at..at + 1,
            format!("`{}` closes nothing", found.unwrap_or(' ')),
            "remove it, or put the text in quotes",
        ),
        MismatchedFlowCollectionEnd { open, close } => say(
            at..at + 1,
            format!("`{open}` is closed by `{close}`"),
            "close each bracket with its own, or put the text in quotes",
        ),
        ExpectedFlowMappingSeparator
        | ExpectedFlowSequenceSeparator
        | UnclosedFlowCollection { .. }
        | InvalidColonPlacement
        | UnexpectedEofFlowSequence
        | UnexpectedEofFlowMapping
        | UnexpectedEofImplicitFlowMapping
        | InvalidFlowScalarIndent => bracket(text, at),
        DirectiveDisallowed => {
            say(word(text, at), "YAML directives are not used here", "remove this line")
        }
        RecursionLimitExceeded => Explained {
            kind: ErrorKind::TooLarge,
            ..say(
                at..at + 1,
                format!("nested deeper than {MAX_NESTED} levels"),
                "write it with fewer levels",
            )
        },
        _ if found == Some('#') => say(
            word(text, at),
            finding!("bad_start", '#'),
            "put the text in quotes: `\"#8c1414\"`",
        ),
        other => say(
            word(text, at),
            format!("this is no YAML ({other})"),
            "if it is a text, put it in quotes",
        ),
    }
}

/// Explains a `:` where no key can end.
fn colon(text: &str, at: usize) -> Explained {
    let start = line_start(text, at);
    let before = &text[start..at];
    if let Some((key, value)) = before.split_once(": ") {
        let value = format!("{value}{}", line(text, at));
        let value = value.trim();
        let help = if value.contains('"') {
            format!("put the text after `{}: ` in quotes", key.trim())
        } else {
            format!("put the text in quotes: `{}: \"{value}\"`", key.trim())
        };
        return say(at..at + 1, finding!("second_colon"), help);
    }
    let (above_start, above) = line_above(text, start);
    let indent = |line: &str| line.len() - line.trim_start().len();
    if !above.contains(": ") && !above.ends_with(':') && !above.trim().is_empty() {
        return no_entry(text, above_start + indent(above));
    }
    if indent(before) > indent(above) {
        return say(
            word(text, start + indent(before)),
            finding!("deeper_line"),
            "give keys that belong together the same number of spaces",
        );
    }
    if before.len() > 1000 {
        return Explained {
            kind: ErrorKind::TooLarge,
            ..say(at..at + 1, "too long a key", "put the text in quotes")
        };
    }
    say(at..at + 1, "a `:` where no key can end", "put the text in quotes")
}

/// Returns the nearest line above `start` that is neither empty nor a comment, and where it begins.
fn line_above(text: &str, start: usize) -> (usize, &str) {
    let mut end = start;
    loop {
        let line_end = text[..end].strip_suffix('\n').unwrap_or(&text[..end]).len();
        let begin = line_start(text, line_end);
        let line = text[begin..line_end].trim_end();
        let is_passed = line.is_empty() || line.trim_start().starts_with('#');
        if !is_passed || begin == 0 {
            return (begin, line);
        }
        end = begin;
    }
}

/// Explains a line that should be an entry of a map.
fn no_entry(text: &str, at: usize) -> Explained {
    let end = at + line(text, at).trim_end().len();
    say(
        at..end.max(at + 1),
        finding!("no_pair"),
        "write a key, a colon, a space and the value",
    )
}

/// Explains a `{` or `[` that is not closed, or a `,` that is missing inside.
fn bracket(text: &str, at: usize) -> Explained {
    match open(&text[..at]).0.last() {
        Some(&(index, c)) if is_unclosed(text, index, at) => {
            never_closed(text, index, at, c)
        }
        Some((_, c)) => say(
            at..at + 1,
            finding!("comma_missing", c),
            "put a comma between entries, and texts with `:`, `,` or brackets in quotes",
        ),
        None => match text[at..].chars().next() {
            Some(c @ ('{' | '[')) => never_closed(text, at, text.len(), c),
            _ => say(at..at + 1, "unexpected here", "put the text in quotes"),
        },
    }
}

/// Explains the bracket at `index`, which nothing closes before `end`.
fn never_closed(text: &str, index: usize, end: usize, c: char) -> Explained {
    let close = if c == '{' { '}' } else { ']' };
    if let Some(sign) = hiding_comment(text, index..end, close) {
        return say(
            sign..sign + 1,
            format!("this `#` begins a comment, so that the `{c}` is never closed"),
            "put the text that begins with `#` in quotes: `\"#8c1414\"`",
        );
    }
    say(
        index..index + 1,
        finding!("bracket_open", c),
        format!("add the closing `{close}`"),
    )
}

/// Whether the bracket at `index` is not closed on its line, nor anywhere below.
fn is_unclosed(text: &str, index: usize, at: usize) -> bool {
    at >= text.len()
        || text[index..at].contains('\n')
            && open(text).0.iter().any(|(open, _)| *open == index)
}

/// Returns the byte of the last opening quote before `at`.
fn last_quote(text: &str, at: usize) -> Option<usize> {
    open(&text[..at]).1
}

/// Returns the brackets that are open at the end of a text, and the last opening quote in it.
fn open(text: &str) -> (Vec<(usize, char)>, Option<usize>) {
    let mut brackets = Vec::new();
    let mut quoted = None;
    let mut last = None;
    let mut chars = text.char_indices().peekable();
    while let Some((index, c)) = chars.next() {
        match (quoted, c) {
            // An escape, or an apostrophe that is written twice.
            (Some('"'), '\\') => drop(chars.next()),
            (Some('\''), '\'') if chars.peek().is_some_and(|(_, next)| *next == '\'') => {
                chars.next();
            }
            (Some(quote), _) if quote == c => quoted = None,
            (Some(_), _) => {}
            (None, '#') if begins_comment(&text[..index]) => {
                while chars.next_if(|(_, next)| *next != '\n').is_some() {}
            }
            (None, '"' | '\'') if starts_value(&text[..index]) => {
                quoted = Some(c);
                last = Some(index);
            }
            (None, '{' | '[') if starts_value(&text[..index]) => {
                brackets.push((index, c))
            }
            (None, '}' | ']') => drop(brackets.pop()),
            _ => {}
        }
    }
    (brackets, last)
}

fn unknown_anchor(text: &str, at: usize) -> Explained {
    let sign = if text[at..].starts_with('&') { '&' } else { '*' };
    let name: String = text[at..]
        .trim_start_matches(['*', '&'])
        .chars()
        .take_while(|c| !c.is_whitespace() && !matches!(c, ',' | '[' | ']' | '{' | '}'))
        .collect();
    let range = at..at + 1 + name.len();
    if name.is_empty() || name.ends_with('*') {
        return say(range, finding!("bad_start", sign), "put the text in quotes");
    }
    let anchors = text[..at].split_whitespace().filter_map(|word| word.strip_prefix('&'));
    let names = anchors.filter(|anchor| anchor.len().max(name.len()) < 100);
    let help = match nearest(&name, names) {
        Some(anchor) => format!("did you mean `*{anchor}`?"),
        None => format!("define it above with `&{name}`, or put the text in quotes"),
    };
    say(range, format!("no anchor `&{name}` above"), help)
}

fn say(
    at: Range<usize>,
    message: impl Into<ErrorMessage>,
    help: impl Into<Help>,
) -> Explained {
    Explained {
        kind: ErrorKind::Syntax,
        at: at.start as u32..at.end as u32,
        message: message.into(),
        help: help.into().0,
    }
}

struct Help(Option<String>);

impl From<&str> for Help {
    fn from(help: &str) -> Self {
        Help(Some(help.into()))
    }
}

impl From<String> for Help {
    fn from(help: String) -> Self {
        Help(Some(help))
    }
}

impl From<Option<&str>> for Help {
    fn from(help: Option<&str>) -> Self {
        Help(help.map(Into::into))
    }
}

/// Whether a bracket or quote after `before` opens a value, rather than being part of a text.
fn starts_value(before: &str) -> bool {
    before.trim_end_matches(' ').ends_with([':', ',', '[', '{', '-', '\n'])
}

/// Whether a `#` after `before` begins a comment: at the start of a line or after a space.
fn begins_comment(before: &str) -> bool {
    before.is_empty() || before.ends_with([' ', '\t', '\n'])
}

/// Returns the `#` of the first comment between two bytes that hides a closing bracket.
fn hiding_comment(text: &str, range: Range<usize>, close: char) -> Option<usize> {
    let mut start = line_start(text, range.start);
    for line in text[start..].split_inclusive('\n') {
        if start >= range.end {
            break;
        }
        // All that follows the first `#` of a line is its comment.
        if let Some(sign) = comment(line, range.start.saturating_sub(start))
            && start + sign < range.end
            && line[sign..].contains(close)
        {
            return Some(start + sign);
        }
        start += line.len();
    }
    None
}

/// Returns the `#` that begins a comment of a line, at `from` or after it.
fn comment(line: &str, from: usize) -> Option<usize> {
    let (mut is_double, mut is_single, mut before) = (false, false, ' ');
    for (index, c) in line.char_indices() {
        match c {
            '"' => is_double = !is_double,
            '\'' => is_single = !is_single,
            '#' if index >= from
                && !is_double
                && !is_single
                && matches!(before, ' ' | '\t') =>
            {
                return Some(index);
            }
            _ => {}
        }
        before = c;
    }
    None
}

fn unknown_escape(quoted: &str) -> Option<usize> {
    let mut chars = quoted.char_indices();
    while let Some((index, c)) = chars.next() {
        if c == '\\'
            && !chars.next().is_some_and(|(_, c)| "0abtnvfre \"/\\N_LP\n\t".contains(c))
        {
            return Some(index);
        }
    }
    None
}

/// Returns the beginning of a quoted text, for a message.
fn quote(rest: &str) -> String {
    let line = rest.lines().next().unwrap_or_default();
    match line.char_indices().nth(24) {
        Some((end, _)) => format!("`{}…`", &line[..end]),
        None => format!("`{line}`"),
    }
}

fn word(text: &str, at: usize) -> Range<usize> {
    let word = text[at..].split([' ', ':', '\n', '\r']).next().unwrap_or_default();
    at..at + word.len().max(1)
}

fn line(text: &str, at: usize) -> &str {
    text[at..].lines().next().unwrap_or_default()
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Returns the byte of a line (from one) and a column (from zero, in characters).
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start = match line {
        0 | 1 => 0,
        _ => text.match_indices('\n').nth(line - 2).map_or(text.len(), |(i, _)| i + 1),
    };
    text[start..].char_indices().nth(column).map_or(text.len(), |(i, _)| start + i)
}
