//! The fixed words that the installation's own `gen_cert.py` no longer draws, and whether it draws in
//! other places.
//!
//! Many installations blanked words in the program, because their templates show them. Drawn over
//! such a template they would appear twice. The decision: words count as gone if the renderer is
//! there and no line of it, comments aside, has them. Python is not run.

use std::collections::{BTreeMap, BTreeSet};

use super::old_files::Installation;
use super::report::{At, Report};

/// The program that drew.
const FILE: &str = "gen_cert.py";

/// A sentence of a renderer: its role, and words of it that stand in one literal.
type Drawn = (&'static str, &'static str);

/// How far from the foot of the page renderers drew their lines, in mm, as their code has it.
const PLACES: [(&str, &[&str]); 2] = [
    ("honor", &["163", "155", "132.5", "108", "99", "78", "28"]),
    ("statement", &["135", "104.5", "31"]),
];

/// The pitch of the course in `layout.typ`, and that of the sentence between the name and it.
const COURSE_PITCHES: [(&str, &str, &str); 3] = [
    ("honor", "37.5pt", "24.8pt"),
    ("verified", "49.8pt", "37pt"),
    ("dynamic", "60.4pt", "29.4pt"),
];

/// Each renderer: the layout that succeeds it, the name of its function, and what it draws.
const RENDERERS: [(&str, &str, &[Drawn]); 5] = [
    (
        "honor",
        "_generate_v1_certificate",
        &[
            ("heading", "\"CERTIFICATE\""),
            ("date", "Issued "),
            ("lead", "This is to certify that"),
            ("statement", "\"successfully completed\""),
            ("statement", "a course of study offered by"),
            ("honor", "HONOR CODE CERTIFICATE"),
            ("authenticity", "Authenticity of this"),
        ],
    ),
    (
        "verified",
        "_generate_v2_certificate",
        &[
            ("date", "Issued "),
            ("statement", "successfully completed and received a passing grade in"),
            ("statement", "offered by"),
        ],
    ),
    (
        "statement",
        "_generate_stanford_SOA",
        &[
            ("lead", "This is to certify that,"),
            ("statement", "free online offering of"),
            ("authenticity", "Authenticity of this"),
        ],
    ),
    (
        "credit",
        "_generate_stanford_cme_certificate",
        &[("credit", "The activity was designated for"), ("mark", "AHP")],
    ),
    (
        "dynamic",
        "_generate_v3_dynamic_certificate",
        &[
            ("statement", "has successfully completed a free online offering of"),
            ("authenticity", "Authenticity of this"),
        ],
    ),
];

/// The words that are no longer drawn, by layout.
#[derive(Debug, Default)]
pub(super) struct GoneWords(BTreeMap<&'static str, Vec<Drawn>>);

impl GoneWords {
    /// Reads the program of an installation, if it has one.
    pub(super) fn read(installation: &Installation, report: &mut Report) -> Self {
        let mut gone = Self::default();
        let Some(program) = &installation.program else { return gone };
        let at = At::file(FILE);
        let bytes = match program.read(FILE) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return gone,
            Err(why) => {
                report.unread(at, FILE, why);
                return gone;
            }
        };
        let text = String::from_utf8_lossy(&bytes);
        for (layout, function, drawn) in RENDERERS {
            let Some(code) = code_of(&text, function) else { continue };
            let missing: Vec<Drawn> = drawn
                .iter()
                .filter(|(_, words)| !code.contains(words))
                .copied()
                .collect();
            for (role, words) in &missing {
                let how = format!(
                    "the installation's program no longer draws it: left out over templates by \
                     layout `{layout}` (`{role}`); if it draws other words in its place, write them \
                     into the layout's locales"
                );
                report.person(at, format!("«{}»", words.trim().trim_matches('"')), how);
            }
            let places = PLACES.iter().find(|(it, _)| *it == layout).map(|it| it.1);
            let written = lengths(&code);
            let moved = places.unwrap_or_default().iter();
            let moved: Vec<&str> =
                moved.filter(|it| !written.contains(**it)).copied().collect();
            if !moved.is_empty() {
                let how = format!(
                    "the installation's program draws in other places than the old one (no line at {} \
                     mm): look at a page over each template, and move what stands wrong in the layouts \
                     that are made of `{layout}`",
                    moved.join(", ")
                );
                report.person(at, format!("{function}, the places"), how);
            }
            if !missing.is_empty() {
                gone.0.insert(layout, missing);
            }
        }
        gone
    }

    /// The file of a layout with the course where it stands if a sentence before it is gone: the old
    /// program drew each line at a place of its own.
    pub(super) fn in_place(&self, layout: &str, text: &str) -> String {
        let gone = self.0.get(layout).map(Vec::as_slice).unwrap_or_default();
        let drawn = RENDERERS.iter().find(|(it, ..)| *it == layout).map(|it| it.2);
        let before =
            drawn.unwrap_or_default().iter().find(|(role, _)| *role == "statement");
        let pitch = COURSE_PITCHES.iter().find(|(it, ..)| *it == layout);
        let (Some(before), Some((_, own, skipped))) = (before, pitch) else {
            return text.to_owned();
        };
        if !gone.contains(before) {
            return text.to_owned();
        }
        let start = format!("sentence.role == \"course\" {{ (pitch: {own}");
        text.replace(&start, &format!("{start} + {skipped}"))
    }

    /// The sentences of a layout over a template without what is gone.
    pub(super) fn without(&self, layout: &str, text: &str) -> String {
        let Some(gone) = self.0.get(layout) else { return text.to_owned() };
        let is_gone = |role: &str| gone.iter().any(|(it, _)| *it == role);
        let all_statements = gone.iter().filter(|(role, _)| *role == "statement").count();
        let drawn = RENDERERS.iter().find(|(it, ..)| *it == layout).map(|it| it.2);
        let drawn = drawn.unwrap_or_default().iter();
        let has_statement =
            drawn.filter(|(role, _)| *role == "statement").count() > all_statements;
        let stays = |line: &&str| {
            let line = line.trim_start();
            let Some(block) = line.strip_prefix("- ") else {
                let key = line.split(':').next().unwrap_or_default();
                let is_sentence = ["heading", "date", "authenticity"].contains(&key);
                return !(is_sentence && is_gone(key));
            };
            match block.split(':').next().unwrap_or_default() {
                "statement" if has_statement => !gone.iter().any(|(role, words)| {
                    *role == "statement" && block.contains(words.trim_matches('"'))
                }),
                role => !is_gone(role),
            }
        };
        let mut text: String =
            text.lines().filter(stays).flat_map(|line| [line, "\n"]).collect();
        for (role, sentence) in [
            ("heading", "\"\""),
            ("date", "\"{{ issued | date('long') }}\""),
            ("authenticity", "\"\""),
        ] {
            if is_gone(role) {
                text.push_str(&format!("{role}: {sentence}\n"));
            }
        }
        text
    }
}

/// The numbers before `* mm` in a program.
fn lengths(code: &str) -> BTreeSet<&str> {
    let number = |before| {
        let before = str::trim_end(before).strip_suffix('*')?.trim_end();
        let is_digit = |c: char| c.is_ascii_digit() || c == '.';
        let start = before.trim_end_matches(is_digit).len();
        Some(&before[start..]).filter(|number| !number.is_empty())
    };
    code.split("mm").filter_map(number).collect()
}

/// The lines of a function without its comments; `None` if the file has no such function.
fn code_of(text: &str, function: &str) -> Option<String> {
    let start = format!("def {function}(");
    let mut lines =
        text.lines().skip_while(|line| !line.trim_start().starts_with(&start));
    let first = lines.next()?;
    let indent = first.len() - first.trim_start().len();
    let is_inside = |line: &&str| {
        let own = line.len() - line.trim_start().len();
        line.trim().is_empty()
            || own > indent
            || line.trim_start().starts_with([')', '#'])
    };
    let code = lines.take_while(is_inside).filter(|it| !it.trim_start().starts_with('#'));
    Some(code.flat_map(|line| [line, "\n"]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_ends_where_the_next_begins_and_comments_are_no_code() {
        let text = "class A:\n    def one(\n        self,\n    ):\n        # x = \"gone\"\n        x = \
                    \"kept\"\n\n    def two(self):\n        y = \"other\"\n";
        let code = code_of(text, "one").unwrap();
        assert!(code.contains("kept") && !code.contains("gone"), "{code}");
        assert!(!code.contains("other"), "{code}");
        assert!(code_of(text, "three").is_none());
    }

    #[test]
    fn lengths_are_the_numbers_in_millimetres() {
        let code = "p.drawOn(c, x, 132.5 * mm)\ny = (28*mm) + 4.5\nwidth = size * mm\n";
        assert_eq!(lengths(code), BTreeSet::from(["132.5", "28"]));
    }

    #[test]
    fn course_stands_where_it_stood_without_the_sentence_before_it() {
        for (layout, own, skipped) in COURSE_PITCHES {
            let drawn = RENDERERS.iter().find(|it| it.0 == layout).unwrap().2;
            let gone = GoneWords(BTreeMap::from([(layout, drawn.to_vec())]));
            let site = crate::site::Site::new();
            let file =
                site.read(&format!("layouts/{layout}/layout.typ")).unwrap().unwrap();
            let text = String::from_utf8_lossy(&file);
            assert!(text.contains(&format!("(pitch: {skipped})")), "{text}");
            let moved = gone.in_place(layout, &text);
            assert!(moved.contains(&format!("(pitch: {own} + {skipped}")), "{moved}");
            assert_eq!(GoneWords::default().in_place(layout, &text), text);
        }
    }

    #[test]
    fn gone_words_are_left_out_and_others_stay() {
        let text = "blocks:\n  - lead: This is to certify that\n  - recipient: \"{{ name }}\"\n  - \
                    statement: successfully completed\n  - statement: \"a course of study offered by\"\n\
                    authenticity: \"Authenticity of\"\n";
        let one = GoneWords(BTreeMap::from([(
            "honor",
            vec![
                ("statement", "\"successfully completed\""),
                ("heading", "\"CERTIFICATE\""),
            ],
        )]));
        let left = one.without("honor", text);
        assert!(!left.contains("completed") && left.contains("offered by"), "{left}");
        assert!(
            left.contains("heading: \"\"\n") && left.contains("Authenticity"),
            "{left}"
        );
        assert_eq!(one.without("dynamic", text), text);
        let all = GoneWords(BTreeMap::from([("honor", RENDERERS[0].2.to_vec())]));
        let left =
            all.without("honor", "blocks:\n  - recipient: n\n  - statement: fertig\n");
        assert!(!left.contains("fertig") && left.contains("- recipient: n"), "{left}");
    }
}
