//! From a request to the sheet that a layout is given.

use criterion::{BatchSize, Criterion};

use crate::workload::Workload;

pub(crate) fn define(criterion: &mut Criterion) {
    for language in ["en", "ar", "ja"] {
        let workload = Workload::new(1);
        criterion.bench_function(&format!("sheet/classic/{language}"), |bencher| {
            bencher.iter_batched(
                || workload.request(language),
                |request| {
                    let sheet =
                        workload.press.sheet(&request, workload.today).expect("a sheet");
                    assert!(sheet.title.contains(request.name().as_str()));
                    sheet
                },
                BatchSize::SmallInput,
            );
        });
    }
}
