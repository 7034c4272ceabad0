//! All stages, from a request to the bytes of a PDF.

use std::thread;

use criterion::{BatchSize, Criterion, Throughput};

use crate::workload::Workload;

const DRAFTS: usize = 200;

pub(crate) fn define(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("draft/classic");
    group.throughput(Throughput::Elements(1));
    for (heat, evicts) in [("warm", false), ("cold", true)] {
        let workload = Workload::new(1);
        group.bench_function(heat, |bencher| {
            bencher.iter_batched(
                || {
                    if evicts {
                        comemo::evict(0);
                    }
                },
                |()| draft(&workload),
                BatchSize::PerIteration,
            );
        });
    }
    group.throughput(Throughput::Elements(DRAFTS as u64)).sample_size(10);
    for (count, threads) in [("one-thread", 1), ("two-threads", 2)] {
        let workload = Workload::new(threads);
        group.bench_function(count, |bencher| {
            bencher.iter(|| {
                thread::scope(|scope| {
                    for _ in 0..threads {
                        scope.spawn(|| {
                            for _ in 0..DRAFTS / threads {
                                draft(&workload);
                            }
                        });
                    }
                });
            });
        });
    }
    group.finish();
}

fn draft(workload: &Workload) -> Vec<u8> {
    let draft = workload.press.draft(&workload.request("en"), workload.today);
    let bytes = draft.expect("the demo course can be certified").bytes;
    assert!(bytes.starts_with(b"%PDF-"));
    bytes
}
