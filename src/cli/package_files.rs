//! `testamur package-files`: writes what a package installs with the program, for `.ci/release`.

use std::fs;
use std::io;

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate_to};

use super::args::{Arguments, PackageFiles};
use super::exit::{CommandOutcome, Failure};

pub(crate) fn run(arguments: &PackageFiles) -> Result<CommandOutcome, Failure> {
    let folder = arguments.folder.as_path();
    let write = || -> io::Result<()> {
        let completions = folder.join("completions");
        fs::create_dir_all(&completions)?;
        for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
            generate_to(shell, &mut visible_commands(), "testamur", &completions)?;
        }
        let manual = folder.join("man");
        fs::create_dir_all(&manual)?;
        clap_mangen::generate_to(Arguments::command(), &manual)
    };
    write().map_err(|error| {
        Failure::new(format!("{}: failed to write the files ({error})", folder.display()))
    })?;
    Ok(CommandOutcome::Done)
}

/// The commands that `testamur --help` lists: the shells complete hidden ones too.
fn visible_commands() -> Command {
    let all = Arguments::command();
    let visible = all.get_subcommands().filter(|command| !command.is_hide_set());
    Command::new("testamur")
        .args(all.get_arguments().cloned())
        .subcommands(visible.cloned().collect::<Vec<_>>())
}
