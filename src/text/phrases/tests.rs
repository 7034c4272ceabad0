mod facts;

use std::sync::LazyLock;

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::site::course::{Course, Courses};
use crate::site::name::{self, Name};

const HOSTILE: [&str; 7] = [
    r#"#panic("x") $x$ *b* _e_ @ref <l> \ {{ 7*7 }} {% raw %}"#,
    "*a",
    "_a_ **b** \\*",
    "{{ name }}{% for x in extra %}{% endfor %}{# c #}",
    "https://example.org/ [a](b) ```x``` // /* ~ -- ---",
    "\u{202e}drowssap\u{2066}",
    "\u{fdd0}3\u{fdd1}bold\u{fdd2}\u{fdd0}",
];

static COURSE_LANGUAGE: LazyLock<Tag> = LazyLock::new(|| Tag::parse("en").unwrap());
const LANGUAGES: [&str; 4] = ["en", "es", "ar", "ja"];

fn course(outcome: &str, title: &str) -> Course {
    let yaml = format!(
        "C1:\n  language: en\n  title: {}\n  organization: {{ short: ExampleX, name: Example University }}\n  \
         outcomes: {{ Pass: {} }}\n  signatories:\n    - {{ name: Dr. Ada Example, title: {{ en: \
         Professor, es: Profesora }} }}\n",
        Json::from(title),
        Json::from(outcome)
    );
    let courses = Courses::parse(&[("courses.yaml".into(), yaml.into_bytes())]).unwrap();
    courses.get("C1").unwrap().clone()
}

fn site(locale: &str) -> Site {
    Site::new().with_file("layouts/shared/locales/en.yaml", locale)
}

#[test]
fn free_field_by_language_is_the_text_of_the_certificate() {
    let locale = "blocks:\n  - statement: \"{{ extra.kind }}; {{ extra.levels[grade] | \
                  default('–') }}\"\n";
    let site = site(locale).with_file("layouts/shared/locales/es.yaml", locale);
    let course = course("", "Knots");
    let extra = serde_json::json!({
        "kind": { "en": "a course", "es": "un curso" },
        "levels": { "A": { "en": "with honours", "es": "con honores" }, "Merit": "x" },
    });
    let written = |tag: &str| {
        let written =
            write_with(&site, tag, "Ada", &course, None, extra.clone()).unwrap();
        written.blocks[0].runs.bare()
    };
    assert_eq!(written("en"), "a course; –");
    assert_eq!(written("es-MX"), "un curso; –");
}

fn write_with(
    site: &Site,
    tag: &str,
    name: &str,
    course: &Course,
    grade: Option<&str>,
    extra: Json,
) -> Result<Sentences> {
    let extra: IndexMap<String, Json> = serde_json::from_value(extra).unwrap();
    let phrases = Phrases::load(site, "classic", &Tag::parse(tag).unwrap())?;
    let mark = match grade {
        Some(grade) => course.mark_of_fraction(grade, &course.language)?,
        None => GradeMark::None,
    };
    phrases.write(&CertificateFacts {
        name: &Name::clean(name).unwrap().0,
        course,
        issued: Date::parse("2026-05-14").unwrap(),
        is_rolling: false,
        issued_text: course.issued_text.as_ref(),
        language: &course.language,
        grade: &mark,
        designation: None,
        gender: None,
        extra: &extra,
        verify_url: Some("https://example.org/c/0/"),
    })
}

fn write(locale: &str, extra: Json) -> Result<Sentences> {
    write_with(&site(locale), "en", "Ada", &course("", "Curling"), Some("0.9"), extra)
}

/// The finished text of one heading.
fn heading(template: &str) -> String {
    let locale = format!("heading: {}\n", Json::from(template));
    let extra = serde_json::json!({ "hours": 12, "parts": ["*a*", "b"], "none": null });
    write(&locale, extra)
        .unwrap()
        .heading
        .map_or_else(String::new, |phrase| phrase.runs.bare())
}

fn refused(locale: &str) -> String {
    format!("{:#}", write(locale, serde_json::json!({ "hours": 12 })).unwrap_err())
}

#[test]
fn sentences_have_the_order_of_their_language() {
    let text = |tag: &str| {
        let course = course("*{{ name }}* passed.", "Introduction to Curling");
        let written = write_with(
            &Site::new(),
            tag,
            "Ada Lovelace",
            &course,
            None,
            Json::Object(Default::default()),
        );
        let written = written.unwrap();
        let blocks = written
            .blocks
            .iter()
            .map(|block| format!("{}: {}", block.role, block.runs.bare()));
        let rest = [&written.date, &written.authenticity, &written.specimen];
        let rest = rest.into_iter().flatten().map(|phrase| phrase.runs.bare());
        blocks
            .chain(rest)
            .chain([written.title])
            .chain(written.alt.signature)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        text("en"),
        [
            "lead: This is to certify that",
            "recipient: Ada Lovelace",
            "statement: has successfully completed",
            "course: Introduction to Curling",
            "statement: a course of study offered by Example University",
            "outcome: Ada Lovelace passed.",
            "Issued May 14, 2026",
            "The authenticity of this certificate can be verified at https://example.org/c/0/",
            "Specimen",
            "Certificate: Introduction to Curling, Ada Lovelace",
            "Signature of Dr. Ada Example",
        ]
    );
    assert_eq!(
        text("es")[0],
        "lead: Example University otorga el presente certificado a"
    );
    assert_eq!(text("es")[5], "Fecha de expedición: 14 de mayo de 2026");
    assert_eq!(text("ar")[3], "course: «Introduction to Curling»");
    assert_eq!(text("ar")[6], "صدرت بتاريخ 14 مايو 2026");
    assert_eq!(text("ar-u-ca-islamic-umalqura")[6], "صدرت بتاريخ 27 ذو القعدة 1447 هـ");
    assert_eq!(text("ja")[0], "recipient: Ada Lovelace\u{a0}殿");
    assert_eq!(text("ja")[5], "2026年5月14日");
}

#[test]
fn hostile_value_is_neither_markup_nor_code() {
    for (tag, hostile) in
        LANGUAGES.iter().flat_map(|tag| HOSTILE.map(|text| (*tag, text)))
    {
        let course = course("{{ name }} — *{{ extra.x }}*", hostile);
        let extra = serde_json::json!({ "x": hostile });
        let written =
            write_with(&Site::new(), tag, hostile, &course, None, extra).unwrap();
        let clean = name::tidy(hostile).into_owned();
        let runs: Vec<_> =
            written.blocks.iter().flat_map(|block| block.runs.iter()).collect();
        let values: Vec<_> =
            runs.iter().filter(|run| run.value && run.text.contains(&clean)).collect();
        assert_eq!(values.len(), 4, "{tag}: {hostile}: {runs:?}");
        let strong = values.iter().filter(|run| run.strong).count();
        assert_eq!(strong, 1, "only the template's own `*` counts ({tag}: {hostile})");
        assert!(runs.iter().all(|run| !run.emphasis && run.link.is_none()));
        let letters = runs.iter().flat_map(|run| run.text.chars());
        assert!(letters.clone().all(|c| !name::is_noncharacter(c) && c != '\u{202e}'));
    }
}

#[test]
fn outcome_without_languages_is_a_template() {
    let course = course(r"2 \* 2 _is_ {{ 2 * 2 }}", "Curling");
    let written =
        write_with(&Site::new(), "en", "Ada", &course, None, serde_json::json!({}))
            .unwrap();
    assert_eq!(written.blocks[5].runs.bare(), "2 * 2 is 4");
    let course = super::tests::course("{{ nmae }}", "Curling");
    let error =
        write_with(&Site::new(), "en", "Ada", &course, None, serde_json::json!({}))
            .unwrap_err();
    assert!(format!("{error:#}").starts_with("courses.yaml:5:"), "{error:#}");
    let unmet = super::tests::course("{{ outcome }}", "Curling");
    assert!(
        write_with(&Site::new(), "en", "Ada", &unmet, None, serde_json::json!({}))
            .is_err()
    );
}

#[test]
fn filters_tests_and_loops_are_written() {
    assert_eq!(heading("{{ grade | percent }} {{ grade|number }}"), "90% 0.9");
    assert_eq!(
        heading("{% if grade.share >= 0.8 %}good{% else %}fair{% endif %}"),
        "good"
    );
    assert_eq!(heading("{{ grade }} {% if grade is number %}n{% endif %}"), "90% n");
    let error = refused("heading: '{% if grade >= 0.8 %}good{% endif %}'\n");
    assert!(error.contains("not compared with a number"), "{error}");
    assert_eq!(
        heading("{{ designation | default('-') }}{% if designation %}x{% endif %}"),
        "-"
    );
    assert_eq!(
        heading("{{ extra.parts | list }}, {{ extra.parts | join(' + ') }}"),
        "*a* and b, *a* + b"
    );
    assert_eq!(
        heading("{{ extra.hours | plural(one='# hour', other='# hours') }}"),
        "12 hours"
    );
    assert_eq!(
        heading("{% if extra.days is defined %}x{% endif %}{{ name | upper }}"),
        "ADA"
    );
    assert_eq!(
        heading("{{ '*x*' }} {{ outcome }} {{ '2026-01-02' | date('d MMMM') }}"),
        "*x* 2 January"
    );
    assert_eq!(
        heading("{{ signatories | list }} of {{ organization.short }}"),
        "Dr. Ada Example of ExampleX"
    );
    let each = "{% for n in extra.parts %}{{ loop.index }}: {{ n }}{% if not loop.last %}; {% endif %}{% endfor %}";
    assert_eq!(heading(each), "1: *a*; 2: b");
    assert_eq!(heading("{{ outcome }}"), "");
}

#[test]
fn grade_is_written_by_its_scale_and_language() {
    let heading = |tag: &str, grades: &str, grade: &str, template: &str| {
        let yaml = format!(
            "C1: {{ title: T, organization: O, language: {tag}, grades: {grades} }}"
        );
        let courses =
            Courses::parse(&[("courses.yaml".into(), yaml.into_bytes())]).unwrap();
        let course = courses.get("C1").unwrap();
        let locale = format!("heading: {}\n", Json::from(template));
        let site =
            Site::new().with_file(&*format!("layouts/shared/locales/{tag}.yaml"), locale);
        let phrases = Phrases::load(&site, "classic", &course.language).unwrap();
        let written = phrases.write(&CertificateFacts {
            name: &Name::clean("Ada").unwrap().0,
            course,
            issued: Date::parse("2026-05-14").unwrap(),
            is_rolling: false,
            issued_text: None,
            language: &course.language,
            grade: &course.mark(grade, &course.language).unwrap(),
            designation: None,
            gender: None,
            extra: &IndexMap::new(),
            verify_url: Some("https://example.org/c/0/"),
        });
        written.map(|written| written.heading.unwrap().runs.bare())
    };
    let points = "{ scale: points, max: 20, pass: 10 }";
    let percent = "{ scale: percent, pass: 50 }";
    let fraction = "{ scale: fraction, pass: 0.5 }";
    for (tag, grades, grade, template, expected) in [
        ("en", percent, "93", "{{ grade }}", "93%"),
        ("de", percent, "92,5", "{{ grade }}", "92,5\u{a0}%"),
        ("fr", points, "18,5", "{{ grade }}", "18,5/20"),
        ("en", points, "18.50", "{{ grade }}", "18.5/20"),
        ("ar-EG", points, "18.5", "{{ grade }}", "١٨٫٥/٢٠"),
        ("fa", percent, "93", "{{ grade }}", "۹۳٪\u{61c}"),
        ("tr", percent, "93", "{{ grade }}", "%93"),
        ("es", fraction, "0,935", "{{ grade }}", "93,5\u{a0}%"),
        ("en", "{ scale: letters, letters: [A, B] }", "a", "{{ grade }}", "A"),
        (
            "en",
            percent,
            "93",
            "{{ grade | percent }} {{ grade | percent(1) }}",
            "93% 93%",
        ),
        ("en", points, "18.5", "{{ grade | percent }} {{ grade | number }}", "93% 18.5"),
        ("en", points, "18.5", "{{ grade | default('-') }}", "18.5/20"),
        (
            "en",
            points,
            "18.5",
            "{{ grade.share | number }} {{ grade.value | number }}",
            "0.925 18.5",
        ),
        ("en", points, "", "{{ grade | default('-') }}", "-"),
        ("en", points, "18", "{{ grade | select(Pass='p', other='o') }}", "o"),
        (
            "en",
            points,
            "18",
            "{% if grade == 'A' or grade is string %}x{% else %}y{% endif %}",
            "y",
        ),
    ] {
        assert_eq!(
            heading(tag, grades, grade, template).unwrap(),
            expected,
            "{tag} {template}"
        );
    }
    for template in ["{{ grade }}", "{{ grade | percent }}", "{% if grade %}x{% endif %}"]
    {
        let error = heading("en", "~", "93", template).unwrap_err();
        assert_eq!(error.place().unwrap().to_string(), "courses.yaml:1:1", "{error}");
        let help = error.help().unwrap();
        assert!(help.contains("grades: { scale: percent, pass: 50 }"), "{help}");
    }
    // A grade that no sentence prints needs no scale.
    assert_eq!(heading("en", "~", "93", "Certificate").unwrap(), "Certificate");
}

#[test]
fn select_chooses_the_wording_by_a_value() {
    let by_grade = "{{ grade | select(Pass='passed', High_Distinction='with high distinction', \
                    other='took part') }}";
    let wording = |grade: Option<&str>| {
        let site = site(&format!("heading: {}\n", Json::from(by_grade)));
        let mut course = course("", "Curling");
        course.outcomes.clear();
        let written =
            write_with(&site, "en", "Ada", &course, grade, serde_json::json!({}));
        written.unwrap().heading.unwrap().runs.bare()
    };
    assert_eq!(wording(Some("Pass")), "passed");
    assert_eq!(wording(Some("high distinction")), "with high distinction");
    assert_eq!(wording(Some("0.7")), "took part");
    assert_eq!(wording(None), "took part");
    assert!(
        refused("heading: \"{{ extra.gender | select(f='a', other='b') }}\"\n")
            .contains("needs `extra.gender`, which is not given")
    );
    assert_eq!(
        heading("{{ extra.gender | default('') | select(f='her', other='their') }}"),
        "their"
    );
}

#[test]
fn date_is_written_in_another_language() {
    assert_eq!(heading("{{ issued | date('long', language='fa') }}"), "۲۴ اردیبهشت ۱۴۰۵");
    assert_eq!(heading("{{ issued | date(language='fr') }}"), "14 mai 2026");
    assert!(
        refused("heading: \"{{ issued | date(lang='fr') }}\"\n")
            .contains("it takes no `lang`, only `language`")
    );
}

#[test]
fn date_that_is_a_text_and_place_are_written_by_language() {
    let yaml = "C1:\n  language: en\n  title: T\n  organization: O\n  \
                issued: { text: { en: Spring 2026, es: primavera de 2026 } }\n  \
                place: { en: Boston, it: Milano }\n";
    let courses = Courses::parse(&[("courses.yaml".into(), yaml.into())]).unwrap();
    let course = courses.get("C1").unwrap();
    let date = |tag: &str, text: &str| {
        let site = Site::new().with_file(
            format!("layouts/shared/locales/{tag}.yaml"),
            format!("date: {}\n", Json::from(text)),
        );
        let written =
            write_with(&site, tag, "Ada", course, None, serde_json::json!({})).unwrap();
        written.date.unwrap().runs.bare()
    };
    let both = "{{ place }}, {{ issued | date('long') }}";
    assert_eq!(date("en", both), "Boston, Spring 2026");
    assert_eq!(date("it", both), "Milano, Spring 2026");
    assert_eq!(date("en", "{{ issued | date('d MMMM y') }}"), "Spring 2026");
    let other = "{{ issued | date('long', language='es') }}";
    assert_eq!(date("en", other), "primavera de 2026");
}

#[test]
fn error_points_into_the_sentence() {
    assert_eq!(
        refused("heading: x\nblocks:\n  - recipient: \"To {{ nmae | uper }}\"\n"),
        "\
layouts/shared/locales/en.yaml:3:23: unknown variable `nmae`
  |
3 |   - recipient: \"To {{ nmae | uper }}\"
  |                       ^^^^
help: did you mean `name`?

layouts/shared/locales/en.yaml:3:30: unknown filter `uper`
  |
3 |   - recipient: \"To {{ nmae | uper }}\"
  |                              ^^^^
help: did you mean `upper`?"
    );
    assert_eq!(
        refused("heading: \"{{ extra.hour | number }}\"\n"),
        "\
layouts/shared/locales/en.yaml:1:14: the sentence `heading` needs `extra.hour`, which is not given
  |
1 | heading: \"{{ extra.hour | number }}\"
  |              ^^^^^^^^^^
help: did you mean `extra.hours`? If it may be missing, ask first: `{% if extra.hour is defined %}`"
    );
    for (template, place, cause) in [
        ("{{ course.titel }}", 14, "unknown variable `course.titel`"),
        ("{{ name.first }}", 14, "unknown variable `name.first`"),
        ("a {{ name", 16, "cannot read the sentence"),
        ("a *b", 13, "nothing closes"),
        ("{% if grade %}*{% endif %}", 25, "nothing closes"),
        ("**b**", 11, "`**` is no markup"),
        ("{{ issued }}", 14, "a date is printed through `date`"),
        ("{{ grade.share }}", 14, "printed through `percent`"),
        ("{{ designation }}", 14, "there is no value here"),
        ("{{ course }}", 14, "a group of values"),
        ("{{ issued | date('lnog') }}", 23, "did you mean `long`?"),
        (
            "{{ 3 | plural(few='x', other='y') }}",
            18,
            "`en` has no category `few`; it has one, other",
        ),
        ("{{ 3 | ordinal(one='x') }}", 18, "`other` is missing"),
        ("{% set x %}*{% endset %}", 14, "unknown statement `set`"),
        ("{% raw %}{{ name }}{% endraw %}", 14, "unknown statement `raw`"),
        ("{{ range(3) }}", 14, "unknown function `range`"),
        ("{{ name | safe }}", 21, "unknown filter `safe`"),
        ("{{ name is upper }}", 22, "unknown test `upper`"),
        ("a\u{202e}b", 12, "U+202E"),
    ] {
        let report = refused(&format!("heading: \"{template}\"\n"));
        let head = format!("layouts/shared/locales/en.yaml:1:{place}: ");
        assert!(
            report.starts_with(&head) && report.contains(cause),
            "{template}\n{report}"
        );
    }
}

#[test]
fn text_of_another_language_gives_a_warning() {
    let course = course("", "Curling");
    let extra = || serde_json::json!({});
    let written = write_with(&Site::new(), "es", "Ada", &course, None, extra()).unwrap();
    assert_eq!(written.warnings, []);
    assert_eq!(written.signatories[0].1.as_ref().unwrap().bare(), "Profesora");
    let written = write_with(&Site::new(), "ja", "Ada", &course, None, extra()).unwrap();
    assert_eq!(written.warnings.len(), 1, "{:?}", written.warnings);
    assert!(
        written.warnings[0]
            .to_string()
            .contains("a signatory's title is not given in `ja`")
    );
    let phrases =
        Phrases::load(&Site::new(), "classic", &Tag::parse("es-MX").unwrap()).unwrap();
    assert!(phrases.fallback_warning().unwrap().message.contains("those in `es`"));
}

#[test]
fn phrases_are_send_and_sync() {
    fn shared<T: Send + Sync>() {}
    shared::<Phrases>();
}

proptest! {
    #[test]
    fn any_value_is_printed_as_it_is(
        raw in "\\PC{1,30}|[*_{}%#\\\\ a]{1,20}|[\u{fdd0}-\u{fdd3}a\u{202a}-\u{202e}]{1,9}",
    ) {
        static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
            let site = site("heading: \"*{{ name }}* _{{ extra.text }}_\"\n");
            Phrases::load(&site, "classic", &Tag::parse("en").unwrap()).unwrap()
        });
        static COURSE: LazyLock<Course> = LazyLock::new(|| course("", "Curling"));
        let Ok((name, _)) = Name::clean(&raw) else { return Ok(()) };
        let text = name.to_string();
        let written = PHRASES.write(&CertificateFacts {
            name: &name,
            course: &COURSE,
            issued: Date::parse("2026-05-14").unwrap(),
            is_rolling: false,
            issued_text: None,
            language: &COURSE_LANGUAGE,
            grade: &GradeMark::None,
            designation: None,
            gender: None,
            extra: &IndexMap::from([("text".to_owned(), Json::from(text.clone()))]),
            verify_url: Some("https://example.org/c/0/"),
        }).unwrap();
        prop_assert_eq!(written.heading.unwrap().runs.bare(), format!("{text} {text}"));
    }
}
