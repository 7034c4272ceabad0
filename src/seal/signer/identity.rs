//! A signer with its certificates: who seals.

use std::sync::Arc;

use super::Signer;
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::timestamp::Timestamp;
use crate::seal::key::Algorithm;
use crate::seal::x509::X509;

/// What is signed to find out whether key and certificate are a pair.
const PROBE: &[u8] = b"testamur: is this key the certificate's?";
/// How long before its end a certificate is warned about.
const SOON_DAYS: u64 = 30;

/// Who seals documents: a key, wherever it lives, and the certificates that say whose it is.
#[derive(Debug, Clone)]
pub struct Identity {
    signer: Arc<dyn Signer>,
    /// The leaf first, then its issuers in order.
    chain: Vec<X509>,
}

impl Identity {
    /// Pairs a signer with its certificate chain, the signer's own first, each signed by the next.
    /// Has one message signed, to see that it works.
    ///
    /// # Errors
    /// Everything that is wrong, together. [`ErrorKind::Key`]: an empty or broken chain, a certificate
    /// that is not valid at `now`, is not for documents, or is another key's; Ed25519, which PDF
    /// readers do not know. [`ErrorKind::Signer`]: the signer does not sign.
    pub fn new(
        signer: Arc<dyn Signer>,
        chain: Vec<X509>,
        now: Timestamp,
    ) -> Result<Self> {
        let mut faults = Vec::new();
        match chain.first() {
            None => faults.push(Error::new(ErrorKind::Key, "there is no certificate")),
            Some(leaf) => {
                faults.extend(fitness(leaf, now));
                faults.extend(pairing(&*signer, leaf));
            }
        }
        faults.extend(order(&chain, now));
        Error::join(faults)?;
        Ok(Self { signer, chain })
    }

    /// The certificate of the key that signs.
    pub fn certificate(&self) -> &X509 {
        &self.chain[0]
    }

    /// That certificate, then its issuers.
    pub fn chain(&self) -> &[X509] {
        &self.chain
    }

    /// What will soon be wrong.
    pub fn warnings(&self, now: Timestamp) -> Vec<Warning> {
        let ends = |cert: &&X509| cert.not_after() < now.plus_days(SOON_DAYS);
        let warn = |cert: &X509| {
            let message = format!(
                "the certificate of `{}` ends on {}",
                cert.name(),
                cert.not_after()
            );
            Warning::new(ErrorKind::Key, message)
                .with_help("make or ask for the next one now: testamur key rotate")
        };
        self.chain.iter().filter(ends).map(warn).collect()
    }

    /// The kind of key.
    pub fn algorithm(&self) -> Algorithm {
        self.signer.public().algorithm()
    }

    /// Whether the certificates are valid now, which they were when the identity was made.
    pub(crate) fn check(&self, now: Timestamp) -> Result<()> {
        Error::join(self.chain.iter().filter_map(|cert| validity(cert, now)))
    }

    /// An identity that nobody has checked, to make seals that must not pass.
    #[cfg(test)]
    pub(crate) fn unchecked(signer: Arc<dyn Signer>, chain: Vec<X509>) -> Self {
        Self { signer, chain }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        self.signer.sign(message)
    }
}

fn fitness(leaf: &X509, now: Timestamp) -> Vec<Error> {
    let mut faults: Vec<Error> = validity(leaf, now).into_iter().collect();
    if let Some(why) = leaf.unfit_for_documents() {
        let message = format!("the certificate of `{}` cannot seal ({why})", leaf.name());
        faults.push(Error::new(ErrorKind::Key, message).with_help(
            "ask its issuer for one with the key usage digitalSignature, nonRepudiation",
        ));
    }
    faults
}

fn validity(cert: &X509, now: Timestamp) -> Option<Error> {
    let (message, help) = if cert.not_after() < now {
        let message = format!(
            "the certificate of `{}` expired on {}",
            cert.name(),
            cert.not_after()
        );
        (message, "put the renewed one in its place, or run: testamur key rotate")
    } else if cert.not_before() > now {
        let message = format!(
            "the certificate of `{}` is not valid before {}",
            cert.name(),
            cert.not_before()
        );
        (message, "set this machine's clock, or wait")
    } else {
        return None;
    };
    Some(Error::new(ErrorKind::Key, message).with_help(help))
}

/// Whether the key is the certificate's: first by what they say, then by a signature.
fn pairing(signer: &dyn Signer, leaf: &X509) -> Option<Error> {
    let key = match leaf.key() {
        Ok(key) => key,
        Err(fault) => return Some(fault),
    };
    if key.algorithm() == Algorithm::Ed25519 {
        return Some(
            Error::new(ErrorKind::Key, "PDF readers do not know Ed25519 seals")
                .with_help("use P-256, P-384 or RSA for the PDF"),
        );
    }
    let strangers = || {
        Error::new(
            ErrorKind::Key,
            format!("the key does not belong to the certificate of `{}`", leaf.name()),
        )
        .with_help("put the key and its own certificate side by side, the leaf first")
    };
    if *signer.public() != key {
        return Some(strangers());
    }
    match signer.sign(PROBE) {
        Ok(signature) if key.verifies(PROBE, &signature) => None,
        Ok(_) => Some(strangers()),
        Err(fault) => Some(fault),
    }
}

/// Whether each certificate is signed by the next.
fn order(chain: &[X509], now: Timestamp) -> Vec<Error> {
    let mut faults = Vec::new();
    for (cert, issuer) in chain.iter().zip(chain.iter().skip(1)) {
        if !cert.is_signed_by(issuer) || !issuer.is_ca() {
            let message = format!(
                "`{}` is not issued by the next, `{}`",
                cert.name(),
                issuer.name()
            );
            faults.push(Error::new(ErrorKind::Key, message).with_help(
                "order the chain: the leaf, its issuer, that one's issuer, …",
            ));
        }
        faults.extend(validity(issuer, now));
    }
    faults
}
