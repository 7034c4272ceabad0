//! Integration tests of the library and the program, in one binary so that Typst is linked once.
//!
//! `tests/README.md` describes the suite.

#![allow(
    clippy::disallowed_methods,
    reason = "the lint keeps the library free of the clock, the environment and files; tests use them"
)]

mod agent; // The agent: requests in, certificates out, nothing lost
mod backgrounds; // A PDF as the background of a certificate, checked by outside programs
mod browser; // Verify pages in Chromium
mod cases; // Shared by the suites of cases: comparing a message with the expected one
mod courses; // Course files that are refused, with the whole message, and some that are accepted
mod designer; // A custom layout made from a copy, as `layouts/README.md` describes
mod docs; // The reference pages: every block of code in them is run
mod emblems; // As many sponsors and badges as each layout declares
mod errors; // Errors as an embedder gets them: as JSON and back, with their causes
mod examples; // The programs of `examples/`, and what they leave behind
mod files; // Files that arguments name: kept, told if lost, named if they are no PDF
mod font_folders; // Fonts of the site, of a folder that sites share, and of the program
mod gallery; // The pictures of layouts in the README
mod geometry; // The predecessor's six layouts: lines of text keep their positions
mod images; // Logos and badges on the page, and the errors of unusable ones
mod intl; // Dates and numbers against an independent ICU, with a reason for each difference
mod issuing; // Issued certificates: repeated, superseded, revoked, erased, interrupted
mod judges; // Outside programs that read our files
mod languages; // Each language: names of all scripts, dates against an independent ICU
mod layouts; // Errors of layout authors: one message each, at the line, and no file
mod locales; // Errors of translators: one message each, at the line, and no file
mod merging; // PDFs of other programs, merged into one for a printer
mod migrate; // Installations of edx-certificates become sites, and what they issued a register
mod modules; // The import order of modules, and no circles of files
mod names; // A thousand names in all scripts, which the proof accepts
mod package_files; // Completions and manual pages, read by bash and groff
mod program; // The program: arguments, files, messages and exit codes
mod project; // Rules of the repository that no compiler checks
mod proof; // Faulty layouts that the proof refuses, one fault each, in three languages
#[cfg(feature = "agent")]
mod queues; // Queues: one contract for all implementations, Redis, XQueue, and faults
mod readme; // The README: its commands, settings and links
mod recipients; // Recipients files as real programs export them: read, or refused
mod room; // Long titles, names and signatories in every language, on every layout
mod samples; // Samples of each layout against the golden files in its folder
mod scans; // Scans of signatures: extracted ink against the known ink
mod seal; // Keys, seals and detached signatures
mod sentences; // The layouts with sentences of their own: every language, no fallback, nothing ungiven
mod signatures; // Signatures on the page: of equal size, on their lines, without overlaps
mod slots; // Slots with places: a layout that is `layout.yaml` alone, on every kind of background
mod soak; // Thousands of renders: no PDF has another's name, and memory stays bounded
mod stores; // Stores: one contract for all implementations, and failing servers and disks
#[cfg(feature = "studio")]
mod studio; // The studio: preview, files, people, and pages that would misuse it
mod tables; // Tables over several pages, on the sheet and in the file
mod verify; // The verifier: one corpus of files, and every judge of them
mod visible; // What is cut, covered or too pale on the page is refused
mod workdir; // Shared: a working folder in which tests run the program
