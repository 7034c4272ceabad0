//! What an erasure cannot reach, named.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::search::Found;
use crate::cli::args::Selection;
use crate::cli::console;
use crate::cli::traces::{self, Trace};
use crate::register::CertificateId;

/// The recipient's names, noted before they are removed, and what could not be read.
#[derive(Default)]
pub(super) struct Elsewhere {
    names: BTreeSet<String>,
    usernames: BTreeSet<String>,
    unread: BTreeSet<String>,
}

impl Elsewhere {
    /// Notes what was found.
    pub(super) fn note(&mut self, found: &Found) {
        self.names.extend(found.names.iter().cloned());
        self.usernames.extend(found.usernames.iter().cloned());
        // With each name more can be understood.
        self.unread = found.requests.unread();
    }

    /// Names the messages of agents that cannot be read.
    pub(super) fn print_unread(&self) {
        for unread in &self.unread {
            let what = "cannot be understood, and may name the recipient";
            console::print_message(&format!("  {unread}  {what}"));
        }
    }

    /// Names the files of the site's folder that have a name, or an id of the erased editions.
    pub(super) fn print(
        &self,
        folder: &Path,
        selection: &Selection,
        erased: &[CertificateId],
        verify_path: &str,
    ) {
        let (names, mut usernames) = (&self.names, self.usernames.clone());
        // What was asked for may be either.
        let asked_for = selection.recipient.as_deref().map(str::trim);
        usernames.extend(asked_for.filter(|it| !names.contains(*it)).map(str::to_owned));
        let holding: Vec<(PathBuf, Trace)> =
            traces::find(folder, names, &usernames, erased, verify_path);
        for (path, trace) in &holding {
            let what = match trace {
                Trace::Holds => "still names the recipient",
                Trace::MayHold => "may hold a certificate of the recipient",
                Trace::MayName => "has the parts of the name, and may name the recipient",
                Trace::HasUsername => "has the username, and may name the recipient",
                Trace::Unread => "was not read, and may name the recipient",
            };
            console::print_message(&format!("  {}  {what}", path.display()));
        }
        console::print_note(
            "copies elsewhere remain: the stream of requests in Redis and the results of lists that `issue --queue` has not finished, recipients files, the reports, archives and prints that `issue` \
             wrote (--report, --zip, --print), PDFs that were sent on, backups, the former versions of files \
             in a bucket that keeps versions, the caches of search engines",
        );
    }
}
