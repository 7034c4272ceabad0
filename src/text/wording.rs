//! Rules for the texts of all built-in languages, against wording that native readers criticised.
//!
//! `wording.tsv` has the words of each language: one word for one thing.

mod letters;

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::base::date::Date;
use crate::base::lang::Tag;
use crate::site::course::{Course, Courses, GradeMark};
use crate::site::files::Site;
use crate::site::name::Name;
use crate::text::locale::{Locale, PAGE_TEXTS, PageTexts, languages};
use crate::text::phrases::{CertificateFacts, Phrases, issue_date};

const TRANSCRIPT: &str = "statement-of-results";
const DAY: &str = "2026-02-05";

/// The texts of pages that name the document.
const NAMING: [&str; 10] = [
    "valid",
    "superseded",
    "revoked",
    "erased",
    "unknown",
    "gone",
    "current",
    "full_text",
    "number",
    "download",
];
/// The texts of pages that name who issued it.
const ISSUER: [&str; 11] = [
    "issuer",
    "key",
    "signed",
    "unsigned",
    "how_gpg",
    "how_fingerprint",
    "how_root",
    "confirmed",
    "unreachable",
    "copy",
    "gone",
];

/// The words of a language, from `wording.tsv`.
struct Words {
    tag: Tag,
    paper: &'static str,
    transcript: &'static str,
    issuer: &'static str,
    certificate: &'static str,
    signing: &'static str,
    seal: &'static str,
}

fn words() -> Vec<Words> {
    let lines = include_str!("wording.tsv").lines();
    let rows = lines.filter(|line| !line.starts_with('#')).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [tag, paper, transcript, issuer, certificate, signing, seal] = cells[..]
        else {
            panic!("seven cells: {line}")
        };
        let tag = Tag::parse(tag).unwrap();
        Words { tag, paper, transcript, issuer, certificate, signing, seal }
    });
    rows.collect()
}

fn has(text: &str, stems: &str) -> bool {
    let text = text.to_lowercase();
    stems.split('|').any(|stem| text.contains(stem))
}

/// The sentences of a layout in a language by role, those of its blocks among them.
fn templates(layout: &str, tag: &Tag) -> Vec<(String, String)> {
    let (locale, _) = Locale::load(&Site::new(), layout, tag, &mut Vec::new()).unwrap();
    let sentences = locale.sentences();
    sentences.map(|it| (it.role.clone(), it.template.clone())).collect()
}

/// Fails with the faults of all languages, if there are any.
fn check(faults: impl Fn(&Words, &mut dyn FnMut(&str, &str))) {
    let mut found = Vec::new();
    for words in words() {
        faults(&words, &mut |key, text| {
            found.push(format!("{} {key}: {text}", words.tag));
        });
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn page(layout: &str, tag: &Tag) -> IndexMap<&'static str, String> {
    PageTexts::load(&Site::new(), layout, tag).unwrap().texts
}

#[test]
fn every_built_in_language_has_its_words() {
    let known: Vec<String> = words().iter().map(|it| it.tag.to_string()).collect();
    assert!(languages(&Site::new(), "classic").iter().eq(&known));
}

#[test]
fn each_text_calls_the_document_by_its_name() {
    check(|words, fault| {
        for (layout, name) in [("classic", words.paper), (TRANSCRIPT, words.transcript)] {
            let texts = page(layout, &words.tag);
            for key in NAMING.iter().filter(|key| !has(&texts[**key], name)) {
                fault(key, &texts[*key]);
            }
            for (role, text) in templates(layout, &words.tag) {
                if role == "authenticity" && !has(&text, name) {
                    fault(&role, &text);
                }
            }
        }
    });
}

/// A sentence without its expressions and conditions, in which the names of values stand.
fn without_code(template: &str) -> String {
    let mut depth = 0;
    let is_outside = |letter: &char| {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => return depth == 0,
        }
        false
    };
    template.chars().filter(is_outside).collect()
}

#[test]
fn transcript_does_not_call_itself_a_certificate() {
    check(|words, fault| {
        if words.paper == words.transcript {
            return;
        }
        for (role, text) in templates(TRANSCRIPT, &words.tag) {
            if has(&without_code(&text), words.paper) {
                fault(&role, &text);
            }
        }
        let texts = page(TRANSCRIPT, &words.tag);
        for key in NAMING.iter().chain(&["specimen"]) {
            if has(&texts[*key], words.paper) {
                fault(key, &texts[*key]);
            }
        }
    });
}

#[test]
fn one_word_stands_for_one_thing() {
    check(|words, fault| {
        for layout in ["classic", TRANSCRIPT] {
            let texts = page(layout, &words.tag);
            let mut expect = |keys: &[&str], stems: &str| {
                for key in keys.iter().filter(|key| !has(&texts[**key], stems)) {
                    fault(key, &texts[*key]);
                }
            };
            expect(&ISSUER, words.issuer);
            expect(&["how_reader", "seal_key", "how_root"], words.certificate);
            expect(&["how_reader", "seal_key"], words.signing);
            expect(&["seal"], words.seal);
        }
        // The heading of the column of grades is the label of the grade, and not that of the result.
        let texts = page("classic", &words.tag);
        let (locale, _) =
            Locale::load(&Site::new(), TRANSCRIPT, &words.tag, &mut Vec::new()).unwrap();
        let columns = locale.table.as_ref().unwrap().columns.iter();
        let heading =
            columns.filter(|it| it.name == "grade").find_map(|it| it.heading.as_ref());
        let heading = &heading.unwrap().template;
        if *heading != texts["grade"] || texts["grade"] == texts["outcome"] {
            fault("grade", heading);
        }
    });
}

#[test]
fn what_stands_below_is_called_by_its_title() {
    check(|words, fault| {
        let texts = page("classic", &words.tag);
        for key in ["unable", "script"] {
            if !texts[key].contains(&texts["how"]) {
                fault(key, &texts[key]);
            }
        }
    });
}

/// Informal forms of address, as whole words in lower case.
const INFORMAL: [(&str, &str); 21] = [
    ("am", "አንተ አንቺ"),
    ("bg", "ти теб твой твоя твоето изтегли избери добави"),
    ("bn", "তুমি তোমার তোমাকে"),
    ("cs", "ty tvůj tvé tvém stáhni vyber přidej otevři"),
    ("de", "du dich dir dein deine deinem deinen lade öffne wähle"),
    ("el", "εσύ σου άνοιξε επίλεξε κατέβασε"),
    ("es", "tú tu tus descarga abre arrastra selecciona consulta"),
    ("fa", "تو"),
    ("fr", "tu ton ta tes toi ouvre télécharge choisis"),
    ("hi", "तुम तू तुम्हारे तेरे"),
    ("hu", "te tied lásd nyisd húzd válaszd töltsd"),
    ("hy", "դու քո տես տե՛ս բացիր"),
    ("id", "kamu engkau"),
    ("it", "tu tuo tua tuoi apri trascina digita digiti"),
    ("ka", "შენ შენი გახსენი"),
    ("nl", "je jij jouw jou"),
    ("pt", "tu teu tua teus tuas"),
    ("ro", "tu tău ta tale vezi descarcă adaugă alege deschide trage"),
    ("ru", "ты твой твоё твоём открой выбери скачай"),
    ("uk", "ти твій твоє твоєму відкрий вибери завантаж"),
    ("ur", "تم تمہارا تمہارے تو"),
];

#[test]
fn the_reader_is_addressed_formally() {
    let informal = BTreeMap::from(INFORMAL);
    check(|words, fault| {
        let Some(forms) = informal.get(words.tag.as_str()) else { return };
        let forms: Vec<&str> = forms.split(' ').collect();
        for layout in ["classic", TRANSCRIPT] {
            let texts = page(layout, &words.tag);
            let texts = PAGE_TEXTS.iter().map(|key| (*key, texts[*key].clone()));
            let blocks = templates(layout, &words.tag);
            let blocks = blocks.iter().map(|(role, text)| (role.as_str(), text.clone()));
            for (key, text) in texts.chain(blocks) {
                let text = text.to_lowercase();
                let mut parts = text.split(|c: char| !c.is_alphabetic() && c != '՛');
                if parts.any(|part| forms.contains(&part)) {
                    fault(key, &text);
                }
            }
        }
    });
}

fn course(extra: &str) -> Course {
    let yaml = format!(
        "C: {{ title: Knots, organization: {{ short: U, name: University }}, language: en{extra} }}\n"
    );
    let courses = Courses::parse(&[("courses.yaml".into(), yaml.into_bytes())]).unwrap();
    courses.get("C").unwrap().clone()
}

/// The date line of a layout in a language.
fn date_line(layout: &str, tag: &Tag, course: &Course) -> Option<String> {
    let phrases = Phrases::load(&Site::new(), layout, tag).unwrap();
    let written = phrases.write(&CertificateFacts {
        name: &Name::clean("Ada").unwrap().0,
        course,
        issued: Date::parse(DAY).unwrap(),
        is_rolling: false,
        issued_text: course.issued_text.as_ref(),
        language: &course.language,
        grade: &GradeMark::None,
        gender: None,
        designation: None,
        extra: &IndexMap::new(),
        verify_url: None,
    });
    Some(written.unwrap().date?.runs.bare())
}

/// The words that may stand beside a date in words, because they need no grammatical form of it:
/// «issued», «given at», «dated», «at» a place.
const FRAMES: [(&str, &str); 7] = [
    ("ar", "صدرت في  بتاريخ"),
    ("ar", "صدرت بتاريخ"),
    ("ar", "صدر في  بتاريخ"),
    ("ar", "صدر بتاريخ"),
    ("en", "Issued"),
    ("th", "ให้ไว้ ณ"),
    ("ja", "於"),
];

#[test]
fn date_in_words_is_governed_by_nothing() {
    let courses = ["", ", place: Boston"]
        .map(|place| course(&format!(", issued: {{ text: Spring }}{place}")));
    let layouts =
        Site::new().layouts().into_iter().map(str::to_owned).collect::<Vec<_>>();
    check(|words, fault| {
        for (layout, course) in
            layouts.iter().flat_map(|it| courses.iter().map(move |c| (it, c)))
        {
            let Some(line) = date_line(layout, &words.tag, course) else { continue };
            let Some((before, after)) = line.split_once("Spring") else {
                fault(layout, &line);
                continue;
            };
            let is_free = |text: &str| {
                let text = text.replace("Boston", "");
                let text = text.trim();
                let ends = |c: char| !c.is_alphanumeric();
                let is_frame = |&(tag, frame): &(&str, &str)| {
                    tag == words.tag.as_str() && frame == text
                };
                text.is_empty() || text.ends_with(ends) || FRAMES.iter().any(is_frame)
            };
            // In Chinese the place follows.
            let after = after.trim_start_matches(['于', '於']);
            if !is_free(before) || !is_free(after) {
                fault(layout, &line);
            }
        }
    });
}

#[test]
fn pages_write_their_dates_as_the_paper_does() {
    let course = course("");
    let tags = words().into_iter().map(|words| words.tag);
    let calendars = ["am-u-ca-ethiopic", "th-u-ca-gregory", "ur-u-ca-islamic-umalqura"];
    for tag in tags.chain(calendars.map(|tag| Tag::parse(tag).unwrap())) {
        let template = PageTexts::load(&Site::new(), "classic", &tag).unwrap().date;
        let written = issue_date(&tag, &template, Date::parse(DAY).unwrap());
        let line = date_line("classic", &tag, &course).unwrap();
        assert!(line.contains(&written), "{tag}: `{written}` in `{line}`");
    }
    let day = |tag: &str| {
        let tag = Tag::parse(tag).unwrap();
        let template = PageTexts::load(&Site::new(), "classic", &tag).unwrap().date;
        issue_date(&tag, &template, Date::parse(DAY).unwrap())
    };
    for (tag, expected) in [
        ("am", "እ.ኤ.አ. ፌብሩዋሪ 5 ቀን 2026"),
        ("am-u-ca-ethiopic", "ጥር 28 ቀን 2018 ዓ.ም."),
        ("th", "5 กุมภาพันธ์ พ.ศ. 2569"),
        ("th-u-ca-gregory", "5 กุมภาพันธ์ ค.ศ. 2026"),
        ("ur", "5 فروری 2026ء"),
        ("vi", "05 tháng 02 năm 2026"),
        ("pl", "5 lutego 2026\u{a0}r."),
        ("ru", "5 февраля 2026\u{a0}г."),
        ("ca", "5 de febrer de 2026"),
    ] {
        assert_eq!(day(tag), expected);
    }
}
