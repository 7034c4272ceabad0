//! `testamur signature`: shows what a layout makes of a scanned signature.

use crate::image::{Ink, InkOptions};

use super::args::Signature;
use super::exit::{CommandOutcome, Failure};
use super::{console, context, output};

pub(crate) fn run(signature: &Signature) -> Result<CommandOutcome, Failure> {
    let scan = context::read_file(&signature.file)?;
    let mut options = InkOptions::default();
    if let Some(tint) = signature.tint {
        options = options.with_tint([tint.red, tint.green, tint.blue]);
    }
    let ink = Ink::extract(&scan, &options).map_err(|error| {
        Failure::new(format!("{}: {error:#}", signature.file.display()))
    })?;
    let (width, height) = ink.size();
    let [red, green, blue] = ink.colour();
    console::print_message(&format!(
        "{width} × {height} pixels, strokes {:.1} pixels wide, ink colour \
         #{red:02x}{green:02x}{blue:02x}, base line at {:.0} % of the height from the top",
        ink.stroke_width(),
        ink.baseline() / f64::from(height) * 100.0,
    ));
    let file = match &signature.output {
        Some(file) => file.clone(),
        None => signature.file.with_extension("ink.png"),
    };
    output::write(Some(&file), ink.png())?;
    console::print_message(&format!("wrote {}", file.display()));
    Ok(CommandOutcome::Done)
}
