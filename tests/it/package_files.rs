//! What a package installs with the program, read by the programs that use it.

use std::process::Command;

use crate::workdir::Workdir;

#[test]
fn completions_and_manual_pages_are_read_by_bash_and_groff() {
    let desk = Workdir::new();
    let run = desk.run(["package-files", "files"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
    assert_eq!(
        desk.names("files/completions"),
        ["_testamur", "testamur.bash", "testamur.fish"]
    );

    let complete = |words: &[&str]| {
        let script = "source files/completions/testamur.bash\n\
             COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1))\n\
             _testamur testamur \"${@: -1}\" \"${@: -2:1}\"\n\
             echo \"${COMPREPLY[@]}\"";
        let mut bash = Command::new("bash");
        bash.current_dir(desk.path(".")).args(["-euc", script, "bash"]).args(words);
        let output = bash.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    assert_eq!(complete(&["testamur", "iss"]), "issue");
    assert_eq!(complete(&["testamur", "issue", "--repl"]), "--replace");
    assert_eq!(complete(&["testamur", "key", "ro"]), "rotate");

    let pages = desk.names("files/man");
    assert!(pages.contains(&"testamur.1".to_owned()), "{pages:?}");
    assert!(pages.contains(&"testamur-issue.1".to_owned()), "{pages:?}");
    assert!(!pages.iter().any(|page| page.contains("package-files")), "{pages:?}");
    for page in &pages {
        let mut groff = Command::new("groff");
        groff.current_dir(desk.path("files/man"));
        let output =
            groff.args(["-man", "-ww", "-Kutf8", "-Tutf8", page]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{page}: {said}");
        // Some set-ups of groff print bold letters twice, with a backspace between.
        let mut text = String::new();
        for c in String::from_utf8_lossy(&output.stdout).chars() {
            if c == '\u{8}' {
                text.pop();
            } else {
                text.push(c);
            }
        }
        assert!(text.contains("SYNOPSIS"), "{page}: {text}");
    }
}
