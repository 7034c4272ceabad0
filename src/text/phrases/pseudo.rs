//! Languages that nobody speaks, made from the English sentences: what stays plain English on their
//! pages no translator can reach, and what breaks there is too tight for a longer language.

use super::scan::{self, Scan};
use crate::base::lang::Tag;

/// How much longer than English the accented language is.
const LONGER: f64 = 0.4;

/// How English is disguised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pseudo {
    /// `en-XA`: accents, brackets around a sentence, and vowels drawn out.
    Accented,
    /// `ar-XB`: from right to left, in Arabic letters one by one.
    Mirrored,
}

impl Pseudo {
    pub(crate) const TAGS: [&str; 2] = ["en-XA", "ar-XB"];

    /// Which one a tag names, if any.
    pub(crate) fn of(tag: &Tag) -> Option<Self> {
        match (tag.language(), tag.region()) {
            ("en", Some("XA")) => Some(Pseudo::Accented),
            ("ar", Some("XB")) => Some(Pseudo::Mirrored),
            _ => None,
        }
    }

    /// The template with its own words disguised: the text, and the forms that its filters choose
    /// from.
    pub(crate) fn rewrite(self, template: &str) -> String {
        let scan = scan::scan(template);
        let mut words = scan.texts.clone();
        words.extend(forms(&scan));
        words.sort_by_key(|range| range.start);
        let mut written = String::new();
        let mut from = 0;
        for range in words {
            written.push_str(&template[from..range.start]);
            self.disguise(&template[range.clone()], &mut written);
            from = range.end;
        }
        written.push_str(&template[from..]);
        // Words that stand under a condition may all be left out, and leave nothing to enclose.
        let encloses = self == Pseudo::Accented
            && scan
                .unconditional(template)
                .any(|text| text.contains(char::is_alphabetic));
        if encloses { format!("[{written}]") } else { written }
    }

    fn disguise(self, text: &str, written: &mut String) {
        let mut owed = 0.0;
        for letter in text.chars() {
            let lower = letter.to_ascii_lowercase();
            let index = lower.is_ascii_lowercase().then(|| lower as usize - 'a' as usize);
            match (self, index) {
                (_, None) => written.push(letter),
                (Pseudo::Mirrored, Some(index)) => {
                    written.extend(ARABIC.chars().nth(index))
                }
                (Pseudo::Accented, Some(index)) => {
                    let letters =
                        if letter == lower { ACCENTED } else { ACCENTED_CAPITALS };
                    written.extend(letters.chars().nth(index));
                    if matches!(lower, 'a' | 'e' | 'i' | 'o' | 'u' | 'y') {
                        // A drawn-out capital is a small letter's.
                        while owed >= 1.0 {
                            written.extend(ACCENTED.chars().nth(index));
                            owed -= 1.0;
                        }
                    }
                }
            }
            owed += LONGER;
        }
    }
}

const ACCENTED: &str = "åbçđéfĝĥîĵķļmñöþqŕšţûvŵxýž";
const ACCENTED_CAPITALS: &str = "ÅBÇĐÉFĜĤÎĴĶĻMÑÖÞQŔŠŢÛVŴXÝŽ";
const ARABIC: &str = "ابصدعفغهيجكلمنوحقرستثذشخىز";

/// The strings that `plural`, `ordinal` and `select` choose from.
fn forms<'a>(scan: &'a Scan<'_>) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
    let chooses =
        scan.filters.iter().filter(|f| ["plural", "ordinal", "select"].contains(&f.name));
    chooses
        .flat_map(|filter| &filter.keywords)
        .filter_map(|keyword| keyword.text.as_ref().map(|(_, range)| range.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_in_disguise() {
        let template = "Issued{% if place %} in {{ place }}{% endif %} *on* {{ issued | date('long') }} \
                        {{ n | plural(one='# hour', other='# hours') }}";
        assert_eq!(
            Pseudo::Accented.rewrite(template),
            "[Îššûûéđ{% if place %} îñ {{ place }}{% endif %} *öñ* {{ issued | date('long') }} \
             {{ n | plural(one='# ĥööûŕ', other='# ĥööûŕš') }}]"
        );
        assert_eq!(Pseudo::Mirrored.rewrite("{{ name }} and"), "{{ name }} اند");
        assert_eq!(
            Pseudo::Accented.rewrite("{% if a %}x{% endif %}{{ b }}"),
            "{% if a %}x{% endif %}{{ b }}"
        );
        let long = "a course of study that was offered by an institution of learning";
        let longer = Pseudo::Accented.rewrite(long).chars().count() - 2;
        assert!((1.35..1.45).contains(&(longer as f64 / long.len() as f64)));
    }
}
