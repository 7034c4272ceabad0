//! From a proof to the PDF.

use criterion::{BatchSize, Criterion};

use crate::workload::Workload;

pub(crate) fn define(criterion: &mut Criterion) {
    let workload = Workload::new(1);
    criterion.bench_function("pdf/classic", |bencher| {
        bencher.iter_batched(
            || workload.proof("en"),
            |proof| {
                let pdf = proof.pdf().expect("the proof can be written");
                assert!(pdf.starts_with(b"%PDF-"));
                (proof, pdf)
            },
            BatchSize::PerIteration,
        );
    });
}
