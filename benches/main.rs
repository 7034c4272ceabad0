//! What every step costs, and the whole row of them. `cargo bench -- page/` measures one stage.
//!
//! Each iteration sets a name that none before it had, so that Typst's cache serves a render what
//! certificates of one course share and nothing more. «Cold» is without even that.

mod courses;
mod desk;
mod draft;
mod page;
mod pdf;
mod png;
mod press;
mod proof;
mod sheet;
mod svg;

use std::time::Duration;

use criterion::Criterion;

// The program's allocator, for the program's figures.
#[cfg(feature = "cli")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    press::define(&mut criterion);
    courses::define(&mut criterion);
    sheet::define(&mut criterion);
    page::define(&mut criterion);
    proof::define(&mut criterion);
    pdf::define(&mut criterion);
    png::define(&mut criterion);
    svg::define(&mut criterion);
    draft::define(&mut criterion);
    criterion.final_summary();
}
