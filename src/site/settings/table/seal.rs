//! The settings of the seal: the TSA, and where the keys are.

use crate::site::settings::setting::SettingDefault::{Required, Unset, Value, Words};
use crate::site::settings::setting::SettingForm::{
    Boolean, Choice, Command, Deadline, File, Other, Text, Url,
};
use crate::site::settings::setting::{Setting, SettingForm};

pub(super) const SETTINGS: &[Setting] = &[
    Setting::file(
        "seal.archive",
        Boolean,
        Value("false"),
        "Whether each PDF has a field for an archive timestamp, so that its seal can be raised to PAdES B-LTA.",
    ),
    Setting::file(
        "seal.crl_days",
        SettingForm::range(1, 3650),
        Words("396, or 31 where an agent runs"),
        "How many days a new revocation list (CRL) of the site's own root is valid. `issue`, `agent` and `key` renew it.",
    ),
    Setting::file(
        "seal.tsa.url",
        Url,
        Required,
        "The address of the TSA (RFC 3161). Without `tsa` there are no timestamp tokens.",
    ),
    Setting::file(
        "seal.tsa.roots",
        File,
        Unset,
        "The PEM file of the TSA's trusted roots, with which its tokens are verified.",
    ),
    Setting::file(
        "seal.tsa.deadline",
        Deadline { max: 600.0 },
        Value("10"),
        "How long the TSA may take to answer.",
    ),
    Setting::file(
        "seal.pdf.key",
        File,
        Unset,
        "The PEM file of the private key that seals PDFs. Without `pdf` it is the one in `keys/`.",
    ),
    Setting::file(
        "seal.pdf.command",
        Command,
        Unset,
        "A command that signs, in place of `key`: it writes the signature to its standard output.",
    ),
    Setting::file(
        "seal.pdf.module",
        File,
        Unset,
        "The PKCS #11 module (library) of the token that holds the key, in place of `key`. The PIN stands in `pin_file` or in `TESTAMUR_PKCS11_PIN`.",
    ),
    Setting::file(
        "seal.pdf.token",
        Text,
        Words("required with `module`"),
        "The token's label.",
    ),
    Setting::file(
        "seal.pdf.key_label",
        Text,
        Words("any: the token has one private key"),
        "The label of the key in the token.",
    ),
    Setting::file(
        "seal.pdf.key_id",
        Other("hexadecimal digits"),
        Words("any"),
        "The id of the key in the token.",
    ),
    Setting::file(
        "seal.pdf.pin_file",
        File,
        Unset,
        "The file that holds the PIN of the token's user alone.",
    ),
    Setting::file(
        "seal.pdf.chain",
        File,
        Required,
        "The PEM file of the key's X.509 certificate, then of its issuers.",
    ),
    Setting::file(
        "seal.pdf.input",
        Choice(&["message", "digest"]),
        Value("message"),
        "What the command reads on its standard input.",
    ),
    Setting::file(
        "seal.pdf.deadline",
        Deadline { max: 600.0 },
        Value("20"),
        "How long the command may take.",
    ),
    Setting::file(
        "seal.openpgp.command",
        Command,
        Required,
        "A command that reads a file and writes its detached signature. Without `openpgp` the key in `keys/` signs.",
    ),
    Setting::file(
        "seal.openpgp.key",
        File,
        Required,
        "The file of the public key in ASCII armor.",
    ),
    Setting::file(
        "seal.openpgp.deadline",
        Deadline { max: 600.0 },
        Value("20"),
        "How long the command may take.",
    ),
];
