//! The OpenPGP key of the old installation, which goes on signing.
//!
//! The decisions: the old home of gpg is never written to, so gpg works on a copy of it; and a key is
//! taken only if its fingerprint ends with the id that the old settings name, because the old program
//! signed with whatever key came first.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::new_site::NewSite;
use super::old_files::{OldFolder, read_named};
use super::report::{At, Report};
use super::settings::OldSettings;
use super::yaml::Yaml;
use crate::seal::{ForeignSignature, PgpKey};

/// The id of the key whose private part the old program's public configuration holds.
const PUBLIC_DUMMY: &str = "FEF8D954";
/// The most files of a home of gpg that are copied.
const MAX_HOME_FILES: usize = 2_000;
/// The most bytes of all of them.
const MAX_HOME_BYTES: u64 = 256 * 1024 * 1024;
/// What the key signs to show that it can.
const TRIAL: &[u8] = b"testamur";

/// Where the key comes from.
#[derive(Debug, Default)]
pub(super) struct KeySources<'a> {
    pub(super) home: Option<OldFolder>,
    /// A file with an exported secret key.
    pub(super) file: Option<&'a Path>,
    pub(super) passphrase: Option<&'a Path>,
}

/// Moves the key into `keys/gnupg` of the staged site, and returns the setting `seal.openpgp`.
/// `place` is where the site will be.
pub(super) fn translate(
    old: &OldSettings,
    sources: &KeySources<'_>,
    staging: &Path,
    place: &Path,
    site: &mut NewSite,
    report: &mut Report,
) -> Option<Yaml> {
    let at = At::file(old.file("CERT_KEY_ID"));
    let named = old.text("CERT_KEY_ID");
    if named.as_deref().is_some_and(|id| id.trim().is_empty()) {
        report.translated(
            at,
            "CERT_KEY_ID",
            "empty: nothing was signed, and there were no verify pages; new certificates are sealed, \
             signed with a key of the new site, and have pages",
        );
        return None;
    }
    let new_key = "new certificates are signed with a key of the new site";
    if sources.home.is_none() && sources.file.is_none() {
        report.person(
            at,
            "CERT_KEY_ID",
            format!(
                "the home of gpg is not inside of OLD: name it with --gpg-home, or an exported secret \
                 key with --openpgp-key; until then {new_key}"
            ),
        );
        return None;
    }
    let moved = Gpg::start().and_then(|gpg| gpg.take(named.as_deref(), sources, staging));
    match moved {
        Ok(Moved { fingerprint, public, user_id, passphrase }) => {
            site.add("keys/openpgp.asc", public);
            let mut command = vec!["gpg", "--batch", "--no-tty", "--homedir"];
            let home = place.join("keys/gnupg").display().to_string();
            command.push(&home);
            let file = place.join("keys/openpgp.passphrase").display().to_string();
            if let Some(passphrase) = passphrase {
                site.add_secret("keys/openpgp.passphrase", passphrase);
                command.extend([
                    "--pinentry-mode",
                    "loopback",
                    "--passphrase-file",
                    &file,
                ]);
            }
            command.extend(sign_arguments(&fingerprint));
            report.taken(
                at,
                "CERT_KEY_ID",
                format!(
                    "the key {fingerprint} ({user_id}) goes on signing, through gpg with the home \
                     keys/gnupg; if you move the site, change the path in `seal.openpgp.command`"
                ),
            );
            let command = command.into_iter().map(Yaml::text).collect();
            Some(Yaml::Map(vec![
                ("command".to_owned(), Yaml::List(command)),
                ("key".to_owned(), Yaml::text("keys/openpgp.asc")),
            ]))
        }
        Err(why) => {
            report.person(at, "CERT_KEY_ID", format!("{why}: until then {new_key}"));
            None
        }
    }
}

/// A key that was moved.
struct Moved {
    fingerprint: String,
    public: Vec<u8>,
    user_id: String,
    /// The file with the passphrase, as it was when the key was tried with it.
    passphrase: Option<Vec<u8>>,
}

/// A secret key that gpg lists.
struct SecretKey {
    fingerprint: String,
    user_id: String,
}

/// The program gpg, with a folder for its work.
struct Gpg {
    work: tempfile::TempDir,
}

impl Gpg {
    fn start() -> Result<Self, String> {
        let version = Command::new("gpg").arg("--version").output();
        if !version.is_ok_and(|it| it.status.success()) {
            return Err("gpg is not installed, so the key could not be moved".to_owned());
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix("tm-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o700));
        }
        let work =
            builder.tempdir().map_err(|error| format!("no folder for gpg ({error})"))?;
        Ok(Self { work })
    }

    fn take(
        &self,
        named: Option<&str>,
        sources: &KeySources<'_>,
        staging: &Path,
    ) -> Result<Moved, String> {
        let home = self.work.path();
        let passphrase = sources.passphrase.map(read_named).transpose()?;
        let file = home.join("passphrase");
        if let Some(bytes) = &passphrase {
            // gpg reads what the site gets, and not the file a second time.
            fs::write(&file, bytes)
                .map_err(|error| format!("no passphrase for gpg ({error})"))?;
        }
        let secret_file = passphrase.as_ref().map(|_| file.as_path());
        match (sources.file, &sources.home) {
            (Some(file), _) => {
                run(home, secret_file, &["--import"], &read_named(file)?)?;
            }
            (None, Some(old)) => copy_home(old.path(), home)?,
            (None, None) => return Err("there is no key".to_owned()),
        }
        let keys = secret_keys(home)?;
        let SecretKey { fingerprint, user_id } = choose(keys, named)?;
        let public = run(home, None, &["--armor", "--export", &fingerprint], &[])?;
        let secret = ["--export-secret-keys", &fingerprint];
        let secret = run(home, secret_file, &secret, &[]).map_err(|why| {
            format!("the secret key cannot be exported ({why}); give --passphrase-file")
        })?;
        let new = staging.join("keys/gnupg");
        make_home(&new).map_err(|error| format!("no home for gpg ({error})"))?;
        let imported = run(&new, secret_file, &["--import"], &secret)
            .and_then(|_| run(&new, secret_file, &sign_arguments(&fingerprint), TRIAL))
            .and_then(|signature| check_trial(&public, &fingerprint, &signature));
        stop(&new);
        stop(home);
        match imported {
            Ok(()) => Ok(Moved { fingerprint, public, user_id, passphrase }),
            Err(why) => {
                // What is left of the key goes, so that the site has no key that it does not use.
                let _ = fs::remove_dir_all(&new);
                Err(why)
            }
        }
    }
}

/// Checks that the key is one that this program can check, and that it made the trial signature.
fn check_trial(public: &[u8], fingerprint: &str, signature: &[u8]) -> Result<(), String> {
    let keys = PgpKey::from_armor(public).map_err(|it| it.to_string())?;
    let key = keys.into_iter().find(|key| key.fingerprint() == fingerprint);
    let key = key.ok_or("the key is of a kind that is not supported")?;
    if key.public().is_none() {
        return Err("the key is of a kind or a size that is not supported".to_owned());
    }
    match ForeignSignature::read(signature) {
        Some(signature) if signature.is_of(&key, TRIAL) => Ok(()),
        _ => Err(format!(
            "a signature of gpg for trial was not made by the key {fingerprint}"
        )),
    }
}

/// How gpg signs as the old program did: with the key of a fingerprint.
fn sign_arguments(fingerprint: &str) -> [&str; 6] {
    ["--armor", "--digest-algo", "SHA512", "--detach-sign", "-u", fingerprint]
}

/// The key that the old settings name. An id of eight digits is looked for at the end of fingerprints.
fn choose(keys: Vec<SecretKey>, named: Option<&str>) -> Result<SecretKey, String> {
    let count = keys.len();
    let id = named.map(|id| {
        let id = id.trim().to_uppercase();
        id.strip_prefix("0X").unwrap_or(&id).replace(' ', "")
    });
    let Some(id) = id else {
        let mut keys = keys.into_iter();
        let only = keys.next().filter(|_| count == 1);
        let only = only.filter(|key| !key.fingerprint.ends_with(PUBLIC_DUMMY));
        return only.ok_or_else(|| {
            format!("CERT_KEY_ID is not set, and the home of gpg has {count} secret keys")
        });
    };
    if id.ends_with(PUBLIC_DUMMY) {
        return Err(format!(
            "{id} is the dummy key whose private part is public: anyone can sign with it, so it was \
             not taken"
        ));
    }
    if id.len() < 8 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(format!("`{id}` is no id of a key"));
    }
    let others: Vec<String> = keys.iter().map(|key| key.fingerprint.clone()).collect();
    let mut found = keys.into_iter().filter(|key| key.fingerprint.ends_with(&id));
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(key),
        (Some(_), Some(_)) => Err(format!("several secret keys have the id {id}")),
        (None, _) => Err(format!(
            "the home of gpg has no secret key {id}; it has {}, with which the old program signed \
             without saying so",
            if others.is_empty() { "none".to_owned() } else { others.join(", ") }
        )),
    }
}

fn secret_keys(home: &Path) -> Result<Vec<SecretKey>, String> {
    let listed =
        run(home, None, &["--with-colons", "--fingerprint", "--list-secret-keys"], &[])?;
    let mut keys: Vec<SecretKey> = Vec::new();
    let mut expects = false;
    for line in String::from_utf8_lossy(&listed).lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let field = |at: usize| fields.get(at).copied().unwrap_or_default().to_owned();
        match field(0).as_str() {
            "sec" => expects = true,
            "fpr" if expects => {
                let key = SecretKey { fingerprint: field(9), user_id: String::new() };
                keys.push(key);
                expects = false;
            }
            "uid" => {
                if let Some(key) = keys.last_mut().filter(|key| key.user_id.is_empty()) {
                    key.user_id = field(9);
                }
            }
            _ => {}
        }
    }
    Ok(keys)
}

/// Runs gpg, which reads `input` and asks nothing.
fn run(
    home: &Path,
    passphrase: Option<&Path>,
    arguments: &[&str],
    input: &[u8],
) -> Result<Vec<u8>, String> {
    let mut command = Command::new("gpg");
    command.args(["--batch", "--no-tty", "--yes", "--no-options", "--homedir"]).arg(home);
    command.args(["--pinentry-mode", "loopback"]);
    match passphrase {
        Some(file) => {
            command.arg("--passphrase-file").arg(file);
        }
        None => {
            command.args(["--passphrase", ""]);
        }
    }
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let failed = |error: std::io::Error| format!("gpg cannot be run ({error})");
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_vec();
        std::thread::spawn(move || {
            // If gpg does not read, its exit code says why.
            let _ = stdin.write_all(&input);
        });
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("gpg failed");
    Err(last.trim().to_owned())
}

/// Ends the agent that gpg started for a home.
fn stop(home: &Path) {
    let _ = Command::new("gpgconf")
        .arg("--homedir")
        .arg(home)
        .args(["--kill", "gpg-agent"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

fn make_home(path: &Path) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// Copies the rings and keys of a home of gpg: no sockets, no links, no settings.
fn copy_home(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |path: &Path, error: std::io::Error| {
        format!("{}: cannot be copied ({error})", path.display())
    };
    let (mut copied, mut bytes) = (0, 0);
    let mut copy = |from: PathBuf, to: PathBuf| -> Result<(), String> {
        let metadata = fs::symlink_metadata(&from).ok().filter(|it| it.is_file());
        let Some(metadata) = metadata else { return Ok(()) };
        (copied, bytes) = (copied + 1, bytes + metadata.len());
        if copied > MAX_HOME_FILES || bytes > MAX_HOME_BYTES {
            return Err("the home of gpg has more files than one has".to_owned());
        }
        fs::copy(&from, to).map_err(|error| failed(&from, error))?;
        Ok(())
    };
    for name in ["pubring.gpg", "pubring.kbx", "secring.gpg", "trustdb.gpg"] {
        copy(from.join(name), to.join(name))?;
    }
    let private = from.join("private-keys-v1.d");
    if fs::symlink_metadata(&private).is_ok_and(|it| it.is_dir()) {
        let target = to.join("private-keys-v1.d");
        make_home(&target).map_err(|error| failed(&target, error))?;
        for entry in
            fs::read_dir(&private).map_err(|error| failed(&private, error))?.flatten()
        {
            copy(entry.path(), target.join(entry.file_name()))?;
        }
    }
    Ok(())
}
