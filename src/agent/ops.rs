//! Operating an agent: what is measured and watched, reloading, the webhook, and the shutdown.
//!
//! Each part keeps one subject and knows no thread; [`status`] collects them into the readiness and
//! the metrics page.

pub(super) mod availability;
pub(super) mod health;
pub(super) mod metrics;
pub(super) mod probe;
pub(super) mod reload;
pub(super) mod shutdown;
pub(super) mod status;
pub(super) mod webhook;

pub use self::webhook::Webhook;
