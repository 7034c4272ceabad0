//! EU DSS, the European Commission's own validator of PAdES seals: many files in one call, without
//! a network.
//!
//! `tests/judges/dss/Judge.java` calls it by its default policy.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use testamur::Timestamp;

use super::{java, run};

/// A PDF, and what DSS is to know besides.
#[derive(Debug, Clone)]
pub(crate) struct Case(OsString);

/// What DSS says of one seal.
#[derive(Debug, Clone)]
pub(crate) struct Opinion {
    /// Such as `PAdES-BASELINE-B`.
    pub(crate) level: String,
    /// `TOTAL_PASSED`, or such as `INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND`.
    pub(crate) indication: String,
    /// The common name in the signer's certificate.
    pub(crate) signed_by: String,
    /// Whether a later revision changed what the pages show, or any object that is neither
    /// validation data nor a field of a signature.
    pub(crate) is_altered: bool,
    /// Its errors and warnings, each after its key in DSS's own messages.
    pub(crate) messages: Vec<String>,
}

impl Case {
    pub(crate) fn new(pdf: &Path) -> Self {
        Self(pdf.as_os_str().to_owned())
    }

    /// Trusts the certificates in a file, PEM or DER.
    pub(crate) fn root(self, file: &Path) -> Self {
        self.with("root=", file)
    }

    /// Hands over a revocation list, DER.
    pub(crate) fn crl(self, file: &Path) -> Self {
        self.with("crl=", file)
    }

    /// Judges as of that time.
    pub(crate) fn at(self, time: Timestamp) -> Self {
        self.with("at=", Path::new(&time.unix().to_string()))
    }

    fn with(mut self, key: &str, value: &Path) -> Self {
        self.0.push("\t");
        self.0.push(key);
        self.0.push(value);
        self
    }
}

/// What DSS says of each case: its opinion of each seal in the file, in their order, or the reason
/// why it cannot read the file.
pub(crate) fn judge(cases: &[Case]) -> Vec<Result<Vec<Opinion>, String>> {
    let folder = super::new_folder();
    let list = folder.path().join("cases.tsv");
    let lines: Vec<&[u8]> = cases.iter().map(|case| case.0.as_encoded_bytes()).collect();
    std::fs::write(&list, [lines.join(&b"\n"[..]), b"\n".to_vec()].concat()).unwrap();

    let program: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/dss/Judge.java");
    let output =
        run(java("dss").arg(program).stdin(Stdio::from(File::open(&list).unwrap())));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "EU DSS: {complaint}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = printed.lines().map(answer).collect();
    assert_eq!(answers.len(), cases.len(), "EU DSS: {printed}{complaint}");
    answers
}

fn answer(line: &str) -> Result<Vec<Opinion>, String> {
    let answer: Value = serde_json::from_str(line).unwrap();
    if let Some(error) = answer["error"].as_str() {
        return Err(error.to_owned());
    }
    Ok(answer["signatures"].as_array().unwrap().iter().map(opinion).collect())
}

fn opinion(signature: &Value) -> Opinion {
    let text = |key: &str| signature[key].as_str().unwrap_or_default().to_owned();
    let indication = match signature["sub_indication"].as_str() {
        Some(reason) => format!("{}/{reason}", text("indication")),
        None => text("indication"),
    };
    let messages = signature["messages"].as_array().unwrap();
    Opinion {
        level: text("level"),
        indication,
        signed_by: text("signed_by"),
        is_altered: signature["altered"].as_bool().unwrap(),
        messages: messages.iter().map(|it| it.as_str().unwrap().to_owned()).collect(),
    }
}
