//! The certification path (RFC 5280, 6) from a certificate to a trust anchor.

use super::certificate::X509;
use crate::base::timestamp::Timestamp;

/// The largest number of certificates in a path. It also ends chains that form a circle.
const MAX_PATH_LEN: usize = 8;
/// The largest number of signatures checked for one path: a file may hold chains that branch often.
const MAX_CHECKS: usize = 32;

/// A certificate and its issuers, up to and including a trust anchor.
#[derive(Debug, Clone)]
pub(crate) struct CertificationPath<'a>(Vec<&'a X509>);

impl<'a> CertificationPath<'a> {
    /// Finds a path from `leaf` through `others` to one of `anchors`. Every signature in it is
    /// checked, and every issuer is allowed to issue. The leaf may be an anchor itself.
    pub(crate) fn find(
        leaf: &'a X509,
        others: &'a [X509],
        anchors: &'a [X509],
    ) -> Option<Self> {
        let mut search = Search { path: vec![leaf], others, anchors, checks: 0 };
        search.reaches_anchor().then_some(Self(search.path))
    }

    /// The certificates: the leaf, then its issuers, up to the anchor.
    pub(crate) fn certificates(&self) -> &[&'a X509] {
        &self.0
    }

    /// The trust anchor, with which the path ends.
    pub(crate) fn anchor(&self) -> &'a X509 {
        self.0[self.0.len() - 1]
    }

    /// Whether every certificate of the path is valid at that time.
    pub(crate) fn is_valid_at(&self, time: Timestamp) -> bool {
        self.0.iter().all(|certificate| certificate.is_valid_at(time))
    }
}

/// A depth-first search for a path.
struct Search<'a> {
    path: Vec<&'a X509>,
    others: &'a [X509],
    anchors: &'a [X509],
    checks: usize,
}

impl Search<'_> {
    /// Extends the path to an anchor; leaves it as it was if it cannot.
    fn reaches_anchor(&mut self) -> bool {
        let Some(&last) = self.path.last() else { return false };
        if self.anchors.contains(last) && self.constraints_hold() {
            return true;
        }
        if self.path.len() == MAX_PATH_LEN {
            return false;
        }
        for issuer in self.anchors.iter().chain(self.others) {
            if self.path.contains(&issuer)
                || !last.names(issuer)
                || !self.may_issue(issuer)
            {
                continue;
            }
            self.checks += 1;
            if self.checks > MAX_CHECKS {
                return false;
            }
            if last.is_signed_by(issuer) {
                self.path.push(issuer);
                if self.reaches_anchor() {
                    return true;
                }
                self.path.pop();
            }
        }
        false
    }

    /// Whether each issuer allows what is below it.
    fn constraints_hold(&self) -> bool {
        let issuers = self.path.iter().enumerate().skip(1);
        issuers.into_iter().all(|(at, issuer)| issuer.allows(&self.path[..at]))
    }

    /// Whether that certificate may be the next issuer in the path.
    fn may_issue(&self, issuer: &X509) -> bool {
        // The CAs between this issuer and the leaf.
        let intermediates = self.path.len() - 1;
        issuer.is_ca()
            && issuer
                .path_len_constraint()
                .is_none_or(|max| intermediates <= usize::from(max))
            && !issuer.has_unknown_critical_extension()
    }
}
