//! The variables, filters and tests that a template names, with their ranges; and the ranges of its
//! text.
//!
//! Takes a template that minijinja has parsed; gives [`TemplateAnalysis`]. The decision: this is
//! only a lexer of minijinja's expressions; minijinja checks their grammar.

use std::borrow::Cow;
use std::ops::Range;

/// What a template names, and where. Ranges are bytes of the template.
#[derive(Debug, Default)]
pub(super) struct TemplateAnalysis<'a> {
    /// Variables as dotted paths: `course.title`. Names that a `for` introduces are among them.
    pub(super) variables: Vec<(String, Range<usize>)>,
    /// Variables that are compared with a number, or with anything by their order.
    pub(super) comparisons: Vec<(String, Range<usize>)>,
    /// Filters, with their arguments.
    pub(super) filters: Vec<Filter<'a>>,
    /// Tests: the names after `is`.
    pub(super) tests: Vec<(&'a str, Range<usize>)>,
    /// The first word of each `{% … %}`.
    pub(super) statements: Vec<(&'a str, Range<usize>)>,
    /// Values and comments: all but text and statements.
    pub(super) tags: Vec<Range<usize>>,
    /// Text: all but values, comments and statements.
    pub(super) texts: Vec<Range<usize>>,
    /// Functions and methods that are called.
    pub(super) calls: Vec<(&'a str, Range<usize>)>,
}

/// A filter and its arguments.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub(super) name: &'a str,
    pub(super) range: Range<usize>,
    /// The first argument, if it is a string without escapes.
    pub(super) text: Option<(&'a str, Range<usize>)>,
    /// Its keyword arguments.
    pub(super) keywords: Vec<Keyword<'a>>,
}

/// A keyword argument.
#[derive(Debug)]
pub(super) struct Keyword<'a> {
    pub(super) name: &'a str,
    /// Its value, if that is a string.
    pub(super) text: Option<(&'a str, Range<usize>)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Text(&'a str),
    Sign(char),
}

type Tokens<'a> = [(Token<'a>, Range<usize>)];

impl<'a> TemplateAnalysis<'a> {
    /// Whether one of the `{% … %}` begins with a word.
    pub(super) fn has_statement(&self, word: &str) -> bool {
        self.statements.iter().any(|(own, _)| *own == word)
    }

    /// Analyses a template whose syntax minijinja has accepted.
    pub(super) fn of(template: &'a str) -> Self {
        let mut analysis = Self::default();
        let mut from = 0;
        let mut text = 0;
        while let Some(open) = template[from..].find('{').map(|index| from + index) {
            let tag =
                matches!(template.as_bytes().get(open + 1), Some(b'#' | b'{' | b'%'));
            if tag && text < open {
                analysis.texts.push(text..open);
            }
            from = match template.as_bytes().get(open + 1) {
                Some(b'#') => {
                    let end = template[open..]
                        .find("#}")
                        .map_or(template.len(), |end| open + end + 2);
                    analysis.tags.push(open..end);
                    end
                }
                Some(b'{') => {
                    let (tokens, end) = tokenize(template, open + 2, '}');
                    analysis.add_expression(&tokens);
                    analysis.tags.push(open..end);
                    end
                }
                Some(b'%') => {
                    let (tokens, end) = tokenize(template, open + 2, '%');
                    if let Some((Token::Word(word), range)) = tokens.first() {
                        analysis.statements.push((word, range.clone()));
                    }
                    analysis.add_expression(tokens.get(1..).unwrap_or_default());
                    end
                }
                _ => open + 1,
            };
            if tag {
                text = from;
            }
        }
        if text < template.len() {
            analysis.texts.push(text..template.len());
        }
        analysis
    }

    /// The texts outside of any `if` and `for`.
    pub(super) fn unconditional<'t>(
        &'t self,
        template: &'t str,
    ) -> impl Iterator<Item = &'t str> + 't {
        let open = |at: usize| {
            let before = self.statements.iter().filter(move |(_, range)| range.end <= at);
            before.fold(0, |depth, (word, _)| match *word {
                "if" | "for" => depth + 1,
                "endif" | "endfor" => depth - 1,
                _ => depth,
            })
        };
        let texts = self.texts.iter().filter(move |range| open(range.start) == 0);
        texts.map(|range| &template[range.clone()])
    }

    /// Adds the names in an expression.
    fn add_expression(&mut self, tokens: &Tokens<'a>) {
        let sign =
            |at: usize, c| matches!(tokens.get(at), Some((Token::Sign(s), _)) if *s == c);
        let word = |at: usize| match tokens.get(at) {
            Some((Token::Word(word), range)) => Some((*word, range.clone())),
            _ => None,
        };
        for index in 0..tokens.len() {
            let after_sign = |c| index > 0 && sign(index - 1, c);
            let Some((name, range)) = word(index) else { continue };
            let before = index.checked_sub(1).and_then(word).map(|(word, _)| word);
            let called = sign(index + 1, '(');
            if after_sign('|') {
                self.filters.push(read_filter(name, range, &tokens[index + 1..]));
            } else if before == Some("is") && name != "not"
                || before == Some("not")
                    && index > 1
                    && word(index - 2).is_some_and(|w| w.0 == "is")
            {
                self.tests.push((name, range));
            } else if KEYWORDS.contains(&name) {
            } else if after_sign('.') {
                if called {
                    self.calls.push((name, range));
                }
            } else if sign(index + 1, '=') && !sign(index + 2, '=') {
            } else if called {
                self.calls.push((name, range));
            } else if !name.starts_with(|c: char| c.is_ascii_digit()) {
                let (mut path, mut end) = (name.to_owned(), range.end);
                let mut at = index + 1;
                while let (true, Some((part, range))) = (sign(at, '.'), word(at + 1)) {
                    path.push('.');
                    path.push_str(part);
                    end = range.end;
                    at += 2;
                }
                let range = range.start..end;
                if is_compared(tokens, index, at) {
                    self.comparisons.push((path.clone(), range.clone()));
                }
                self.variables.push((path, range));
            }
        }
    }
}

const KEYWORDS: &[&str] = &[
    "if",
    "else",
    "elif",
    "in",
    "is",
    "not",
    "and",
    "or",
    "recursive",
    "true",
    "false",
    "none",
    "True",
    "False",
    "None",
];

/// Whether the variable in these tokens stands beside `<` or `>`, or beside `==` or `!=` and a number.
fn is_compared(tokens: &Tokens<'_>, start: usize, end: usize) -> bool {
    let token = |at: usize| tokens.get(at).map(|(token, _)| token);
    let is_sign = |at: usize, signs: &[char]| matches!(token(at), Some(Token::Sign(c)) if signs.contains(c));
    let is_number = |at: usize| matches!(token(at), Some(Token::Word(word)) if word.starts_with(|c: char| c.is_ascii_digit()));
    let (mut start, mut end) = (start, end);
    while start > 0 && is_sign(start - 1, &['(']) && is_sign(end, &[')']) {
        (start, end) = (start - 1, end + 1);
    }
    let is_before =
        |back: usize, signs: &[char]| start >= back && is_sign(start - back, signs);
    is_sign(end, &['<', '>'])
        || is_before(1, &['<', '>'])
        || is_before(1, &['=']) && is_before(2, &['<', '>'])
        || is_sign(end, &['=', '!']) && is_sign(end + 1, &['=']) && is_number(end + 2)
        || is_before(1, &['='])
            && is_before(2, &['=', '!'])
            && start >= 3
            && is_number(start - 3)
}

/// Reads a filter's arguments from the tokens after its name.
fn read_filter<'a>(name: &'a str, range: Range<usize>, rest: &Tokens<'a>) -> Filter<'a> {
    let mut filter = Filter { name, range, text: None, keywords: Vec::new() };
    if !matches!(rest.first(), Some((Token::Sign('('), _))) {
        return filter;
    }
    if let Some((Token::Text(text), range)) = rest.get(1) {
        filter.text = (!text.contains('\\')).then(|| (*text, range.clone()));
    }
    let mut depth = 0;
    for (index, (token, _)) in rest.iter().enumerate() {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth -= 1,
            Token::Word(name) if depth == 1 => {
                let is = |at: usize| matches!(rest.get(at), Some((Token::Sign('='), _)));
                if is(index + 1) && !is(index + 2) {
                    let text = match rest.get(index + 2) {
                        Some((Token::Text(text), range)) => Some((*text, range.clone())),
                        _ => None,
                    };
                    filter.keywords.push(Keyword { name, text });
                }
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    filter
}

/// A part of a text that `~` joins.
#[derive(Debug, PartialEq)]
pub(super) enum JoinedPart<'a> {
    /// A string of the template.
    Word(Cow<'a, str>),
    /// A variable, as a dotted path.
    Variable(String),
}

/// The parts of an expression that only joins variables and at least one string by `~`.
pub(super) fn joined_parts(expression: &str) -> Option<Vec<JoinedPart<'_>>> {
    let (tokens, _) = tokenize(expression, 0, '}');
    let mut parts = Vec::new();
    for part in tokens.split(|(token, _)| *token == Token::Sign('~')) {
        parts.push(match part {
            [(Token::Text(text), _)] => JoinedPart::Word(unescaped(text)),
            _ => JoinedPart::Variable(dotted_path(part)?),
        });
    }
    let has_word = parts.iter().any(|part| matches!(part, JoinedPart::Word(_)));
    (parts.len() > 1 && has_word).then_some(parts)
}

/// The dotted path that tokens are, and no more.
fn dotted_path(tokens: &Tokens<'_>) -> Option<String> {
    let mut path = String::new();
    for (index, (token, _)) in tokens.iter().enumerate() {
        match (token, index % 2) {
            (Token::Word(word), 0) if !KEYWORDS.contains(word) => path.push_str(word),
            (Token::Sign('.'), 1) => path.push('.'),
            _ => return None,
        }
    }
    (tokens.len() % 2 == 1).then_some(path)
}

/// The strings in an expression that it may print: `'b'` and `'c'` of
/// `'b' if a == 'x' else 'c'`.
pub(super) fn output_words(expression: &str) -> Vec<Cow<'_, str>> {
    let (tokens, _) = tokenize(expression, 0, '}');
    let mut words = Vec::new();
    for (index, (token, _)) in tokens.iter().enumerate() {
        let Token::Text(text) = token else { continue };
        let before = |back: usize| {
            let at = index.checked_sub(back)?;
            tokens.get(at).map(|(token, _)| token)
        };
        let is_printed = match before(1) {
            None | Some(Token::Word("else" | "or" | "and")) => true,
            Some(Token::Sign('(')) => match before(2) {
                Some(Token::Word(word)) => *word == "default" || KEYWORDS.contains(word),
                _ => true,
            },
            _ => false,
        };
        let is_joined = matches!(tokens.get(index + 1), Some((Token::Sign('~'), _)));
        if is_printed && !is_joined {
            words.push(unescaped(text));
        }
    }
    words
}

/// A string of a template without its escapes.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, false) => plain.push(letter),
            _ => match letters.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                next => plain.extend(next),
            },
        }
    }
    plain.into()
}

/// The tokens from `start` to the end of the tag, and the byte after the tag.
fn tokenize(
    template: &str,
    start: usize,
    close: char,
) -> (Vec<(Token<'_>, Range<usize>)>, usize) {
    let mut tokens = Vec::new();
    let mut depth = 0;
    let mut at = start;
    while let Some(c) = template[at..].chars().next() {
        let next = at + c.len_utf8();
        let end = match c {
            '\'' | '"' => {
                let mut escaped = false;
                let length = template[next..].find(|inner| {
                    let ends = inner == c && !escaped;
                    escaped = inner == '\\' && !escaped;
                    ends
                });
                let end = length.map_or(template.len(), |length| next + length);
                tokens.push((Token::Text(&template[next..end]), next..end));
                (end + 1).min(template.len())
            }
            _ if c.is_alphanumeric() || c == '_' => {
                let is_part = |inner: char| inner.is_alphanumeric() || inner == '_';
                let length = template[at..].find(|inner| !is_part(inner));
                let end = length.map_or(template.len(), |length| at + length);
                tokens.push((Token::Word(&template[at..end]), at..end));
                end
            }
            _ if c == close && depth == 0 && template[next..].starts_with('}') => {
                return (tokens, next + 1);
            }
            '-' | '+' if at == start => next,
            _ if c.is_whitespace() => next,
            _ => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                tokens.push((Token::Sign(c), at..next));
                next
            }
        };
        at = end;
    }
    (tokens, template.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_at_their_places() {
        for (template, is_compared) in [
            ("{% if grade >= 0.8 %}x{% endif %}", true),
            ("{% if 0.8 <= (grade) %}x{% endif %}", true),
            ("{% if ((row.grade)) < 5 %}x{% endif %}", true),
            ("{% if grade == 1 or name %}x{% endif %}", true),
            ("{% if 1 != grade %}x{% endif %}", true),
            ("{% if grade == 'A' and not grade %}x{% endif %}", false),
            ("{% if grade.share >= 0.8 %}x{% endif %}", false),
            ("{{ grade | percent(1) }}{{ grade | default('>') }}", false),
        ] {
            let compared = TemplateAnalysis::of(template).comparisons;
            let is_grade = |(name, _): &(String, _)| name.ends_with("grade");
            assert_eq!(compared.iter().any(is_grade), is_compared, "{template}");
        }
        let template = "a {# {{ no }} #} {{ extra['x'].y | plural(one='# }}', other=course.title) }}\
            {%- if grade is not none and issued is defined %}{{ name|upper }}{% endif %}";
        let analysis = TemplateAnalysis::of(template);
        let names = |list: &[(String, Range<usize>)]| {
            list.iter()
                .map(|(name, range)| (name == &template[range.clone()], name.clone()))
                .collect::<Vec<_>>()
        };
        let variables: Vec<_> = ["extra", "course.title", "grade", "issued", "name"]
            .map(|v| (true, v.to_owned()))
            .into();
        assert_eq!(names(&analysis.variables), variables);
        let filters: Vec<_> = analysis.filters.iter().map(|filter| filter.name).collect();
        assert_eq!(filters, ["plural", "upper"]);
        let keywords: Vec<_> =
            analysis.filters[0].keywords.iter().map(|keyword| keyword.name).collect();
        assert_eq!(keywords, ["one", "other"]);
        let tests: Vec<_> = analysis.tests.iter().map(|(name, _)| *name).collect();
        assert_eq!(tests, ["none", "defined"]);
        let statements: Vec<_> =
            analysis.statements.iter().map(|(name, _)| *name).collect();
        assert_eq!(statements, ["if", "endif"]);
    }

    #[test]
    fn words_of_an_expression_are_those_that_it_may_print() {
        let words = |text| {
            output_words(text).into_iter().map(Cow::into_owned).collect::<Vec<_>>()
        };
        assert_eq!(
            words("'b\\'s' if a == 'x' else ('c' if d in ['y'] else \"z\")"),
            ["b's", "c", "z"]
        );
        assert_eq!(words("a | default('-') | date('long', language='en')"), ["-"]);
        assert_eq!(words("'a ' ~ b"), [""; 0]);
    }

    #[test]
    fn parts_that_are_joined_are_words_and_variables() {
        let word = |text: &str| JoinedPart::Word(text.to_owned().into());
        let variable = |path: &str| JoinedPart::Variable(path.to_owned());
        assert_eq!(
            joined_parts("name ~ ' (' ~ extra.rank ~ ')'").unwrap(),
            [variable("name"), word(" ("), variable("extra.rank"), word(")")]
        );
        for other in ["name", "name ~ place", "name ~ 'x' | upper", "a ~ 'x' if b else c"]
        {
            assert_eq!(joined_parts(other), None, "{other}");
        }
    }
}
