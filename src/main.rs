//! The program `testamur`: raw arguments become settings, settings become calls of the library.
//!
//! Policy lives here and mechanism in the library: what the library may not do, reading the
//! environment and the clock and writing files, is done in these modules and nowhere else.

mod program;

use std::process::ExitCode;

// It keeps its pages, and a certificate's many short-lived buffers come cheaper by a fifth.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    program::run()
}
