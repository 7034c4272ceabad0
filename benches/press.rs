//! From a site's files to a press that is ready to render.

use std::hint::black_box;

use criterion::Criterion;
use testamur::press::Press;
use testamur::site::Site;

pub(crate) fn define(criterion: &mut Criterion) {
    criterion.bench_function("press/demo/cold", |bencher| {
        bencher.iter_with_large_drop(|| {
            let press =
                Press::new(black_box(Site::demo())).expect("the demo site is sound");
            assert_eq!(press.courses().len(), 1);
            press
        });
    });
}
