//! From a proof to the drawing.

use criterion::{BatchSize, Criterion};

use crate::workload::Workload;

pub(crate) fn define(criterion: &mut Criterion) {
    let workload = Workload::new(1);
    criterion.bench_function("svg/classic", |bencher| {
        bencher.iter_batched(
            || workload.proof("en"),
            |proof| {
                let svg = proof.svg().expect("the proof can be drawn");
                assert!(svg.starts_with(b"<svg"));
                (proof, svg)
            },
            BatchSize::PerIteration,
        );
    });
}
