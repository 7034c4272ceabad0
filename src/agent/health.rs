//! Whether stores and queues answer, and when that is worth a line in the log.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::base::error::{Error, ErrorKind};

/// Whether what is needed is there, as far as its last answer tells. The worse it gets the more is
/// said, and nothing twice.
#[derive(Debug, Default)]
pub(super) struct Health(AtomicU8);

impl Health {
    const WELL: u8 = 0;
    const AWAY: u8 = 1;
    /// It is there and does not let us: somebody must mend it.
    const REFUSED: u8 = 2;

    pub(super) fn is_well(&self) -> bool {
        self.0.load(Ordering::Relaxed) == Self::WELL
    }

    /// It answered: whether that is news.
    pub(super) fn answers(&self) -> bool {
        self.0.swap(Self::WELL, Ordering::Relaxed) != Self::WELL
    }

    /// It failed: whether that is news.
    pub(super) fn fails(&self, error: &Error) -> bool {
        let ill = match error.kind() {
            ErrorKind::QueueRefused | ErrorKind::StoreRefused => Self::REFUSED,
            _ => Self::AWAY,
        };
        self.0.fetch_max(ill, Ordering::Relaxed) < ill
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_news_once_and_a_refusal_amid_it_too() {
        let health = Health::default();
        let [away, refused] =
            [ErrorKind::Queue, ErrorKind::QueueRefused].map(|kind| Error::new(kind, ""));
        assert!(!health.answers() && health.is_well());
        let news = [&away, &away, &refused, &away, &refused].map(|it| health.fails(it));
        assert_eq!(news, [true, false, true, false, false]);
        assert!(!health.is_well());
        assert!(health.answers() && !health.answers() && health.is_well());
        assert!(health.fails(&refused));
    }
}
