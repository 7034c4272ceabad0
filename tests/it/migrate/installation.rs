//! An installation in a working folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::workdir::{Run, Workdir};

/// A working folder with the installation in `old/`, whose web root is `web/`.
pub(super) struct Installation {
    pub(super) dir: Workdir,
}

impl Installation {
    /// Issues a certificate from the site that was made of it, and returns what is printed.
    pub(super) fn issue(&self) -> serde_json::Value {
        let course = ["-c", "ExampleX/CS101/2014", "-n", "Ada Example", "--json"];
        let run = self.dir.run([&["--site", "new", "issue"][..], &course].concat());
        run.ends(0);
        serde_json::from_str(run.output().trim()).unwrap()
    }

    /// The installation of `tests/migrate/whole`, which signs with the key of that id.
    pub(super) fn whole(key: &str) -> Self {
        let dir = Workdir::new();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/migrate/whole");
        let web = dir.path("web").display().to_string();
        for (name, bytes) in tree(&from) {
            if name.starts_with("expected") {
                continue;
            }
            let text = String::from_utf8(bytes).unwrap();
            dir.write(
                &format!("old/{name}"),
                text.replace("WEBROOT", &web).replace("KEYID", key),
            );
        }
        for (name, across) in [
            ("v1-cert-templates/certificate-template-ExampleX-CS101.pdf", (842, 595)),
            (
                "v1-cert-templates/certificate-template-ExampleX-CS101-verified.pdf",
                (842, 595),
            ),
            ("v1-cert-templates/left-over.pdf", (842, 595)),
            ("vMIT_PE-cert-templates/professional.pdf", (792, 612)),
            (
                "v3_dynamic-cert-templates/certificate-template-ExampleX-DYN.pdf",
                (842, 595),
            ),
        ] {
            dir.write(&format!("old/private/template_data/{name}"), pdf(across));
        }
        fs::create_dir_all(dir.path("web")).unwrap();
        Self { dir }
    }

    /// A home of gpg in `old/gnupg` with a new key. Returns its fingerprint.
    pub(super) fn make_key(dir: &Workdir) -> String {
        Self::make_key_with(dir, "")
    }

    /// The same, with a passphrase.
    pub(super) fn make_key_with(dir: &Workdir, passphrase: &str) -> String {
        let home = dir.path("old/gnupg");
        fs::create_dir_all(&home).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
        }
        gpg(
            &home,
            &[
                "--passphrase",
                passphrase,
                "--quick-gen-key",
                "Old <old@example.org>",
                "rsa2048",
                "sign",
                "never",
            ],
        );
        let listed = gpg(&home, &["--with-colons", "--list-secret-keys"]);
        stop(&home);
        let line = listed.lines().find(|line| line.starts_with("fpr:")).unwrap();
        line.split(':').nth(9).unwrap().to_owned()
    }

    /// The folder of the old files with all that is in them.
    pub(super) fn old_files(&self) -> BTreeMap<String, Vec<u8>> {
        tree(&self.dir.path("old"))
    }
}

/// Runs gpg in a home; its output.
pub(super) fn gpg(home: &Path, arguments: &[&str]) -> String {
    let output = Command::new("gpg")
        .args(["--batch", "--no-tty", "--pinentry-mode", "loopback", "--homedir"])
        .arg(home)
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &said
}

/// Ends the agent of a home.
pub(super) fn stop(home: &Path) {
    let killed = Command::new("gpgconf")
        .arg("--homedir")
        .arg(home)
        .args(["--kill", "all"])
        .status();
    assert!(killed.unwrap().success());
}

/// The files below a folder, with their contents.
pub(super) fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                collect(&entry.path(), &format!("{name}/"), files);
            } else if entry.file_type().unwrap().is_file() {
                files.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    collect(folder, "", &mut files);
    files
}

/// A PDF of one page with a frame.
pub(super) fn pdf((width, height): (u32, u32)) -> Vec<u8> {
    let drawing = format!("0.5 0.2 0.2 RG 4 w 20 20 {} {} re S", width - 40, height - 40);
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 4 0 R \
             /Resources << >> >>"
        ),
        format!("<< /Length {} >>\nstream\n{drawing}\nendstream", drawing.len()),
    ];
    let mut text = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        places.push(text.len());
        text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", number + 1));
    }
    let start = text.len();
    text.push_str("xref\n0 5\n0000000000 65535 f \n");
    for place in places {
        text.push_str(&format!("{place:010} 00000 n \n"));
    }
    text.push_str(&format!(
        "trailer << /Size 5 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    ));
    text.into_bytes()
}

/// What a run of the program ended with.
pub(super) trait Ended {
    /// Checks the exit code.
    fn ends(&self, code: i32) -> &Self;
    /// Standard output.
    fn output(&self) -> String;
}

impl Ended for Run {
    fn ends(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}\n{}", self.output(), self.stderr);
        self
    }

    fn output(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }
}
