//! Verifies a certificate, and does nothing else: no Typst, no fonts, no pictures, no network.
//!
//! Prints what the verifier found as JSON. Exits with 0 if the file is intact and its seal is by the
//! root, with 1 if not, and with 2 if it is called wrongly. It does not ask whether the certificate
//! was revoked: that only the issuer knows.
//!
//! ```sh
//! cargo run --release --example verify -- Certificate.pdf root.pem
//! ```
//!
//! The package in `examples/verify/` builds this very file with few dependencies:
//! `cargo run --release --manifest-path examples/verify/Cargo.toml -- Certificate.pdf root.pem`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a program has arguments, a clock and output; the library has none"
)]

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::SystemTime;
use std::{env, fs, io};

use testamur::Timestamp;
use testamur::seal::{Trust, X509, verify};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [pdf, root] = &arguments[..] else {
        eprintln!("usage: verify CERTIFICATE.pdf ROOT.pem");
        return ExitCode::from(2);
    };
    match is_genuine(pdf, root) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Prints the verification of a file, and returns whether it is genuine.
fn is_genuine(pdf: &str, root: &str) -> Result<bool, Box<dyn Error>> {
    let trust = Trust::new().with_roots(X509::from_pem(&fs::read(root)?)?);
    let now = Timestamp::try_from(SystemTime::now())?;
    let found = verify(&fs::read(pdf)?, None, &trust, now);
    // Not `println!`, which panics if the reader of the pipe is gone.
    writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&found)?)?;
    Ok(found.is_genuine())
}
