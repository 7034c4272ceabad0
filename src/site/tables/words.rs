//! What headers mean: the words for the fields of a recipient in 36 languages, of `words.yaml`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use indexmap::IndexMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::field::RecipientField;
use crate::site::gender::Gender;

/// What a word means.
#[derive(Debug, Clone)]
pub(super) struct Meaning {
    pub(super) field: RecipientField,
    /// The number of the field's list that has the word: 0 for a key of a request, then the lists
    /// of `words.yaml`.
    pub(super) rank: usize,
    /// The languages that have it; none for a key.
    pub(super) languages: Vec<&'static str>,
}

#[derive(Default)]
struct Words {
    meanings: HashMap<String, Vec<Meaning>>,
    not_recipients: HashSet<String>,
    /// Headers of columns of parts of names that may stand in several places.
    particles: HashSet<String>,
    /// Headers of columns that say whether a recipient gets a certificate, and the words for no in them.
    attended: HashSet<String>,
    no: HashSet<String>,
    /// The words for each gender, with their languages.
    genders: HashMap<String, Vec<(Gender, &'static str)>>,
}

type WordLists = IndexMap<&'static str, Vec<IndexMap<&'static str, Vec<&'static str>>>>;

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let lists: WordLists = serde_yaml::from_str(include_str!("words.yaml"))
        .expect("the file is part of the library and its test reads it");
    let mut words = Words::default();
    for field in RecipientField::ALL {
        words.add(field.key(), field, 0, None);
    }
    for (key, ranks) in lists {
        for (index, languages) in ranks.into_iter().enumerate() {
            for (language, texts) in languages {
                for text in texts {
                    match (RecipientField::of_key(key), gender_of_key(key)) {
                        (Some(field), _) => {
                            words.add(text, field, index + 1, Some(language));
                        }
                        (None, Some(gender)) => {
                            let known = words.genders.entry(normalized(text));
                            known.or_default().push((gender, language));
                        }
                        (None, None) => {
                            words.others(key).insert(normalized(text));
                        }
                    }
                }
            }
        }
    }
    words
});

impl Words {
    /// The list of a key that is of no field.
    fn others(&mut self, key: &str) -> &mut HashSet<String> {
        match key {
            "attended" => &mut self.attended,
            "no" => &mut self.no,
            "name_particle" => &mut self.particles,
            _ => &mut self.not_recipients,
        }
    }

    fn add(
        &mut self,
        text: &str,
        field: RecipientField,
        rank: usize,
        language: Option<&'static str>,
    ) {
        let meanings = self.meanings.entry(normalized(text)).or_default();
        match meanings.iter_mut().find(|meaning| meaning.field == field) {
            Some(known) => known.languages.extend(language),
            None => {
                let languages = language.into_iter().collect();
                meanings.push(Meaning { field, rank, languages });
            }
        }
    }
}

/// Returns what a header means; several fields if the word has several meanings. The number of
/// something is not that thing: `Attendee #`.
pub(super) fn meanings(header: &str) -> &'static [Meaning] {
    if header.contains(['#', '№']) {
        return &[];
    }
    WORDS.meanings.get(&normalized(header)).map_or(&[], Vec::as_slice)
}

/// Returns the key of the field of which a header is a misspelt word, and that word.
pub(super) fn near_miss(header: &str) -> Option<&'static str> {
    let header = normalized(header);
    let length = header.chars().count();
    // Short words are similar to too many others. Of the long ones only the keys are compared,
    // because people type these.
    let is_near = |key: &str| {
        let key = normalized(key);
        let allowed = match key.chars().count() {
            0..=3 => 0,
            4..=7 => 1,
            _ => 2,
        };
        let is_same_start = key.chars().next() == header.chars().next();
        let distance = strsim::damerau_levenshtein(&key, &header);
        distance > 0 && distance <= allowed && is_same_start
    };
    if length < 3 {
        return None;
    }
    RecipientField::ALL
        .into_iter()
        .map(RecipientField::key)
        .chain(["full name", "first name", "last name", "surname", "date", "email"])
        .find(|key| is_near(key))
}

/// The gender of which a key of `words.yaml` has the words.
fn gender_of_key(key: &str) -> Option<Gender> {
    match key {
        "gender_female" => Some(Gender::Female),
        "gender_male" => Some(Gender::Male),
        "gender_other" => Some(Gender::Other),
        _ => None,
    }
}

/// Reads the genders in the cells of one column.
#[derive(Debug)]
pub(super) struct GenderReader {
    /// The languages of its header, English if it has none.
    spoken: Vec<&'static str>,
    /// The genders that other letters of the column have.
    told_apart: Vec<Gender>,
}

impl GenderReader {
    /// The reader of a column with this header and these cells.
    pub(super) fn new<'a>(header: &str, cells: impl Iterator<Item = &'a str>) -> Self {
        let meanings = meanings(header);
        let mut spoken: Vec<&str> =
            meanings.iter().flat_map(|meaning| &meaning.languages).copied().collect();
        if spoken.is_empty() {
            spoken.push("en");
        }
        let mut reader = Self { spoken, told_apart: Vec::new() };
        let mut letters: Vec<&str> =
            cells.map(str::trim).filter(|it| is_letter(it)).collect();
        letters.sort_unstable();
        letters.dedup();
        let told_apart =
            letters.iter().filter_map(|letter| only(&reader.in_language(letter)));
        reader.told_apart = told_apart.collect();
        reader
    }

    /// Reads the gender in a cell. A word counts in every language, a letter in those of the header:
    /// `V` is a woman in Dutch and a man in Spanish. A letter that has two meanings there, such as M
    /// (`mujer` or `masculino`), has the one that no other letter of the column has.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub(super) fn read(&self, text: &str) -> Result<Gender, String> {
        let in_language = self.in_language(text);
        let all: Vec<Gender> = genders(text).iter().map(|(gender, _)| *gender).collect();
        let found = match only(&in_language) {
            None if in_language.is_empty() && !is_letter(text.trim()) => only(&all),
            None => {
                let left = in_language.iter().filter(|it| !self.told_apart.contains(it));
                only(&left.copied().collect::<Vec<_>>())
            }
            found => found,
        };
        found.ok_or_else(|| {
            let fault = if in_language.is_empty() {
                "is no gender in the language of the header"
            } else {
                "may be one gender or another"
            };
            let shown: String = text.chars().take(40).collect();
            format!("`{}` {fault}", shown.escape_debug())
        })
    }

    /// The genders that a text has in the languages of the header.
    fn in_language(&self, text: &str) -> Vec<Gender> {
        let known = genders(text).iter();
        let known = known.filter(|(_, language)| self.spoken.contains(language));
        known.map(|(gender, _)| *gender).collect()
    }
}

/// The genders that a text has, with their languages.
fn genders(text: &str) -> &'static [(Gender, &'static str)] {
    WORDS.genders.get(&normalized(text)).map_or(&[][..], Vec::as_slice)
}

/// The gender, if it is only one.
fn only(genders: &[Gender]) -> Option<Gender> {
    let first = genders.first().copied()?;
    genders.iter().all(|gender| *gender == first).then_some(first)
}

/// Whether a text is a single letter that stands for a word; one of the languages without an alphabet is a
/// word.
fn is_letter(text: &str) -> bool {
    let mut letters = text.chars();
    let first = letters.next().filter(|c| c.is_lowercase() || c.is_uppercase());
    first.is_some() && letters.next().is_none()
}

/// Whether a header asks whether the recipients get a certificate: `Attended?`, or a question of a form:
/// `I attended the course`.
pub(super) fn asks_whether_attended(header: &str) -> bool {
    let is_word = |word: &str| WORDS.attended.contains(&normalized(word));
    is_word(header) || header.split(|c: char| !c.is_alphanumeric()).any(is_word)
}

/// Whether a text says no.
pub(super) fn is_no(text: &str) -> bool {
    text.len() <= 40 && WORDS.no.contains(&normalized(text))
}

/// A row that is of no recipient, by the text in the place of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OtherRow {
    /// The ids that Qualtrics writes below the header.
    ImportId,
    /// Several words, or one with its number: `Points Possible`, `Total: 3`.
    Phrase,
    /// One word for a total, which may be a name too: `Media`.
    Total,
    /// `Test Student`.
    TestAccount,
}

/// Whether a text in the place of a name is known as that of another row.
pub(super) fn other_row(text: &str) -> Option<OtherRow> {
    if text.contains("\"ImportId\"") {
        return Some(OtherRow::ImportId);
    }
    // `Total: 3` is said of the table too.
    let said = text.split_once([':', '=']).map_or(text, |(before, _)| before);
    if said.len() >= 40 {
        return None;
    }
    let plain = normalized(said);
    if matches!(&*plain, "teststudent" | "studenttest") {
        return Some(OtherRow::TestAccount);
    }
    let is_known = WORDS.not_recipients.contains(&plain);
    let is_word = said.len() == text.len() && said.split_whitespace().count() == 1;
    is_known.then_some(if is_word { OtherRow::Total } else { OtherRow::Phrase })
}

/// Whether the words of a header say that its column has a part of the name that may stand in several
/// places: `Namenszusatz`.
pub(super) fn is_name_particle(header: &str) -> bool {
    WORDS.particles.contains(&normalized(header))
}

/// Returns a header as it is compared: without case, accents, spaces and punctuation.
pub(super) fn normalized(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let kept = text.nfkd().filter(|c| !is_combining_mark(*c) && c.is_alphanumeric());
    for c in kept.flat_map(char::to_lowercase) {
        match c {
            'ı' => plain.push('i'),
            'ł' => plain.push('l'),
            'đ' => plain.push('d'),
            'ø' => plain.push('o'),
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'ё' => plain.push('е'),
            _ if is_combining_mark(c) => {}
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::base::lang::Tag;

    fn field(header: &str) -> Option<RecipientField> {
        match meanings(header) {
            [one] => Some(one.field),
            _ => None,
        }
    }

    #[test]
    fn words_are_compared_without_case_accents_and_punctuation() {
        use RecipientField::{
            Email, FamilyName, GivenName, Issued, Name, SecondLanguage, Username,
        };
        for (header, expected) in [
            ("\u{feff}NAME", Name),
            ("Full Name:", Name),
            (" nom_complet ", Name),
            ("Prenom", GivenName),
            ("APELLIDO(S)", FamilyName),
            ("Soyadı", FamilyName),
            ("SOYADI", FamilyName),
            ("E-Mail", Email),
            ("second language", SecondLanguage),
            ("user-name", Username),
            ("Дата выдачи", Issued),
            ("氏名", Name),
            ("ＮＡＭＥ", Name),
        ] {
            assert_eq!(field(header), Some(expected), "{header}");
        }
        assert!(meanings("Timestamp").is_empty() && meanings("").is_empty());
    }

    #[test]
    fn every_language_of_the_library_has_the_words_for_a_list_of_people() {
        let lists: WordLists = serde_yaml::from_str(include_str!("words.yaml")).unwrap();
        let site = crate::site::Site::new();
        let folder = "layouts/shared/locales/";
        let spoken: BTreeSet<&str> = site
            .list("layouts/shared/locales")
            .into_iter()
            .filter_map(|file| file.strip_prefix(folder)?.strip_suffix(".yaml"))
            .collect();
        assert_eq!(spoken.len(), 36);
        for key in [
            "name",
            "family_name",
            "email",
            "username",
            "language",
            "grade",
            "gender",
            "gender_female",
            "gender_male",
            "issued",
        ] {
            let has = |language: &&str| {
                let base = language.split('-').next().unwrap();
                lists[key].iter().any(|list| {
                    list.contains_key(*language)
                        || (base != "zh" && list.contains_key(base))
                })
            };
            let missing: Vec<_> = spoken.iter().copied().filter(|it| !has(it)).collect();
            // The languages that may have no word for a field: spreadsheets of people in these
            // languages use English or French words.
            let allowed: &[&str] = match key {
                "username" | "grade" => &["am", "ur", "bn"],
                "family_name" | "email" => &[],
                "language" => &["am"],
                _ => &[],
            };
            let missing: Vec<_> =
                missing.into_iter().filter(|it| !allowed.contains(it)).collect();
            assert!(missing.is_empty(), "{key}: {missing:?}");
        }
        for languages in lists.values().flatten() {
            for language in languages.keys() {
                assert!(
                    Tag::parse(language).is_ok() && spoken.contains(language),
                    "{language}"
                );
            }
        }
    }

    #[test]
    fn words_of_two_fields_are_few() {
        // A header of several meanings is never read as one of them; each such word is known here.
        let mut twofold: Vec<&String> = WORDS
            .meanings
            .iter()
            .filter(|(_, meanings)| meanings.len() > 1)
            .map(|(word, _)| word)
            .collect();
        twofold.sort();
        assert_eq!(twofold, Vec::<&String>::new());
    }

    #[test]
    fn gender_is_read_in_the_language_of_its_header() {
        for (header, text, expected) in [
            ("Gender", "F", Some(Gender::Female)),
            ("gender", "Male", Some(Gender::Male)),
            ("Column 7", "m", Some(Gender::Male)),
            ("Geschlecht", "W", Some(Gender::Female)),
            ("Geschlecht", "divers", Some(Gender::Other)),
            ("Płeć", "K", Some(Gender::Female)),
            ("Neme", "F", Some(Gender::Male)),
            ("性別", "女", Some(Gender::Female)),
            ("Género", "Mujer", Some(Gender::Female)),
            ("Género", "H", Some(Gender::Male)),
            ("Sexe", "femme", Some(Gender::Female)),
            ("Gender", "Prefer not to say", Some(Gender::Other)),
            // Mujer, or masculino.
            ("Sexo", "M", None),
            ("Gender", "1", None),
            // Varón, nữ or nam, bay or bayan.
            ("Sexo", "V", Some(Gender::Male)),
            ("Giới tính", "N", None),
            ("Cinsiyet", "B", None),
            // Wanita: the header is one of Indonesian lists too.
            ("Gender", "W", Some(Gender::Female)),
            ("Sex", "W", None),
        ] {
            let column = GenderReader::new(header, [text].into_iter());
            assert_eq!(column.read(text).ok(), expected, "{header}: {text}");
        }
        for (header, cells, expected) in [
            ("Sexo", ["M", "V"], [Gender::Female, Gender::Male]),
            ("Sexo", ["M", "F"], [Gender::Male, Gender::Female]),
            ("Jenis kelamin", ["P", "L"], [Gender::Female, Gender::Male]),
            ("Jenis kelamin", ["P", "W"], [Gender::Male, Gender::Female]),
        ] {
            let column = GenderReader::new(header, cells.into_iter());
            let found = cells.map(|cell| column.read(cell).unwrap());
            assert_eq!(found, expected, "{header}: {cells:?}");
        }
    }

    #[test]
    fn misspelt_keys_are_near() {
        for (header, key) in [
            ("usernme", "username"),
            ("Nmae", "name"),
            ("nam", "name"),
            ("languge", "language"),
            ("e-mial", "email"),
            ("isued", "issued"),
            ("sirname", "surname"),
        ] {
            assert_eq!(near_miss(header), Some(key), "{header}");
        }
        for header in ["Timestamp", "Section", "Game", "Age", "No", "Group", "Paperback"]
        {
            assert_eq!(near_miss(header), None, "{header}");
        }
    }
}
