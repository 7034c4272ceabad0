//! From a proof to the PDF.

use criterion::{BatchSize, Criterion};

use crate::desk::Desk;

pub(crate) fn define(criterion: &mut Criterion) {
    let desk = Desk::new(1);
    criterion.bench_function("pdf/classic", |bencher| {
        bencher.iter_batched(
            || desk.proof("en"),
            |proof| {
                let pdf = proof.pdf().expect("the proof can be written");
                assert!(pdf.starts_with(b"%PDF-"));
                (proof, pdf)
            },
            BatchSize::PerIteration,
        );
    });
}
