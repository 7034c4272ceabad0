//! The input of all benchmarks: the demo site's press, and an endless sequence of requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use testamur::press::{DraftOptions, Page, Press, Proof};
use testamur::site::{Request, Site};
use testamur::{Date, Tag};

/// A press of the demo site, and a source of requests for recipients whose names differ.
pub(crate) struct Workload {
    pub(crate) press: Arc<Press>,
    pub(crate) today: Date,
    requests: AtomicUsize,
}

impl Workload {
    /// A workload whose press renders on `threads` threads.
    pub(crate) fn new(threads: usize) -> Self {
        let settings = format!("render: {{ threads: {threads} }}");
        let site = Site::demo().with_file("testamur.yaml", settings);
        Self {
            press: Arc::new(Press::new(site).expect("the demo site is sound")),
            today: Date::parse("2026-05-14").expect("a date"),
            requests: AtomicUsize::new(0),
        }
    }

    /// The next recipient's request, whose page has every part that the layout can show.
    pub(crate) fn request(&self, language: &str) -> Request {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        Request::new("course-v1:ExampleX+CURL101+2026_T1", &name(language, number))
            .expect("a sound name")
            .with_language(Tag::parse(language).expect("a tag"))
            .with_grade("Distinction")
    }

    /// The next recipient's page.
    pub(crate) fn page(&self, language: &str) -> Page {
        let request = self.request(language);
        let page = self.press.page(&request, self.today, &DraftOptions::default());
        page.expect("the demo course can be set")
    }

    /// The next recipient's page, proof-read.
    pub(crate) fn proof(&self, language: &str) -> Proof {
        self.page(language).proof().expect("the demo course's pages are right")
    }
}

/// A name in the language's script. 160,000 consecutive numbers give different names.
fn name(language: &str, number: usize) -> String {
    let word = |letters: &str| -> String {
        let digits = [1, 20, 400, 8_000].map(|place| number / place % 20);
        digits.iter().filter_map(|&digit| letters.chars().nth(digit)).collect()
    };
    match language {
        "ar" => format!("محمد علي {}", word("ابتثجحخدرزسشصضطعفقكل")),
        "ja" => word("山川田村松井木林森石原野島崎藤橋池清水谷"),
        _ => {
            let word = word("bcdfghjklmnpqrstvwxz");
            let vowels = word.chars().zip("aeio".chars());
            let family: String = vowels.flat_map(|(c, vowel)| [c, vowel]).collect();
            format!("María-José d’{family}n")
        }
    }
}
