use proptest::prelude::*;

use super::*;
use crate::base::error::{Error, ErrorKind};

fn course(more: &str) -> Result<Course> {
    let text = format!(
        "c:\n  title: Curling\n  organization: Example\n  language: en\n{more}\n"
    );
    let courses = Courses::parse(&[("courses.yaml".into(), text.into_bytes())])?;
    courses.get("c").cloned()
}

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

/// The outcome of a grade, or the error.
fn outcome(course: &Course, grade: &str) -> Result<Option<String>> {
    let mark = course.mark(grade, &tag("en"))?;
    let outcome = course.outcome(&mark);
    Ok(outcome.map(|outcome| outcome.text.get(&tag("en"), &tag("en")).0.to_owned()))
}

fn refusal(course: &Course, grade: &str) -> Error {
    course.mark(grade, &tag("en")).unwrap_err()
}

const OUTCOMES: &str =
    "  outcomes: { '>= 0.5': half, '>= 0.9': nine, '< 0.1': low, Pass: pass }";

#[test]
fn outcome_is_chosen_by_grade() {
    let course = course(&format!("  grades: {{ scale: fraction }}\n{OUTCOMES}")).unwrap();
    for (grade, expected) in [
        ("0.95", "nine"),
        ("0.9", "nine"),
        (" 0.6 ", "half"),
        ("60%", "half"),
        ("0.05", "low"),
        ("0.3", "pass"),
        ("", "pass"),
    ] {
        assert_eq!(
            outcome(&course, grade).unwrap().as_deref(),
            Some(expected),
            "{grade}"
        );
    }
    assert_eq!(course.outcomes[1].place().to_string(), "courses.yaml:6:31");
}

#[test]
fn text_outcome_is_chosen_exactly_then_regardless_of_case() {
    let course = course("  outcomes: { B: b, b: small b, Pass: pass }").unwrap();
    for (grade, expected) in [
        ("B", "b"),
        ("b", "small b"),
        ("pass", "pass"),
        ("bestanden", "pass"),
        ("", "pass"),
    ] {
        assert_eq!(
            outcome(&course, grade).unwrap().as_deref(),
            Some(expected),
            "{grade}"
        );
    }
    let course = self::course("").unwrap();
    assert_eq!(outcome(&course, "Merit").unwrap(), None);
}

#[test]
fn text_that_no_outcome_has_and_no_word_for_passing_is_refused() {
    let course = course("  outcomes: { Pass: '', Distinction: best }").unwrap();
    for grade in ["Distincton", "resit", "A", "Merit", "pass?", "not yet", "#N/A"] {
        let error = refusal(&course, grade);
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{grade}");
        assert!(error.message().contains("`Pass`, `Distinction`"), "{error}");
    }
    let help = refusal(&course, "Distincton").help().unwrap().to_owned();
    assert!(help.contains("did you mean `Distinction`?"), "{help}");
    for grade in ["Pass", "passed", "completed", "Réussi", "合格", "P", ""] {
        assert_eq!(outcome(&course, grade).unwrap().as_deref(), Some(""), "{grade}");
    }
    for grade in
        ["abgebrochen", "dropped out", "cancelled", "in progress", "N/A", "krank"]
    {
        assert_eq!(refusal(&course, grade).kind(), ErrorKind::NotPassed, "{grade}");
    }
    assert_eq!(outcome(&course, "DISTINCTION").unwrap().as_deref(), Some("best"));
    let bounds = self::course("  outcomes: { '>= 0.9': nine }").unwrap();
    assert_eq!(outcome(&bounds, "Merit").unwrap(), None);
}

#[test]
fn one_on_a_scale_of_percent_has_two_readings() {
    let course = course("  grades: { scale: percent, pass: 50 }").unwrap();
    for grade in ["1", "1.0", "01", "1.00"] {
        let error = refusal(&course, grade);
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{grade}");
        let help = error.help().unwrap();
        assert!(help.contains("`100`") && help.contains("`1%`"), "{help}");
    }
    assert_eq!(refusal(&course, "1%").kind(), ErrorKind::NotPassed);
    assert_eq!(refusal(&course, "0").kind(), ErrorKind::NotPassed);
    assert_eq!(refusal(&course, "1.5").kind(), ErrorKind::NotPassed);
    let error = self::course("  grades: { scale: percent, pass: 1 }").unwrap_err();
    assert!(error.to_string().contains("may mean one percent"), "{error}");
    assert!(self::course("  grades: { scale: percent, pass: 1% }").is_ok());
}

#[test]
fn number_without_scale_is_refused_where_an_outcome_would_take_it() {
    for outcomes in [OUTCOMES, "  outcomes: { Pass: pass, Distinction: best }"] {
        let course = course(outcomes).unwrap();
        for grade in
            ["93", "0.93", "0,93", "93%", "45", "18/20", "٩٣", "1,234", "9e1", "-1"]
        {
            let error = refusal(&course, grade);
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{grade}");
            let help = error.help().unwrap();
            assert!(help.contains("grades: { scale: percent, pass: 50 }"), "{help}");
        }
    }
    // The outcomes that the course names are words, even if they are digits.
    let course = course("  outcomes: { '1': very good, '2': good }").unwrap();
    assert_eq!(outcome(&course, "2").unwrap().as_deref(), Some("good"));
    assert_eq!(refusal(&course, "3").kind(), ErrorKind::InvalidValue);
}

#[test]
fn share_of_one_needs_no_scale_and_is_converted_into_one() {
    let mark = |grades: &str, share: &str| {
        let course = course(&format!("{grades}\n{}", OUTCOMES))?;
        let mark = course.mark_of_fraction(share, &tag("de"))?;
        Ok::<_, Error>(mark)
    };
    let value = |grades: &str, share: &str| match mark(grades, share).unwrap() {
        GradeMark::Number(number) => number.value.to_string(),
        mark => panic!("{mark:?}"),
    };
    assert_eq!(value("", "0.93"), "0.93");
    assert_eq!(value("  grades: { scale: fraction, pass: 0.5 }", "0.93"), "0.93");
    let points =
        "c: { title: T, organization: O, language: en, grades: %, outcomes: {} }";
    for (grades, share, expected) in [
        ("{ scale: points, max: 20, pass: 10 }", "0.93", "18.6"),
        ("{ scale: percent, pass: 50 }", "0.57", "57"),
        ("{ scale: points, max: 12.5 }", "0.5", "6.25"),
    ] {
        let text = points.replace('%', grades);
        let courses =
            Courses::parse(&[("courses.yaml".into(), text.into_bytes())]).unwrap();
        let mark = courses.get("c").unwrap().mark_of_fraction(share, &tag("de")).unwrap();
        let GradeMark::Number(number) = mark else { panic!("{mark:?}") };
        assert_eq!(number.value.to_string(), expected, "{grades}");
    }
    let letters =
        course("  grades: { scale: letters, letters: [A, B], pass: B }").unwrap();
    let error = letters.mark_of_fraction("0.93", &tag("en")).unwrap_err();
    assert!(error.to_string().contains("share of 1"), "{error}");
    let points = course("  grades: { scale: points, max: 20, pass: 10 }").unwrap();
    let error = points.mark_of_fraction("0.4", &tag("en")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotPassed);
    assert_eq!(
        points.mark_of_fraction("18", &tag("en")).unwrap_err().kind(),
        ErrorKind::InvalidValue
    );
}

#[test]
fn grade_outside_of_its_scale_is_refused() {
    for (grades, wrong) in [
        (
            "{ scale: points, max: 20, pass: 10 }",
            &["20.5", "93", "-1", "Pass", "93%", "8/10"][..],
        ),
        (
            "{ scale: percent, pass: 50 }",
            &["100.5", "0.93", "Merit", "101%", "1,234", "0,93"],
        ),
        ("{ scale: fraction, pass: 0.5 }", &["1.01", "93", "101%", "A", "0,93"]),
        (
            "{ scale: letters, letters: [A, B, C, D], pass: D }",
            &["E", "A+", "93", "Pass"],
        ),
    ] {
        let course =
            course(&format!("  grades: {grades}\n  outcomes: {{ Pass: p }}")).unwrap();
        for grade in wrong {
            assert_eq!(
                refusal(&course, grade).kind(),
                ErrorKind::InvalidValue,
                "{grade}"
            );
        }
    }
}

#[test]
fn grade_below_the_pass_mark_or_a_word_for_failing_is_not_passed() {
    let failing =
        ["Fail", "F", "-", "–", "Nicht bestanden", "Suspenso", "不合格", "не сдал"];
    for (grades, low, passing) in [
        (
            "{ scale: points, max: 20, pass: 10 }",
            &["9.99", "0", "9/20"][..],
            &["10", "20/20"][..],
        ),
        ("{ scale: percent, pass: 50 }", &["49.9", "49 %", "0"], &["50", "100%"]),
        ("{ scale: fraction, pass: 0.5 }", &["0.49", "0", "49%"], &["0.5", "1", "50 %"]),
        (
            "{ scale: letters, letters: [A, B, C, D, E], pass: D }",
            &["E", "e"],
            &["D", "a"],
        ),
    ] {
        let course = course(&format!("  grades: {grades}")).unwrap();
        for grade in low.iter().chain(&failing) {
            assert_eq!(refusal(&course, grade).kind(), ErrorKind::NotPassed, "{grade}");
        }
        for grade in passing {
            assert!(course.mark(grade, &tag("en")).is_ok(), "{grade}");
        }
    }
    let without = course("  outcomes: { Pass: p, Fail: f }").unwrap();
    for grade in failing {
        assert_eq!(refusal(&without, grade).kind(), ErrorKind::NotPassed, "{grade}");
    }
}

#[test]
fn letters_that_mean_failing_elsewhere_are_what_the_scale_says() {
    let low =
        course("  grades: { scale: letters, letters: [A, B, F], pass: F }").unwrap();
    assert!(low.mark("F", &tag("en")).is_ok());
    let high =
        course("  grades: { scale: letters, letters: [A, B, F], pass: B }").unwrap();
    assert_eq!(refusal(&high, "f").kind(), ErrorKind::NotPassed);
    let german = course(
        "  grades: { scale: letters, letters: [1, 2, 3, 4, 5, 6], pass: 4 }\n  \
           outcomes: { '>= 2': good, '<= 3': fair }",
    );
    let german = german.unwrap();
    assert_eq!(outcome(&german, "1").unwrap().as_deref(), Some("good"));
    assert_eq!(outcome(&german, "3").unwrap().as_deref(), Some("fair"));
    assert_eq!(refusal(&german, "5").kind(), ErrorKind::NotPassed);
    let minus =
        course("  grades: { scale: letters, letters: [A, A-, B], pass: B }").unwrap();
    assert!(minus.mark("A\u{2212}", &tag("en")).is_ok());
}

#[test]
fn wrong_scales_are_refused_at_their_place() {
    for (grades, word, message, help) in [
        ("percent", "percent", "a map is expected", "scale: percent, pass: 50"),
        ("{ pass: 50 }", "grades", "`grades` has no `scale`", ""),
        (
            "{ scale: percents }",
            "percents",
            "unknown value `percents`",
            "did you mean `percent`",
        ),
        (
            "{ scale: percent, pas: 50 }",
            "pas",
            "unknown key `pas`",
            "did you mean `pass`",
        ),
        ("{ scale: percent, max: 20 }", "max", "`max` does not go", "scale: points"),
        (
            "{ scale: percent, letters: [A] }",
            "letters",
            "`letters` does not go",
            "scale: letters",
        ),
        ("{ scale: percent, pass: 101 }", "101", "outside of the scale, 0 to 100", ""),
        ("{ scale: percent, pass: 0.5 }", "0.5", "less than one percent", "write `50`"),
        ("{ scale: percent, pass: -1 }", "-1", "outside of the scale", ""),
        ("{ scale: fraction, pass: 50 }", "50", "outside of the scale, 0 to 1", ""),
        (
            "{ scale: fraction, pass: '0,5' }",
            "'0",
            "outside of the scale",
            "with a point",
        ),
        ("{ scale: points, pass: 10 }", "grades", "`grades` has no `max`", ""),
        ("{ scale: points, max: 0 }", "0", "no number greater than 0", "max: 20"),
        ("{ scale: points, max: many }", "many", "no number greater than 0", "max: 20"),
        ("{ scale: points, max: 20, pass: 21 }", "21", "0 to 20 points", ""),
        ("{ scale: letters, pass: D }", "grades", "`grades` has no `letters`", ""),
        ("{ scale: letters, letters: [], pass: D }", "[", "0 letters", "best first"),
        ("{ scale: letters, letters: A, pass: A }", "A", "", ""),
        ("{ scale: letters, letters: [A, B, a] }", "a]", "`a` is among", ""),
        (
            "{ scale: letters, letters: [Pass, Merit], pass: Pas }",
            "Pas }",
            "not a letter of",
            "`Pass`?",
        ),
    ] {
        let error = course(&format!("  grades: {grades}")).unwrap_err();
        let text = format!("{error:#}");
        let column = format!("  grades: {grades}").find(word).unwrap() + 1;
        assert!(text.contains(&format!("courses.yaml:5:{column}")), "{grades}: {text}");
        assert!(text.contains(message) && text.contains(help), "{grades}: {text}");
    }
}

#[test]
fn outcomes_outside_of_the_scale_and_double_ones_are_refused() {
    for (outcomes, grades, message) in [
        ("'>= 90': x", "{ scale: fraction }", "outside of the scale"),
        ("'>= 0.9': x", "{ scale: percent }", "less than one percent"),
        ("'>= E': x", "{ scale: letters, letters: [A, B] }", "not a letter of"),
        ("'>= 90%': x", "~", "no bound of a grade"),
        ("'>': x", "~", "no bound of a grade"),
        ("'<= inf': x", "~", "no bound of a grade"),
        ("'>= 0.9': x, '>=0.90': y", "{ scale: fraction }", "has an outcome already"),
    ] {
        let text = format!("  grades: {grades}\n  outcomes: {{ {outcomes} }}");
        let error = course(&text).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains("courses.yaml:6:"), "{error}");
    }
    let percent = course("  grades: { scale: percent }\n  outcomes: { '>= 90 %': x }");
    assert_eq!(outcome(&percent.unwrap(), "93").unwrap().as_deref(), Some("x"));
}

#[test]
fn grades_of_defaults_apply() {
    let file = "defaults: { organization: O, language: de, grades: { scale: percent, pass: 50 } }\n\
                a: { title: A, outcomes: { '>= 90': x } }\n\
                b: { title: B, grades: { scale: fraction }, outcomes: { '>= 90': x } }";
    let error = Courses::parse(&[("courses.yaml".into(), file.into())]).unwrap_err();
    assert_eq!(error.faults().count(), 1);
    assert!(error.to_string().contains("courses.yaml:3:"), "{error}");
    let file = file.lines().take(2).collect::<Vec<_>>().join("\n");
    let courses = Courses::parse(&[("courses.yaml".into(), file.into())]).unwrap();
    let a = courses.get("a").unwrap();
    assert!(a.mark("92,5", &a.language).is_ok());
    assert_eq!(a.mark("49,9", &a.language).unwrap_err().kind(), ErrorKind::NotPassed);
}

proptest! {
    #[test]
    fn order_of_outcomes_changes_nothing(
        mut keys in proptest::collection::btree_set(
            ("(>=|>|<=|<)", 0_u32..=20).prop_map(|(sign, bound)| format!("{sign} {bound}")),
            0..9,
        ).prop_map(Vec::from_iter).prop_shuffle(),
        tenths in 0_u32..=200,
    ) {
        keys.push("Pass".to_owned());
        let choose = |keys: &[String]| {
            let outcomes: Vec<_> = keys.iter().map(|key| format!("'{key}': '{key}'")).collect();
            let text = format!(
                "  grades: {{ scale: points, max: 20 }}\n  outcomes: {{ {} }}",
                outcomes.join(", ")
            );
            outcome(&course(&text).unwrap(), &format!("{}.{}", tenths / 10, tenths % 10)).unwrap()
        };
        let chosen = choose(&keys);
        keys.reverse();
        prop_assert_eq!(&chosen, &choose(&keys));
        keys.sort_unstable();
        prop_assert_eq!(&chosen, &choose(&keys));
    }

    #[test]
    fn a_higher_grade_never_fails_where_a_lower_passes(
        pass in 0_u32..=100, low in 0_u32..=1000, more in 0_u32..=1000,
    ) {
        let course = course(&format!("  grades: {{ scale: percent, pass: {pass}% }}")).unwrap();
        let passes = |tenths: u32| {
            let grade = format!("{}.{}%", tenths / 10, tenths % 10);
            match course.mark(&grade, &tag("en")) {
                Ok(_) => true,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::NotPassed, "{error}");
                    false
                }
            }
        };
        let high = (low + more).min(1000);
        prop_assert!(!passes(low) || passes(high));
        prop_assert_eq!(passes(low), low >= pass * 10);
    }
}
