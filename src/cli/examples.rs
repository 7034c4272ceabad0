//! The examples in every `--help`, which the manual pages show too.
//!
//! The decision made here: they are in one table, and a test parses each of them with the program's
//! own arguments, so that none becomes outdated.

use clap::Command;

/// The command, by its words, and its examples, one on each line.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "render",
        "testamur render -c KNOTS -n 'Ada Example'\n\
                testamur render -c KNOTS -f people.csv --output drafts\n\
                testamur render --sample classic --format png --output classic.png",
    ),
    (
        "issue",
        "testamur issue -c KNOTS -n 'Ada Example'\n\
               testamur issue -c KNOTS -f people.xlsx --dry-run\n\
               testamur issue -c KNOTS -f people.csv --keep email --report issued.csv --zip all.zip\n\
               testamur issue -c KNOTS -f people.csv --queue --report issued.csv",
    ),
    (
        "agent",
        "testamur --site /srv/certificates agent --check\n\
               testamur --site /srv/certificates agent\n\
               testamur agent --set http.listen=127.0.0.1:8080 --set http.token_file=keys/token",
    ),
    (
        "agent replay",
        "testamur agent replay --since 2026-05-14\n\
                      testamur agent --set redis.url=redis://localhost replay --since 2026-05-14T09:30:00Z",
    ),
    (
        "new",
        "testamur new school --name 'Example University' --url https://certificates.example.org\n\
             testamur new club --name 'Knotting Club' --url none",
    ),
    (
        "studio",
        "testamur studio school\n\
                testamur studio school --read-only --no-open --port 8000",
    ),
    ("layout", "testamur layout new house --from classic"),
    (
        "layout new",
        "testamur layout new house --from classic\n\
                    testamur layout new gala --from-picture paper.pdf",
    ),
    (
        "list",
        "testamur list -c KNOTS --status valid\n\
              testamur list --since 2026-05-01 --csv",
    ),
    (
        "find",
        "testamur find 'lovelace ada'\n\
              testamur find c9fa0123456789abcdef0123456789ab --json",
    ),
    (
        "revoke",
        "testamur revoke c9fa0123456789abcdef0123456789ab --reason 'issued by mistake'\n\
                testamur revoke --recipient guido -c KNOTS --reason 'grade corrected' --yes",
    ),
    (
        "erase",
        "testamur erase --recipient guido\n\
               testamur erase --file ids.txt --yes",
    ),
    (
        "restore",
        "testamur restore\n\
                 testamur restore --from copies",
    ),
    (
        "migrate",
        "testamur migrate /edx/certificates school --dry-run\n\
                 testamur migrate /edx/certificates school --private /edx/private",
    ),
    (
        "migrate issued",
        "testamur --site school migrate issued --table certificates.csv --dry-run",
    ),
    (
        "check",
        "testamur check\n\
               testamur check -c KNOTS --output pictures",
    ),
    (
        "locales",
        "testamur locales\n\
                 testamur locales --json",
    ),
    (
        "signature",
        "testamur signature scan.jpg\n\
                   testamur signature scan.jpg --tint '#1a2a6c' --output ink.png",
    ),
    (
        "key",
        "testamur key show\n\
             testamur key backup keys.age",
    ),
    (
        "key new",
        "testamur key new --name 'Example University'\n\
                 testamur key new --name 'Example University' --key seal.key --chain seal.pem",
    ),
    (
        "key show",
        "testamur key show\n\
                  testamur key show --pem root",
    ),
    (
        "key rotate",
        "testamur key rotate\n\
                    testamur key rotate --root",
    ),
    (
        "key revoke",
        "testamur key revoke\n\
                    testamur key revoke 2 --since 2026-05-14T09:30:00Z --yes",
    ),
    (
        "key publish",
        "testamur key publish\n\
                     testamur key publish --root-key /media/safe/root.key",
    ),
    ("key backup", "testamur key backup keys.age"),
    ("key restore", "testamur key restore keys.age --passphrase-file passphrase"),
    ("seal", "testamur seal upgrade Certificate.pdf --tsa https://tsa.example.org"),
    ("seal draft", "testamur seal draft draft.pdf --output sealed.pdf"),
    (
        "seal upgrade",
        "testamur seal upgrade Certificate.pdf --tsa https://tsa.example.org\n\
                      testamur seal upgrade --all --before 2026-01-01",
    ),
    (
        "verify",
        "testamur verify Certificate.pdf\n\
                testamur verify --online --trust root.pem *.pdf",
    ),
    ("compat", "testamur compat create_pdfs -c KNOTS -n 'Ada Example' -U"),
    ("compat create_pdfs", "testamur compat create_pdfs -c KNOTS -n 'Ada Example' -U"),
    (
        "bench",
        "testamur bench --short\n\
               testamur bench --layout all --threads 1,2,4",
    ),
];

/// Adds the examples to the help of each command.
pub(crate) fn with_examples(mut program: Command) -> Command {
    for (words, examples) in EXAMPLES {
        let words: Vec<&str> = words.split(' ').collect();
        add(&mut program, &words, examples);
    }
    let first = "testamur new school --url https://certificates.example.org\n\
                 testamur --site school issue -n 'Ada Example'\n\
                 testamur verify Certificate.pdf";
    program.after_help(text(first))
}

/// Adds examples to the command of these words. A command that this build does not have is skipped.
fn add(command: &mut Command, words: &[&str], examples: &str) {
    let Some((word, rest)) = words.split_first() else {
        let own = std::mem::take(command);
        *command = own.after_help(text(examples));
        return;
    };
    if let Some(command) = command.find_subcommand_mut(word) {
        add(command, rest, examples);
    }
}

fn text(examples: &str) -> String {
    let lines = examples.lines().map(|line| format!("\n  {line}"));
    format!("Examples:{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::args::Arguments;

    /// The words of a line, with single quotes as in a shell.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        for (index, part) in line.split('\'').enumerate() {
            if index % 2 == 1 {
                words.last_mut().unwrap().push_str(part);
                continue;
            }
            for (index, word) in part.split(' ').enumerate() {
                if index > 0 {
                    words.push(String::new());
                }
                words.last_mut().unwrap().push_str(word);
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    #[test]
    fn each_command_has_examples_that_it_takes() {
        fn look(command: &Command, path: &str) {
            for one in command.get_subcommands().filter(|it| !it.is_hide_set()) {
                let path = format!("{path} {}", one.get_name());
                assert!(one.get_after_help().is_some(), "{path} has no examples");
                look(one, &path);
            }
        }
        look(&with_examples(Arguments::command()), "testamur");
        for (command, examples) in EXAMPLES {
            for line in examples.lines() {
                let line = words(line);
                assert!(line.join(" ").contains(command.split(' ').next_back().unwrap()));
                if let Err(error) = Arguments::try_parse_from(&line) {
                    panic!("{line:?}: {error}");
                }
            }
        }
    }
}
