//! From a request to the sheet that a layout sees.

use criterion::{BatchSize, Criterion};

use crate::desk::Desk;

pub(crate) fn define(criterion: &mut Criterion) {
    for language in ["en", "ar", "ja"] {
        let desk = Desk::new(1);
        criterion.bench_function(&format!("sheet/classic/{language}"), |bencher| {
            bencher.iter_batched(
                || desk.request(language),
                |request| {
                    let sheet = desk.press.sheet(&request, desk.today).expect("a sheet");
                    assert!(sheet.title.contains(request.name().as_str()));
                    sheet
                },
                BatchSize::SmallInput,
            );
        });
    }
}
