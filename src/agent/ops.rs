//! Operating an agent: what is measured and watched, reloading, the webhook, and the shutdown.
//!
//! Each file here has one subject and starts no thread. The other parts of the agent
//! write their metrics, and in [`readiness`] their reasons for not being ready; nothing
//! here asks them.

pub(super) mod availability;
pub(super) mod health;
pub(super) mod metrics;
pub(super) mod probe;
pub(super) mod readiness;
pub(super) mod reload;
pub(super) mod shutdown;
pub(super) mod webhook;

pub use self::webhook::Webhook;
