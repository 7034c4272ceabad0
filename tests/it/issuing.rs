//! Certificates that stay: issued, superseded, revoked, erased, interrupted.

mod awards; // Who gets one, who gets another, and who the same again
pub(crate) mod bench; // What they share: an issuer over stores that can be looked into
mod hostile; // Names, titles and reasons that would like to be more than text
mod interrupted; // A store that fails, a process that is killed, two at once
mod ordered; // Requests that say when they were made, in any order
mod program; // The commands, from a new site to an erased person
