//! The keys of a bucket, page by page.
//!
//! Takes a prefix and a function that sends a request; gives each key with its entity tag. The
//! decision made here: if the order does not matter, several ranges of keys are read at the same
//! time, because a page holds a thousand keys and has to wait for the one before it. The ranges
//! follow the first character after the prefix, so that ids are spread over them; other names are
//! found too.

use std::sync::mpsc::{self, SyncSender};
use std::thread;

use super::request::{BucketRequest, BucketResponse, ListRequest};
use super::xml;
use crate::base::error::{Error, ErrorKind, Result};

/// Where the ranges of keys begin: the hexadecimal digits that ids begin with.
const RANGE_STARTS: [&str; 16] =
    ["", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];

/// Sends a request to the bucket.
pub(super) type SendRequest<'a> =
    dyn Fn(BucketRequest) -> Result<BucketResponse> + Sync + 'a;

/// A key that was listed.
pub(super) struct ListedKey {
    pub(super) key: String,
    pub(super) etag: Option<String>,
}

/// One answer: up to a thousand keys.
struct ListPage {
    keys: Vec<ListedKey>,
    /// Where the next page begins; `None` if this one is the last.
    next: Option<String>,
}

/// Calls `found` with each key that begins with `prefix`, one page after the other.
pub(super) fn all(
    prefix: &str,
    send: &SendRequest<'_>,
    found: &mut dyn FnMut(ListedKey) -> Result<()>,
) -> Result<()> {
    let mut request = ListRequest { prefix: prefix.to_owned(), ..ListRequest::default() };
    loop {
        let page = ListPage::of(&send(BucketRequest::List(request.clone()))?)?;
        page.keys.into_iter().try_for_each(&mut *found)?;
        request.token = page.next;
        if request.token.is_none() {
            return Ok(());
        }
    }
}

/// Calls `found` with each key that begins with `prefix`, in any order, and perhaps with some keys
/// twice.
pub(super) fn concurrent(
    prefix: &str,
    send: &SendRequest<'_>,
    found: &mut dyn FnMut(ListedKey) -> Result<()>,
) -> Result<()> {
    let (sender, pages) = mpsc::sync_channel(RANGE_STARTS.len());
    let are_ordered = thread::scope(|scope| {
        for (index, start) in RANGE_STARTS.iter().enumerate() {
            let sender = sender.clone();
            let bound = |start: &str| format!("{prefix}{start}");
            let start = (!start.is_empty()).then(|| bound(start));
            let end = RANGE_STARTS.get(index + 1).map(|end| bound(end));
            scope.spawn(move || {
                let result = range(prefix, start, end.as_deref(), send, &sender);
                // If the receiver is gone, the caller has failed already.
                let _ = sender.send(result);
            });
        }
        drop(sender);
        let mut are_ordered = true;
        // On an error it is dropped, so that the other ranges end too.
        for event in pages {
            match event? {
                RangeEvent::Keys(keys) => keys.into_iter().try_for_each(&mut *found)?,
                RangeEvent::Ended => {}
                RangeEvent::OutOfOrder => are_ordered = false,
            }
        }
        Ok::<_, Error>(are_ordered)
    })?;
    // S3 lists keys in the order of their bytes, but its directory buckets do not. Without that
    // order only a listing from the first page to the last finds every key.
    if are_ordered { Ok(()) } else { all(prefix, send, found) }
}

/// A message from a thread that reads a range.
enum RangeEvent {
    Keys(Vec<ListedKey>),
    Ended,
    /// The keys do not come in the order of their bytes.
    OutOfOrder,
}

/// Reads the keys after `start` up to `end`, and sends them.
fn range(
    prefix: &str,
    start: Option<String>,
    end: Option<&str>,
    send: &SendRequest<'_>,
    sender: &SyncSender<Result<RangeEvent>>,
) -> Result<RangeEvent> {
    let mut last = start.clone().unwrap_or_default();
    let mut request = ListRequest {
        prefix: prefix.to_owned(),
        start_after: start,
        ..ListRequest::default()
    };
    loop {
        let mut page = ListPage::of(&send(BucketRequest::List(request.clone()))?)?;
        for ListedKey { key, .. } in &page.keys {
            if *key <= last {
                return Ok(RangeEvent::OutOfOrder);
            }
            last.clone_from(key);
        }
        let is_in_range = |key: &str| end.is_none_or(|end| key <= end);
        let goes_on = is_in_range(&last);
        page.keys.retain(|listed| is_in_range(&listed.key));
        if sender.send(Ok(RangeEvent::Keys(page.keys))).is_err() {
            return Ok(RangeEvent::Ended);
        }
        request.token = page.next.filter(|_| goes_on);
        if request.token.is_none() {
            return Ok(RangeEvent::Ended);
        }
    }
}

impl ListPage {
    /// Reads a page.
    ///
    /// # Errors
    /// [`ErrorKind::StoreRefused`]: it does not say whether it is the last, or where the next one
    /// begins, or an entry has no key. Then keys would be missing.
    fn of(response: &BucketResponse) -> Result<Self> {
        let page = String::from_utf8_lossy(&response.body);
        let keys = xml::contents(&page, "Contents").map(|listed| {
            let value = |tag| xml::values(listed, tag).next();
            let key = value("Key").ok_or_else(|| unusable("an entry without a `Key`"))?;
            Ok(ListedKey { key, etag: value("ETag") })
        });
        let keys = keys.collect::<Result<_>>()?;
        let next = xml::values(&page, "NextContinuationToken").next();
        let next = match xml::values(&page, "IsTruncated").next().as_deref() {
            Some("true") => {
                let next = next.filter(|token| !token.is_empty());
                let missing = || unusable("a next page without `NextContinuationToken`");
                Some(next.ok_or_else(missing)?)
            }
            Some("false") => None,
            // Some servers leave it out of the last page.
            None if next.is_none() => None,
            _ => return Err(unusable("no usable `IsTruncated`")),
        };
        Ok(Self { keys, next })
    }
}

/// The error for a listing that may lack keys.
fn unusable(what: &str) -> Error {
    let message = format!("failed to list the bucket (its answer has {what})");
    Error::new(ErrorKind::StoreRefused, message)
        .with_help("use a server that answers `ListObjectsV2` as S3 does")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A bucket that answers with pages of ten keys.
    struct Bucket {
        keys: Vec<String>,
        is_ordered: bool,
        pages: AtomicUsize,
    }

    impl Bucket {
        fn new(mut keys: Vec<String>, is_ordered: bool) -> Self {
            keys.sort();
            if !is_ordered {
                keys.reverse();
            }
            Self { keys, is_ordered, pages: AtomicUsize::new(0) }
        }

        fn send(&self, request: BucketRequest) -> Result<BucketResponse> {
            let BucketRequest::List(list) = request else { panic!("only listings") };
            self.pages.fetch_add(1, Ordering::Relaxed);
            let after = list.start_after.filter(|_| self.is_ordered);
            let from = list.token.map_or(0, |token| token.parse().unwrap());
            let behind = |key: &&String| after.as_ref().is_none_or(|after| *key > after);
            let begins = |key: &&String| key.starts_with(&list.prefix);
            let all: Vec<&String> =
                self.keys.iter().filter(behind).filter(begins).collect();
            let page = all.iter().skip(from).take(10);
            let page: String = page
                .map(|key| {
                    format!(
                        "<Contents><Key>{key}</Key><ETag>&quot;e&quot;</ETag></Contents>"
                    )
                })
                .collect();
            let is_truncated = from + 10 < all.len();
            let next = from + 10;
            let xml = format!(
                "<R><IsTruncated>{is_truncated}</IsTruncated>{page}\
                 <NextContinuationToken>{next}</NextContinuationToken></R>"
            );
            Ok(BucketResponse::new(200, xml.into_bytes()))
        }

        fn list(&self) -> Vec<String> {
            let mut found = Vec::new();
            let mut keep = |listed: ListedKey| {
                assert_eq!(listed.etag.as_deref(), Some("\"e\""));
                found.push(listed.key);
                Ok(())
            };
            concurrent("cert/", &|request| self.send(request), &mut keep).unwrap();
            found.sort();
            found
        }
    }

    fn keys() -> Vec<String> {
        let ids =
            (0..500_u32).map(|n| format!("cert/{:08x}/a", n.wrapping_mul(0x9e37_79b9)));
        let others = ["cert/.x", "cert/1", "cert/ff", "cert/g", "cert/zz/a", "cert/A"];
        ids.chain(others.map(str::to_owned)).collect()
    }

    #[test]
    fn ranges_together_have_each_key_once() {
        let bucket = Bucket::new(keys(), true);
        let mut other = keys();
        other.push("other/a".to_owned());
        assert_eq!(Bucket::new(other, true).list(), bucket.list());
        let mut all = keys();
        all.sort();
        assert_eq!(bucket.list(), all);
        assert!(Bucket::new(Vec::new(), true).list().is_empty());
    }

    #[test]
    fn keys_of_a_bucket_without_order_are_all_found() {
        let mut found = Bucket::new(keys(), false).list();
        found.dedup();
        let mut all = keys();
        all.sort();
        assert_eq!(found, all);
    }

    #[test]
    fn listing_stops_at_an_error() {
        let bucket = Bucket::new(keys(), true);
        let stop = || Error::new(ErrorKind::InvalidValue, "stop");
        let send = |request| bucket.send(request);
        let error = concurrent("cert/", &send, &mut |_| Err(stop())).unwrap_err();
        assert_eq!(error.message(), "stop");
        let fail = |_| Err(Error::new(ErrorKind::Store, "it is down"));
        let error = concurrent("cert/", &fail, &mut |_| Ok(())).unwrap_err();
        assert_eq!(error.message(), "it is down");
    }

    #[test]
    fn page_that_may_lack_keys_is_refused() {
        const KEY: &str = "<Contents><Key>a</Key></Contents>";
        for (page, words) in [
            (format!("<IsTruncated>true</IsTruncated>{KEY}"), "NextContinuationToken"),
            (
                format!("<NextContinuationToken>1</NextContinuationToken>{KEY}"),
                "IsTruncated",
            ),
            (
                "<IsTruncated>false</IsTruncated><Contents><Key x=\"\">a</Key></Contents>"
                    .to_owned(),
                "Key",
            ),
        ] {
            let send = |_| Ok(BucketResponse::new(200, page.clone().into_bytes()));
            for list in [all, concurrent] {
                let error = list("", &send, &mut |_| Ok(())).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::StoreRefused);
                assert!(error.message().contains(words), "{error}");
            }
        }
    }
}
