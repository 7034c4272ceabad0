//! The program `testamur`.

use std::process::ExitCode;

// A certificate needs many short-lived buffers; this allocator saves a fifth of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    #[cfg(unix)]
    keep_unused_memory();
    testamur::cli::run()
}

/// Has the allocator keep unused memory for ten seconds, for commands that make certificates.
///
/// By itself it keeps it for one second, and gives back what the next certificates ask for again:
/// a twelfth of a run's time went into page faults. It reads this setting from its environment when
/// the process starts, so the process starts itself anew. If that fails it goes on as it is, and so
/// it does where the user has set the variable.
#[cfg(unix)]
#[expect(
    clippy::disallowed_methods,
    reason = "the program reads its environment and its arguments"
)]
fn keep_unused_memory() {
    use std::os::unix::process::CommandExt;
    const PURGE_DELAY: &str = "MIMALLOC_PURGE_DELAY";
    const MILLISECONDS: &str = "10000";
    const COMMANDS: [&str; 5] = ["agent", "bench", "check", "issue", "render"];
    let mut arguments = std::env::args_os();
    let name = arguments.next();
    let arguments: Vec<_> = arguments.collect();
    let makes_certificates = arguments.iter().any(|argument| {
        argument.to_str().is_some_and(|argument| COMMANDS.contains(&argument))
    });
    if !makes_certificates || std::env::var_os(PURGE_DELAY).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut command = std::process::Command::new(program);
    command.args(arguments).env(PURGE_DELAY, MILLISECONDS);
    if let Some(name) = name {
        command.arg0(name);
    }
    // It returns only if it fails.
    let _ = command.exec();
}
