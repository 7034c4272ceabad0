//! The program `testamur`: it resolves the arguments into settings, and calls the library.
//!
//! - **Takes**: the process: its arguments, environment, clock, folders and standard streams.
//! - **Gives**: files, text or JSON on the standard streams, and an exit code from [`run`].
//! - **Imports**: every other module, by its public names only.
//!
//! The decision: the library never reads the environment or the clock, never prints, and never ends
//! the process. Only the files of this module do.

#[cfg(feature = "http")]
mod agent;
mod args;
mod batch;
mod bench;
mod check;
mod clock;
mod compat;
mod console;
mod context;
mod erase;
mod examples;
mod exit;
mod html_entity;
mod index;
mod issue;
mod job_failure;
mod key;
mod layout;
mod locales;
#[cfg(feature = "http")]
mod log;
mod migrate;
mod new;
mod output;
mod package_files;
pub(crate) mod recipients;
mod register;
mod render;
mod restore;
mod revoke;
mod sample_request;
mod seal;
mod sealed_file;
mod selection;
mod signals;
mod signature;
#[cfg(feature = "studio")]
mod studio;
mod traces;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use self::args::{Arguments, Command};

/// Runs the command that the arguments of the process name.
///
/// The exit code is 0 if everything is done, 1 if something failed, 2 for wrong usage, and 3 if what
/// was looked for is not known.
pub fn run() -> ExitCode {
    let program = examples::with_examples(Arguments::command());
    let arguments = program
        .try_get_matches()
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => {
            // `--help` and `--version` are no errors: clap prints them on standard output.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let site = &arguments.site;
    let result = match &arguments.command {
        Command::Render(render) => render::run(site, render),
        Command::Issue(issue) => issue::run(site, issue),
        #[cfg(feature = "http")]
        Command::Agent(agent) => agent::run(site, agent),
        Command::New(new) => new::run(new),
        Command::Migrate(migrate) => migrate::run(site, migrate),
        #[cfg(feature = "studio")]
        Command::Studio(studio) => studio::run(site, studio),
        Command::Layout(layout) => layout::run(site, layout),
        Command::List(list) => register::list(site, list),
        Command::Find(find) => register::find(site, find),
        Command::Revoke(revoke) => revoke::run(site, revoke),
        Command::Erase(erase) => erase::run(site, erase),
        Command::Restore(restore) => restore::run(site, restore),
        Command::Check(check) => check::run(site, check),
        Command::Locales(locales) => locales::run(site, locales),
        Command::Signature(signature) => signature::run(site, signature),
        Command::Key(key) => key::run(site, key),
        Command::Seal(seal) => seal::run(site, seal),
        Command::Verify(verify) => verify::run(site, verify),
        Command::Compat(compat) => compat::run(site, compat),
        Command::Bench(bench) => bench::run(site, bench),
        Command::PackageFiles(files) => package_files::run(files),
    };
    let output = console::check_output();
    match result.and_then(|outcome| output.map(|()| outcome)) {
        Ok(outcome) => outcome.exit_code(),
        Err(failure) => {
            console::print_message(&failure.message);
            failure.exit_code()
        }
    }
}
