//! `testamur agent replay`: puts requests for courses that were unknown back on the queue.

use crate::agent::open_kept;
use crate::cli::args::{Replay, SiteArguments};
use crate::cli::exit::{CommandOutcome, Failure};
use crate::cli::{console, context};
use crate::press::Press;

pub(super) fn run(
    site: &SiteArguments,
    set: &[(String, String)],
    replay: &Replay,
    press: &Press,
) -> Result<CommandOutcome, Failure> {
    let settings = context::agent_settings(press.settings(), set)?;
    let kept = open_kept(&settings, context::folder(site))?;
    let is_known = |course: &str| press.courses().get(course).is_ok();
    let replayed = kept.replay(replay.since, &is_known)?;
    let requests = |number: usize| match number {
        1 => "1 request".to_owned(),
        _ => format!("{number} requests"),
    };
    console::print_message(&format!("put back on the queue: {}", requests(replayed.put)));
    for (course, number) in &replayed.unknown {
        let number = requests(*number);
        let course = console::escaped(course);
        console::print_message(&format!("{number} kept: there is no course `{course}`"));
    }
    Ok(CommandOutcome::of(replayed.unknown.is_empty()))
}
