//! The parts that every answer needs: the program around the studio, the site, and the pictures
//! that were drawn.

use std::sync::Arc;

use super::host::StudioHost;
use super::pictures::Pictures;
use super::readings::Readings;
use super::workspace::Workspace;
use crate::base::date::Date;
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::press::Press;

/// The site of a studio, with what is kept of it.
#[derive(Debug)]
pub(super) struct StudioContext {
    pub(super) host: Arc<dyn StudioHost>,
    pub(super) workspace: Workspace,
    /// The pictures whose addresses were given to pages.
    pub(super) pictures: Pictures,
    /// How the files of people were read.
    pub(super) readings: Readings,
}

impl StudioContext {
    pub(super) fn new(host: Arc<dyn StudioHost>) -> Self {
        let workspace = Workspace::new(host.clone());
        let readings = Readings::new(host.folder());
        Self { host, workspace, pictures: Pictures::default(), readings }
    }

    /// The current time, with its date where the site is.
    ///
    /// # Errors
    /// As [`StudioHost::clock`].
    pub(super) fn clock(&self, press: &Press) -> Result<(Timestamp, Date)> {
        self.host.clock(press.settings().timezone.as_deref())
    }
}
