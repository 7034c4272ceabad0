//! Fits the sentences of a sheet to the slots that its layout declares.

use super::sentence::Sentence;
use super::table::SheetTable;
use super::table_fitting::TableFitting;
use super::{SecondLanguage, Sheet};
use crate::base::error::{Error, Result};
use crate::base::lang::Tag;
use crate::press::fit::{Fitter, Setting, check_length};
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
}

impl Sheet {
    /// Fits its sentences, which are written in `tag` and `second`, and lists the layout's lengths.
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
            bilingual: self.second.is_some(),
            specimen: self.specimen.is_some(),
        })?;
        self.lengths.clone_from(&slots.lengths);
        let setting = |tag| Setting { tag, tabular: layout.tabular };
        let first = Fitting { fitter, layout, slots: &slots, setting: setting(tag) };
        let mut errors = Vec::new();
        first.blocks(&mut self.blocks, &mut errors);
        let signatories = self.signatories.iter_mut().flat_map(|signatory| {
            std::iter::once(&mut signatory.name).chain(&mut signatory.title)
        });
        let own = [&mut self.heading, &mut self.date, &mut self.authenticity];
        own.into_iter()
            .flatten()
            .chain(&mut self.specimen)
            .chain(self.folios.iter_mut().flatten().flatten())
            .chain(signatories)
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
        let mut slot = *self.slots.slot(&sentence.role, previous);
        let role = self.layout.role(&sentence.role);
        if let Some(PlainFace { leading: Some(leading), .. }) = role.plain {
            let family = &self.layout.face(&role.face).family;
            if sentence.runs.iter().all(|run| run.font != *family) {
                slot.style.leading = leading;
            }
        }
        if let Err(error) = check_length(sentence, slot.width, slot.style.tracking) {
            errors.push(error);
            return;
        }
        let shrinks = role.shrinks.unwrap_or(block);
        let scales =
            if shrinks { &self.layout.scales[..] } else { &self.layout.scales[..1] };
        self.fitter.fit(sentence, &slot, scales, self.setting);
    }

    fn second(&self, second: &mut SecondLanguage, errors: &mut Vec<Error>) {
        self.blocks(&mut second.blocks, errors);
        let signatories = second
            .signatories
            .iter_mut()
            .flat_map(|signatory| signatory.name.iter_mut().chain(&mut signatory.title));
        let own = [&mut second.heading, &mut second.date, &mut second.authenticity];
        own.into_iter()
            .flatten()
            .chain(signatories)
            .for_each(|sentence| self.sentence(sentence, None, false, errors));
    }

    fn table(&self, table: &mut SheetTable, errors: &mut Vec<Error>) {
        let placed = self.layout.placed.as_ref();
        let width = placed.and_then(PlacedSlots::table_width);
        let width = width.unwrap_or_else(|| self.slots.text_width());
        let gutter = self.slots.gutter();
        let (fitter, setting) = (self.fitter, self.setting);
        let cells = table.headings().chain(table.cells());
        let checked = cells.map(|cell| check_length(cell, width, 0.0));
        let too_long: Vec<_> = checked.filter_map(Result::err).collect();
        if !too_long.is_empty() {
            return errors.extend(too_long);
        }
        TableFitting { fitter, setting, width, gutter }.fit(table);
    }
}
