//! Typst's world for one certificate.
//!
//! Takes a layout's files, the fonts and a sheet; gives Typst those files, one virtual
//! `/sheet.json` and the pictures under fixed names. The decision made here: a layout sees nothing
//! else, no disk, no network, no packages, no clock. Names are fixed because Typst interns every
//! path for the life of the process.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use typst::diag::{FileError, FileResult, Severity, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{DiagSpan, FileId, Source, Span, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World, WorldExt};

use super::library::{LIBRARY, REMOVED};
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Place, Warning};
use crate::press::fonts::{Fonts, family_help};
use crate::press::layout::sources::{LayoutSources, SourceFile, file_id};
use crate::press::sheet::Sheet;
use crate::site::request::Attachment;

/// One certificate's view of a layout.
pub(crate) struct SheetWorld {
    sources: Arc<LayoutSources>,
    fonts: Arc<Fonts>,
    main: Source,
    data: HashMap<FileId, Bytes>,
    issued: Date,
}

impl SheetWorld {
    pub(crate) fn new(
        sources: Arc<LayoutSources>,
        fonts: Arc<Fonts>,
        sheet: &Sheet,
        attachments: &[Attachment],
        issued: Date,
    ) -> Self {
        let mut data = HashMap::new();
        let json = serde_json::to_vec(sheet)
            .expect("a sheet has string keys and finite numbers");
        data.insert(file_id("/sheet.json"), Bytes::new(json));
        for image in sheet.picture_files() {
            if let Some(path) = &image.path {
                data.insert(file_id(path), image.picture.shared_bytes());
            }
        }
        let mut list = Vec::new();
        for (index, attachment) in attachments.iter().enumerate() {
            let path = format!("/attachment-{}", index + 1);
            data.insert(file_id(&path), Bytes::new(attachment.bytes.clone()));
            list.push(serde_json::json!({
                "name": attachment.name,
                "path": path,
                "media_type": attachment.media_type,
                "description": attachment.description,
            }));
        }
        let main = if list.is_empty() {
            sources.main.clone()
        } else {
            let list = serde_json::Value::from(list).to_string();
            data.insert(file_id("/attachments.json"), Bytes::from_string(list));
            sources.main_with_attachments.clone()
        };
        Self { sources, fonts, main, data, issued }
    }

    /// The world of a page that is laid out already, in which only spans are looked up.
    pub(crate) fn without_data(
        sources: Arc<LayoutSources>,
        fonts: Arc<Fonts>,
        issued: Date,
    ) -> Self {
        let main = sources.main.clone();
        Self { sources, fonts, main, data: HashMap::new(), issued }
    }

    /// Typst's errors and warnings, worded for the layout's author. Warnings that a certificate
    /// must not have are returned as errors.
    pub(crate) fn report<'a>(
        &self,
        diagnostics: impl IntoIterator<Item = &'a SourceDiagnostic>,
    ) -> (Vec<Error>, Vec<Warning>) {
        let (mut errors, mut warnings) = (Vec::<Error>::new(), Vec::new());
        let diagnostics: Vec<_> = diagnostics.into_iter().collect();
        // Typst warns that the document did not converge, and then once more for each
        // such value.
        let names_value = diagnostics.iter().any(|other| {
            other.message.starts_with("value of")
                && kind(other) == ErrorKind::NoConvergence
        });
        for diagnostic in diagnostics {
            let kind = kind(diagnostic);
            let general = diagnostic.message.starts_with("document did not");
            if kind == ErrorKind::NoConvergence && general && names_value {
                continue;
            }
            let place = self.place(diagnostic);
            let help = match kind {
                ErrorKind::UndeclaredFamily => {
                    let name = diagnostic.message.rsplit(": ").next().unwrap_or_default();
                    Some(family_help(name, &self.fonts))
                }
                _ => self.help(diagnostic, &place),
            };
            if diagnostic.severity == Severity::Error || kind != ErrorKind::Layout {
                let exports_nothing = diagnostic.span.id() == Some(self.main.id())
                    && diagnostic.message.starts_with("unresolved import");
                let (message, help) = if exports_nothing {
                    (
                        "the layout exports no `certificate`".to_owned(),
                        Some("write `#let certificate(sheet) = …`".to_owned()),
                    )
                } else {
                    (without_full_stop(&diagnostic.message), help)
                };
                let error = Error::new(kind, message).at(place);
                let error = match help {
                    Some(help) => error.with_help(help),
                    None => error,
                };
                // A line that Typst evaluates several times is reported once.
                if !errors.iter().any(|other| other.to_string() == error.to_string()) {
                    errors.push(error);
                }
            } else {
                let mut warning =
                    Warning::new(kind, without_full_stop(&diagnostic.message)).at(place);
                warning.help = help;
                warnings.push(warning);
            }
        }
        (errors, warnings)
    }

    /// The place that the layout's author can correct: the innermost one in the layout's folder or
    /// in one of the site's files, else where Typst reports it.
    fn place(&self, diagnostic: &SourceDiagnostic) -> Place {
        let spans = std::iter::once(diagnostic.span)
            .chain(diagnostic.trace.iter().map(|point| point.span.into()));
        let mut first = None;
        for span in spans {
            let Some((file, place)) = self.locate(span) else { continue };
            if self.is_of_layout(file) || !file.built_in {
                return place;
            }
            first.get_or_insert(place);
        }
        first.unwrap_or_else(|| self.sources.entry_point())
    }

    /// The place of a span in the layout's own files; `None` for a span in shared ones.
    pub(crate) fn place_in_layout(&self, span: Span) -> Option<Place> {
        let (_, place) =
            self.locate(span.into()).filter(|(file, _)| self.is_of_layout(file))?;
        Some(place)
    }

    fn is_of_layout(&self, file: &SourceFile) -> bool {
        file.name.starts_with(&format!("layouts/{}/", self.sources.layout))
    }

    fn locate(&self, span: DiagSpan) -> Option<(&SourceFile, Place)> {
        let file = self.sources.files.get(&span.id()?)?;
        let range = self.range(span)?;
        let text = std::str::from_utf8(&file.bytes).ok()?;
        Some((file, Place::in_text(&file.name, text, range)))
    }

    fn help(&self, diagnostic: &SourceDiagnostic, place: &Place) -> Option<String> {
        let mut hints: Vec<String> =
            diagnostic.hints.iter().map(|hint| hint.v.to_string()).collect();
        // The root of a layout's files is fixed, so Typst's advice to set one does not apply.
        hints.retain(|hint| !hint.contains("--root"));
        let is_named = |name: &&&str| diagnostic.message.ends_with(&format!(": {name}"));
        if diagnostic.message.starts_with("unknown variable")
            && let Some(name) = REMOVED.iter().find(is_named)
        {
            hints.push(format!(
                "a layout has no `{name}`: what must be computed can be written in Typst itself"
            ));
        }
        if let Some((_, at)) = self.locate(diagnostic.span)
            && at != *place
        {
            hints.push(format!("it came up at {at}, in a shared module"));
        }
        (!hints.is_empty()).then(|| hints.join("; "))
    }

    /// The error for a file that no layout can see.
    fn unknown(&self, id: FileId) -> FileError {
        let path = id.get();
        FileError::Other(Some(match path.root() {
            VirtualRoot::Package(package) => ecow::eco_format!(
                "packages are not fetched ({package}); copy its files into `layouts/shared/`"
            ),
            VirtualRoot::Project => ecow::eco_format!(
                "no file `{0}`; a layout sees its own folder, `/shared/` and the sheet's \
                 pictures",
                path.vpath().get_with_slash()
            ),
        }))
    }
}

impl World for SheetWorld {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() {
            return Ok(self.main.clone());
        }
        match self.sources.files.get(&id) {
            Some(file) => file.source.clone().ok_or(FileError::NotSource),
            None => Err(self.unknown(id)),
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let own = || self.sources.files.get(&id).map(|file| &file.bytes);
        self.data.get(&id).or_else(own).cloned().ok_or_else(|| self.unknown(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        let date = self.issued;
        Datetime::from_ymd(date.year(), date.month(), date.day())
    }
}

impl fmt::Debug for SheetWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SheetWorld")
    }
}

fn kind(diagnostic: &SourceDiagnostic) -> ErrorKind {
    let message = diagnostic.message.as_str();
    if message.starts_with("unknown font family") {
        ErrorKind::UndeclaredFamily
    } else if message.contains("did not converge") {
        ErrorKind::NoConvergence
    } else {
        ErrorKind::Layout
    }
}

/// A message of Typst's without the full stop at its end: messages of this program have
/// none.
fn without_full_stop(message: &str) -> String {
    message.trim_end_matches('.').to_owned()
}
