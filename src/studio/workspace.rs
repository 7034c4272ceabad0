//! The site as it lies on the disk, and the press over it, which is kept warm.
//!
//! The decision made here: a change makes a new press that keeps the threads, the fonts and the
//! pictures of the one before, so that the next preview only computes what changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::files::check_texts;
use super::host::StudioHost;
use crate::base::error::{Error, ErrorKind, Result, finding};
use crate::press::Press;
use crate::site::Site;
use crate::site::files::{FileMark, SETTINGS_FILE};

/// Texts that are typed and not saved, by the names of their files.
pub(super) type Overlay = BTreeMap<String, String>;

/// The site of a studio.
#[derive(Debug)]
pub(super) struct Workspace {
    host: Arc<dyn StudioHost>,
    opened: Mutex<Opened>,
    /// The press over the texts that were typed last.
    typed: Mutex<Option<Typed>>,
}

#[derive(Debug, Default)]
struct Opened {
    /// Counts the states of the site.
    generation: u64,
    /// The marks by which a change of its files is noticed; `None` before the first look.
    marks: Option<Result<BTreeMap<String, FileMark>, String>>,
    press: Option<Result<Arc<Press>>>,
    /// The last press that could be made, whose parts the next one keeps.
    last: Option<Arc<Press>>,
}

#[derive(Debug)]
struct Typed {
    generation: u64,
    overlay: Overlay,
    press: Result<Arc<Press>>,
}

impl Workspace {
    pub(super) fn new(host: Arc<dyn StudioHost>) -> Self {
        Self { host, opened: Mutex::default(), typed: Mutex::default() }
    }

    /// Whether the folder is a site.
    pub(super) fn is_site(&self) -> bool {
        self.host.folder().join(SETTINGS_FILE).is_file()
    }

    /// Looks whether the site changed, and returns the number of its state.
    pub(super) fn refresh(&self) -> u64 {
        self.look().generation
    }

    /// The press over the site as it is, with these texts over its files.
    ///
    /// # Errors
    /// The folder is no site; whatever is wrong with its settings, courses and fonts. The overlay has
    /// a name that is not one of a text file.
    pub(super) fn press(&self, overlay: &Overlay) -> Result<Arc<Press>> {
        self.numbered_press(overlay).1
    }

    /// As [`press`](Self::press), with the number of the site's state, from one look.
    pub(super) fn numbered_press(&self, overlay: &Overlay) -> (u64, Result<Arc<Press>>) {
        let opened = self.look();
        let generation = opened.generation;
        if overlay.is_empty() {
            let press = opened.press.clone().unwrap_or_else(|| Err(no_site()));
            return (generation, press);
        }
        let last = opened.last.clone();
        drop(opened);
        (generation, self.typed_press(overlay, generation, last))
    }

    /// The press over the texts that were typed, with the parts of the last one of the site.
    fn typed_press(
        &self,
        overlay: &Overlay,
        generation: u64,
        last: Option<Arc<Press>>,
    ) -> Result<Arc<Press>> {
        check_texts(overlay.keys())?;
        let mut typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(typed) = &*typed
            && typed.generation == generation
            && typed.overlay == *overlay
        {
            return typed.press.clone();
        }
        let last = typed.take().and_then(|typed| typed.press.ok()).or(last);
        let press = self.host.open_site().and_then(|site| {
            let with_text = |site: Site, (name, text): (&String, &String)| {
                site.with_file(name.clone(), text.clone())
            };
            open(overlay.iter().fold(site, with_text), last.as_deref())
        });
        let overlay = overlay.clone();
        *typed = Some(Typed { generation, overlay, press: press.clone() });
        press
    }

    /// The state of the site now.
    fn look(&self) -> MutexGuard<'_, Opened> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let site = if self.is_site() { self.host.open_site() } else { Err(no_site()) };
        let marks = match &site {
            Ok(site) => Ok(site.marks("")),
            Err(error) => Err(format!("{error:#}")),
        };
        if opened.marks.as_ref() == Some(&marks) {
            return opened;
        }
        let press = site.and_then(|site| open(site, opened.last.as_deref()));
        if let Ok(press) = &press {
            opened.last = Some(press.clone());
        }
        opened.marks = Some(marks);
        opened.press = Some(press);
        opened.generation += 1;
        opened
    }
}

/// Opens a press with the parts of another one, if there is one.
fn open(site: Site, last: Option<&Press>) -> Result<Arc<Press>> {
    let press = match last {
        Some(last) => last.reopened(site),
        None => Press::new(site),
    };
    press.map(Arc::new)
}

/// The error for a folder without settings.
fn no_site() -> Error {
    Error::new(ErrorKind::MissingFile, finding!("no_site"))
        .with_help("make a school in it")
}
