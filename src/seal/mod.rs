//! Cryptography: keys, X.509, CMS, OpenPGP, PDF revisions, timestamps; sealing a PDF, and verifying one.
//!
//! - **Takes**: PDF bytes, a private key or a [`Signer`], and certificates as PEM.
//! - **Gives**: [`Sealed`] from [`Sealer::seal`]; [`Verification`] from [`verify()`].
//! - **Imports**: `base`.
//!
//! A seal is a PAdES baseline signature (ETSI EN 319 142-1) in a revision of its own, and a detached
//! OpenPGP signature (RFC 9580) over the whole file. All mathematics is done by `ring`.

pub(crate) mod cms;
pub(crate) mod key;
pub(crate) mod openpgp;
pub(crate) mod pdf;
pub(crate) mod pem;
pub(crate) mod sealer;
pub(crate) mod signer;
pub(crate) mod verify;
pub(crate) mod x509;

pub use self::key::{Algorithm, PrivateKey, PublicKey};
pub use self::openpgp::{DetachedSignature, PgpCommand, PgpIdentity, PgpKey, PgpSigner};
#[cfg(feature = "tsa")]
pub use self::sealer::Http;
pub use self::sealer::{Network, Sealed, Sealer};
pub use self::signer::{CommandSigner, Identity, Signer, SignerInput};
pub use self::verify::{
    PadesLevel, RevisionKind, SealReport, SignatureReport, SignerReport, TimestampReport,
    Trust, Verdict, Verification, verify,
};
pub use self::x509::X509;
