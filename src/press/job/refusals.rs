//! What the sentences of a certificate must not do: change the recipient's name, or be in a language
//! made for tests.

use crate::base::error::{Error, ErrorKind, Result};
use crate::text::phrases::{Pseudolocale, Sentences, ShownName};

/// Whether a sentence shows the recipient's name.
///
/// # Errors
/// [`ErrorKind::Sentence`]: one shows it with other letters.
pub(super) fn shows_name(languages: [Option<&Sentences>; 2], name: &str) -> Result<bool> {
    let mut is_shown = false;
    for sentences in languages.into_iter().flatten() {
        match sentences.shown_name(name) {
            ShownName::Whole => is_shown = true,
            ShownName::Nowhere => {}
            ShownName::Changed(phrase) => {
                let message = format!(
                    "the sentence `{}` changes the recipient's name: it prints `{}` for `{}`",
                    phrase.role,
                    phrase.runs.bare().escape_debug(),
                    name.escape_debug()
                );
                return Err(Error::new(ErrorKind::Sentence, message)
                    .at(phrase.place.clone())
                    .with_help(
                        "a name keeps its letters: write `{{ name }}`, with `upper`, `lower` or \
                         `titled` if need be",
                    ));
            }
        }
    }
    Ok(is_shown)
}

/// Refuses a language that is made from English to test a layout.
pub(super) fn refuse_test_language(sentences: &Sentences) -> Result<()> {
    if Pseudolocale::of(&sentences.language).is_none() {
        return Ok(());
    }
    let message = format!(
        "`{}` is made from English to test layouts, and is the language of no certificate",
        sentences.language
    );
    let help = "use it with `check` and `render`, or with --specimen";
    Err(Error::new(ErrorKind::InvalidValue, message).with_help(help))
}
