//! The identity of a store: which id secret it belongs to.
//!
//! Takes the two stores and an [`IdSecret`]; tells whether they belong together. Both stores have a
//! mark that is derived from the secret, in a file that is created once and never replaced, so that
//! two machines with different secrets cannot both issue into one store. The decision: a store
//! without a mark that has certificates belongs to the secret that derives the ids of one of them.

use serde::{Deserialize, Serialize};

use crate::base::digits::KeyedDigest;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::path::StorePath;
use crate::register::certificates::Register;
use crate::register::paths;
use crate::register::snapshot::Snapshot;
use crate::register::store::{CreateOutcome, Store, StoreFile};
use crate::site::id_secret::IdSecret;

/// The most snapshots that are read to find one that shows the secret of the store.
const MAX_SNAPSHOTS: usize = 1_000;

/// The file of a store that says to which secret it belongs.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StoreMark {
    /// The version of the file: 1.
    schema: u32,
    /// The mark. The secret cannot be guessed from it.
    id_secret: KeyedDigest,
}

impl StoreMark {
    fn of(secret: &IdSecret) -> Self {
        Self { schema: 1, id_secret: secret.derive("store", &[]) }
    }

    fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("it has string keys");
        json.push('\n');
        json
    }
}

impl Register {
    /// Checks that the stores belong to a secret. Nothing is written. Returns whether both carry
    /// its mark.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: a store belongs to another secret, or it has certificates of which none
    /// tells to which. Else what the stores fail with.
    pub(crate) fn check_identity(&self, secret: &IdSecret) -> Result<bool> {
        let own = StoreMark::of(secret);
        let public = has_mark(&*self.public, &own)?;
        let private = has_mark(&*self.private, &own)?;
        if !public && !private {
            self.check_unmarked(secret)?;
        }
        Ok(public && private)
    }

    /// Checks that both stores belong to one secret, as far as both say to which.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: they belong to two. Else what the stores fail with.
    #[cfg(feature = "cli")]
    pub(crate) fn check_marks(&self) -> Result<()> {
        let path = StorePath::parse(paths::STORE_MARK)?;
        let Some(bytes) = self.private.read(&path)? else { return Ok(()) };
        has_mark(&*self.public, &read_mark(&bytes)?).map(drop)
    }

    /// Whether one of the stores has a mark, a certificate, or the request of one.
    ///
    /// # Errors
    /// What the stores fail with.
    #[cfg(feature = "cli")]
    pub(crate) fn has_identity(&self) -> Result<bool> {
        let mut found = false;
        for store in [&self.public, &self.private] {
            let listed = store.list(None, &mut |path| {
                let path = path.as_str();
                found |= path == paths::STORE_MARK
                    || paths::record_id(path).is_some()
                    || paths::is_snapshot(path);
                if found { Err(enough()) } else { Ok(()) }
            });
            if found {
                return Ok(true);
            }
            listed?;
        }
        Ok(false)
    }

    /// Marks the stores as those of a secret, once it is known that they are.
    ///
    /// # Errors
    /// As [`check_identity`](Self::check_identity).
    pub(crate) fn mark(&self, secret: &IdSecret) -> Result<()> {
        if self.check_identity(secret)? {
            return Ok(());
        }
        let (own, path) = (StoreMark::of(secret), StorePath::parse(paths::STORE_MARK)?);
        let json = own.to_json();
        for store in [&self.private, &self.public] {
            let file = StoreFile::new(&path, json.as_bytes());
            // Another machine may have written its mark first, with this secret or another.
            if store.create(&file)? == CreateOutcome::Exists && !has_mark(&**store, &own)?
            {
                return Err(foreign(&**store));
            }
        }
        Ok(())
    }

    /// Checks stores without a mark, as releases before the mark left them: the ids of one of their
    /// certificates must be those of the secret.
    fn check_unmarked(&self, secret: &IdSecret) -> Result<()> {
        let mut found: Option<Snapshot> = None;
        let mut read = 0;
        let mut failed = None;
        let listed = self.private.list(None, &mut |path| {
            if !paths::is_snapshot(path.as_str()) {
                return Ok(());
            }
            read += 1;
            match self.read_snapshot(&path) {
                Ok(snapshot) => found = found.take().or(snapshot),
                Err(error) => failed = Some(error),
            }
            if found.is_some() || read >= MAX_SNAPSHOTS { Err(enough()) } else { Ok(()) }
        });
        let ended_early = found.is_some() || read >= MAX_SNAPSHOTS;
        if !ended_early {
            listed?;
        }
        if let Some(snapshot) = found {
            let ids = snapshot.award.ids(secret, snapshot.record.edition);
            return if ids.verify == snapshot.record.id {
                Ok(())
            } else {
                Err(foreign(&*self.private))
            };
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let mut has_records = false;
        let folder = StorePath::parse(paths::CERTIFICATES)?;
        let listed = self.public.list(Some(&folder), &mut |path| {
            has_records |= paths::record_id(path.as_str()).is_some();
            if has_records { Err(enough()) } else { Ok(()) }
        });
        if has_records {
            let message = format!(
                "{} has certificates, and {} has none of their requests: nothing tells to which \
                 id secret they belong",
                self.public, self.private
            );
            return Err(Error::new(ErrorKind::Key, message).with_help(
                "put the files of the private store back from a copy, or publish into an empty \
                 folder or bucket",
            ));
        }
        listed
    }
}

/// Whether a store carries this mark; not if it carries none.
///
/// # Errors
/// [`ErrorKind::Key`]: it carries another one. [`ErrorKind::Syntax`]: its file is no mark.
fn has_mark(store: &dyn Store, own: &StoreMark) -> Result<bool> {
    let path = StorePath::parse(paths::STORE_MARK)?;
    let Some(bytes) = store.read(&path)? else { return Ok(false) };
    if read_mark(&bytes)? == *own { Ok(true) } else { Err(foreign(store)) }
}

fn read_mark(bytes: &[u8]) -> Result<StoreMark> {
    serde_json::from_slice(bytes).map_err(|cause| {
        Error::caused(ErrorKind::Syntax, "this is no mark of a store", cause)
            .at(Place::file(paths::STORE_MARK))
            .with_help("put the file back from a copy of the store")
    })
}

/// The error for a store of another secret.
fn foreign(store: &dyn Store) -> Error {
    let message = format!("{store} belongs to another id secret");
    Error::new(ErrorKind::Key, message).with_help(
        "put `id.secret` back from a copy of the keys (testamur key restore): with another secret \
         each recipient would get a second certificate, and those of revoked ones would be valid; \
         a new site needs a store of its own",
    )
}

/// The error that ends a listing once enough was found.
fn enough() -> Error {
    Error::new(ErrorKind::Io, "enough was listed")
}
