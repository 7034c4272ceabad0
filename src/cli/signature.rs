//! `testamur signature`: what a scan becomes.

use std::fs;

use crate::image::{Ink, InkOptions};

use super::args::Signature;
use super::{Failure, Outcome, output, report};

pub(crate) fn run(signature: &Signature) -> Result<Outcome, Failure> {
    let name = signature.file.display();
    let scan = fs::read(&signature.file).map_err(|error| {
        Failure::new(format!("{name}: failed to read the file ({error})"))
    })?;
    let mut options = InkOptions::default();
    if let Some(tint) = signature.tint {
        options = options.with_tint([tint.red, tint.green, tint.blue]);
    }
    let ink = Ink::extract(&scan, &options)
        .map_err(|error| Failure::new(format!("{name}: {error:#}")))?;
    let (width, height) = ink.size();
    let [red, green, blue] = ink.colour();
    report::line(&format!(
        "{width} × {height} pixels, strokes of {:.1}, ink #{red:02x}{green:02x}{blue:02x}, \
         resting on its line at {:.0} % of the height",
        ink.stroke_width(),
        ink.baseline() / f64::from(height) * 100.0,
    ));
    let file = match &signature.output {
        Some(file) => file.clone(),
        None => signature.file.with_extension("ink.png"),
    };
    output::write(Some(&file), ink.png())?;
    report::line(&format!("made {}", file.display()));
    Ok(Outcome::Done)
}
