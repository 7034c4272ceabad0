//! The judges that are not ours: pyHanko, pdfsig and EU DSS of seals, gpg and sqv of detached signatures.
//!
//! Each says one of a few words of a file, so that a table can be made of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::corpus::{Case, School, judge};
use crate::judges::dss;
use crate::seal::site::{output_text, program};

/// pyHanko, which trusts the school's root.
pub(super) fn pyhanko(school: &School, folder: &Path, files: &[String]) -> Vec<String> {
    let root = school.workdir.path("school/keys/1/root.pem");
    let output = Command::new(program("python"))
        .arg(judge("judge_by_pyhanko.py"))
        .arg(root)
        .args(files)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", output_text(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), files.len(), "{}", String::from_utf8_lossy(&output.stderr));
    lines
}

/// pdfsig, which asks no certificates.
pub(super) fn pdfsig(folder: &Path, file: &str) -> String {
    let output = Command::new("pdfsig")
        .args(["-nocert", file])
        .current_dir(folder)
        .output()
        .expect("pdfsig is installed: run tests/run");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let validations = text.matches("Signature Validation: ").count();
    let valid = text.matches("Signature Validation: Signature is Valid").count();
    let whole = text.matches("Total document signed").count();
    match (validations, valid) {
        (0, _) if text.contains("does not contain any signatures") => "unsigned",
        (0, _) => "unreadable",
        (all, valid) if all != valid => "invalid",
        _ if whole == 0 => "valid, not whole",
        _ => "valid",
    }
    .to_owned()
}

/// EU DSS, which trusts the school's root.
pub(super) fn eu_dss(school: &School, folder: &Path, files: &[String]) -> Vec<String> {
    let root = school.workdir.path("school/keys/1/root.pem");
    let case = |file: &String| dss::Case::new(&folder.join(file)).root(&root);
    let answers = dss::judge(&files.iter().map(case).collect::<Vec<_>>());
    let word = |answer: Result<Vec<dss::Opinion>, String>| {
        let Ok(opinions) = answer else { return "unreadable" };
        let all = |word: &str| opinions.iter().all(|it| it.indication.starts_with(word));
        match () {
            () if opinions.is_empty() => "unsigned",
            () if all("TOTAL_PASSED") && opinions.iter().any(|it| it.is_altered) => {
                "passed, altered"
            }
            () if all("TOTAL_PASSED") => "passed",
            () if opinions.iter().any(|it| it.indication.starts_with("TOTAL_FAILED")) => {
                "failed"
            }
            () => "indeterminate",
        }
    };
    answers.into_iter().map(|answer| word(answer).to_owned()).collect()
}

/// The judges of detached signatures, which know the school's key.
pub(super) struct OpenPgp {
    home: tempfile::TempDir,
    ring: PathBuf,
}

impl OpenPgp {
    pub(super) fn new(school: &School) -> Self {
        let home = tempfile::tempdir().unwrap();
        let ring = school.workdir.path("school/keys/1/openpgp.asc");
        let this = Self { home, ring };
        let imported = this.command("gpg").arg("--import").arg(&this.ring).output();
        let imported = imported.expect("gpg is installed: run tests/run");
        assert!(imported.status.success(), "{}", output_text(&imported));
        this
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        if name == "gpg" {
            command.arg("--homedir").arg(self.home.path()).args(["--batch", "--quiet"]);
        }
        command
    }

    pub(super) fn gpg(&self, case: &Case, folder: &Path, file: &str) -> String {
        let mut command = self.command("gpg");
        command.args(["--status-fd", "1", "--verify"]);
        self.judge(case, command, folder, file)
    }

    pub(super) fn sqv(&self, case: &Case, folder: &Path, file: &str) -> String {
        let mut command = self.command("sqv");
        command.arg("--keyring").arg(&self.ring);
        self.judge(case, command, folder, file)
    }

    /// `valid` or `invalid`; nothing of a file without a signature.
    fn judge(
        &self,
        case: &Case,
        mut command: Command,
        folder: &Path,
        file: &str,
    ) -> String {
        if case.signature.is_none() {
            return "-".to_owned();
        }
        let output =
            command.arg(format!("{file}.sig")).arg(file).current_dir(folder).output();
        let output = output.expect("gpg and sqv are installed: run tests/run");
        if output.status.success() { "valid" } else { "invalid" }.to_owned()
    }
}
