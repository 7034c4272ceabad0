//! From a proof to the bitmap, at the program's resolution.

use criterion::{BatchSize, Criterion};

use crate::workload::Workload;

pub(crate) fn define(criterion: &mut Criterion) {
    let workload = Workload::new(1);
    let mut group = criterion.benchmark_group("png");
    group.sample_size(10);
    group.bench_function("classic", |bencher| {
        bencher.iter_batched(
            || workload.proof("en"),
            |proof| {
                let png = proof.png(144.0).expect("the proof can be drawn");
                assert!(png.starts_with(b"\x89PNG"));
                (proof, png)
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}
