//! The program `testamur`.

use std::process::ExitCode;

// A certificate takes many short-lived buffers: with this allocator it takes a fifth less time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    testamur::cli::run()
}
