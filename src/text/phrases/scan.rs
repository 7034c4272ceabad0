//! A first look at a sentence, before it is rendered: which variables, filters and tests it names, and
//! where. It reads the words of minijinja's expressions and leaves their grammar to minijinja.

use std::ops::Range;

/// What a template names.
#[derive(Debug, Default)]
pub(super) struct Scan<'a> {
    /// Dotted paths: `course.title`. Names that a `for` introduces are among them.
    pub(super) variables: Vec<(String, Range<usize>)>,
    /// Filters, with what is written in their brackets.
    pub(super) filters: Vec<Filter<'a>>,
    /// Tests: what stands after `is`.
    pub(super) tests: Vec<(&'a str, Range<usize>)>,
    /// The first word of each `{% … %}`.
    pub(super) statements: Vec<(&'a str, Range<usize>)>,
    /// Where values and comments stand: all but text and statements.
    pub(super) tags: Vec<Range<usize>>,
    /// Where text stands: all but values, comments and statements.
    pub(super) texts: Vec<Range<usize>>,
    /// What is called like a function.
    pub(super) calls: Vec<(&'a str, Range<usize>)>,
}

/// A filter's use.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub(super) name: &'a str,
    pub(super) range: Range<usize>,
    /// The first argument, if it is a string without escapes.
    pub(super) text: Option<(&'a str, Range<usize>)>,
    /// Its keyword arguments.
    pub(super) keywords: Vec<Keyword<'a>>,
}

/// An argument with a name.
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

/// Scans a template whose syntax minijinja has accepted.
pub(super) fn scan(template: &str) -> Scan<'_> {
    let mut scan = Scan::default();
    let mut from = 0;
    let mut text = 0;
    while let Some(open) = template[from..].find('{').map(|index| from + index) {
        let tag = matches!(template.as_bytes().get(open + 1), Some(b'#' | b'{' | b'%'));
        if tag && text < open {
            scan.texts.push(text..open);
        }
        from = match template.as_bytes().get(open + 1) {
            Some(b'#') => {
                let end = template[open..]
                    .find("#}")
                    .map_or(template.len(), |end| open + end + 2);
                scan.tags.push(open..end);
                end
            }
            Some(b'{') => {
                let (tokens, end) = tokens(template, open + 2, '}');
                scan.expression(&tokens);
                scan.tags.push(open..end);
                end
            }
            Some(b'%') => {
                let (tokens, end) = tokens(template, open + 2, '%');
                if let Some((Token::Word(word), range)) = tokens.first() {
                    scan.statements.push((word, range.clone()));
                }
                scan.expression(tokens.get(1..).unwrap_or_default());
                end
            }
            _ => open + 1,
        };
        if tag {
            text = from;
        }
    }
    if text < template.len() {
        scan.texts.push(text..template.len());
    }
    scan
}

impl<'a> Scan<'a> {
    /// The texts that stand under no condition.
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

    fn expression(&mut self, tokens: &Tokens<'a>) {
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
                self.filters.push(filter(name, range, &tokens[index + 1..]));
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
                self.variables.push((path, range.start..end));
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

fn filter<'a>(name: &'a str, range: Range<usize>, rest: &Tokens<'a>) -> Filter<'a> {
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

/// The tokens from `start` to the end of the tag, and where the text after it begins.
fn tokens(
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
    fn sees_names_at_their_places() {
        let template = "a {# {{ no }} #} {{ extra['x'].y | plural(one='# }}', other=course.title) }}\
            {%- if grade is not none and issued is defined %}{{ name|upper }}{% endif %}";
        let scan = scan(template);
        let names = |list: &[(String, Range<usize>)]| {
            list.iter()
                .map(|(name, range)| (name == &template[range.clone()], name.clone()))
                .collect::<Vec<_>>()
        };
        let variables: Vec<_> = ["extra", "course.title", "grade", "issued", "name"]
            .map(|v| (true, v.to_owned()))
            .into();
        assert_eq!(names(&scan.variables), variables);
        let filters: Vec<_> = scan.filters.iter().map(|filter| filter.name).collect();
        assert_eq!(filters, ["plural", "upper"]);
        let keywords: Vec<_> =
            scan.filters[0].keywords.iter().map(|keyword| keyword.name).collect();
        assert_eq!(keywords, ["one", "other"]);
        let tests: Vec<_> = scan.tests.iter().map(|(name, _)| *name).collect();
        assert_eq!(tests, ["none", "defined"]);
        let statements: Vec<_> = scan.statements.iter().map(|(name, _)| *name).collect();
        assert_eq!(statements, ["if", "endif"]);
    }
}
