//! Each built-in language: its page passes its proof with names of all scripts, and its dates have
//! the words of an independent ICU (`Intl` in Node).

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use testamur::press::{DraftOptions, Format, Press};
use testamur::site::{Request, Site};
use testamur::text::Direction;
use testamur::{Date, ErrorKind, Tag};

pub(crate) const LANGUAGES: [&str; 36] = [
    "am", "ar", "bg", "bn", "ca", "cs", "de", "el", "en", "es", "fa", "fr", "he", "hi",
    "hu", "hy", "id", "it", "ja", "ka", "ko", "nl", "pl", "pt", "pt-BR", "ro", "ru",
    "sw", "ta", "th", "tr", "uk", "ur", "vi", "zh-Hans", "zh-Hant",
];

const NAMES: [&str; 14] = [
    "Guido van Rossum",
    "김헌영",
    "Dimitrios I. Toufekoulas (Δημήτριος Ι. Τουφεκούλας)",
    "NGUYỄN QUANG KHẢI",
    "Võ Văn Hồng Ngọc",
    "Ya-Shen Chuang (莊雅善)",
    "سيف رمضان ريان",
    "Αλέξανδρος Χαλικιόπουλος",
    "Илья Александрович Лахин",
    "Adam Palay (חיים פּלי)",
    "อภิสิทธิ์ เวชชาชีวะ",
    "শর্মিষ্ঠা মুখোপাধ্যায়",
    "மு. கருணாநிதி (M. Karunanidhi)",
    "ኃይለ ገብረሥላሴ",
];

/// For each language a name that is hard to set: stacked marks, rare letters, long words.
const HARD: [(&str, &str); 36] = [
    ("am", "ዶ/ር ወይዘሮ ፅጌረዳ ኃይለማርያም"),
    ("ar", "الأستاذة الدكتورة فاطمةُ الزهراءِ بنتُ عبدِ الرحمٰن"),
    ("bg", "Щърбан Ъглев-Йорданов"),
    ("bn", "শ্রীমতী ঋত্বিকা ক্ষেত্ৰপাল বন্দ্যোপাধ্যায়"),
    ("ca", "Gal·la Puig-l’Àngel i Güell"),
    ("cs", "Žaneta Příšerně-Žluťoučká"),
    ("de", "Dr. Jörg-Übel Größenwahn-Müßiggang"),
    ("el", "Ἀριστοτέλης Ὠκεανίδης-Ϊωάννου"),
    ("en", "Siobhán O’Brien-ffoulkes"),
    ("es", "María Ángeles Íñiguez de la Peña y Güemes"),
    ("fa", "سیّده پگاه گُل‌محمّدی نژاد"),
    ("fr", "Maëlle d’Œuvre-Ÿsaÿe"),
    ("he", "רַחֵל בְּרָכָה צְבִי־הִירְשׁ ז״ל"),
    ("hi", "डॉ॰ श्रीमती ज्ञानेश्वरी त्र्यम्बक कृष्णमूर्ति"),
    ("hu", "Őrült Űrhajós-Székesfehérvári Zsófia"),
    ("hy", "Սուրէն Յովհաննիսեան-Խաչատրյան"),
    ("id", "Raden Adjeng Kartini Djojo Adhiningrat"),
    ("it", "Nicolò Ciò-Perché degl’Innocenti"),
    ("ja", "渡邉 﨑一郎・髙橋ヴィクトリア"),
    ("ka", "ჯუმბერ ლეჟავა-მჭედლიშვილი"),
    ("ko", "남궁뷁 (南宮㻋)"),
    ("nl", "IJsbrand van ’t Hooft-de Ruijter"),
    ("pl", "Świętosława Brzęczyszczykiewicz-Łękołodzka"),
    ("pt", "Conceição D’Ávila e Guimarães"),
    ("pt-BR", "João Antônio Brandão Gonçalves Júnior"),
    ("ro", "Ștefăniță Țepeș-Înțeleptul"),
    ("ru", "Съёмщикова-Подъячева Ульяна Ёжиковна"),
    ("sw", "Ng’ang’a wa Mzee Mwinyi-Mkuu"),
    ("ta", "டாக்டர் க்ஷேத்ரஜ்ஞ ஸ்ரீநிவாசமூர்த்தி"),
    ("th", "ณัฐฐ์ กตัญญู ญาณินฐ์ปรัชญ์ ณ อยุธยา"),
    ("tr", "İğdır Işıkçıoğlu-Şeyhülislâm"),
    ("uk", "Ґалаґан-Її Мар’яна З’єднанська"),
    ("ur", "ڈاکٹر سیّدہ نُزہت النّساء چودھری"),
    ("vi", "Nguyễn Phước Bửu Đại Kỳ Thuỷ"),
    ("zh-Hans", "龘䶮·阿卜杜热合曼·𠮷"),
    ("zh-Hant", "歐陽𡘙靐齉"),
];

/// The first of a month, leap days, both sides of a Hebrew and a Persian new year, a Hebrew leap
/// month, and every month once.
pub(crate) const DATES: [&str; 20] = [
    "2024-01-01",
    "2024-02-15",
    "2024-02-29",
    "2024-03-05",
    "2024-03-19",
    "2024-03-20",
    "2024-04-08",
    "2024-05-01",
    "2024-06-30",
    "2024-07-14",
    "2024-08-01",
    "2024-09-11",
    "2024-10-02",
    "2024-10-03",
    "2024-11-23",
    "2024-12-31",
    "2026-05-14",
    "2026-10-09",
    "2000-02-29",
    "1999-12-31",
];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn each_language_renders_names_of_every_script() {
    let press = press("");
    assert_eq!(press.languages("classic").len(), LANGUAGES.len());
    let options =
        DraftOptions::default().with_format(Format::Png { pixels_per_inch: 10.0 });
    for language in LANGUAGES {
        let hard = HARD.iter().find(|(tag, _)| *tag == language).unwrap().1;
        for name in NAMES.into_iter().chain([hard]) {
            let request = Request::new("c", name).unwrap().with_language(tag(language));
            let draft = press.draft_with(&request, day("2026-05-14"), &options);
            if let Err(error) = draft {
                panic!("{language}, {name}: {error:#}");
            }
        }
        let request = Request::new("c", "A").unwrap().with_language(tag(language));
        let sheet = press.sheet(&request, day("2026-05-14")).unwrap();
        let leftward = ["ar", "fa", "he", "ur"].contains(&language);
        assert_eq!(sheet.direction == Direction::Rtl, leftward, "{language}");
        assert_eq!(sheet.language, language.split('-').next().unwrap());
    }
}

/// The scripts of the table below that no face of the repository has.
const WITHOUT_FACE: [&str; 5] = ["༄༅", "𞤀𞤣𞤤𞤢𞤥", "ⵜⴰⵎⴰⵣⵉⵖⵜ", "ᱥᱟᱱᱛᱟᱲᱤ", "ꦗꦮ"];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn words_of_several_scripts_pass_their_proof_as_names_and_titles() {
    let words = include_str!("../../src/press/fonts/words.txt").lines();
    let words = words.filter(|line| !line.is_empty() && !line.starts_with("# "));
    let words: Vec<String> = words.map(|line| line.replace('|', "")).collect();
    let options =
        DraftOptions::default().with_format(Format::Png { pixels_per_inch: 10.0 });
    let press = press("");
    for name in &words {
        let draft = Request::new("c", name)
            .and_then(|request| press.draft_with(&request, day("2026-05-14"), &options));
        match draft {
            Ok(_) => assert!(!WITHOUT_FACE.contains(&name.as_str()), "{name}"),
            Err(error) => {
                assert!(WITHOUT_FACE.contains(&name.as_str()), "{name}: {error:#}");
                assert_eq!(error.kind(), ErrorKind::MissingGlyph);
            }
        }
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn flag_and_joined_emoji_are_refused_whole() {
    let press = press("");
    for (name, letter) in [("Jean 🇫🇷", "🇫🇷"), ("Ana 👩\u{200D}🎓", "👩\u{200D}🎓")]
    {
        let request = Request::new("c", name).unwrap();
        let error = press.draft(&request, day("2026-05-14")).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(&format!("has the letter `{letter}`")), "{message}");
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn figures_among_upright_words_are_upright_and_those_among_italics_are_not() {
    for (title, italic) in [
        ("การวิเคราะห์ข้อมูล 2026 (12 ชั่วโมง)", false),
        ("2026 ปีแห่งการเรียนรู้", false),
        ("データ分析 2026（第2回）", false),
        ("تحليل البيانات 2026", false),
        ("Data Analysis 2026", true),
        ("การใช้ Excel 2026", true),
    ] {
        let course = format!(
            "c:\n  title: {}\n  organization: Example University\n  language: en\n",
            serde_json::Value::from(title)
        );
        let site = Site::new().with_sample_pictures().with_file("courses.yaml", course);
        let request = Request::new("c", "Ada").unwrap();
        let press = Press::new(site).unwrap();
        let sheet = press.sheet(&request, day("2026-05-14")).unwrap();
        let course = sheet.blocks.iter().find(|block| block.role == "course").unwrap();
        let figures = course.runs.iter().filter(|run| {
            let mut letters = run.text.chars();
            letters.any(|c| c.is_ascii_digit()) && !run.text.contains(char::is_alphabetic)
        });
        let mut figures = figures.peekable();
        let of_word = course.runs.iter().any(|run| {
            run.text.contains(|c: char| c.is_ascii_digit()) && run.italic == italic
        });
        assert!(figures.peek().is_some() || of_word, "{title}");
        assert!(figures.all(|run| run.italic == italic), "{title}: {:?}", course.runs);
        press.draft(&request, day("2026-05-14")).unwrap();
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn latin_organization_is_upright_in_a_sentence_of_a_script_without_italics() {
    let site = Site::new().with_sample_pictures().with_file(
        "courses.yaml",
        "c:\n  title: Ideas\n  organization: Example University\n  language: en\n",
    );
    let press = Press::new(site).unwrap();
    for (language, italic) in [("th", false), ("de", true), ("en", true)] {
        let tag = Tag::parse(language).unwrap();
        let request = Request::new("c", "Ada").unwrap().with_language(tag);
        let sheet = press.sheet(&request, day("2026-05-14")).unwrap();
        let lead = sheet.blocks.iter().find(|block| block.role == "lead").unwrap();
        assert!(lead.runs.iter().all(|run| run.italic == italic), "{language}");
        let organization = lead.runs.iter().any(|run| run.text.contains("Example"));
        assert!(organization || language == "en", "{language}: {:?}", lead.runs);
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn letter_that_no_face_has_is_placed_where_it_stands() {
    for (key, line) in [
        ("title: Ideas \u{E000}\n  organization: Example University", 2),
        ("title: Ideas\n  organization: Example \u{E000}", 3),
        (
            "title: Ideas\n  organization: { short: E, name: { en: \"The \u{E000} School\" } }",
            3,
        ),
        ("title: Ideas\n  organization: Example University\n  place: Port \u{E000}", 4),
        (
            "title: Ideas\n  organization: Example University\n  signatories:\n    - { name: Ada, \
             title: Dean of \u{E000} }",
            5,
        ),
    ] {
        let course = format!("c:\n  {key}\n  language: en\n");
        let site = Site::new().with_sample_pictures().with_file("courses.yaml", course);
        let press = Press::new(site).unwrap();
        let request = Request::new("c", "Ada").unwrap();
        let error = press.draft(&request, day("2026-05-14")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingGlyph, "{key}: {error:#}");
        for fault in error.faults() {
            let place = fault.place().map(ToString::to_string).unwrap_or_default();
            assert!(
                place.starts_with(&format!("courses.yaml:{line}:")),
                "{key}: {fault:#}"
            );
        }
    }
}

/// The words of CLDR's own pattern that our date line does not have, and why.
const KNOWN: [(&str, &str, &str); 4] = [
    ("hy", "01", "documents write the day without a leading zero: «մայիսի 1»"),
    ("fa", "ه‍.ش.", "the names of the months show the era"),
    ("vi", "tháng 1", "official papers write the first two months with two figures"),
    ("vi", "tháng 2", "as the first"),
];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn dates_have_the_words_of_node_icu() {
    let press = press("");
    let mut script = String::new();
    for language in LANGUAGES {
        for date in DATES {
            writeln!(script, "{language} {date}").unwrap();
        }
    }
    let theirs = intl(&script);
    let mut faults = String::new();
    for (line, words) in script.lines().zip(theirs.lines()) {
        let (language, date) = line.split_once(' ').unwrap();
        let request = Request::new("c", "A")
            .unwrap()
            .with_language(tag(language))
            .with_issued(day(date));
        let sheet = press.sheet(&request, day(date)).unwrap();
        let ours = sheet.date.expect("each language has a date line").text();
        for word in words.split('|') {
            let known = KNOWN.iter().any(|(known, part, _)| {
                *known == language && (*part == word || word.starts_with('0'))
            });
            if !ours.contains(word) && !known {
                writeln!(faults, "{language} {date}: no `{word}` in `{ours}`").unwrap();
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// The day, month and year of each line's date, as Node writes them in the line's language.
fn intl(lines: &str) -> String {
    let script = "const out = []; \
        for (const line of require('fs').readFileSync(0, 'utf8').trim().split('\\n')) { \
          const [tag, date] = line.split(' '); \
          const style = new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeZone: 'UTC' }); \
          out.push(style.formatToParts(new Date(date + 'T00:00:00Z')) \
            .filter(part => ['day', 'month', 'year'].includes(part.type)) \
            .map(part => part.value).join('|')); } \
        console.log(out.join('\\n'));";
    let mut node = Command::new("node")
        .args(["-e", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node is installed: run tests/run");
    node.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// The steps of `layouts/README.md` for a new language, with Esperanto.
#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn new_language_needs_one_locale_file() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("testamur.yaml", "");
    write(
        "courses.yaml",
        "KNOTS: { title: Nodoj, organization: Universitato, language: en }\n",
    );
    let run = |arguments: &[&str]| {
        assert_cmd::Command::new(env!("CARGO_BIN_EXE_testamur"))
            .current_dir(folder.path())
            .env_remove("TESTAMUR_SITE")
            .env_remove("TESTAMUR_FONTS")
            .args(["--site", "."])
            .args(arguments)
            .output()
            .unwrap()
    };
    let english = include_str!("../../layouts/shared/locales/en.yaml");
    let words = [
        ("heading: Certificate", "heading: Atesto"),
        ("This is to certify that", "Ĉi tio atestas, ke"),
        ("has successfully completed", "sukcese finis la kurson"),
        ("a course of study offered by ", "de "),
        (
            "Issued{% if place %} in {{ place }},{% endif %}",
            "{% if place %}{{ place }}, {% endif %}la",
        ),
        ("The authenticity of this certificate can be verified at", "Kontrolebla ĉe"),
        ("specimen: Specimen", "specimen: Specimeno"),
        ("date('long')", r#"date(\"d 'de' MMMM y\")"#),
    ];
    let esperanto = words.iter().fold(english.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    write("layouts/shared/locales/eo.yaml", &esperanto);

    let rendered =
        run(&["render", "-c", "KNOTS", "-n", "Ada", "-l", "eo", "-o", "eo.png"]);
    assert!(rendered.status.success(), "{rendered:?}");
    assert!(folder.path().join("eo.png").is_file());
    let checked = run(&["check", "-l", "eo"]);
    assert!(checked.status.success(), "{checked:?}");
    let stderr = String::from_utf8(checked.stderr).unwrap();
    assert!(!stderr.contains("eo.yaml"), "{stderr}");
    let listed = run(&["locales"]);
    let table = String::from_utf8(listed.stdout).unwrap();
    let row = table.lines().find(|row| row.starts_with("eo ")).unwrap();
    // One layout has sentences of its own, for its table, and needs its own locale file.
    let only_the_table = row.matches("the layout's table needs").count() == 1;
    assert!(row.contains("shared") && only_the_table, "{row}");
    let of_classic = || {
        let objects = String::from_utf8(run(&["locales", "--json"]).stdout).unwrap();
        let objects = objects.lines().map(|line| serde_json::from_str(line).unwrap());
        objects
            .filter(|object: &serde_json::Value| object["language"] == "eo")
            .find(|object| object["layout"] == "classic")
            .unwrap()
    };
    assert_eq!(of_classic()["complete"], true);

    // A missing sentence is listed, and a value that no sentence prints is reported.
    write(
        "layouts/shared/locales/eo.yaml",
        &esperanto.replace("specimen:", "#specimen:"),
    );
    let table = String::from_utf8(run(&["locales"]).stdout).unwrap();
    assert!(table.contains("shared; lacks specimen"), "{table}");
    let stderr = String::from_utf8(run(&["check", "-l", "eo"]).stderr).unwrap();
    assert!(stderr.contains("eo.yaml: there is no `specimen` in `eo`"), "{stderr}");
    write(
        "layouts/shared/locales/eo.yaml",
        &esperanto.replace("  reason: Reason\n", "").replace("  name: Name\n", ""),
    );
    let table = String::from_utf8(run(&["locales"]).stdout).unwrap();
    assert!(table.contains("shared; lacks page.reason, page.name"), "{table}");
    let stderr = String::from_utf8(run(&["check", "-l", "eo"]).stderr).unwrap();
    assert!(
        stderr.contains("there are no page texts `reason`, `name` in `eo`"),
        "{stderr}"
    );
    write("layouts/shared/locales/eo.yaml", &esperanto.replace("{{ outcome }}", "bone"));
    let stderr = String::from_utf8(run(&["check", "-l", "eo"]).stderr).unwrap();
    assert!(stderr.contains("no sentence in `eo` prints `outcome`"), "{stderr}");
    let sentences = &of_classic()["sentences"];
    assert_eq!(sentences["heading"], "layouts/shared/locales/eo.yaml");
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn missing_page_texts_and_code_of_other_programs_are_told() {
    let own = "heading: Diplôme <b>{{ course.id }}</b>\npage: { valid: Diplôme valide&nbsp;! }\n";
    let files = site("").with_file("layouts/shared/locales/tlh.yaml", own);
    let inspection = Press::new(files).unwrap().inspect("classic", &tag("tlh")).unwrap();
    assert!(inspection.lacking_page.contains(&"reason"), "{inspection:?}");
    assert!(!inspection.lacking_page.contains(&"valid"), "{inspection:?}");
    let warnings: Vec<_> = inspection.warnings.iter().map(ToString::to_string).collect();
    let told = |text: &str| warnings.iter().any(|warning| warning.starts_with(text));
    let file = "layouts/shared/locales/tlh.yaml";
    assert!(
        told(&format!("{file}: there are no page texts `specimen`, ")),
        "{warnings:?}"
    );
    let heading =
        format!("{file}:1:18: the sentence `heading` prints `<b>` as it stands");
    assert!(told(&heading), "{warnings:?}");
    let valid = format!("{file}: `page.valid` prints `&nbsp;` as it stands");
    assert!(told(&valid), "{warnings:?}");
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn pseudo_languages_reveal_untranslated_text() {
    let layout = "#import \"plain.typ\": plain\n#let certificate(sheet) = plain(sheet, also: [Date])\n";
    let site = crate::cases::site(std::path::Path::new("none"))
        .with_file("layouts/faulty/layout.typ", layout);
    let press = Press::new(site).unwrap();
    let draft = |language: &str| {
        let request = Request::new("KNOTS-2026", "Ada").unwrap();
        press.draft(&request.with_language(tag(language)), day("2026-05-14"))
    };
    let told = |language: &str| {
        let warnings = draft(language).unwrap().warnings;
        warnings.iter().any(|warning| warning.message.contains("writes `Date` itself"))
    };
    assert!(told("en-XA") && told("ar-XB") && !told("en"));
    assert_eq!(press.pseudo_languages(), [tag("en-XA"), tag("ar-XB")]);
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn bilingual_layout_shows_two_languages() {
    let press = press("  second_language: en\n  layout: bilingual\n");
    for (first, second) in
        [("ar", "en"), ("fr", "en"), ("zh-Hans", "en"), ("ur", "he"), ("en", "th")]
    {
        let request = Request::new("c", "Ya-Shen Chuang (莊雅善)")
            .unwrap()
            .with_language(tag(first))
            .with_second_language(tag(second));
        let sheet = press.sheet(&request, day("2026-05-14")).unwrap();
        let other = sheet.second.as_ref().unwrap();
        assert_eq!(sheet.direction, tag(first).direction());
        assert_eq!(other.direction, tag(second).direction());
        assert_ne!(sheet.heading.unwrap().text(), other.heading.as_ref().unwrap().text());
        press.draft(&request, day("2026-05-14")).unwrap();
    }
    // The course's pair of languages, whichever of them is requested; a layout of one language
    // leaves the second out.
    let sheet = |language: &str, layout: &str| {
        let request = Request::new("c", "Ada").unwrap().with_layout(layout);
        press.sheet(&request.with_language(tag(language)), day("2026-05-14")).unwrap()
    };
    assert_eq!(sheet("ar", "bilingual").second.unwrap().language, "en");
    assert!(sheet("en", "bilingual").second.is_none());
    assert!(sheet("ar", "classic").second.is_none());
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn han_uses_the_font_of_its_region() {
    for (language, family, region) in [
        ("ja", "Noto Serif CJK JP", None),
        ("zh-Hans", "Noto Serif CJK SC", Some("CN")),
        ("zh-Hant", "Noto Serif CJK TC", Some("TW")),
        ("zh-TW", "Noto Serif CJK TC", Some("TW")),
        ("ko", "Noto Serif CJK KR", None),
    ] {
        let request = Request::new("c", "骨遍").unwrap().with_language(tag(language));
        let sheet = press("").sheet(&request, day("2026-05-14")).unwrap();
        let name = sheet.blocks.iter().find(|block| block.role == "recipient").unwrap();
        assert_eq!(name.runs[0].font, family, "{language}");
        assert_eq!(sheet.region.as_deref(), region, "{language}");
    }
}

fn press(extra: &str) -> Press {
    Press::new(site(extra)).unwrap()
}

fn site(extra: &str) -> Site {
    let courses = format!(
        "c:\n  title: Introduction to Curling\n  organization: Example University\n  \
         language: en\n  signatories:\n    - {{ name: Dr. Ada Example, title: Professor of \
         Mechanics, signature: ada.svg }}\n{extra}"
    );
    Site::new().with_sample_pictures().with_file("courses.yaml", courses)
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}
