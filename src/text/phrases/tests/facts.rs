//! The facts of sentences, and what they tell apart.

use serde_json::json;

use super::super::PrintedFact;
use super::*;

/// The facts of a certificate for Ada Lovelace with these sentences and free fields.
fn facts_of(blocks: &str, extra: Json) -> Vec<PrintedFact> {
    write_with(
        &site(&format!("blocks:\n{blocks}\n")),
        "en",
        "Ada Lovelace",
        &course("", "Knots"),
        None,
        extra,
    )
    .unwrap()
    .facts()
}

#[test]
fn certificates_that_say_different_things_have_different_facts() {
    for (blocks, one, other) in [
        // Another branch prints the same value.
        (
            "  - statement: \"{% if extra.passed is defined %}passed {{ extra.passed }}{% elif \
             extra.attended is defined %}attended {{ extra.attended }}{% endif %}\"",
            json!({ "passed": "Algebra" }),
            json!({ "attended": "Algebra" }),
        ),
        // A value without letters.
        (
            "  - statement: \"{% if extra.a is defined %}{{ extra.a }}with distinction{% else %}\
             took part{% endif %}\"",
            json!({ "a": "" }),
            json!({}),
        ),
        // Another `if` of the sentence, or of another sentence.
        (
            "  - statement: \"x{% if extra.a %}, with honours{% endif %}{% if extra.b %}, \
             late{% endif %}\"",
            json!({ "a": true, "b": false }),
            json!({ "a": false, "b": true }),
        ),
        (
            "  - statement: \"{% if extra.a %}Passed{% endif %}\"\n  - statement: \"{% if not \
             extra.a %}Attended{% endif %}\"",
            json!({ "a": true }),
            json!({ "a": false }),
        ),
        (
            "  - statement: \"{% if extra.a %}Passed {{ course.title }}{% endif %}\"\n  - \
             statement: \"{% if not extra.a %}Attended {{ course.title }}{% endif %}\"",
            json!({ "a": true }),
            json!({ "a": false }),
        ),
        (
            "  - statement: \"{% if extra.a is defined %}with {{ name }} {% endif %}done{% if \
             extra.b is defined %} {{ name }}{% endif %}\"",
            json!({ "a": 1 }),
            json!({ "b": 1 }),
        ),
        // The shipped layout `credit` writes its units so.
        (
            "  - units: \"{% if extra.ects is defined %}ECTS: {{ extra.ects | number }}{% endif \
             %}{% if extra.cpd is defined %}CPD: {{ extra.cpd | number }}{% endif %}\"",
            json!({ "ects": 3 }),
            json!({ "cpd": 3 }),
        ),
        // A word instead of one of two values.
        (
            "  - statement: \"{{ extra.a | default('no') }} hours, {{ extra.b | default('no') }} \
             credits\"",
            json!({ "a": "3" }),
            json!({ "b": "3" }),
        ),
        // Two lists.
        (
            "  - statement: \"passed {{ extra.a | list }}; attended {{ extra.b | list }}\"",
            json!({ "a": ["A", "B"], "b": ["C"] }),
            json!({ "a": ["A"], "b": ["B", "C"] }),
        ),
        (
            "  - statement: \"{% for n in extra.a %}+{{ n }}{% endfor %}{% for n in extra.b \
             %}-{{ n }}{% endfor %}\"",
            json!({ "a": ["A", "B"], "b": ["C"] }),
            json!({ "a": ["A"], "b": ["B", "C"] }),
        ),
        (
            "  - statement: \"x{% for n in extra.a %}{% if n %}+{% endif %}.{% endfor %}\"",
            json!({ "a": [true, false] }),
            json!({ "a": [false, true] }),
        ),
        (
            "  - statement: \"x {% for n in extra.a %}•{% else %}none{% endfor %}\"",
            json!({ "a": [1] }),
            json!({ "a": [] }),
        ),
        // Which sentence is empty.
        (
            "  - one: \"{{ extra.a }}\"\n  - two: \"{{ extra.b }}\"",
            json!({ "a": "x", "b": "" }),
            json!({ "a": "", "b": "x" }),
        ),
    ] {
        let (one, other) = (facts_of(blocks, one), facts_of(blocks, other));
        let facts = |printed: Vec<PrintedFact>| {
            printed.into_iter().map(|it| it.fact).collect::<Vec<_>>()
        };
        assert_ne!(facts(one), facts(other), "{blocks}");
    }
}

#[test]
fn another_wording_of_the_same_values_has_the_same_facts() {
    for (before, after, extra) in [
        ("To {{ name }}", "For {{ name | upper }}!", json!({})),
        (
            "{{ name ~ ' (' ~ extra.rank ~ ')' }}",
            "{{ name ~ ' – ' ~ extra.rank }}",
            json!({ "rank": "MD" }),
        ),
        (
            "{% if extra.rank is defined %}{{ name }}, {{ extra.rank }}{% else %}{{ name }}\
             {% endif %}",
            "{{ name }}{% if extra.rank is defined %} ({{ extra.rank }}){% endif %}",
            json!({ "rank": "MD" }),
        ),
        (
            "{{ name }}: {{ extra.kind | default('the course') }}",
            "{{ name }}: {% if extra.kind is defined %}{{ extra.kind }}{% endif %}",
            json!({ "kind": "a seminar" }),
        ),
        (
            "{{ name }}: {{ extra.kind | default('the course') }}",
            "{{ name }} has passed",
            json!({}),
        ),
    ] {
        let facts = |template: &str| {
            facts_of(&format!("  - statement: {}", Json::from(template)), extra.clone())
        };
        assert_eq!(facts(before), facts(after), "{before}");
    }
}

#[test]
fn recipient_is_named_by_the_name_and_not_by_its_letters() {
    let names = |template: &str, title: &str, name: &str, extra: Json| {
        let site = site(&format!("blocks:\n  - statement: {}\n", Json::from(template)));
        let course = course("to {{ name }}", title);
        write_with(&site, "en", name, &course, None, extra).unwrap().name_recipient()
    };
    let none = || serde_json::json!({});
    for (template, is_named) in [
        ("{{ course.title }}", false),
        ("{{ course.title }} {% if name %}x{% endif %}", false),
        ("{{ name }}", true),
        ("{{ name | upper }} has passed {{ course.title }}", true),
        ("{{ 'Dr. ' ~ name }}", true),
        ("{{ outcome }}", true),
    ] {
        assert_eq!(names(template, "Li on Linear Algebra", "Li", none()), is_named);
    }
    let extra = |text: &str| serde_json::json!({ "line": text });
    assert!(names("{{ extra.line }}", "x", "Li", extra("Dr. Li")));
    assert!(names("{{ extra.line }}", "x", "山田", extra("山田様")));
    assert!(!names("{{ extra.line }}", "x", "Li", extra("Linear Algebra")));
}
