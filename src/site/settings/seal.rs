//! Settings of `seal`: the keys and the TSA with which certificates are sealed.
//!
//! ```yaml
//! seal:
//!   archive: true           # reserve a field for an archive timestamp
//!   tsa: { url: "https://tsa.example.org/", roots: tsa.pem, deadline: 10 }
//!   pdf:                    # the key is in a file instead of the folder of keys …
//!     key: /run/secrets/seal.pem
//!     chain: seal.pem
//!   openpgp:                # … or behind a command
//!     command: [gpg, --batch, --armor, --digest-algo, SHA512, --detach-sign, -u, FINGERPRINT]
//!     key: openpgp.asc
//! ```

use std::time::Duration;

use crate::base::error::ErrorKind;
use crate::base::hex;
use crate::base::yaml::{Faults, Fields, Node};
use crate::seal::keys::SignerInput;
use crate::site::settings::deadline::read_deadline;
use crate::site::settings::secret::Secret;
use crate::site::settings::setting::Setting;
use crate::site::settings::table;

const CRL_DAYS: &Setting = table::row("seal.crl_days");
const TSA_DEADLINE: &Setting = table::row("seal.tsa.deadline");
const PDF_INPUT: &Setting = table::row("seal.pdf.input");
const PDF_DEADLINE: &Setting = table::row("seal.pdf.deadline");
const OPENPGP_DEADLINE: &Setting = table::row("seal.openpgp.deadline");
/// The keys of `seal.pdf` that only a key in a token has, besides `module`.
const TOKEN_KEYS: [&str; 4] = ["token", "key_label", "key_id", "pin_file"];
/// How long a TSA may take unless set.
const DEFAULT_TSA_DEADLINE: Duration = Duration::from_secs(10);
/// How long a command may take unless set.
const DEFAULT_COMMAND_DEADLINE: Duration = Duration::from_secs(20);

/// How a site seals: `seal` in `testamur.yaml`. Unless set, with the keys in the folder of keys and
/// without timestamp tokens. Paths are relative to the site unless they are absolute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SealSettings {
    /// The key that seals PDFs; that in the folder of keys unless set.
    pub pdf: Option<PdfKeySettings>,
    /// The command that makes detached signatures; the key in the folder of keys unless set.
    pub openpgp: Option<PgpSettings>,
    /// The TSA that issues timestamp tokens; none unless set.
    pub tsa: Option<TsaSettings>,
    /// Whether each PDF has a field for an archive timestamp, so that its seal can be raised to
    /// PAdES B-LTA; not unless set.
    pub archive: bool,
    /// How long a new CRL of the site's own root holds, in days. Unless set, 396 days, or 31 where
    /// an agent runs, which renews it.
    pub crl_days: Option<u64>,
}

/// A timestamping authority (RFC 3161): `seal.tsa`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TsaSettings {
    /// Its address, `http` or `https`. Required.
    pub url: String,
    /// The PEM file of its trusted roots, with which its tokens are verified; none unless set.
    pub roots: Option<String>,
    /// How long it may take to answer, at most 600 seconds; 10 seconds unless set.
    pub deadline: Duration,
}

/// A key that seals PDFs, outside of the folder of keys: `seal.pdf`, with `key`, `command` or `module`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PdfKeySettings {
    /// A key in a file.
    File {
        /// The PEM file of the private key.
        key: String,
        /// The PEM file of its certificate, then of its issuers.
        chain: String,
    },
    /// A key behind a command.
    Command {
        /// The command, which writes the signature to its standard output.
        command: CommandLine,
        /// What the command reads on its standard input: `message` or `digest`; `message` unless
        /// set.
        input: SignerInput,
        /// The PEM file of the certificate of its key, then of its issuers.
        chain: String,
    },
    /// A key in a token behind a PKCS #11 module.
    Token {
        /// Where the key is.
        token: TokenSettings,
        /// The PEM file of the certificate of its key, then of its issuers.
        chain: String,
    },
}

/// A key in a token: `seal.pdf` with `module`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenSettings {
    /// The file of the module that the token's maker installs.
    pub module: String,
    /// The token's label: `token`.
    pub label: String,
    /// The key's label; any unless set.
    pub key_label: Option<String>,
    /// The key's id; any unless set.
    pub key_id: Option<Vec<u8>>,
    /// The PIN of the token's user. The file of settings cannot hold it.
    pub pin: Option<Secret>,
    /// The file that holds the PIN alone, which is read unless `pin` is set.
    pub pin_file: Option<String>,
}

/// A command that makes detached OpenPGP signatures: `seal.openpgp`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PgpSettings {
    /// The command, which reads the file on its standard input and writes the signature to its
    /// standard output.
    pub command: CommandLine,
    /// The file of the public key in ASCII armor.
    pub key: String,
}

/// A command, which is started without a shell: `command` and `deadline`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandLine {
    /// The program.
    pub program: String,
    /// Its arguments. They must not contain a secret, because all users of the machine can see
    /// them.
    pub arguments: Vec<String>,
    /// How long it may take, at most 600 seconds; 20 seconds unless set.
    pub deadline: Duration,
}

impl SealSettings {
    /// Sets the TSA.
    pub fn with_tsa(mut self, tsa: TsaSettings) -> Self {
        self.tsa = Some(tsa);
        self
    }

    /// Sets the PIN of the token that holds the key, if one does.
    pub fn with_pin(mut self, secret: Secret) -> Self {
        if let Some(PdfKeySettings::Token { token, .. }) = &mut self.pdf {
            token.pin = Some(secret);
        }
        self
    }

    /// Sets whether each PDF has a field for an archive timestamp.
    pub fn with_archive(mut self, archive: bool) -> Self {
        self.archive = archive;
        self
    }

    /// Reads the value of `seal`.
    pub(super) fn read(node: Node<'_>, faults: &mut Faults) -> Self {
        let mut settings = Self::default();
        let Some(fields) = node.fields(&table::keys("seal"), faults) else {
            return settings;
        };
        if let Some(node) = fields.get("archive") {
            settings.archive = faults.keep(node.boolean()).unwrap_or_default();
        }
        if let Some(node) = fields.get("crl_days")
            && let Some(text) = faults.keep(node.text())
        {
            let days = CRL_DAYS.whole(text).map_err(|error| node.wrap(error));
            settings.crl_days = faults.keep(days);
        }
        if let Some(node) = fields.get("tsa")
            && let Some(fields) = node.fields(&table::keys("seal.tsa"), faults)
        {
            settings.tsa = read_tsa(fields, faults);
        }
        if let Some(node) = fields.get("pdf")
            && let Some(fields) = node.fields(&table::keys("seal.pdf"), faults)
        {
            settings.pdf = read_pdf_key(node, fields, faults);
        }
        if let Some(node) = fields.get("openpgp")
            && let Some(fields) = node.fields(&table::keys("seal.openpgp"), faults)
        {
            let command = read_command(fields, OPENPGP_DEADLINE, faults);
            let key = read_required_text(fields, "key", faults);
            settings.openpgp =
                command.zip(key).map(|(command, key)| PgpSettings { command, key });
        }
        settings
    }
}

impl TsaSettings {
    /// Creates the settings of the TSA at an address, without roots.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), roots: None, deadline: DEFAULT_TSA_DEADLINE }
    }
}

fn read_tsa(fields: Fields<'_>, faults: &mut Faults) -> Option<TsaSettings> {
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
        deadline: read_deadline(fields, TSA_DEADLINE, DEFAULT_TSA_DEADLINE, faults),
    })
}

fn read_pdf_key(
    node: Node<'_>,
    fields: Fields<'_>,
    faults: &mut Faults,
) -> Option<PdfKeySettings> {
    let chain = read_required_text(fields, "chain", faults)?;
    let token = read_token(fields, faults);
    if fields.get("command").is_none() {
        for key in ["input", "deadline"] {
            if let Some(node) = fields.written(key) {
                let message = format!("`{key}` is valid only with `command`");
                let fault = node.key_span().fault(ErrorKind::InvalidValue, message);
                faults.push(fault.with_help("remove it, or give `command`"));
            }
        }
    }
    match (fields.get("key"), fields.get("command"), fields.get("module")) {
        (Some(key), None, None) => {
            let key = faults.keep(key.text())?.to_owned();
            Some(PdfKeySettings::File { key, chain })
        }
        (None, Some(_), None) => {
            let input = fields
                .get("input")
                .and_then(|node| faults.keep(node.one_of(PDF_INPUT.choices())));
            let input = match input {
                Some("digest") => SignerInput::Digest,
                _ => SignerInput::Message,
            };
            let command = read_command(fields, PDF_DEADLINE, faults)?;
            Some(PdfKeySettings::Command { command, input, chain })
        }
        (None, None, Some(_)) => Some(PdfKeySettings::Token { token: token?, chain }),
        _ => {
            faults.push(
                node.fault(
                    ErrorKind::InvalidValue,
                    "the key is in a file, used by a command, or in a token",
                )
                .with_help("give only one of `key`, `command` and `module`"),
            );
            None
        }
    }
}

/// Reads where a key in a token is; `None` if no module is named.
fn read_token(fields: Fields<'_>, faults: &mut Faults) -> Option<TokenSettings> {
    let text = |key: &str, faults: &mut Faults| {
        let text = fields.get(key).and_then(|node| faults.keep(node.text()));
        text.map(str::to_owned)
    };
    if fields.get("module").is_none() {
        for key in TOKEN_KEYS {
            if let Some(node) = fields.get(key) {
                let message = format!("`{key}` is valid only with `module`");
                let fault = node.fault(ErrorKind::InvalidValue, message);
                faults.push(fault.with_help("name the token's module too: `module`"));
            }
        }
        return None;
    }
    let key_id = fields.get("key_id").and_then(|node| {
        let text = faults.keep(node.text())?;
        let bytes = hex::read_lower(text.to_ascii_lowercase().as_bytes())
            .filter(|bytes| !bytes.is_empty());
        if bytes.is_none() {
            let message = format!("`{text}` is no id of a key");
            let fault = node.fault(ErrorKind::InvalidValue, message);
            faults.push(fault.with_help("write its bytes in hexadecimal digits: '0a1b'"));
        }
        bytes
    });
    Some(TokenSettings {
        module: text("module", faults)?,
        label: read_required_text(fields, "token", faults)?,
        key_label: text("key_label", faults),
        key_id,
        pin: None,
        pin_file: text("pin_file", faults),
    })
}

fn read_command(
    fields: Fields<'_>,
    deadline: &Setting,
    faults: &mut Faults,
) -> Option<CommandLine> {
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
    let deadline = read_deadline(fields, deadline, DEFAULT_COMMAND_DEADLINE, faults);
    Some(CommandLine { program, arguments: words, deadline })
}

fn read_required_text(
    fields: Fields<'_>,
    key: &str,
    faults: &mut Faults,
) -> Option<String> {
    let node = fields.required(key, faults)?;
    faults.keep(node.text()).map(str::to_owned)
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
    fn all_keys_are_read() {
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
    fn wrong_value_is_reported_with_its_line() {
        for (text, words) in [
            ("archive: yes\n", "unknown value"),
            ("tsa: { url: tsa.example.org }\n", "is no address"),
            ("tsa: { roots: a.pem }\n", "url"),
            ("pdf: { chain: a.pem }\n", "in a file, used by a command, or in a token"),
            (
                "pdf: { chain: a.pem, key: b.pem, module: m.so, token: t }\n",
                "in a file, used by a command",
            ),
            ("pdf: { chain: a.pem, module: m.so }\n", "token"),
            ("pdf: { chain: a.pem, module: m.so, token: t, key_id: xyz }\n", "no id"),
            ("pdf: { chain: a.pem, key: b.pem, pin_file: p }\n", "only with `module`"),
            ("pdf: { chain: a.pem, key: b.pem, command: [x] }\n", "in a file"),
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
