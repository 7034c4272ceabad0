//! Stores: one contract, kept by each, and what each does when its world fails.

mod contract; // What every store promises
mod folders; // Modes, links, leftovers
mod memory; // A store in memory
#[cfg(feature = "s3")]
mod s3; // A bucket whose server refuses, stalls, loses answers and comes back
#[cfg(feature = "s3")]
mod server; // An S3 server, and a wire before it that can be cut
