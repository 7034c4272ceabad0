//! The studio: a local web page in which certificates are designed, previewed and issued.
//!
//! - **Takes**: a [`StudioHost`], which is the program around it: the clock, the folder of the site, the
//!   keys and stores.
//! - **Gives**: a [`Studio`], which serves its page to a browser on the same machine.
//! - **Imports**: every module above `agent`.
//!
//! The decisions made in it:
//!
//! - It listens on the loopback interface alone, under an address with a random token, and answers only
//!   requests that name this address as their host and come from no other page.
//! - It is a server of its own on `hyper`, not the HTTP API of `agent`: that one has a bearer token in
//!   place of a browser's rules, and brings the queues with it. Both use the same crates.
//! - What is previewed is the site as it lies on the disk, with the unsaved texts of the page over it.
//!   Nothing is written before the user saves.
//! - The page is plain HTML, CSS and ES modules in `page/`, without a build step.

mod answer;
mod api;
mod assets;
mod call;
mod columns;
mod context;
mod course;
mod events;
mod files;
mod findings;
mod guard;
mod host;
mod language;
mod layout;
mod people;
mod pictures;
mod preview;
mod readings;
mod register;
mod run;
mod server;
mod state;
mod stream;
mod watch;
mod workspace;
mod yaml_edit;

pub use self::host::{Issuing, NewSite, StudioHost};
pub use self::server::{Studio, StudioOptions};
