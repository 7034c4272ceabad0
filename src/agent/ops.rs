//! Operating an agent: what is measured and watched, reloading, the webhook, and the shutdown.
//!
//! Each part keeps one subject and knows no thread. The parts of the agent set their own metrics and
//! their own reasons in [`readiness`]; none is asked for them.

pub(super) mod availability;
pub(super) mod health;
pub(super) mod metrics;
pub(super) mod probe;
pub(super) mod readiness;
pub(super) mod reload;
pub(super) mod shutdown;
pub(super) mod webhook;

pub use self::webhook::Webhook;
