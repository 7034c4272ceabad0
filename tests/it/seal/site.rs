//! Shared setup of the tests of seals: a site with keys, drafts, and outside programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use testamur::press::Press;
use testamur::seal::Sealed;
use testamur::site::{KeySource, Keys, Request};
use testamur::{Date, Timestamp};

/// A temporary site folder with keys.
pub(crate) struct Site {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) keys: Keys,
}

impl Site {
    pub(crate) fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::NewRoot { name };
        let keys = Keys::create(&folder.path().join("keys"), &source, now()).unwrap();
        Self { folder, keys }
    }

    pub(crate) fn seal(&self, draft: &[u8]) -> Sealed {
        self.keys.sealer().seal(draft, now()).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// The clock's time: outside programs use it too.
#[allow(
    clippy::disallowed_methods,
    reason = "outside programs compare with the real time"
)]
pub(crate) fn now() -> Timestamp {
    let since =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_unix(since.as_secs()).unwrap()
}

/// A draft of the demo site's course, in the language that the name begins with.
pub(crate) fn draft(name: &str) -> Vec<u8> {
    static PRESS: LazyLock<Press> =
        LazyLock::new(|| Press::new(testamur::site::Site::demo()).unwrap());
    let language = name.split('.').next().unwrap();
    let request = Request::new("course-v1:ExampleX+CURL101+2026_T1", "Guido van Rossum")
        .unwrap()
        .with_language(language.parse().unwrap());
    PRESS.draft(&request, Date::parse("2026-05-14").unwrap()).unwrap().bytes
}

/// A Python program that `tests/run` installed in the target folder, or one of the system.
pub(crate) fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_testamur"))
        .ancestors()
        .map(|folder| folder.join("judges/bin").join(name))
        .find(|program| program.is_file())
        .unwrap_or_else(|| PathBuf::from(name))
}

/// Runs an outside program.
pub(crate) fn run(folder: &Path, name: &str, arguments: &[&str]) -> Output {
    crate::judges::run(Command::new(program(name)).args(arguments).current_dir(folder))
}

pub(crate) fn output_text(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

/// Runs openssl.
pub(crate) fn openssl(folder: &Path, line: &str) {
    let output = Command::new("openssl")
        .args(line.split(' '))
        .current_dir(folder)
        .output()
        .expect("openssl is installed");
    assert!(output.status.success(), "openssl {line}: {}", output_text(&output));
}
