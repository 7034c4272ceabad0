//! Pseudolocales: languages made from the English sentences to test a layout.
//!
//! Text that stays plain English on their pages cannot be translated; a page that breaks is too
//! tight for languages whose sentences are longer than English ones.

use super::template_analysis::TemplateAnalysis;
use crate::base::lang::Tag;

/// The share by which the accented pseudolocale is longer than English.
const EXPANSION: f64 = 0.4;

/// A language made from English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pseudolocale {
    /// `en-XA`: letters with accents, repeated vowels, brackets around each sentence.
    Accented,
    /// `ar-XB`: from right to left, each letter replaced by an Arabic one.
    Mirrored,
}

impl Pseudolocale {
    /// The tags of all.
    pub(crate) const TAGS: [&str; 2] = ["en-XA", "ar-XB"];

    /// The pseudolocale that a tag names, if any.
    pub(crate) fn of(tag: &Tag) -> Option<Self> {
        match (tag.language(), tag.region()) {
            ("en", Some("XA")) => Some(Pseudolocale::Accented),
            ("ar", Some("XB")) => Some(Pseudolocale::Mirrored),
            _ => None,
        }
    }

    /// Rewrites the words of a template: its text, and the forms that its filters choose from.
    pub(crate) fn rewrite(self, template: &str) -> String {
        let analysis = TemplateAnalysis::of(template);
        let mut words = analysis.texts.clone();
        words.extend(forms(&analysis));
        words.sort_by_key(|range| range.start);
        let mut written = String::new();
        let mut from = 0;
        for range in words {
            written.push_str(&template[from..range.start]);
            self.rewrite_text(&template[range.clone()], &mut written);
            from = range.end;
        }
        written.push_str(&template[from..]);
        // If all words are under a condition, the sentence may be empty and must not become `[]`.
        let has_brackets = self == Pseudolocale::Accented
            && analysis
                .unconditional(template)
                .any(|text| text.contains(char::is_alphabetic));
        if has_brackets { format!("[{written}]") } else { written }
    }

    fn rewrite_text(self, text: &str, written: &mut String) {
        let mut owed = 0.0;
        for letter in text.chars() {
            let lower = letter.to_ascii_lowercase();
            let index = lower.is_ascii_lowercase().then(|| lower as usize - 'a' as usize);
            match (self, index) {
                (_, None) => written.push(letter),
                (Pseudolocale::Mirrored, Some(index)) => {
                    written.extend(ARABIC.chars().nth(index))
                }
                (Pseudolocale::Accented, Some(index)) => {
                    let letters =
                        if letter == lower { ACCENTED } else { ACCENTED_CAPITALS };
                    written.extend(letters.chars().nth(index));
                    if matches!(lower, 'a' | 'e' | 'i' | 'o' | 'u' | 'y') {
                        // A capital is repeated as small letters.
                        while owed >= 1.0 {
                            written.extend(ACCENTED.chars().nth(index));
                            owed -= 1.0;
                        }
                    }
                }
            }
            owed += EXPANSION;
        }
    }
}

const ACCENTED: &str = "åbçđéfĝĥîĵķļmñöþqŕšţûvŵxýž";
const ACCENTED_CAPITALS: &str = "ÅBÇĐÉFĜĤÎĴĶĻMÑÖÞQŔŠŢÛVŴXÝŽ";
const ARABIC: &str = "ابصدعفغهيجكلمنوحقرستثذشخىز";

/// The strings that `plural`, `ordinal` and `select` choose from.
fn forms<'a>(
    analysis: &'a TemplateAnalysis<'_>,
) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
    let chooses = analysis
        .filters
        .iter()
        .filter(|f| ["plural", "ordinal", "select"].contains(&f.name));
    chooses
        .flat_map(|filter| &filter.keywords)
        .filter_map(|keyword| keyword.text.as_ref().map(|(_, range)| range.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_words_are_rewritten_and_values_are_not() {
        let template = "Issued{% if place %} in {{ place }}{% endif %} *on* {{ issued | date('long') }} \
                        {{ n | plural(one='# hour', other='# hours') }}";
        assert_eq!(
            Pseudolocale::Accented.rewrite(template),
            "[Îššûûéđ{% if place %} îñ {{ place }}{% endif %} *öñ* {{ issued | date('long') }} \
             {{ n | plural(one='# ĥööûŕ', other='# ĥööûŕš') }}]"
        );
        assert_eq!(Pseudolocale::Mirrored.rewrite("{{ name }} and"), "{{ name }} اند");
        assert_eq!(
            Pseudolocale::Accented.rewrite("{% if a %}x{% endif %}{{ b }}"),
            "{% if a %}x{% endif %}{{ b }}"
        );
        let long = "a course of study that was offered by an institution of learning";
        let longer = Pseudolocale::Accented.rewrite(long).chars().count() - 2;
        assert!((1.35..1.45).contains(&(longer as f64 / long.len() as f64)));
    }
}
