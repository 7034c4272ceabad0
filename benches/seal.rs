//! From the bytes of a PDF to those of a sealed one, with its detached signature.

use criterion::{BatchSize, Criterion};
use testamur::Timestamp;
use testamur::site::Keys;

use crate::workload::Workload;

pub(crate) fn define(criterion: &mut Criterion) {
    let workload = Workload::new(1);
    let now = Timestamp::parse("2026-05-14T09:30:00Z").expect("a time");
    let keys = Keys::generate("Example University", now).expect("new keys");
    let sealer = keys.sealer();
    criterion.bench_function("seal/classic", |bencher| {
        bencher.iter_batched(
            || workload.proof("en").pdf().expect("the proof can be written"),
            |pdf| {
                let sealed = sealer.seal(&pdf, now).expect("the PDF can be sealed");
                assert!(sealed.bytes.len() > pdf.len() && sealed.signature.is_some());
                sealed
            },
            BatchSize::PerIteration,
        );
    });
}
