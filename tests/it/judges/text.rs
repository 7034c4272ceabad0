//! The text of a certificate as viewers give it: the name can be found, copied and read aloud.

use std::fs;

use serde_json::Value;
use testamur::Tag;
use testamur::press::{DraftOptions, Format};

use super::standards::script;
use super::{
    LANGUAGES, day, judge, new_folder, output, press, request, saved, squeezed, tool,
};

/// The predecessor's sample names, except the last one, which has Hebrew points.
pub(super) const SAMPLES: [&str; 9] = [
    "Guido van Rossum",
    "김헌영",
    "Dimitrios I. Toufekoulas (Δημήτριος Ι. Τουφεκούλας)",
    "NGUYỄN QUANG KHẢI",
    "Võ Văn Hồng Ngọc",
    "Ya-Shen Chuang (莊雅善)",
    "سيف رمضان ريان",
    "Αλέξανδρος Χαλικιόπουλος",
    "Илья Александрович Лахин",
];

/// Names with markup, code or template syntax, and a very long name.
const HOSTILE: [&str; 6] = [
    r#"#panic("x") $x$ *b* _e_ @ref <l> \ {{ 7*7 }} {% raw %}"#,
    "O'Brien-Smith //not a comment",
    "<script>alert(1)</script>",
    "Ada /* `raw` */ #sym.arrow -- --- ... \"q\" [c] ~ & &amp; %20",
    r"C:\temp\new\u{41} \n = + - 1. / term: x",
    "Wolfeschlegelsteinhausenbergerdorff Maximiliana Konstantinopolitanska von Hohenzollern-Sig",
];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn sample_names_are_extracted_in_each_language() {
    for name in SAMPLES {
        for language in LANGUAGES {
            assert_reads_back(name, language);
        }
    }
}

/// Programs disagree about Hebrew points and about brackets next to Hebrew: compare the letters of
/// each word, without points and brackets.
#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn letters_of_a_pointed_name_are_extracted() {
    let letters = |text: &str| -> String {
        let kept = |c: &char| !('\u{591}'..='\u{5c7}').contains(c) && !"()".contains(*c);
        squeezed(text).chars().filter(kept).collect()
    };
    for language in LANGUAGES {
        let text = texts("Adam Palay (חיים פּלי)", language).map(|text| letters(&text));
        for word in ["Adam", "Palay", "חיים", "פלי"] {
            assert!(
                text.iter().any(|text| text.contains(word)),
                "{word}, {language}: {text:?}"
            );
        }
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn markup_in_a_name_is_extracted_literally() {
    for name in HOSTILE {
        for language in ["en", "ar"] {
            assert_reads_back(name, language);
        }
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn one_letter_name_is_a_line_of_its_own() {
    for language in ["en", "ar"] {
        let [text, _] = texts("Ó", language);
        assert!(text.lines().any(|line| squeezed(line) == "Ó"), "{language}: {text}");
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn combining_marks_are_extracted() {
    for name in ["อภิสิทธิ์ เวชชาชีวะ", "श्रीमती कृष्णा द्विवेदी", "Ọlọ́runfẹ́mi Adébáyọ̀"]
    {
        for language in LANGUAGES {
            assert_reads_back(name, language);
        }
    }
}

/// The viewers that most people have: poppler on Linux desktops, PDFium in Chrome, Edge and Android.
const VIEWERS: [&str; 2] = ["poppler", "pdfium"];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn viewers_read_names_of_all_scripts_in_logical_order() {
    let rows: Vec<[&str; 3]> = include_str!("../../judges/names.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut cells = line.split('\t');
            [(); 3].map(|()| cells.next().expect("three cells a line"))
        })
        .collect();
    assert!(rows.len() >= 60, "{} names", rows.len());
    let folder = new_folder();
    let mut files = Vec::new();
    for (index, [language, name, _]) in rows.iter().enumerate() {
        let draft = press()
            .draft(&request(name, language), day())
            .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        files.push(folder.path().join(format!("{index}.pdf")));
        fs::write(files.last().unwrap(), draft.bytes).unwrap();
    }
    let by_pdfium = output(judge("python").arg(script("pdfium.py")).args(&files));
    let by_pdfium = by_pdfium.lines().map(|line| serde_json::from_str(line).unwrap());

    let mut wrong = Vec::new();
    for (([language, name, exceptions], file), pdfium) in
        rows.iter().zip(&files).zip(by_pdfium)
    {
        let poppler = output(tool("pdftotext").arg(file).arg("-"));
        let texts: [String; 2] = [poppler, pdfium];
        let failing: Vec<&str> = VIEWERS
            .into_iter()
            .zip(&texts)
            .filter(|(_, text)| !squeezed(text).contains(&squeezed(name)))
            .map(|(viewer, _)| viewer)
            .collect();
        if failing.join(",") != *exceptions {
            let failing = failing.join(",");
            wrong.push(format!("{language}\t{name}\t{failing}: {texts:?}"));
        }
    }
    assert!(wrong.is_empty(), "other viewers than listed:\n{}", wrong.join("\n"));
}

/// Letters of headings are spaced; a gap that a viewer takes for a space would divide their words.
#[test]
fn viewers_read_spaced_headings_as_words() {
    let folder = new_folder();
    let (mut files, mut headings) = (Vec::new(), Vec::new());
    for layout in press().site().layouts() {
        for language in ["en", "de", "ru"] {
            let tag = Tag::parse(language).unwrap();
            let name = format!("{layout}, {language}");
            let draft = |format| {
                let options =
                    DraftOptions::default().with_specimen(false).with_format(format);
                let draft = press().draft_sample_for(
                    layout,
                    SAMPLES[0],
                    &tag,
                    None,
                    day(),
                    &options,
                );
                draft.unwrap_or_else(|error| panic!("{name}: {error:#}")).bytes
            };
            let sheet: Value = serde_json::from_slice(&draft(Format::Sheet)).unwrap();
            let runs = sheet["heading"]["runs"].as_array().expect("a heading");
            let heading = runs.iter().map(|run| run["text"].as_str().unwrap());
            headings.push((name.clone(), heading.collect::<String>()));
            files.push(folder.path().join(format!("{layout}-{language}.pdf")));
            fs::write(files.last().unwrap(), draft(Format::Pdf)).unwrap();
        }
    }
    assert!(headings.len() >= 36);
    let by_pdfium = output(judge("python").arg(script("pdfium.py")).args(&files));
    let by_pdfium = by_pdfium.lines().map(|line| serde_json::from_str(line).unwrap());
    let mut wrong = Vec::new();
    for (((name, heading), file), pdfium) in headings.iter().zip(&files).zip(by_pdfium) {
        let poppler = output(tool("pdftotext").arg(file).arg("-"));
        let texts: [String; 2] = [poppler, pdfium];
        for (viewer, text) in VIEWERS.iter().zip(&texts) {
            // A heading may have two lines.
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if !text.contains(heading.as_str()) {
                let start: String = text.chars().take(80).collect();
                wrong.push(format!("{viewer}, {name}: `{heading}` in `{start}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The text of a certificate as pdftotext gives it: by position on the page, and in the order of
/// the content stream.
fn texts(name: &str, language: &str) -> [String; 2] {
    let draft = press()
        .draft(&request(name, language), day())
        .unwrap_or_else(|error| panic!("{name}, {language}: {error:?}"));
    let (_folder, file) = saved(&draft, "text.pdf");
    [None, Some("-raw")]
        .map(|order| output(tool("pdftotext").args(order).arg(&file).arg("-")))
}

/// pdftotext guesses the direction of a line. By position it moves a bracket at the end of a Latin
/// name on an Arabic page, and in stream order it reverses Arabic words. At least one of the two
/// texts has the name.
fn assert_reads_back(name: &str, language: &str) {
    let texts = texts(name, language).map(|text| squeezed(&text));
    let wanted = squeezed(name);
    assert!(
        texts.iter().any(|text| text.contains(&wanted)),
        "{name}, {language}: {texts:#?}"
    );
}
