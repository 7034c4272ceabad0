//! What can go wrong, said to the person who can mend it.
//!
//! One opaque [`Error`] for the whole library. It knows its [`ErrorKind`], the [`Place`] in a file that
//! somebody wrote, and what to do about it. `{}` is one line; `{:#}` is the report with the excerpt
//! and the help. Independent faults travel together: [`Error::faults`] walks them.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::ops::Range;

/// The result of everything in this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A fault, with its place and its remedy.
pub struct Error(Box<Fault>);

struct Fault {
    kind: ErrorKind,
    message: String,
    place: Option<Place>,
    help: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    more: Vec<Error>,
}

impl Error {
    /// A fault of one's own: for those who write a [`Store`](crate::Store), a
    /// [`Signer`](crate::Signer) or another edge. The message is lower case, without a full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Fault {
            kind,
            message: message.into(),
            place: None,
            help: None,
            source: None,
            more: Vec::new(),
        }))
    }

    /// Sets the place, unless a nearer one is known already.
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.0.place.get_or_insert(place);
        self
    }

    /// The same fault, with what to do next.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// The same fault, with the error that is behind it.
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// Joins independent faults into one error, by file and line; none is no error.
    pub(crate) fn join(faults: impl IntoIterator<Item = Error>) -> Result<()> {
        let mut faults: Vec<Error> =
            faults.into_iter().flat_map(Error::into_faults).collect();
        faults.sort_by(|a, b| a.order().cmp(&b.order()));
        let mut faults = faults.into_iter();
        match faults.next() {
            None => Ok(()),
            Some(mut first) => {
                first.0.more.extend(faults);
                Err(first)
            }
        }
    }

    /// File by file from top to bottom, then what has no place.
    fn order(&self) -> impl Ord + '_ {
        let place = self.place();
        let place = place.map(|place| (place.file.as_str(), place.line, place.column));
        (place.is_none(), place)
    }

    /// Both results, or the faults of both.
    pub(crate) fn both<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(fault), Ok(_)) | (Ok(_), Err(fault)) => Err(fault),
            (Err(mut first), Err(second)) => {
                first.0.more.push(second);
                Err(first)
            }
        }
    }

    /// The kind of the (first) fault.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What failed, in one sentence without its place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where somebody can mend it.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// What to do next.
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// This fault and the independent ones that were found with it, in order.
    pub fn faults(&self) -> impl Iterator<Item = &Error> {
        let rest: Box<dyn Iterator<Item = &Error>> =
            Box::new(self.0.more.iter().flat_map(Error::faults));
        std::iter::once(self).chain(rest)
    }

    /// The same faults, each an error of its own.
    pub fn into_faults(mut self) -> Vec<Error> {
        let more = std::mem::take(&mut self.0.more);
        let rest = more.into_iter().flat_map(Error::into_faults);
        std::iter::once(self).chain(rest).collect()
    }

    /// Whether the same request may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Deadline
                | ErrorKind::Unhealthy
                | ErrorKind::Queue
                | ErrorKind::Signer
                | ErrorKind::Store
                | ErrorKind::Timestamp
        )
    }

    /// Whether the request or the site is at fault, rather than the machine or this library.
    pub fn is_user_fault(&self) -> bool {
        !matches!(
            self.0.kind,
            ErrorKind::Deadline
                | ErrorKind::Unhealthy
                | ErrorKind::Panic
                | ErrorKind::Io
                | ErrorKind::Queue
                | ErrorKind::Signer
                | ErrorKind::Store
                | ErrorKind::Timestamp
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults().enumerate() {
            if index > 0 {
                f.write_str(if f.alternate() { "\n\n" } else { "; " })?;
            }
            fault.0.fmt_one(f)?;
        }
        Ok(())
    }
}

impl Fault {
    fn fmt_one(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_report(
            f,
            self.place.as_ref(),
            &self.message,
            self.help.as_deref(),
            f.alternate(),
        )
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self:#}", self.0.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Something that was done or noticed on the way to a result that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// What kind of thing it is about.
    pub kind: ErrorKind,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// Where it comes from.
    pub place: Option<Place>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Warning {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), place: None, help: None }
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alternate = f.alternate();
        write_report(
            f,
            self.place.as_ref(),
            &self.message,
            self.help.as_deref(),
            alternate,
        )
    }
}

fn write_report(
    f: &mut fmt::Formatter<'_>,
    place: Option<&Place>,
    message: &str,
    help: Option<&str>,
    long: bool,
) -> fmt::Result {
    if let Some(place) = place {
        write!(f, "{place}: ")?;
    }
    f.write_str(message)?;
    if long {
        if let Some(excerpt) = place.and_then(|place| place.excerpt.as_ref()) {
            write!(f, "\n{excerpt}")?;
        }
        if let Some(help) = help {
            write!(f, "\nhelp: {help}")?;
        }
    }
    Ok(())
}

/// What kind of fault it is. More will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file is not what its format asks for: YAML, UTF-8, a template's syntax.
    Syntax,
    /// A key that is not known at its place.
    UnknownKey,
    /// A key that must be there is not.
    MissingField,
    /// The same thing is defined twice.
    Duplicate,
    /// A value is not of the form its key asks for.
    InvalidValue,
    /// A limit that guards against runaway input.
    TooLarge,
    /// No course of that id.
    UnknownCourse,
    /// No layout of that name.
    UnknownLayout,
    /// No locale for that language tag.
    UnknownLanguage,
    /// No file of that name in the site.
    MissingFile,
    /// A person's name cannot be used.
    Name,
    /// A sentence cannot be made: an unknown variable, a filter's complaint.
    Sentence,
    /// A picture cannot be read or used.
    Image,
    /// A font cannot be read.
    Font,
    /// A layout's own code fails, or lacks what it must have.
    Layout,
    /// A letter that no declared font has.
    MissingGlyph,
    /// A family was used that the layout does not declare.
    UndeclaredFamily,
    /// A sentence of the sheet does not stand on the page.
    TextMissing,
    /// A sentence stands on the page more than once.
    TextDoubled,
    /// Ink beyond its slot or the page.
    Overflow,
    /// Ink over a signature.
    Overlap,
    /// Not as many pages as the layout promises.
    PageCount,
    /// The layout refers to itself in a way that never settles.
    NoConvergence,
    /// The document cannot be exported as what it claims to be.
    Export,
    /// A render took longer than it may.
    Deadline,
    /// Too many renders were given up: the press takes no more work.
    Unhealthy,
    /// A render panicked.
    Panic,
    /// A key or its certificate cannot be used: unreadable, weak, expired, not a pair.
    Key,
    /// Something is there already and is not overwritten.
    Exists,
    /// A document that cannot be sealed, or a seal that cannot be raised.
    Seal,
    /// Whoever holds the key failed to sign: a command that fails or hangs.
    Signer,
    /// A time-stamp authority, or a list of revocations, cannot be had.
    Timestamp,
    /// A seal or signature is not what its writer made.
    Tampered,
    /// No certificate of that id.
    UnknownCertificate,
    /// A certificate is there that was revoked, superseded or erased.
    Revoked,
    /// A store cannot be reached, or refuses what is asked of it.
    Store,
    /// A store does not let us: no such bucket, a wrong key, a right that is missing.
    StoreRefused,
    /// A queue cannot be reached, or fails for a while.
    Queue,
    /// A queue does not let us: no such queue, a wrong password, a right that is missing.
    QueueRefused,
    /// A file or folder cannot be read or written.
    Io,
}

impl ErrorKind {
    /// The kind's name in snake case, as the program prints it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Syntax => "syntax",
            ErrorKind::UnknownKey => "unknown_key",
            ErrorKind::MissingField => "missing_field",
            ErrorKind::Duplicate => "duplicate",
            ErrorKind::InvalidValue => "invalid_value",
            ErrorKind::TooLarge => "too_large",
            ErrorKind::UnknownCourse => "unknown_course",
            ErrorKind::UnknownLayout => "unknown_layout",
            ErrorKind::UnknownLanguage => "unknown_language",
            ErrorKind::MissingFile => "missing_file",
            ErrorKind::Name => "name",
            ErrorKind::Sentence => "sentence",
            ErrorKind::Image => "image",
            ErrorKind::Font => "font",
            ErrorKind::Layout => "layout",
            ErrorKind::MissingGlyph => "missing_glyph",
            ErrorKind::UndeclaredFamily => "undeclared_family",
            ErrorKind::TextMissing => "text_missing",
            ErrorKind::TextDoubled => "text_doubled",
            ErrorKind::Overflow => "overflow",
            ErrorKind::Overlap => "overlap",
            ErrorKind::PageCount => "page_count",
            ErrorKind::NoConvergence => "no_convergence",
            ErrorKind::Export => "export",
            ErrorKind::Deadline => "deadline",
            ErrorKind::Unhealthy => "unhealthy",
            ErrorKind::Panic => "panic",
            ErrorKind::Key => "key",
            ErrorKind::Exists => "exists",
            ErrorKind::Seal => "seal",
            ErrorKind::Signer => "signer",
            ErrorKind::Timestamp => "timestamp",
            ErrorKind::Tampered => "tampered",
            ErrorKind::UnknownCertificate => "unknown_certificate",
            ErrorKind::Revoked => "revoked",
            ErrorKind::Store => "store",
            ErrorKind::StoreRefused => "store_refused",
            ErrorKind::Queue => "queue",
            ErrorKind::QueueRefused => "queue_refused",
            ErrorKind::Io => "io",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place in a file that somebody wrote. Lines and columns count from one; a column is a character.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The file's path inside the site, with `/` between its parts.
    pub file: String,
    /// The line, if the fault has one.
    pub line: Option<u32>,
    /// The column, in characters.
    pub column: Option<u32>,
    excerpt: Option<Excerpt>,
}

impl Place {
    /// The file as a whole.
    pub(crate) fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, column: None, excerpt: None }
    }

    /// The bytes `range` of `text`, which is the whole content of `file`.
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

/// The line of a place, cut to a width that a terminal shows, with a caret under the fault.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    line: u32,
    text: String,
    column: usize,
    width: usize,
}

impl Excerpt {
    const WIDTH: usize = 100;

    fn new(line: u32, text: &str, column: usize, width: usize) -> Self {
        let skip = if column > Self::WIDTH - 20 { column - 40 } else { 0 };
        let text: String = text
            .chars()
            .skip(skip)
            .take(Self::WIDTH)
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

/// The known name nearest to `unknown`, when it is near enough to be what was meant.
pub(crate) fn nearest<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .filter(|(distance, name)| {
            // A third of the letters may be wrong; of two letters, none.
            *distance <= name.chars().count().max(unknown.chars().count()) / 3
        })
        .min()
        .map(|(_, name)| name)
}

/// The help for an unknown name: the nearest known one, else the list of them.
pub(crate) fn did_you_mean<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Cow<'static, str> {
    match nearest(unknown, known.clone()) {
        Some(name) => format!("did you mean `{name}`?").into(),
        None => {
            let names: Vec<_> =
                known.into_iter().map(|name| format!("`{name}`")).collect();
            match names.is_empty() {
                true => "there are none".into(),
                false => format!("known here: {}", names.join(", ")).into(),
            }
        }
    }
}
