//! A site in the folder `school` of a working folder, and the commands over it.

use super::{Run, Workdir};

/// A site that `testamur new` made.
pub(crate) fn site() -> Workdir {
    let workdir = Workdir::new();
    let made = workdir.run(["new", "school", "--url", "https://certs.example.org"]);
    assert_eq!(made.code, 0, "{made:?}");
    workdir
}

/// Runs a command over the site.
pub(crate) fn run(workdir: &Workdir, line: &[&str]) -> Run {
    workdir.run(["--site", "school"].iter().chain(line))
}

/// Runs a command over the site, which ends well.
pub(crate) fn done(workdir: &Workdir, line: &[&str]) -> Run {
    let run = run(workdir, line);
    assert_eq!(run.code, 0, "{line:?}: {run:?}");
    run
}
