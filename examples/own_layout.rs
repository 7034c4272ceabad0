//! A layout that is shipped inside the program, and a draft that it makes.
//!
//! The two files of `examples/own_layout/` are all that a layout needs; the sentences come from the
//! built-in locales, so that it speaks each of their languages.
//!
//! ```sh
//! cargo run --release --example own_layout -- "Ada Lovelace" es draft.pdf
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program has arguments, a clock and output; the library has none"
)]

use std::error::Error;
use std::time::SystemTime;
use std::{env, fs};

use testamur::{Press, Request, Site, Timestamp};

const COURSES: &str = "
Example/Knots/2026:
  title: { en: Knots and Splices, es: Nudos y empalmes }
  organization: { short: ExampleX, name: Example University }
  layout: ours
  language: en
  issued: 2026-05-14
";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [name, language, output] = &arguments[..] else {
        return Err("usage: own_layout NAME LANGUAGE OUTPUT.pdf".into());
    };
    let site = Site::new()
        .with_file("courses.yaml", COURSES)
        .with_file("layouts/ours/layout.yaml", include_str!("own_layout/layout.yaml"))
        .with_file("layouts/ours/layout.typ", include_str!("own_layout/layout.typ"));
    let press = Press::new(site)?;
    let request =
        Request::new("Example/Knots/2026", name)?.with_language(language.parse()?);
    let today = Timestamp::try_from(SystemTime::now())?.date();
    let draft = press.draft(&request, today)?;
    draft.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    fs::write(output, &draft.bytes)?;
    println!("{output}: layout {} in {}", draft.layout, draft.language);
    Ok(())
}
