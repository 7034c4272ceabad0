//! The interface between the studio and the program that runs it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::base::date::Date;
use crate::base::error::Result;
use crate::base::lang::Tag;
use crate::base::timestamp::Timestamp;
use crate::press::Press;
use crate::register::{Index, IssueService};
use crate::site::{PublicKeys, Site};

/// The program that runs a studio: it knows the clock, where the site is, and what its keys and stores
/// are.
pub trait StudioHost: fmt::Debug + Send + Sync {
    /// The current time, with its date in an IANA time zone, or in the machine's if none is given.
    ///
    /// # Errors
    /// The clock cannot be read, or there is no such time zone.
    fn clock(&self, timezone: Option<&str>) -> Result<(Timestamp, Date)>;

    /// The folder of the site, which may not be a site yet.
    fn folder(&self) -> &Path;

    /// Opens the site as it is now.
    ///
    /// # Errors
    /// As [`Site::open`].
    fn open_site(&self) -> Result<Site>;

    /// Makes a site in the folder, which is empty or missing.
    ///
    /// # Errors
    /// The folder has files, or cannot be written.
    fn create_site(&self, new: &NewSite) -> Result<()>;

    /// Opens the issue service with this press.
    ///
    /// # Errors
    /// The keys, the id secret or the stores cannot be used; the site has no address.
    fn open_issuer(&self, press: &Arc<Press>) -> Result<Issuing>;

    /// Opens the index of the site, which needs no keys; `None` if the settings want no index.
    ///
    /// # Errors
    /// The stores cannot be used; the site has no address.
    fn open_index(&self, press: &Press) -> Result<Option<Index>>;
}

/// A site that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewSite {
    /// The name of the organization.
    pub name: String,
    /// The address at which certificates will be verified; `none` if nothing is published.
    pub url: String,
    /// The language of certificates whose course and request name none; English at first.
    pub language: Tag,
}

/// The issue service of a site, and its public keys.
#[derive(Debug)]
pub struct Issuing {
    /// The service.
    pub service: IssueService,
    /// The public parts of its keys.
    pub keys: PublicKeys,
}

impl NewSite {
    /// Creates the description of a new site.
    pub fn new(name: impl Into<String>, url: impl Into<String>) -> Self {
        let language = Tag::parse("en").expect("it is a tag");
        Self { name: name.into(), url: url.into(), language }
    }
}
