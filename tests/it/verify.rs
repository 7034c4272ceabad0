//! The verifier: one corpus of files that are made here, and every judge of them.

mod agreement; // In how many files the judges agree, and why they do not: the tables of the docs
mod beside; // What lies beside a PDF, and what was done to it: its signature, a list, encryption
mod bounds; // Files that are made to take long or much memory
mod corpus; // The files: issued, changed, forged, foreign
mod foreign; // Files that other programs sealed: the test data of pyHanko and of EU DSS
mod forge; // Changes by someone who knows the code, but has no key
mod issuers; // What the certificates above a seal allow, and what their lists say
mod judged; // The program, the library, the page and outside programs on each file
mod outside; // pyHanko, pdfsig, EU DSS, gpg and sqv, each with a word for a file
mod program; // What the program asks, says and exits with
