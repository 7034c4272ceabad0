//! Measures each stage, and all of them together. `cargo bench -- page/` measures one stage.
//!
//! Each iteration sets a name that no iteration before it had, so that Typst's caches hold only
//! what certificates of one course share. A «cold» benchmark empties the caches before each
//! iteration.

mod courses;
mod draft;
mod page;
mod pdf;
mod png;
mod press;
mod proof;
mod publish;
mod seal;
mod sheet;
#[cfg(all(feature = "cli", feature = "studio"))]
mod studio;
mod svg;
mod workload;

use std::time::Duration;

use criterion::Criterion;

// The program's allocator, so that the figures are the program's.
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
    seal::define(&mut criterion);
    publish::define(&mut criterion);
    png::define(&mut criterion);
    svg::define(&mut criterion);
    draft::define(&mut criterion);
    #[cfg(all(feature = "cli", feature = "studio"))]
    studio::define(&mut criterion);
    criterion.final_summary();
}
