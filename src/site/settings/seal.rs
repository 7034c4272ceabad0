//! What an operator sets about keys and seals.
//!
//! ```yaml
//! keys: keys                # the folder of keys
//! seal:
//!   archive: true           # reserve a field for an archive time stamp
//!   tsa: { url: "https://tsa.example.org/", roots: tsa.pem, deadline: 10 }
//!   pdf:                    # a key that lives elsewhere: a file …
//!     key: /run/secrets/seal.pem
//!     chain: seal.pem
//!   openpgp:                # … or a command
//!     command: [gpg, --batch, --armor, --digest-algo, SHA512, --detach-sign, -u, FINGERPRINT]
//!     key: openpgp.asc
//! ```

use std::time::Duration;

use crate::base::error::ErrorKind;
use crate::base::yaml::{Faults, Fields, Node};
use crate::seal::keys::SignerInput;

/// The longest time that a command or an authority may be given, in seconds.
const LONGEST: f64 = 600.0;
/// How long an authority may take unless set.
const DEFAULT_TSA_DEADLINE: Duration = Duration::from_secs(10);
/// How long a command may.
const COMMAND_DEADLINE: Duration = Duration::from_secs(20);

/// How a site seals. All of it has a default: the keys in the folder `keys`, no time stamps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SealSettings {
    /// The key that seals PDFs, if it is not in the folder of keys.
    pub pdf: Option<PdfKeySettings>,
    /// The command that signs beside them, if the key is not in the folder of keys.
    pub openpgp: Option<PgpSettings>,
    /// Who is asked for time stamps.
    pub tsa: Option<TsaSettings>,
    /// Whether a field for an archive time stamp is reserved.
    pub archive: bool,
}

/// A time-stamp authority.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TsaSettings {
    /// Its address.
    pub url: String,
    /// The PEM file of the roots that vouch for it, in the site.
    pub roots: Option<String>,
    /// How long it may take; 10 seconds unless set.
    pub deadline: Duration,
}

/// A key for PDFs that lives elsewhere. Files are looked for in the site.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PdfKeySettings {
    /// In a PEM file.
    File {
        /// The private key.
        key: String,
        /// Its certificate, then its issuers.
        chain: String,
    },
    /// Behind a command.
    Command {
        /// What to run.
        command: CommandLine,
        /// What it reads.
        input: SignerInput,
        /// The certificate of its key, then its issuers.
        chain: String,
    },
}

/// A command that makes OpenPGP signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PgpSettings {
    /// What to run.
    pub command: CommandLine,
    /// The armoured public key, in the site.
    pub key: String,
}

/// A command, which is started without a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandLine {
    /// The program.
    pub program: String,
    /// Its arguments. No secret belongs among them: everybody on the machine can see them.
    pub arguments: Vec<String>,
    /// How long it may take; 20 seconds unless set.
    pub deadline: Duration,
}

impl SealSettings {
    /// The same with another authority.
    pub fn with_tsa(mut self, tsa: TsaSettings) -> Self {
        self.tsa = Some(tsa);
        self
    }

    /// The same, with or without a field for an archive time stamp.
    pub fn with_archive(mut self, archive: bool) -> Self {
        self.archive = archive;
        self
    }

    /// Reads the value of `seal`.
    pub(super) fn read(node: Node<'_>, faults: &mut Faults) -> Self {
        let mut settings = Self::default();
        let known = ["archive", "tsa", "openpgp", "pdf"];
        let Some(fields) = node.fields(&known, faults) else { return settings };
        if let Some(node) = fields.get("archive") {
            settings.archive = faults
                .keep(node.one_of(&["true", "false"]))
                .is_some_and(|text| text == "true");
        }
        if let Some(node) = fields.get("tsa")
            && let Some(fields) = node.fields(&["deadline", "roots", "url"], faults)
        {
            settings.tsa = tsa(fields, faults);
        }
        if let Some(node) = fields.get("pdf")
            && let Some(fields) =
                node.fields(&["chain", "command", "deadline", "input", "key"], faults)
        {
            settings.pdf = pdf(node, fields, faults);
        }
        if let Some(node) = fields.get("openpgp")
            && let Some(fields) = node.fields(&["command", "deadline", "key"], faults)
        {
            let command = command(fields, faults);
            let key = text(fields, "key", faults);
            settings.openpgp =
                command.zip(key).map(|(command, key)| PgpSettings { command, key });
        }
        settings
    }
}

impl TsaSettings {
    /// The authority at that address.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), roots: None, deadline: DEFAULT_TSA_DEADLINE }
    }
}

fn tsa(fields: Fields<'_>, faults: &mut Faults) -> Option<TsaSettings> {
    let url = fields.required("url", faults)?;
    let text = faults.keep(url.text())?;
    if !["http://", "https://"].iter().any(|scheme| text.starts_with(scheme)) {
        let fault = url.fault(ErrorKind::InvalidValue, format!("`{text}` is no address"));
        faults.push(fault.with_help("write it like `https://tsa.example.org/`"));
    }
    let roots = fields.get("roots").and_then(|node| faults.keep(node.text()));
    Some(TsaSettings {
        url: text.to_owned(),
        roots: roots.map(str::to_owned),
        deadline: deadline(fields, DEFAULT_TSA_DEADLINE, faults),
    })
}

fn pdf(
    node: Node<'_>,
    fields: Fields<'_>,
    faults: &mut Faults,
) -> Option<PdfKeySettings> {
    let chain = text(fields, "chain", faults)?;
    match (fields.get("key"), fields.get("command")) {
        (Some(key), None) => {
            let key = faults.keep(key.text())?.to_owned();
            Some(PdfKeySettings::File { key, chain })
        }
        (None, Some(_)) => {
            let input = fields
                .get("input")
                .and_then(|node| faults.keep(node.one_of(&["message", "digest"])));
            let input = match input {
                Some("digest") => SignerInput::Digest,
                _ => SignerInput::Message,
            };
            let command = command(fields, faults)?;
            Some(PdfKeySettings::Command { command, input, chain })
        }
        _ => {
            faults.push(
                node.fault(
                    ErrorKind::InvalidValue,
                    "a key is either in a file or behind a command",
                )
                .with_help("give `key` or `command`, one of them"),
            );
            None
        }
    }
}

fn command(fields: Fields<'_>, faults: &mut Faults) -> Option<CommandLine> {
    let node = fields.required("command", faults)?;
    let mut words = Vec::new();
    for word in faults.keep(node.items())? {
        words.push(faults.keep(word.text())?.to_owned());
    }
    if words.is_empty() {
        faults.push(node.fault(ErrorKind::InvalidValue, "a command without a program"));
        return None;
    }
    let program = words.remove(0);
    let deadline = deadline(fields, COMMAND_DEADLINE, faults);
    Some(CommandLine { program, arguments: words, deadline })
}

fn text(fields: Fields<'_>, key: &str, faults: &mut Faults) -> Option<String> {
    let node = fields.required(key, faults)?;
    faults.keep(node.text()).map(str::to_owned)
}

fn deadline(fields: Fields<'_>, usual: Duration, faults: &mut Faults) -> Duration {
    let Some(node) = fields.get("deadline") else { return usual };
    match faults.keep(node.positive()) {
        Some(seconds) if seconds <= LONGEST => Duration::from_secs_f64(seconds),
        Some(seconds) => {
            let message = format!("`deadline: {seconds}` is more than {LONGEST} seconds");
            faults.push(node.fault(ErrorKind::InvalidValue, message));
            usual
        }
        None => usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> crate::base::error::Result<SealSettings> {
        let fields = text.trim().replace('\n', ", ");
        let settings = format!("seal: {{ {fields} }}");
        crate::site::settings::Settings::parse(settings.as_bytes()).map(|read| read.seal)
    }

    #[test]
    fn everything_set() {
        let settings = read(
            "archive: true\n\
             tsa: { url: 'https://tsa.example.org/', roots: tsa.pem, deadline: 2.5 }\n\
             pdf: { command: [hsm, --slot, '1'], input: digest, chain: seal.pem }\n\
             openpgp: { command: [gpg, --detach-sign], key: openpgp.asc, deadline: 3 }\n",
        )
        .unwrap();
        assert!(settings.archive);
        assert_eq!(settings.tsa.unwrap().deadline, Duration::from_millis(2500));
        assert!(matches!(
            settings.pdf,
            Some(PdfKeySettings::Command { input: SignerInput::Digest, .. })
        ));
        assert_eq!(settings.openpgp.unwrap().command.arguments, ["--detach-sign"]);
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        for (text, words) in [
            ("archive: yes\n", "unknown value"),
            ("tsa: { url: tsa.example.org }\n", "is no address"),
            ("tsa: { roots: a.pem }\n", "url"),
            ("pdf: { chain: a.pem }\n", "either in a file or behind a command"),
            ("pdf: { chain: a.pem, key: b.pem, command: [x] }\n", "either"),
            ("openpgp: { command: [], key: a.asc }\n", "without a program"),
            ("openpgp: { command: [x], key: a.asc, deadline: 9999 }\n", "more than 600"),
            ("pdff: {}\n", "pdff"),
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.to_string().contains(words), "{text}: {fault}");
            assert_eq!(fault.place().and_then(|place| place.line), Some(1), "{text}");
        }
    }
}
