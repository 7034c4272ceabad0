//! The trait that every queue implements, and what its methods return: the state of a
//! lease, and the depth of the queue.

use std::fmt;
use std::time::Duration;

use super::answer::Answer;
use super::delivery::Delivery;
use crate::base::error::{Error, Result};

/// Hands out requests, and takes their answers.
///
/// All methods take `&self` and block; several threads may receive at once, and several agents from
/// one queue. Each call returns within a bounded time. After an error that is
/// [retryable](Error::is_retryable) the queue can be used again, and the same call may be repeated.
///
/// The errors of all methods: [`ErrorKind::Queue`](crate::ErrorKind::Queue) if the queue cannot be
/// reached now, [`ErrorKind::QueueRefused`](crate::ErrorKind::QueueRefused) if the operator has to
/// mend something. A queue over a store has the store's kinds instead.
pub trait Queue: fmt::Debug + Send + Sync {
    /// Checks that the queue can be used: that it is reached, lets the agent in, and has what the
    /// settings name.
    ///
    /// # Errors
    /// See [`Queue`].
    fn check(&self) -> Result<()>;

    /// Returns the next request, leased for [`lease`](Self::lease), or none if none comes within
    /// `wait`.
    ///
    /// # Errors
    /// See [`Queue`].
    fn receive(&self, wait: Duration) -> Result<Option<Delivery>>;

    /// Extends the lease of a delivery, where the queue can, and returns its state.
    ///
    /// # Errors
    /// See [`Queue`].
    fn extend_lease(&self, delivery: &Delivery) -> Result<LeaseState>;

    /// Answers a delivery and removes its request from the queue. After an error the same call may
    /// be repeated.
    ///
    /// # Errors
    /// See [`Queue`].
    fn ack(&self, delivery: &Delivery, answer: &Answer) -> Result<LeaseState>;

    /// Returns a request to the queue without an answer. It is handed out again once `after` has
    /// passed, or the lease if that is shorter.
    ///
    /// # Errors
    /// See [`Queue`].
    fn nack(&self, delivery: &Delivery, after: Duration) -> Result<()>;

    /// Sets how often the request of a delivery in hand counts as handed out. A queue
    /// that does not count does nothing.
    ///
    /// # Errors
    /// See [`Queue`]; the previous number may then still count.
    fn set_attempts(&self, _delivery: &Delivery, _attempts: u32) -> Result<()> {
        Ok(())
    }

    /// Answers a delivery with the error `why` and sets its request aside, never to be handed out
    /// again.
    ///
    /// # Errors
    /// See [`Queue`].
    fn dead_letter(&self, delivery: &Delivery, why: &Error) -> Result<LeaseState>;

    /// Returns how much there is to do, or none if the queue does not tell.
    ///
    /// # Errors
    /// See [`Queue`].
    fn depth(&self) -> Result<Option<Depth>>;

    /// Returns how long a request that was received is kept from other agents.
    fn lease(&self) -> Duration;
}

/// Whether the caller still holds a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeaseState {
    /// The caller holds the lease, or held it until this call.
    Held,
    /// The lease has run out: the request was handed out again, or another agent has answered it.
    Lost,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Depth {
    /// Requests that were not handed out yet, if that is known.
    pub waiting: Option<u64>,
    /// Requests that were handed out and not answered, if that is known.
    pub held: Option<u64>,
    /// How much older the request that was handed out last is than the newest one, if that is
    /// known. A stream that is trimmed by its length loses requests if this grows.
    pub lag: Option<Duration>,
}
