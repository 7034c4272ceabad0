//! From a request to the laid-out page, including the sheet, which `sheet/classic/en` measures
//! alone.

use criterion::{BatchSize, Criterion};
use testamur::press::DraftOptions;

use crate::workload::Workload;

pub(crate) fn define(criterion: &mut Criterion) {
    for (heat, evicts) in [("warm", false), ("cold", true)] {
        let workload = Workload::new(1);
        let options = DraftOptions::default();
        criterion.bench_function(&format!("page/classic/{heat}"), |bencher| {
            bencher.iter_batched(
                || {
                    if evicts {
                        comemo::evict(0);
                    }
                    workload.request("en")
                },
                |request| {
                    let page = workload.press.page(&request, workload.today, &options);
                    let page = page.expect("the demo course can be set");
                    assert_eq!(page.warnings(), []);
                    page
                },
                BatchSize::PerIteration,
            );
        });
    }
}
