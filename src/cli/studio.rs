//! `testamur studio`: serves the local web page, and opens it in the browser.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use crate::press::Press;
use crate::register::{Index, IndexLocation, Stores};
use crate::site::Site;
use crate::studio::{Issuing, NewSite, Studio, StudioHost, StudioOptions};
use crate::{Date, Error, ErrorKind, Timestamp};

use super::args::{SealingArguments, SiteArguments, StudioArguments};
use super::batch::StopSignal;
use super::exit::{CommandOutcome, Failure};
use super::{clock, console, context, issue, new};

pub(crate) fn run(
    site: &SiteArguments,
    studio: &StudioArguments,
) -> Result<CommandOutcome, Failure> {
    let folder = studio.folder.as_ref().or(site.folder.as_ref());
    let folder = folder.cloned().unwrap_or_else(|| PathBuf::from("."));
    let host = Program {
        site: SiteArguments { folder: Some(folder.clone()), fonts: site.fonts.clone() },
        folder,
        sealing: studio.sealing.clone(),
        index_in_memory: studio.read_only.then(Mutex::default),
    };
    let options =
        StudioOptions::default().with_port(studio.port).with_read_only(studio.read_only);
    let page = Studio::open(Arc::new(host), &options)?;
    let stop = StopSignal::listen(|| console::print_message("the studio ends"))?;
    // On standard output, so that a script can read it.
    console::print_result(page.address());
    // Every user of the machine can read the command line of a browser.
    if !studio.no_open && !open_browser(&page.start_address()?) {
        console::print_note("no browser could be opened: open the address above in one");
    }
    console::print_note("the studio runs on this machine alone; Ctrl-C ends it");
    page.serve(|| stop.is_set())?;
    Ok(CommandOutcome::Done)
}

/// The program as the studio sees it.
#[derive(Debug)]
struct Program {
    site: SiteArguments,
    folder: PathBuf,
    sealing: SealingArguments,
    /// The index of a read-only studio, with the location that it stands for.
    index_in_memory: Option<Mutex<Option<(IndexLocation, Index)>>>,
}

impl StudioHost for Program {
    fn clock(&self, timezone: Option<&str>) -> crate::Result<(Timestamp, Date)> {
        clock::read(timezone).map_err(error)
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn open_site(&self) -> crate::Result<Site> {
        context::open_site(&self.site).map_err(error)
    }

    fn create_site(&self, wish: &NewSite) -> crate::Result<()> {
        new::create(&self.folder, &wish.name, Some(&wish.url), &wish.language)
            .map_err(error)
    }

    fn open_issuer(&self, press: &Arc<Press>) -> crate::Result<Issuing> {
        context::check_address(press, false).map_err(error)?;
        let (service, keys) =
            issue::open_issuer(&self.site, None, &self.sealing, press).map_err(error)?;
        Ok(Issuing { service, keys })
    }

    fn open_index(&self, press: &Press) -> crate::Result<Option<Index>> {
        context::check_address(press, false).map_err(error)?;
        let stores = Stores::open(press.settings(), &self.folder)?;
        let Some(location) = IndexLocation::of(press.settings(), &self.folder) else {
            return Ok(None);
        };
        let in_memory =
            || Index::in_memory(stores.public.clone(), stores.private.clone());
        let Some(kept) = &self.index_in_memory else {
            let index = context::open_index(&self.site, press.settings(), &stores);
            // A site that has issued nothing has no folder for the index yet.
            return Ok(
                index.map(|index| if index.has_place() { index } else { in_memory() })
            );
        };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, index)) = &*kept
            && *of == location
        {
            return Ok(Some(index.clone()));
        }
        let index = in_memory();
        *kept = Some((location, index.clone()));
        Ok(Some(index))
    }
}

/// A failure of the program as an error of the library: its help is a part of its own again.
fn error(failure: Failure) -> Error {
    let Failure { message, is_retryable, .. } = failure;
    let kind = if is_retryable { ErrorKind::Store } else { ErrorKind::InvalidValue };
    match message.split_once("\nhelp: ") {
        Some((message, help)) => Error::new(kind, message).with_help(help),
        None => Error::new(kind, message),
    }
}

/// Opens an address as the desktop does. Returns whether something was started.
fn open_browser(address: &str) -> bool {
    let (program, arguments): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("rundll32", &["url.dll,FileProtocolHandler"]),
        _ => ("xdg-open", &[]),
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(address);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().is_ok()
}
