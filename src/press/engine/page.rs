//! The laid-out page.
//!
//! Takes a [`PageInput`], gives a [`Page`]. The decisions made here: Typst's warnings that a
//! certificate must not have are errors, and the document's metadata comes from the sheet alone.

use std::sync::Arc;

use ecow::EcoVec;
use typst::diag::Warned;
use typst::foundations::{Datetime, Smart};
use typst::layout::Abs;
use typst::model::DocumentInfo;
use typst::syntax::Span;
use typst::text::{Lang, Locale, Region};
use typst_layout::PagedDocument;

use super::kept_pages::{self, KeptPages};
use super::laid_out::LaidOut;
use super::rejoin::rejoin;
use super::world::SheetWorld;
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Place, Result, Warning};
use crate::base::lang::Tag;
use crate::press::fit::Fitter;
use crate::press::fonts::Fonts;
use crate::press::layout::Layout;
use crate::press::sheet::Sheet;
use crate::site::request::Attachment;

/// What a page is made of.
pub(crate) struct PageInput {
    /// The sheet, whose sentences are not yet fitted.
    pub(crate) sheet: Sheet,
    /// The languages of the sheet.
    pub(crate) language: Tag,
    pub(crate) second: Option<Tag>,
    pub(crate) fitter: Arc<Fitter>,
    /// The pages that are kept, from one of which this page may differ in a few words.
    pub(crate) kept: Arc<KeptPages>,
    pub(crate) layout: Arc<Layout>,
    pub(crate) fonts: Arc<Fonts>,
    /// Files to embed in the PDF.
    pub(crate) attachments: Vec<Attachment>,
    /// The certificate's identifier, from which the PDF's document identifier is computed.
    pub(crate) identifier: String,
    /// The issue date: the PDF's date, and Typst's today.
    pub(crate) issued: Date,
}

impl PageInput {
    /// Fits the sentences of its sheet. A long text takes time, so this is a part of the render.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] for a length of the layout that has no value on this page.
    pub(crate) fn fitted(mut self) -> Result<Self> {
        let (language, second) = (&self.language, self.second.as_ref());
        self.sheet.fit(&self.layout, &self.fitter, language, second)?;
        Ok(self)
    }
}

/// A certificate's pages as Typst laid them out, not yet proof-read. Only
/// [`proof`](Self::proof) leads from here to a file.
#[derive(Debug)]
pub struct Page {
    pub(crate) document: LaidOut,
    pub(crate) sheet: Arc<Sheet>,
    pub(crate) layout: Arc<Layout>,
    pub(crate) fonts: Arc<Fonts>,
    pub(crate) identifier: String,
    pub(crate) issued: Date,
    warnings: Vec<Warning>,
    world: SheetWorld,
}

impl Page {
    /// A layout that fills more pages than this is faulty.
    const MAX_PAGES: usize = 200;
    /// The longest side of a page, in points: two metres.
    const MAX_SIDE: f64 = 5670.0;

    /// Fits the sentences of a sheet and lays it out in its layout.
    ///
    /// # Errors
    /// As [`PageInput::fitted`];
    /// [`ErrorKind::Layout`] at the layout's line; [`ErrorKind::UndeclaredFamily`];
    /// [`ErrorKind::NoConvergence`]; [`ErrorKind::PageCount`] for more than 200 pages;
    /// [`ErrorKind::Overflow`] for a page longer than two metres.
    pub(crate) fn compile(input: PageInput) -> Result<Self> {
        Self::set(input.fitted()?, true)
    }

    /// Lays out a sheet as usual, and another one whole. The boolean says whether the
    /// first page can be made from a kept one.
    #[cfg(test)]
    pub(crate) fn both(input: PageInput, again: PageInput) -> Result<([Self; 2], bool)> {
        let kept = input.kept.clone();
        let page = Self::compile(input)?;
        let (sheet, fonts) = (&page.sheet, &page.fonts);
        let key = kept_pages::key(sheet, &page.layout, page.issued);
        let is_kept = key.is_some_and(|key| kept.document(key, sheet, fonts).is_some());
        Ok(([page, Self::set(again.fitted()?, false)?], is_kept))
    }

    /// Lays out a fitted sheet. `keeps` says whether kept pages are used and added to.
    fn set(input: PageInput, keeps: bool) -> Result<Self> {
        let PageInput { layout, fonts, attachments, identifier, issued, kept, .. } =
            input;
        let sheet = Arc::new(input.sheet);
        let key = (keeps && attachments.is_empty())
            .then(|| kept_pages::key(&sheet, &layout, issued))
            .flatten();
        if let Some(mut document) = key.and_then(|key| kept.document(key, &sheet, &fonts))
        {
            *document.info_mut() = info(document.info_mut(), &sheet);
            let world =
                SheetWorld::without_data(layout.sources.clone(), fonts.clone(), issued);
            let warnings = Vec::new();
            return Ok(Self {
                document,
                sheet,
                layout,
                fonts,
                identifier,
                issued,
                warnings,
                world,
            });
        }
        let world = SheetWorld::new(
            layout.sources.clone(),
            fonts.clone(),
            &sheet,
            &attachments,
            issued,
        );
        let Warned { output, warnings } = typst::compile::<PagedDocument>(&world);
        let (mut errors, warnings) = world.report(&warnings);
        let mut document = match output {
            Ok(document) => document,
            Err(diagnostics) => {
                let (found, _) = world.report(&diagnostics);
                errors.splice(0..0, found);
                Error::join(errors)?;
                return Err(Error::new(ErrorKind::Layout, "failed to lay out the page"));
            }
        };
        Error::join(errors)?;
        let at = layout.place.clone();
        let pages = document.pages();
        if pages.len() > Self::MAX_PAGES {
            let message = format!("the layout fills {} pages", pages.len());
            return Err(Error::new(ErrorKind::PageCount, message).at(at));
        }
        let longest = Abs::pt(Self::MAX_SIDE);
        if pages.iter().any(|page| page.frame.width().max(page.frame.height()) > longest)
        {
            let message = "a page is more than two metres long";
            return Err(Error::new(ErrorKind::Overflow, message).at(at));
        }

        let info = info(document.info_mut(), &sheet);
        let pages: EcoVec<_> = document
            .pages()
            .iter()
            .map(|page| typst_layout::Page { frame: rejoin(&page.frame), ..page.clone() })
            .collect();
        let document = LaidOut::new(pages, info);
        if let Some(key) = key.filter(|_| warnings.is_empty()) {
            kept.keep(key, &document, &sheet, &fonts);
        }
        Ok(Self { document, sheet, layout, fonts, identifier, issued, warnings, world })
    }

    /// Typst's warnings that are allowed on a certificate.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The place of a span in the layout's own files; `None` for a span in shared ones.
    pub(crate) fn place_in_layout(&self, span: Span) -> Option<Place> {
        self.world.place_in_layout(span)
    }

    /// Typst's errors of an export, worded for the layout's author.
    pub(crate) fn export_error(
        &self,
        diagnostics: &[typst::diag::SourceDiagnostic],
    ) -> Error {
        let (errors, _) = self.world.report(diagnostics);
        let errors = errors.into_iter().map(|error| {
            let export = Error::new(
                ErrorKind::Export,
                format!("failed to write the PDF ({})", error.message()),
            );
            let export = match error.help() {
                Some(help) => export.with_help(help),
                None => export,
            };
            match error.place() {
                Some(place) => export.at(place.clone()),
                None => export,
            }
        });
        match Error::join(errors) {
            Err(error) => error,
            Ok(()) => Error::new(ErrorKind::Export, "failed to write the PDF"),
        }
    }
}

/// The document's metadata, from the sheet alone: values that the layout sets are
/// overwritten.
fn info(own: &mut DocumentInfo, sheet: &Sheet) -> DocumentInfo {
    let mut info = own.clone();
    info.title = Some(sheet.title.as_str().into());
    info.author = vec![sheet.author.as_str().into()];
    info.date = Smart::<Option<Datetime>>::Auto;
    if let Ok(lang) = sheet.language.parse::<Lang>() {
        let region =
            sheet.region.as_deref().and_then(|region| region.parse::<Region>().ok());
        info.locale = Smart::Custom(Locale { lang, region });
    }
    info
}
