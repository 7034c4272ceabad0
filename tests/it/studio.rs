//! The studio: what it shows, what it saves, who may use it, and the jobs that it is for.

mod browser; // The page in Chromium: types, accessibility, and whole jobs
mod hostile; // Other pages, other names of this machine, and paths that lead elsewhere
mod people; // Recipients files, runs and the register
mod running; // Shared: a studio that runs, and a client
mod site; // Preview, files, new sites, read only
