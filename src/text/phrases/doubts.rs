//! Likely mistakes of a translator, which may also be intended: a sentence with them is printed, with a
//! warning.

use std::ops::Range;

use super::template_analysis::TemplateAnalysis;
use crate::base::error::{ErrorKind, Place, Warning};
use crate::text::locale::{SentenceTemplate, foreign_code, foreign_code_warning};

/// What is doubtful in a sentence of a locale.
pub(super) fn of_sentence(sentence: &SentenceTemplate) -> Vec<Warning> {
    let what = format!("the sentence `{}`", sentence.role);
    let analysis = TemplateAnalysis::of(&sentence.template);
    let code = code_in(&sentence.template, &analysis).map(|range| {
        let place = sentence.place_of(range.clone());
        foreign_code_warning(&sentence.template[range], &what, place)
    });
    let counted = without_number(&analysis).map(|range| {
        let message =
            format!("{what} counts with `plural`, and `other` prints no number");
        Warning::new(ErrorKind::Sentence, message)
            .at(sentence.place_of(range))
            .with_help("write `#` where the number stands: `other='# hours'`")
    });
    code.into_iter().chain(counted).collect()
}

/// What is doubtful in the text of a slot, which is written at `place`.
pub(super) fn of_slot(role: &str, template: &str, place: &Place) -> Option<Warning> {
    let range = code_in(template, &TemplateAnalysis::of(template))?;
    let what = format!("the slot `{role}`");
    Some(foreign_code_warning(&template[range], &what, place.clone()))
}

fn code_in(template: &str, analysis: &TemplateAnalysis<'_>) -> Option<Range<usize>> {
    analysis.texts.iter().find_map(|range| {
        let code = foreign_code(&template[range.clone()])?;
        Some(range.start + code.start..range.start + code.end)
    })
}

/// The first `plural` that has the number in one of its forms, and not in that for all others.
fn without_number(analysis: &TemplateAnalysis<'_>) -> Option<Range<usize>> {
    let plurals = analysis.filters.iter().filter(|filter| filter.name == "plural");
    plurals.into_iter().find_map(|filter| {
        let texts = filter
            .keywords
            .iter()
            .filter_map(|form| Some((form.name, form.text.as_ref()?)));
        let (others, forms): (Vec<_>, Vec<_>) =
            texts.partition(|(name, _)| *name == "other");
        let (_, (other, range)) = others.first()?;
        let has_number = forms.iter().any(|(_, (text, _))| text.contains('#'));
        (has_number && !other.contains('#')).then(|| range.clone())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plural_that_loses_its_number_is_doubted() {
        let lost = |template: &str| without_number(&TemplateAnalysis::of(template));
        let one = "{{ extra.hours | plural(one='# horo', other='horoj') }}";
        assert_eq!(lost(one).map(|range| &one[range]), Some("horoj"));
        for right in [
            "{{ extra.hours | plural(one='# horo', other='# horoj') }}",
            "{{ extra.hours | plural(one='one hour', other='# hours') }}",
            "{{ extra.hours | plural(one='hour', other='hours') }}",
        ] {
            assert_eq!(lost(right), None, "{right}");
        }
    }
}
