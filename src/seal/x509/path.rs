//! From a certificate up to one that is trusted.

use super::X509;
use crate::base::timestamp::Timestamp;

/// More than any chain has, and an end for chains that lead in circles.
const LONGEST: usize = 8;
/// Signatures that are checked for one path at most: chains may be made to branch without end.
const MAX_CHECKS: usize = 100;

/// A certificate and its issuers up to an anchor, which is its last member.
#[derive(Debug, Clone)]
pub(crate) struct Path<'a>(Vec<&'a X509>);

impl<'a> Path<'a> {
    /// The way from `leaf` through `others` to one of `anchors`, every signature on it checked and
    /// every issuer allowed to issue; none if there is none. The leaf may be an anchor itself.
    pub(crate) fn find(
        leaf: &'a X509,
        others: &'a [X509],
        anchors: &'a [X509],
    ) -> Option<Self> {
        let mut search = Search { way: vec![leaf], others, anchors, checks: 0 };
        search.climb().then_some(Self(search.way))
    }

    /// The first member that is not valid at that moment.
    pub(crate) fn invalid_at(&self, moment: Timestamp) -> Option<&'a X509> {
        self.0.iter().copied().find(|cert| !cert.is_valid_at(moment))
    }
}

struct Search<'a> {
    way: Vec<&'a X509>,
    others: &'a [X509],
    anchors: &'a [X509],
    checks: usize,
}

impl Search<'_> {
    fn climb(&mut self) -> bool {
        let Some(&top) = self.way.last() else { return false };
        if self.anchors.contains(top) {
            return true;
        }
        if self.way.len() == LONGEST {
            return false;
        }
        for issuer in self.anchors.iter().chain(self.others) {
            if self.way.contains(&issuer) || !self.may_issue(issuer) {
                continue;
            }
            self.checks += 1;
            if self.checks > MAX_CHECKS {
                return false;
            }
            if top.is_signed_by(issuer) {
                self.way.push(issuer);
                if self.climb() {
                    return true;
                }
                self.way.pop();
            }
        }
        false
    }

    fn may_issue(&self, issuer: &X509) -> bool {
        // The authorities between this issuer and the leaf.
        let between = self.way.len() - 1;
        issuer.is_ca()
            && issuer.path_length().is_none_or(|most| between <= usize::from(most))
            && !issuer.critical_unknown()
    }
}
