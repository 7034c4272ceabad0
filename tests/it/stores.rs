//! Stores: one contract for all implementations, and failing servers and disks.

#[cfg(feature = "s3")]
mod aws_endpoints; // Local servers in the place of Amazon's endpoints that give keys
pub(crate) mod contract; // The contract of `Store`, run for each implementation
mod folders; // Directories: permissions, replaced files, left-over temporary files
mod memory; // A store in memory
#[cfg(feature = "s3")]
mod s3; // S3 buckets: requests, refusals, lost responses, servers that are down
#[cfg(feature = "s3")]
mod s3_keys; // The keys of a bucket: each road on which Amazon's tools find them
#[cfg(feature = "s3")]
pub(crate) mod s3_server; // An S3 server behind a proxy that can drop requests and responses
