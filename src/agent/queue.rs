//! Where requests come from and answers go to.
//!
//! A [`Queue`] leases [`Delivery`]s: the agent that receives one performs its [`Task`],
//! then calls [`ack`](Queue::ack) with an [`Answer`]. Each request is handed out at least
//! once, and may be handed out again after it was done: ids of certificates follow from
//! the request, so that doing it again changes nothing.

mod answer;
#[cfg(feature = "redis")]
mod avro;
mod contract;
mod delivery;
#[cfg(feature = "redis")]
pub(crate) mod event;
mod json;
mod memory;
mod open;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "http", feature = "redis"))]
mod sought;
#[cfg(feature = "xqueue")]
pub(crate) mod xqueue;

pub use self::answer::{Answer, IssuedPage};
pub use self::contract::{Depth, LeaseState, Queue};
pub use self::delivery::{Correlation, Delivery, Revocation, Target, Task};
pub use self::memory::{AnsweredRequest, MemoryQueue};
pub use self::open::open;
#[cfg(feature = "redis")]
pub use self::open::{open_batch, open_kept};
#[cfg(feature = "redis")]
pub use self::redis::{
    BatchResult, FoundEntries, KeptEntry, KeptRequests, QueuedBatch, RedisQueue, Replay,
    Unfinished,
};
#[cfg(any(feature = "http", feature = "redis"))]
pub use self::sought::Sought;
#[cfg(feature = "xqueue")]
pub use self::xqueue::XQueue;
