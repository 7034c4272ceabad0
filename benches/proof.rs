//! The machine's reading of a page.

use std::time::Duration;

use criterion::{BatchSize, Criterion, SamplingMode};

use crate::desk::Desk;

pub(crate) fn define(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("proof/classic");
    // A page costs far more than its reading does, and every reading takes a page of its own.
    group
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(100));
    for language in ["en", "ar"] {
        let desk = Desk::new(1);
        group.bench_function(language, |bencher| {
            bencher.iter_batched(
                || desk.page(language),
                |page| page.proof().expect("the demo course's pages are right"),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}
