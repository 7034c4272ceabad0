//! Cryptography: keys, X.509, CMS, OpenPGP, PDF revisions, timestamp tokens; sealing and verifying.
//!
//! - **Takes**: PDF bytes, a private key or a [`Signer`], and certificates as PEM.
//! - **Gives**: [`Sealed`] from [`Sealer::seal`]; [`Verification`] from [`verify()`].
//! - **Imports**: `base`.
//!
//! A seal is a PAdES baseline signature (ETSI EN 319 142-1) in a revision of its own; a detached
//! OpenPGP signature (RFC 9580) covers the whole sealed file. `ring` does all mathematics.
//!
//! Each file of this module serves either verifying or sealing. A file for verifying never imports
//! one for sealing: private keys and signers, identities, `write` and `embed`, issuing, requests to
//! a TSA, and the sealer.

mod asn1;
pub(crate) mod cms;
#[cfg(all(feature = "conformance", feature = "seal"))]
pub mod conformance;
#[cfg(feature = "seal")]
pub(crate) mod identity;
pub(crate) mod keys;
pub(crate) mod openpgp;
pub(crate) mod pdf;
pub(crate) mod pem;
#[cfg(feature = "pkcs11")]
pub(crate) mod pkcs11;
#[cfg(feature = "seal")]
pub(crate) mod sealer;
pub(crate) mod timestamp;
pub(crate) mod verify;
pub(crate) mod x509;

#[cfg(feature = "seal")]
pub use self::identity::Identity;
pub use self::keys::{Algorithm, PublicKey, SignerInput};
#[cfg(feature = "seal")]
pub use self::keys::{CommandSigner, PrivateKey, Signer};
#[cfg(feature = "cli")]
pub(crate) use self::openpgp::ForeignSignature;
pub use self::openpgp::{DetachedSignature, PgpKey};
#[cfg(feature = "seal")]
pub use self::openpgp::{HashedFile, PgpCommand, PgpIdentity, PgpSigner};
#[cfg(feature = "pkcs11")]
pub use self::pkcs11::{Pkcs11Key, Pkcs11Signer};
#[cfg(feature = "seal")]
pub use self::sealer::{Sealed, Sealer};
#[cfg(feature = "tsa")]
pub use self::timestamp::BlockingHttpClient;
#[cfg(feature = "seal")]
pub use self::timestamp::HttpClient;
pub use self::verify::{
    AnchorReport, CertificateLink, ForeignSeal, Judgement, PadesLevel, RevisionKind,
    SealReport, SignatureReport, SignerReport, Standing, TimestampReport, Trust, Verdict,
    Verification, verify,
};
pub use self::x509::X509;
pub use crate::base::digits::{CertificateId, PgpFingerprint, Sha256};
