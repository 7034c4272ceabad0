use super::*;
use crate::base::error::ErrorKind;

const COURSE: &str = "
c:
  title: { en: Curling, fr-CA: Curling d'ici, zh-Hant: 冰壺 }
  organization: Example University
  language: en
";

fn parse(text: &str) -> Courses {
    Courses::parse(&[("courses.yaml".into(), text.into())]).unwrap()
}

fn course(more: &str) -> Course {
    parse(&format!("{COURSE}{more}")).get("c").unwrap().clone()
}

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

#[test]
fn absent_fields_have_defaults() {
    let course = course("");
    assert_eq!(course.layout, "classic");
    assert_eq!(course.issued, IssueDate::Rolling);
    assert!(course.signatories.is_empty() && course.outcomes.is_empty());
    assert_eq!(course.place().to_string(), "courses.yaml:2:1");
    assert_eq!(course.layout_place(), course.place());
    assert_eq!(course.language_place().to_string(), "courses.yaml:5:13");
}

#[test]
fn text_is_chosen_by_language() {
    let title = course("").title;
    let text = |wanted: &str| title.get(&tag(wanted), &tag("en"));
    assert_eq!(text("en-GB"), ("Curling", false));
    assert_eq!(text("fr-CA"), ("Curling d'ici", false));
    assert_eq!(text("fr"), ("Curling d'ici", false));
    assert_eq!(text("fr-FR"), ("Curling", true));
    assert_eq!(text("zh-TW"), ("冰壺", false));
    assert_eq!(text("ar"), ("Curling", true));
    assert_eq!(title.get(&tag("ar"), &tag("ja")), ("Curling", true));
    assert_eq!(title.place(&tag("fr"), &tag("en")).to_string(), "courses.yaml:3:32");
    let plain = course("").organization.name;
    assert_eq!(plain.get(&tag("ar"), &tag("en")), ("Example University", false));
    assert_eq!(plain.languages().count(), 0);
}

#[test]
fn defaults_apply_to_the_courses_of_their_file() {
    let courses = parse(
        "
defaults:
  title: Any
  organization: { short: Ex, name: Example University }
  language: en
  issued: 2026-05-14
  theme: { accent: '#112233', logo: logo.svg }
  extra: { hours: 12, room: 012 }
a: {}
b:
  issued: rolling
  theme: { accent: '#AABBCC' }
  extra: { hours: 3 }
c:
",
    );
    let ids: Vec<_> = courses.iter().map(|course| course.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let [a, b] = ["a", "b"].map(|id| courses.get(id).unwrap());
    assert_eq!(a.issued, IssueDate::On(Date::new(2026, 5, 14).unwrap()));
    assert_eq!(b.issued, IssueDate::Rolling);
    assert_eq!(b.theme.accent.unwrap().to_string(), "#aabbcc");
    assert_eq!(b.theme.logo.as_deref(), Some("logo.svg"));
    assert_eq!(b.theme.logo_place().unwrap().line, Some(7));
    assert_eq!(serde_json::to_string(&b.extra).unwrap(), r#"{"hours":3,"room":"012"}"#);
}

#[test]
fn defaults_of_a_file_without_courses_apply_to_all_files() {
    let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    let courses = Courses::parse(&[
        file("courses/a.yaml", "defaults: { language: ar }\na: { title: A }"),
        file("courses/b.yaml", "b: { title: B }"),
        file("courses/z.yaml", "defaults: { organization: Example, language: en }"),
    ])
    .unwrap();
    assert_eq!(courses.get("a").unwrap().language, tag("ar"));
    assert_eq!(courses.get("b").unwrap().language, tag("en"));
    assert_eq!(courses.len(), 2);
}

#[test]
fn signatory_place_is_the_signature_else_the_person() {
    let course = course(
        "  signatories:
    - &ada { name: Ada, title: { en: Professor }, signature: a/ada.svg }
    - name: Grace
",
    );
    let [ada, grace] = &course.signatories[..] else { panic!("two") };
    assert_eq!(ada.signature.as_deref(), Some("a/ada.svg"));
    assert_eq!(ada.place().to_string(), "courses.yaml:7:62");
    assert_eq!(grace.place().to_string(), "courses.yaml:8:13");
}

#[test]
fn block_scalar_is_one_paragraph() {
    let course = course("  outcomes:\n    Pass: |\n      with\n      honours\n");
    let text = &course.outcomes[0].text;
    assert_eq!(text.get(&course.language, &course.language).0, "with honours");
}

#[test]
fn unknown_course_is_refused_with_the_known_ids() {
    let courses = parse(COURSE);
    let error = courses.get("d").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownCourse);
    assert_eq!(error.help(), Some("known here: `c`"));
    assert!(Courses::default().get("c").unwrap_err().help().is_some());
}

#[test]
fn aliases_that_multiply_values_are_refused() {
    let mut text = "defaults: { organization: x, language: en, title: x }\n".to_owned();
    text += &format!("c: {{ extra: &e {{ x: {} }} }}\n", "x".repeat(60_000));
    for index in 0..2_000 {
        text += &format!("c{index}: {{ extra: *e }}\n");
    }
    let error = Courses::parse(&[("courses.yaml".into(), text.into())]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(error.faults().count(), 1);
}
