//! What a caller allows an issue service to do to a certificate that was issued before.

/// What issuing may do when the award of a request has an edition already.
///
/// By default a request with other facts than the current edition's makes the next edition, even if
/// an older edition had the same facts, and a revoked certificate stays revoked. Facts are what the
/// page prints; how it looks counts only with `replace`.
///
/// The first row that applies to a request counts:
///
/// | the request | default | `cautious` | `replace` |
/// |---|---|---|---|
/// | has the id of a message that was done | unchanged or stale | unchanged or stale | unchanged or stale |
/// | has the facts of the current edition, and looks the same | unchanged | unchanged | unchanged |
/// | has the facts of the current edition, and looks otherwise | unchanged | unchanged | next edition |
/// | says when it was made, and is newer | next edition | next edition | next edition |
/// | says when it was made, and is not newer | stale | stale | next edition |
/// | has other facts | next edition | [`ErrorKind::Exists`] | next edition |
///
/// [`ErrorKind::Exists`]: crate::ErrorKind::Exists
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct IssueOptions {
    /// Makes the next edition whenever the facts or the appearance differ from the current
    /// edition's, also when the request is older than the current edition.
    ///
    /// Set it when the caller knows that the request is right and the current edition is not:
    /// `--replace` on the command line, for a list that was corrected, or for certificates that are
    /// to show another scan, layout or address.
    pub replace: bool,
    /// Issues the next edition of a certificate that was revoked or whose recipient was erased. The
    /// revoked edition stays revoked. Without it such a request fails, unless it is newer than a
    /// revocation that was itself requested with a time.
    ///
    /// Set it when the operator has decided that a revocation was a mistake: `--reissue` on the
    /// command line. A request that is older than the revocation is stale even so.
    pub reissue: bool,
    /// Refuses other facts with an error, unless `replace` is set or the request says when it was
    /// made.
    ///
    /// Set it for lists, where a line may be older than a correction that was made since and must
    /// not undo it.
    pub cautious: bool,
}

impl IssueOptions {
    /// Sets whether other facts or another appearance always make the next edition.
    pub fn with_replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }

    /// Sets whether a revoked or erased certificate is issued again.
    pub fn with_reissue(mut self, reissue: bool) -> Self {
        self.reissue = reissue;
        self
    }

    /// Sets whether other facts are refused.
    pub fn with_cautious(mut self, cautious: bool) -> Self {
        self.cautious = cautious;
        self
    }
}
