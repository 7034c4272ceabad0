//! From a sealed certificate to its files, pages and record, in memory and in folders. The service
//! itself says how much of its time that took.

use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use testamur::Timestamp;
use testamur::register::{Directory, IssueOptions, IssueService, MemoryStore, Store};
use testamur::site::{IdSecret, Keys};

use crate::workload::Workload;

pub(crate) fn define(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| -> Arc<dyn Store> {
        Arc::new(Directory::new(folder.path().join(name)))
    };
    let memory = || -> Arc<dyn Store> { Arc::new(MemoryStore::new()) };
    let now = Timestamp::parse("2026-05-14T09:30:00Z").expect("a time");
    let mut group = criterion.benchmark_group("publish/classic");
    group.sample_size(10);
    for (name, public, private) in
        [("memory", memory(), memory()), ("folder", at("public"), at("private"))]
    {
        let (workload, issuer) = service(public, private, now);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| {
                let mut took = Duration::ZERO;
                for _ in 0..count {
                    let request = workload.request("en");
                    let options = IssueOptions::default();
                    let receipt = issuer.issue(&request, workload.today, now, &options);
                    took += receipt.expect("it is issued").timings.publish;
                }
                took
            });
        });
    }
    group.finish();
}

fn service(
    public: Arc<dyn Store>,
    private: Arc<dyn Store>,
    now: Timestamp,
) -> (Workload, IssueService) {
    let workload = Workload::new(1);
    let keys = Keys::generate("Example University", now).expect("new keys");
    let issuer = IssueService::builder(workload.press.clone())
        .with_keys(&keys)
        .with_id_secret(IdSecret::generate().expect("a secret"))
        .with_stores(public, private)
        .build()
        .expect("a service");
    (workload, issuer)
}
