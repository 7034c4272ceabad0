//! Issuing on request: queues, an HTTP API, workers, and what an operator watches.
//!
//! - **Takes**: an [`IssueService`](crate::register::IssueService), a [`Queue`], a [`Clock`].
//! - **Gives**: an [`Answer`] for each [`Delivery`], and outcomes for a [`Webhook`].
//! - **Imports**: `base`, `site`, `press`, `register`.
//!
//! A request may be delivered more than once; ids of certificates are derived from
//! requests, so that doing one again changes nothing. A request that can succeed later is
//! returned to its queue; one that cannot is answered with its error. All threads block;
//! the caller gives the clock and says when to stop.

mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod failure;
#[cfg(feature = "http")]
mod http;
mod issue_service;
mod ops;
pub(crate) mod queue;
mod runtime;
mod secret_file;
mod source;
#[cfg(feature = "http")]
mod spool;
#[cfg(feature = "http")]
mod spooled;
mod worker;

pub use self::clock::{Clock, ClockReading};
#[cfg(feature = "http")]
pub use self::http::HttpApi;
pub use self::ops::Webhook;
#[cfg(any(feature = "http", feature = "redis"))]
pub use self::queue::Sought;
#[cfg(feature = "xqueue")]
pub use self::queue::XQueue;
pub use self::queue::{
    Answer, AnsweredRequest, Correlation, Delivery, Depth, IssuedPage, LeaseState,
    MemoryQueue, Queue, Revocation, Target, Task, open as open_queue,
};
#[cfg(feature = "redis")]
pub use self::queue::{
    BatchResult, FoundEntries, KeptEntry, KeptRequests, QueuedBatch, RedisQueue, Replay,
    Unfinished, open_batch, open_kept,
};
pub use self::runtime::{Agent, AgentExit, RunningAgent};
#[cfg(feature = "http")]
pub use self::spooled::{
    FoundRequests, SpooledRequest, remove_spooled, spooled_requests,
};
