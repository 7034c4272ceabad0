//! `testamur package-files`: writes what a package installs with the program, for `.ci/release`.

use std::fs;
use std::io;

use clap::CommandFactory;
use clap_complete::{Shell, generate_to};

use super::args::{Arguments, PackageFiles};
use super::examples::with_examples;
use super::exit::{CommandOutcome, Failure};

pub(crate) fn run(arguments: &PackageFiles) -> Result<CommandOutcome, Failure> {
    let folder = arguments.folder.as_path();
    let write = || -> io::Result<()> {
        let completions = folder.join("completions");
        fs::create_dir_all(&completions)?;
        for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
            let mut command = with_examples(Arguments::command());
            generate_to(shell, &mut command, "testamur", &completions)?;
        }
        let manual = folder.join("man");
        fs::create_dir_all(&manual)?;
        clap_mangen::generate_to(with_examples(Arguments::command()), &manual)
    };
    write().map_err(|error| {
        Failure::new(format!("{}: failed to write the files ({error})", folder.display()))
    })?;
    Ok(CommandOutcome::Done)
}
