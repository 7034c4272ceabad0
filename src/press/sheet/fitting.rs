//! Fits the sentences of a sheet to the slots that its layout declares.

use super::sentence::{Sentence, shorten};
use super::table::SheetTable;
use super::table_fitting::TableFitting;
use super::{SecondLanguage, Sheet, SheetSignatory};
use crate::base::error::{Error, Result};
use crate::base::lang::Tag;
use crate::press::fit::{Fitter, Setting, Step, check_length};
use crate::press::layout::Layout;
use crate::press::layout::lengths::{CodeFacts, PageFacts};
use crate::press::layout::page_slots::PageSlots;
use crate::press::layout::placed::placed_slot::PlacedSlots;
use crate::press::layout::role::PlainFace;

/// Fits sentences of one language.
struct Fitting<'a> {
    fitter: &'a Fitter,
    layout: &'a Layout,
    slots: &'a PageSlots,
    setting: Setting<'a>,
    steps: &'a Steps,
}

/// The steps at which the sentences of a page are fitted.
struct Steps {
    /// The steps of blocks, and of other roles that become smaller with them.
    blocks: Vec<Step>,
    signatories: Vec<Step>,
}

impl Steps {
    /// The steps of most pages.
    fn usual(layout: &Layout) -> Self {
        let blocks = layout.scales.iter().copied().map(Step::usual).collect();
        Self { blocks, signatories: vec![Step::usual(1.0)] }
    }

    /// Adds tight steps if the usual ones may be too large. Few pages need them, and each
    /// one takes time when the page is laid out. Returns whether it added any.
    fn tighten(&mut self, sheet: &Sheet) -> bool {
        let height = |blocks: &[Sentence]| {
            let smallest = |it: &Sentence| it.smaller.last().unwrap_or(&it.fitted).height;
            blocks.iter().map(smallest).sum::<f64>()
        };
        let second = sheet.second.as_ref().map_or(0.0, |second| height(&second.blocks));
        let blocks = height(&sheet.blocks).max(second);
        let words = |person: &SheetSignatory| {
            let title = person.title.as_ref().map_or(0.0, |title| title.fitted.height);
            person.name.fitted.height + title
        };
        let count = sheet.signatories.len();
        let tallest = sheet.signatories.iter().map(words).fold(0.0, f64::max);
        let page = sheet.paper.height * 72.0 / 25.4;
        let is_long = tallest > if count > 4 { TALL / 2.0 } else { TALL };
        if is_long {
            let scales = TIGHT_SIGNATORIES.iter().copied();
            self.signatories.extend(scales.map(Step::tight));
        }
        let is_full =
            self.blocks.len() > 1 && (is_long || count > 4 || blocks > page * FULL);
        if is_full {
            let last = self.blocks.last().map_or(1.0, |step| step.scale);
            self.blocks.extend(TIGHT_BLOCKS.map(|scale| Step::tight(last * scale)));
        }
        is_long || is_full
    }
}

/// If blocks at their smallest usual size take more than this share of the page's height,
/// they may need tight steps.
const FULL: f64 = 0.15;
/// The factors for tight blocks, relative to the smallest usual scale, and those for
/// tight signatories.
const TIGHT_BLOCKS: [f64; 4] = [0.9, 0.78, 0.66, 0.55];
const TIGHT_SIGNATORIES: [f64; 3] = [0.85, 0.7, 0.58];
/// A signatory whose name and office are at least this high, in points, may need tight
/// steps; half of it if there are many signatories.
const TALL: f64 = 48.0;

impl Sheet {
    /// Fits its sentences, which are in the languages `tag` and `second`, and adds the
    /// layout's lengths.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) for a length of the layout that
    /// has no value on this page; [`ErrorKind::Overflow`](crate::ErrorKind::Overflow) for sentences
    /// that are far too long for their slots.
    pub(crate) fn fit(
        &mut self,
        layout: &Layout,
        fitter: &Fitter,
        tag: &Tag,
        second: Option<&Tag>,
    ) -> Result<()> {
        let code = self.verify.as_ref();
        let code = code.map(|code| CodeFacts { side: code.side, reach: code.reach });
        let slots = layout.slots(&PageFacts {
            width: self.paper.width,
            height: self.paper.height,
            signatories: self.signatories.len(),
            code: code.unwrap_or_default(),
            badge: self.badges.first().map_or(0.0, |badge| badge.width / badge.height),
            photos: self.photos.len(),
            bilingual: self.second.is_some(),
            specimen: self.specimen.is_some(),
        })?;
        self.lengths.clone_from(&slots.lengths);
        let mut steps = Steps::usual(layout);
        let (tag, slots) = ((tag, second), &slots);
        self.fit_at(layout, fitter, slots, tag, &steps)?;
        if layout.has_tight_roles() && steps.tighten(self) {
            self.fit_at(layout, fitter, slots, tag, &steps)?;
        }
        Ok(())
    }

    /// Fits its sentences at these steps.
    fn fit_at(
        &mut self,
        layout: &Layout,
        fitter: &Fitter,
        slots: &PageSlots,
        (tag, second): (&Tag, Option<&Tag>),
        steps: &Steps,
    ) -> Result<()> {
        let setting = |tag| Setting { tag, tabular: layout.tabular };
        let first = Fitting { fitter, layout, slots, setting: setting(tag), steps };
        let mut errors = Vec::new();
        first.blocks(&mut self.blocks, &mut errors);
        for signatory in &mut self.signatories {
            let title = signatory.title.iter_mut();
            for sentence in std::iter::once(&mut signatory.name).chain(title) {
                first.fit(sentence, None, &steps.signatories, &mut errors);
            }
        }
        let own = [&mut self.heading, &mut self.date, &mut self.authenticity];
        own.into_iter()
            .flatten()
            .chain(&mut self.specimen)
            .chain(self.folios.iter_mut().flatten().flatten())
            .for_each(|sentence| first.sentence(sentence, None, false, &mut errors));
        if let Some(table) = &mut self.table {
            first.table(table, &mut errors);
        }
        if let (Some(second), Some(tag)) = (&mut self.second, second) {
            let own = Fitting { setting: setting(tag), ..first };
            own.second(second, &mut errors);
        }
        Error::join(errors)
    }
}

impl Fitting<'_> {
    /// Fits sentences that follow one another.
    fn blocks(&self, blocks: &mut [Sentence], errors: &mut Vec<Error>) {
        let mut previous: Option<String> = None;
        for sentence in blocks {
            self.sentence(sentence, previous.as_deref(), true, errors);
            previous = Some(sentence.role.clone());
        }
    }

    /// Fits a sentence after one of the role `previous`.
    fn sentence(
        &self,
        sentence: &mut Sentence,
        previous: Option<&str>,
        block: bool,
        errors: &mut Vec<Error>,
    ) {
        let shrinks = self.layout.role(&sentence.role).shrinks.unwrap_or(block);
        let steps =
            if shrinks { &self.steps.blocks[..] } else { &self.steps.blocks[..1] };
        self.fit(sentence, previous, steps, errors);
    }

    fn fit(
        &self,
        sentence: &mut Sentence,
        previous: Option<&str>,
        steps: &[Step],
        errors: &mut Vec<Error>,
    ) {
        let mut slot = *self.slots.slot(&sentence.role, previous);
        let role = self.layout.role(&sentence.role);
        if let Some(PlainFace { leading: Some(leading), .. }) = role.plain {
            let family = &self.layout.face(&role.face).family;
            if sentence.runs.iter().all(|run| run.font != *family) {
                slot.style.leading = leading;
            }
        }
        let help = shorten(self.layout);
        if let Err(error) = check_length(sentence, slot.width, slot.style.tracking, help)
        {
            errors.push(error);
            return;
        }
        self.fitter.fit(sentence, &slot, steps, self.setting);
    }

    fn second(&self, second: &mut SecondLanguage, errors: &mut Vec<Error>) {
        self.blocks(&mut second.blocks, errors);
        for signatory in &mut second.signatories {
            for sentence in signatory.name.iter_mut().chain(&mut signatory.title) {
                self.fit(sentence, None, &self.steps.signatories, errors);
            }
        }
        let own = [&mut second.heading, &mut second.date, &mut second.authenticity];
        own.into_iter()
            .flatten()
            .for_each(|sentence| self.sentence(sentence, None, false, errors));
    }

    fn table(&self, table: &mut SheetTable, errors: &mut Vec<Error>) {
        let placed = self.layout.placed.as_ref();
        let width = placed.and_then(PlacedSlots::table_width);
        let width = width.unwrap_or_else(|| self.slots.text_width());
        let gutter = self.slots.gutter();
        let (fitter, setting) = (self.fitter, self.setting);
        let cells = table.headings().chain(table.cells());
        let checked =
            cells.map(|cell| check_length(cell, width, 0.0, shorten(self.layout)));
        let too_long: Vec<_> = checked.filter_map(Result::err).collect();
        if !too_long.is_empty() {
            return errors.extend(too_long);
        }
        TableFitting { fitter, setting, width, gutter }.fit(table);
    }
}
