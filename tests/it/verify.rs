//! The verifier: one corpus of files that are made here, and every judge of them.

mod bounds; // Files that are made to take long or much memory
mod corpus; // The files: issued, changed, forged, foreign
mod forge; // Changes by someone who knows the code, but has no key
mod issuers; // What the certificates above a seal allow, and what their lists say
mod judged; // The program, the library, the page and outside programs on each file
mod program; // What the program asks, says and exits with
