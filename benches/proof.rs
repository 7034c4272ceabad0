//! From a page to its proof.

use std::time::Duration;

use criterion::{BatchSize, Criterion, SamplingMode};

use crate::workload::Workload;

pub(crate) fn define(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("proof/classic");
    // Every iteration needs a new page, which costs far more than its proof: short times keep the
    // benchmark short.
    group
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(100));
    for language in ["en", "ar"] {
        let workload = Workload::new(1);
        group.bench_function(language, |bencher| {
            bencher.iter_batched(
                || workload.page(language),
                |page| page.proof().expect("the demo course's pages are right"),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}
