//! What a row of the benchmark makes: the sample of a layout, for one recipient after another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::names::name;
use crate::Date;
use crate::cli::args::{NameSet, SiteArguments};
use crate::cli::exit::Failure;
use crate::cli::{clock, context};
use crate::press::Press;
use crate::site::Request;

/// A press whose site has the sample's course, and a source of requests.
pub(super) struct Workload {
    pub(super) press: Arc<Press>,
    pub(super) today: Date,
    sample: Request,
    names: NameSet,
    requests: AtomicUsize,
}

impl Workload {
    pub(super) fn open(
        site: &SiteArguments,
        layout: &str,
        names: NameSet,
        threads: usize,
    ) -> Result<Self, Failure> {
        let site = context::open_site_without_note(site)?;
        let file = format!("layouts/{layout}/sample.yaml");
        let sample = site.read(&file)?.unwrap_or_default().into_owned();
        let courses = without_request(&String::from_utf8_lossy(&sample));
        let site = site.with_file("courses.yaml", courses);
        let press = Arc::new(Press::with_threads(site, threads)?);
        let (_, request) = press.sample(layout)?;
        let today = clock::today(press.settings().timezone.as_deref())?;
        let request = request.with_layout(layout);
        Ok(Self { press, today, sample: request, names, requests: AtomicUsize::new(0) })
    }

    /// The next recipient's request.
    pub(super) fn request(&self) -> Result<Request, Failure> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let request = self.sample.clone().with_name(&name(self.names, number))?;
        Ok(request.with_username(format!("recipient-{number}")))
    }
}

/// The course file in a layout's sample, which has a key `request` besides.
fn without_request(sample: &str) -> String {
    let mut is_request = false;
    let mut courses = String::new();
    for line in sample.lines() {
        if !line.is_empty() && !line.starts_with([' ', '#']) {
            is_request = line.starts_with("request:");
        }
        if !is_request {
            courses.push_str(line);
            courses.push('\n');
        }
    }
    courses
}
