//! A picture of a certificate, for people to share: a PNG 1200 pixels wide.
//!
//! ```sh
//! cargo run --release --example share_card -- "Ada Lovelace" card.png
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

use testamur::press::{DraftOptions, Format};
use testamur::{Press, Request, Site, Timestamp};

/// The width of the picture, in pixels.
const WIDTH: f64 = 1200.0;
/// The width of US Letter in landscape, in inches.
const LETTER_WIDTH: f64 = 11.0;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [name, output] = &arguments[..] else {
        return Err("usage: share_card NAME OUTPUT.png".into());
    };
    let press = Press::new(Site::demo())?;
    let course = press.courses().iter().next().ok_or("there is no course")?;
    let request = Request::new(&course.id, name)?.with_paper("letter");
    let format = Format::Png { pixels_per_inch: WIDTH / LETTER_WIDTH };
    let options = DraftOptions::default().with_format(format).with_specimen(false);
    let today = Timestamp::try_from(SystemTime::now())?.date();
    let card = press.draft_with(&request, today, &options)?;
    fs::write(output, &card.bytes)?;
    println!("{output}: {} bytes", card.bytes.len());
    Ok(())
}
