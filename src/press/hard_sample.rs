//! The hard sample: the longest title, name and signatories in each language that a layout has to
//! accept.

use unicode_segmentation::UnicodeSegmentation;

use crate::base::error::Result;
use crate::base::lang::Tag;
use crate::base::yaml::{Document, Faults};
use crate::press::layout::Layout;
use crate::site::{Course, Courses, Request};

/// Gives a sample the hard texts of a language, up to the lengths that the layout
/// accepts. If the sample has a signatory, it gets as many as the layout has room for.
/// `None` for a language without hard texts.
pub(crate) fn hardened(
    mut course: Course,
    request: Request,
    language: &Tag,
    layout: &Layout,
) -> Result<Option<(Course, Request)>> {
    let Some((title, name)) = texts(language)? else { return Ok(None) };
    let holds = layout.holds;
    let quoted = |text: &str, letters| serde_json::Value::from(first(text, letters));
    let (long_name, office) =
        (quoted(&name, holds.signatory), quoted(&title, holds.office));
    let file = format!(
        "hard:\n  title: {}\n  organization: none\n  language: {language}\n  signatories:\n    - \
         {{ name: {long_name}, title: {office} }}\n",
        quoted(&title, holds.title)
    );
    let hard = Courses::parse(&[(format!("hard sample in {language}"), file.into())])?;
    let hard = hard.get("hard")?;
    course.title = hard.title.clone();
    let signatories =
        if course.signatories.is_empty() { 0 } else { layout.max_signatories };
    let people = course.signatories.iter().cycle().take(signatories);
    let people = people.map(|person| {
        let mut person = person.clone();
        if let Some(long) = hard.signatories.first() {
            person.name.clone_from(&long.name);
            person.title.clone_from(&long.title);
        }
        person
    });
    course.signatories = people.collect();
    let request = request.with_name(&first(&name, holds.name))?;
    Ok(Some((course, request.with_language(language.clone()))))
}

/// The long title and the long name in a language.
fn texts(language: &Tag) -> Result<Option<(String, String)>> {
    let file = include_bytes!("hard_sample.yaml");
    let mut faults = Faults::default();
    let document = Document::parse("hard_sample.yaml", file, &mut faults);
    let found = document.and_then(|document| {
        let mut entries = faults.keep(document.root().entries())?;
        let own = |key: &str| language.fallbacks().any(|tag| tag.as_str() == key);
        let (_, node) = entries.find(|(key, _)| own(key.text()))?;
        let fields = node.fields(&["title", "name"], &mut faults)?;
        let (title, name) = (fields.get("title")?, fields.get("name")?);
        let (title, name) = (faults.keep(title.text())?, faults.keep(name.text())?);
        Some((title.to_owned(), name.to_owned()))
    });
    faults.finish()?;
    Ok(found)
}

/// The first letters of a text.
fn first(text: &str, letters: usize) -> String {
    text.graphemes(true).take(letters).collect::<String>().trim().to_owned()
}
