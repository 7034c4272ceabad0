//! Parses the course file of a large school.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput};
use testamur::site::Courses;

const COUNT: usize = 5_000;

pub(crate) fn define(criterion: &mut Criterion) {
    let files = [("courses.yaml".to_owned(), file().into_bytes())];
    let mut group = criterion.benchmark_group("courses");
    group.sample_size(10).throughput(Throughput::Bytes(files[0].1.len() as u64));
    group.bench_function(COUNT.to_string(), |bencher| {
        bencher.iter_with_large_drop(|| {
            let courses = Courses::parse(black_box(&files)).expect("the file is sound");
            assert_eq!(courses.len(), COUNT);
            courses
        });
    });
    group.finish();
}

fn file() -> String {
    let mut file = "\
defaults:
  organization: { short: ExampleX, name: { en: Example University, es: Universidad Ejemplo } }
  language: en
  signatories:
    - { name: Dr. Ada Example, title: Professor of Mechanics, signature: ada.svg }
"
    .to_owned();
    for number in 0..COUNT {
        write!(
            file,
            "
course-v1:ExampleX+CURL{number}+2026_T1:
  title:
    en: Introduction to Curling, part {number}
    es: Introducción al curling, parte {number}
  issued: rolling
  outcomes:
    Pass: \"\"
    Distinction: \"*{{{{ name }}}}* passed with distinction.\"
  theme: {{ accent: \"#8c1414\" }}
  extra: {{ hours: {number} }}
"
        )
        .expect("a string grows");
    }
    file
}
