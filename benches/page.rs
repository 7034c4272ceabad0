//! From a request to the laid-out page: the sheet's share is that of `sheet/classic/en`.

use criterion::{BatchSize, Criterion};
use testamur::press::DraftOptions;

use crate::desk::Desk;

pub(crate) fn define(criterion: &mut Criterion) {
    for (heat, evicts) in [("warm", false), ("cold", true)] {
        let desk = Desk::new(1);
        let options = DraftOptions::default();
        criterion.bench_function(&format!("page/classic/{heat}"), |bencher| {
            bencher.iter_batched(
                || {
                    if evicts {
                        comemo::evict(0);
                    }
                    desk.request("en")
                },
                |request| {
                    let page = desk.press.page(&request, desk.today, &options);
                    let page = page.expect("the demo course can be set");
                    assert_eq!(page.warnings(), []);
                    page
                },
                BatchSize::PerIteration,
            );
        });
    }
}
