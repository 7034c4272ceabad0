//! The studio: what it shows, what it saves, who may use it, and the jobs that it is for.

mod browser; // The page in Chromium: types and accessibility
mod designing; // Jobs of a designer: a picture as background, slots, a signature, broken files
mod hostile; // Other pages, other names of this machine, and paths that lead elsewhere
mod issuing; // The job of a secretary, from a spreadsheet to an archive
mod layout; // The slots of a layout in the text of its file
mod page; // Shared: the page in Chromium, and the steps of its users
mod people; // Recipients files, runs and the register
mod running; // Shared: a studio that runs, and a client
mod site; // Preview, files, new sites, read only
