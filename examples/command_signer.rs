//! Seals with a key that this process never sees: a command signs, here `openssl dgst`. The command
//! of an HSM or of a cloud's key service is used alike.
//!
//! Writes a sealed PDF. The certificate says that its key may sign documents.
//!
//! ```sh
//! openssl ecparam -name prime256v1 -genkey -noout -out key.pem
//! openssl req -x509 -new -key key.pem -subj '/O=Example University/CN=Example University' \
//!     -days 365 -addext keyUsage=critical,digitalSignature,nonRepudiation -out certificate.pem
//! cargo run --release --example command_signer -- key.pem certificate.pem sealed.pdf
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program has arguments, a clock and output; the library has none"
)]

use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;
use std::{env, fs};

use testamur::press::DraftOptions;
use testamur::seal::{CommandSigner, Identity, Sealer, X509};
use testamur::{Press, Request, Site, Timestamp};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [key, certificate, output] = &arguments[..] else {
        return Err("usage: command_signer KEY.pem CERTIFICATE.pem OUTPUT.pdf".into());
    };
    let now = Timestamp::try_from(SystemTime::now())?;

    let chain = X509::from_pem(&fs::read(certificate)?)?;
    let command = ["dgst", "-sha256", "-sign", key].map(str::to_owned);
    let signer = CommandSigner::new("openssl", command.to_vec(), chain[0].key()?);
    // The pair is tested here, with one signature, and not at the first certificate.
    let sealer = Sealer::new(Identity::new(Arc::new(signer), chain, now)?);

    let press = Press::new(Site::demo())?;
    let course = press.courses().iter().next().ok_or("there is no course")?;
    let request = Request::new(&course.id, "Ada Lovelace")?;
    let options = DraftOptions::default().with_specimen(false);
    let draft = press.draft_with(&request, now.date(), &options)?;
    let sealed = sealer.seal(&draft.bytes, now)?;
    sealed.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    fs::write(output, &sealed.bytes)?;
    println!("{output}: PAdES {}", sealed.level.as_str());
    Ok(())
}
