//! `testamur signature`: shows what a layout makes of a scanned signature.

use crate::image::picture::SignatureMeasures;
use crate::image::{Ink, InkOptions};
use crate::press::Press;

use super::args::{Signature, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::{console, context, output};

/// The extension of the comparison of scan and ink.
const COMPARED: &str = "compared.png";
/// The paper of the layout `classic`: red, green and blue.
const DEFAULT_PAPER: [u8; 3] = [0xff, 0xfd, 0xf8];

pub(crate) fn run(
    site: &SiteArguments,
    signature: &Signature,
) -> Result<CommandOutcome, Failure> {
    let scan = context::read_file(&signature.file)?;
    if let Some(file) = &signature.output {
        output::keep_input("--output", file, &signature.file)?;
        output::keep_input("--output", &file.with_extension(COMPARED), &signature.file)?;
        output::check_ending("--output", file, &["png"])?;
    }
    let mut options = InkOptions::default();
    let mut paper = DEFAULT_PAPER;
    if let Some(id) = &signature.course {
        let press = Press::for_layouts(context::open_site(site)?)?;
        let course = press.courses().get(id)?;
        let colour = press.layout(&course.layout)?.theme.with(&course.theme).paper;
        paper = [colour.red, colour.green, colour.blue];
        if let Some(ink) = course.theme.signature_ink {
            options = options.with_tint([ink.red, ink.green, ink.blue]);
        }
    }
    if let Some(tint) = signature.tint {
        options = options.with_tint([tint.red, tint.green, tint.blue]);
    }
    let failed = |error| Failure::new(format!("{}: {error:#}", signature.file.display()));
    let ink = Ink::extract(&scan, &options).map_err(failed)?;
    let (width, height) = ink.size();
    let [red, green, blue] = ink.colour();
    let height_mm = SignatureMeasures::of(&ink).height_mm;
    let mm = height_mm / f64::from(height);
    console::print_message(&format!(
        "{width} × {height} pixels, strokes {:.1} pixels wide, ink colour \
         #{red:02x}{green:02x}{blue:02x}, base line at {:.0} % of the height from the top",
        ink.stroke_width(),
        ink.baseline() / f64::from(height) * 100.0,
    ));
    console::print_message(&format!(
        "printed {:.1} × {height_mm:.1} mm, strokes {:.2} mm wide, {:.0} dots per inch",
        mm * f64::from(width),
        mm * ink.stroke_width(),
        25.4 / mm,
    ));
    ink.doubts().iter().for_each(console::print_warning);
    let file = match &signature.output {
        Some(file) => file.clone(),
        None => signature.file.with_extension("ink.png"),
    };
    output::write(Some(&file), ink.png())?;
    console::print_message(&format!("wrote {}", file.display()));
    let compared = ink.comparison(&scan, paper, mm * f64::from(width)).map_err(failed)?;
    let file = file.with_extension(COMPARED);
    output::write(Some(&file), &compared)?;
    console::print_message(&format!(
        "wrote {}: the scan, the ink on white, and on paper of #{:02x}{:02x}{:02x}, with its base \
         line and a ruler in mm",
        file.display(),
        paper[0],
        paper[1],
        paper[2],
    ));
    Ok(CommandOutcome::Done)
}
