//! Issued certificates: repeated, superseded, revoked, erased, interrupted.

mod awards; // New, unchanged and superseding editions, revocation and erasure
mod batches; // Certificates that are published and synced together
mod changes; // Certificates revoked twice, corrected, erased as a chain
mod damaged; // Damaged, old, foreign stores, and ones that are not mounted, as the commands meet them
mod editions; // When a request makes the next edition: facts, appearance, messages, corrected names
mod grades; // Grades on the scale of their course
mod hostile; // Names, titles and reasons with markup and template code
mod identity; // One id secret for a store, and the backup of keys
mod interrupted; // Failing stores and concurrent issue services
mod large; // A register of a million, made by a script
mod memory; // Keys and stores in memory, and what a builder lacks
mod ordered; // Requests with `requested_at`, delivered in any order
mod program; // The commands, from a new site to an erased recipient
mod publishing; // Where a site publishes, and which files there are
mod queries; // `list` and `find`, and the index by which they answer
pub(crate) mod restore; // A lost public or private side
pub(crate) mod setup; // Shared setup: an issue service over folders that tests can read
mod strays; // Files of killed runs, of another site, of another register, and what was published elsewhere
