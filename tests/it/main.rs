//! What the library and the program do, seen from outside.

#![allow(
    clippy::disallowed_methods,
    reason = "they keep the library apart from the machine, and tests are the machine's"
)]

mod agent; // The agent: requests in, certificates out, nothing lost
mod backgrounds; // An operator's own PDF under a certificate, judged by outside programs
mod browser; // Verify pages in Chromium
mod cases; // What suites of cases share: comparing what was said with what was expected
mod courses; // Course files that are refused, with the whole message, and some that are not
mod designer; // A designer's path: a layout from a copy, as the README tells it
mod desk; // A folder in which tests run the program as people do
mod gallery; // The pictures of layouts that the README shows
mod geometry; // The predecessor's six looks: lines of text stand where it set them
mod images; // Logos and badges on the page, and what is said of those that cannot be used
mod intl; // Dates and numbers against an independent ICU, with a reason for each difference
mod issuing; // Certificates that stay: issued, superseded, revoked, erased, interrupted
mod judges; // Outside programs that read our files back
mod languages; // Every language: all names, the dates of an independent ICU
mod layouts; // Mistakes of layouts' authors: one message each, at the line, and no file
mod locales; // Mistakes of translators: one message each, at the line, and no file
mod modules; // Modules import downward, files without circles
mod names; // A thousand names in all scripts, none of which the proof may refuse
mod program; // The program: arguments in, files, words and exit codes out
mod project; // Rules of the repository that no compiler checks
mod proof; // Faults of a page, one in each layout, in three directions of reading
#[cfg(feature = "agent")]
mod queues; // Queues under one contract: Redis, XQueue, and what they do to those who use them
mod samples; // sheets and goldens beside each layout
mod scans; // Signatures on photos whose ink is known
mod seal; // Keys, seals and signatures
mod signatures; // Signatures and pictures on the page: siblings, on their lines, in nobody's way
mod soak; // Thousands of renders: each PDF is its own, and memory stays flat
mod stores; // Where files go: one contract for all, and failing worlds
mod tables; // Rows of modules over pages, on the sheet and in the file
