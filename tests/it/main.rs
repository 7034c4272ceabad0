//! What the library and the program do, seen from outside.

#![allow(
    clippy::disallowed_methods,
    reason = "they keep the library apart from the machine, and tests are the machine's"
)]

mod cases; // What suites of cases share: comparing what was said with what was expected
mod courses; // Course files that are refused, with the whole message, and some that are not
mod judges; // Outside programs that read our files back
mod languages; // Every language: all names, the dates of an independent ICU
mod layouts; // Mistakes of layouts' authors: one message each, at the line, and no file
mod names; // A thousand names in all scripts, none of which the proof may refuse
mod program; // The program: arguments in, files, words and exit codes out
mod project; // House rules that no compiler knows
mod proof; // Faults of a page, one in each layout, in three directions of reading
mod samples; // sheets and goldens beside each layout
mod scans; // Signatures on photos whose ink is known
mod seal; // Keys, seals and signatures
mod soak; // Thousands of renders: each PDF is its own, and memory stays flat
