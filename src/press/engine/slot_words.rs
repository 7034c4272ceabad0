//! Lays out the words of one slot alone.
//!
//! Takes a sentence, its fit and the style of its letters; gives the frame that `slot` of
//! `layouts/shared/slot.typ` draws. The decision made here: the frame is made of the same
//! Typst elements as by that function, and Typst lays it out, so that letters stand where
//! they stand on a whole page.

use std::num::NonZeroU64;

use typst::foundations::{Content, Label, NativeElement, Smart};
use typst::introspection::{Location, Locator};
use typst::layout::{
    Abs, AlignElem, Alignment, BlockBody, BlockElem, BoxElem, Dir, Em, Frame, HAlignment,
    Length, PlaceElem, Rel, Sides, Sizing, VAlignment,
};
use typst::model::{Destination, LinkElem, LinkTarget, ParElem, Url};
use typst::syntax::Span;
use typst::text::{
    BottomEdge, FontFamily, FontList, FontStyle, FontWeight, Lang, NumberType,
    NumberWidth, Region as LangRegion, TextDir, TextElem, TextSize, TopEdge,
};
use typst::utils::PicoStr;
use typst::visualize::Paint;

use crate::press::fit::fitted::Fitted;
use crate::press::fit::layout_alone;
use crate::press::fonts::Fonts;
use crate::press::layout::slot::SlotAlign;
use crate::press::sheet::sentence::{Sentence, SheetRun};

/// The space between letters from which a text has no ligatures, in em: `runs.typ` has the same.
const SPACED: f64 = 0.03;

/// How the letters of a slot look, besides what their sentence says.
#[derive(Debug, Clone)]
pub(super) struct SlotStyle {
    pub(super) fill: Paint,
    pub(super) lang: Lang,
    pub(super) region: Option<LangRegion>,
    pub(super) dir: Dir,
    /// Whether figures are lining and tabular.
    pub(super) tabular: bool,
}

/// The words of a slot, ready to be laid out.
#[derive(Clone, Copy)]
pub(super) struct SlotWords<'a> {
    pub(super) fonts: &'a Fonts,
    pub(super) sentence: &'a Sentence,
    pub(super) fitted: &'a Fitted,
    pub(super) style: &'a SlotStyle,
    /// The first part of the locations of its elements; each slot has another one.
    pub(super) location: u128,
}

impl SlotWords<'_> {
    /// The frame of the slot, or `None` if Typst cannot set it.
    pub(super) fn frame(&self) -> Option<Frame> {
        let content = self.slot()?;
        let locator = Locator::synthesize(Location::new(self.location));
        layout_alone(self.fonts, &content, self.fitted.width, locator).ok()
    }

    /// The same content as `slot` returns, in the style of the page.
    fn slot(&self) -> Option<Content> {
        let Fitted { width, height, left, right, column, .. } = *self.fitted;
        let label = Label::new(PicoStr::intern(&self.sentence.id))?;
        let block = |width: f64, height: Option<f64>, body: Content| {
            let block = BlockElem::new()
                .with_width(Smart::Custom(points(width).into()))
                .with_body(Some(BlockBody::Content(body)));
            match height {
                Some(height) => block
                    .with_height(Sizing::Rel(points(height).into()))
                    .with_breakable(false),
                None => block,
            }
        };
        let words = block(column, None, ParElem::new(self.runs()?).pack());
        let words = self.styled(words.pack());
        let content = if left + right == 0.0 {
            block(width, Some(height), words).pack().labelled(label)
        } else {
            let side = |length: f64| Some(Rel::from(points(length)));
            let wide = block(width + left + right, Some(height), words)
                .with_inset(Sides::new(side(left), None, side(right), None));
            let placed = PlaceElem::new(wide.pack().labelled(label))
                .with_alignment(Smart::Custom(Alignment::Both(
                    HAlignment::Left,
                    VAlignment::Top,
                )))
                .with_dx((-points(left)).into());
            block(width, Some(height), placed.pack()).pack()
        };
        let SlotStyle { fill, lang, region, dir, tabular } = self.style;
        let content = if *tabular { with_tabular_figures(content) } else { content };
        Some(
            content
                .set(TextElem::lang, *lang)
                .set(TextElem::region, *region)
                .set(TextElem::dir, TextDir(Smart::Custom(*dir)))
                .set(TextElem::fill, fill.clone())
                .set(TextElem::hyphenate, Smart::Custom(false))
                .set(TextElem::fallback, false),
        )
    }

    /// Words in the size and the column of their fit.
    fn styled(&self, words: Content) -> Content {
        let fitted = self.fitted;
        let side = match fitted.align {
            SlotAlign::Start => HAlignment::Start,
            SlotAlign::Center => HAlignment::Center,
            SlotAlign::End => HAlignment::End,
            SlotAlign::Left => HAlignment::Left,
            SlotAlign::Right => HAlignment::Right,
        };
        words
            .set(TextElem::size, TextSize(points(fitted.size)))
            .set(TextElem::top_edge, TopEdge::Length(points(fitted.above)))
            .set(TextElem::bottom_edge, BottomEdge::Length(-points(fitted.below)))
            .set(ParElem::leading, points(fitted.leading))
            .set(ParElem::spacing, Length::zero())
            .set(ParElem::justify, false)
            .set(AlignElem::alignment, Alignment::H(side))
    }

    fn runs(&self) -> Option<Content> {
        let mut all = Vec::new();
        let mut spans = (2_u64..).filter_map(NonZeroU64::new).map(Span::from_raw);
        let mut span = || spans.next().unwrap_or(Span::detached());
        for run in &self.sentence.runs {
            let words = if run.parts.is_empty() {
                self.text(run, &run.text, false, span())
            } else {
                let parts = run.parts.iter().map(|(part, whole)| {
                    let text = self.text(run, part, *whole, span());
                    if *whole {
                        BoxElem::new().with_body(Some(text)).pack()
                    } else {
                        text
                    }
                });
                Content::sequence(parts.collect::<Vec<_>>())
            };
            all.push(match &run.link {
                None => words,
                Some(url) => {
                    let url = Destination::Url(Url::new(url).ok()?);
                    LinkElem::new(LinkTarget::Dest(url), words).pack()
                }
            });
        }
        Some(Content::sequence(all))
    }

    /// A text in a run's face; with `whole`, a part that is not broken, set from left to
    /// right.
    fn text(&self, run: &SheetRun, text: &str, whole: bool, span: Span) -> Content {
        let style = if run.italic { FontStyle::Italic } else { FontStyle::Normal };
        let mut content = TextElem::packed(text)
            .spanned(span)
            .set(TextElem::font, FontList(vec![FontFamily::new(&run.font)]))
            .set(TextElem::weight, FontWeight::from_number(run.weight))
            .set(TextElem::style, style)
            .set(TextElem::size, TextSize(Em::new(run.size).into()));
        if whole {
            content = content.set(TextElem::dir, TextDir(Smart::Custom(Dir::LTR)));
        }
        if run.tracking != 0.0 {
            content = content.set(TextElem::tracking, Em::new(run.tracking).into());
        }
        if run.link.is_some() {
            content = with_tabular_figures(content);
        }
        if run.link.is_some() || run.tracking > SPACED {
            content = content.set(TextElem::ligatures, false);
        }
        content
    }
}

fn with_tabular_figures(content: Content) -> Content {
    content
        .set(TextElem::number_type, Smart::Custom(NumberType::Lining))
        .set(TextElem::number_width, Smart::Custom(NumberWidth::Tabular))
}

fn points(length: f64) -> Length {
    Abs::pt(length).into()
}
