//! PKCS #11: a key that never leaves its token, an HSM or a smart card.
//!
//! - **Takes**: the maker's module, the labels of a token and its key, and the PIN.
//! - **Gives**: [`Pkcs11Signer`], an implementation of [`Signer`](crate::seal::Signer).
//!
//! A signer logs in once and keeps its session for all its signatures. If the session is lost,
//! because the token went away or its service was started anew, it opens another. A PIN that the
//! token refuses is not tried again, because a few wrong ones lock a token.

mod key;
mod module;
mod session;

use std::fmt;
use std::sync::{Mutex, PoisonError};

use der::Encode;
use der::asn1::UintRef;
use zeroize::Zeroizing;

pub use self::key::Pkcs11Key;
use self::session::{Lost, OpenError, OpenKey};
use crate::base::error::{Error, ErrorKind, Result};
use crate::seal::keys::{Algorithm, PublicKey, Signer};

/// Signs with a key in a token behind a PKCS #11 module.
pub struct Pkcs11Signer {
    key: Pkcs11Key,
    pin: Zeroizing<String>,
    public: PublicKey,
    state: Mutex<State>,
}

/// The state of a signer.
enum State {
    Closed,
    Open(OpenKey),
    /// The token refused the PIN, with this message.
    Refused(String),
}

impl Pkcs11Signer {
    /// Opens the token, logs in and finds the key, whose signatures `public` checks. The PIN is
    /// empty for a token that takes it on a keypad of its own.
    ///
    /// ```no_run
    /// use testamur::seal::{Pkcs11Key, Pkcs11Signer, X509};
    ///
    /// let key = Pkcs11Key::new("/usr/lib/softhsm/libsofthsm2.so", "seals").with_label("seal");
    /// let certificate = X509::from_pem(&std::fs::read("seal.pem")?)?.remove(0);
    /// let pin = std::fs::read_to_string("/run/secrets/pin")?;
    /// let signer = Pkcs11Signer::open(key, pin.trim_end(), certificate.key()?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::MissingFile`]: there is no such module. [`ErrorKind::Key`]: the file is no PKCS
    /// #11 module; the token has no such key, or one that cannot seal; or it refuses the PIN.
    /// [`ErrorKind::Signer`]: the token is not there, or fails.
    pub fn open(key: Pkcs11Key, pin: &str, public: PublicKey) -> Result<Self> {
        if public.algorithm() == Algorithm::Ed25519 {
            return Err(Error::new(
                ErrorKind::Key,
                "a key in a token seals with RSA, P-256 or P-384, not with Ed25519",
            ));
        }
        let open = OpenKey::open(&key, pin, public.algorithm())?;
        let pin = Zeroizing::new(pin.to_owned());
        Ok(Self { key, pin, public, state: Mutex::new(State::Open(open)) })
    }

    /// Signs data in the form that the mechanism takes. A session that is lost is opened again,
    /// once.
    fn sign_in_token(&self, data: &[u8]) -> Result<Vec<u8>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(open) = &*state {
            match open.sign(data) {
                Ok(signature) => return Ok(signature),
                Err(Lost::No(error)) => return Err(error),
                Err(Lost::Yes(_)) => {}
            }
        }
        if let State::Refused(message) = &*state {
            return Err(Error::new(ErrorKind::Key, message.clone()));
        }
        // The old session is closed first: it may be the one that a token permits.
        *state = State::Closed;
        let open = OpenKey::open(&self.key, &self.pin, self.public.algorithm());
        let open = open.inspect_err(|error| {
            if let OpenError::Refused(error) = error {
                *state = State::Refused(error.message().to_owned());
            }
        })?;
        let signed = open.sign(data);
        *state = State::Open(open);
        signed.map_err(|lost| match lost {
            Lost::No(error) | Lost::Yes(error) => error,
        })
    }
}

impl Signer for Pkcs11Signer {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let algorithm = self.public.algorithm();
        // The token gets the hash alone: not all tokens hash, and a message may be large.
        let digest = algorithm.hash().of(&[message]);
        let signature = match algorithm {
            Algorithm::Rsa => Some(self.sign_in_token(&[SHA256_INFO, &digest].concat())?),
            _ => to_der(&self.sign_in_token(&digest)?),
        };
        match signature {
            Some(signature) if self.public.verifies(message, &signature) => Ok(signature),
            _ => Err(Error::new(
                ErrorKind::Signer,
                format!("{} made no signature of the certificate's key", self.key),
            )
            .with_help("name the key in the token whose certificate stands in `chain`")),
        }
    }
}

impl fmt::Debug for Pkcs11Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkcs11Signer").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The `DigestInfo` of SHA-256 before the hash (RFC 8017, 9.2, note 1), which PKCS #1 v1.5 pads.
const SHA256_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
    0x01, 0x05, 0x00, 0x04, 0x20,
];

/// An ECDSA signature in DER, from a token's form: r and s, each in half of the bytes.
fn to_der(signature: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = signature.split_at(signature.len() / 2);
    vec![UintRef::new(r).ok()?, UintRef::new(s).ok()?].to_der().ok()
}
