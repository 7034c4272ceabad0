//! Keys of a role, from Amazon's STS in the region.

use std::fs;
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Url};

use super::environment::now;
use super::found::{FoundKeys, refused, unreachable};
use super::http::{DEADLINE, Http, HttpRequest};
use super::signature::{SignedRequest, sign};
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::register::store::s3::keys::S3Keys;
use crate::register::store::s3::xml;

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// The characters of a form that are not encoded (RFC 3986, 2.3).
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The service in a region.
pub(super) struct Sts<'a> {
    /// The address that is set; Amazon's in the region unless it is.
    pub(super) endpoint: Option<&'a str>,
    pub(super) region: &'a str,
    pub(super) http: &'a Http,
}

/// A role, and the parameters with which it is taken.
pub(super) struct Role<'a> {
    pub(super) arn: &'a str,
    pub(super) session: Option<&'a str>,
    pub(super) external_id: Option<&'a str>,
    pub(super) seconds: Option<&'a str>,
}

impl<'a> Role<'a> {
    pub(super) fn new(arn: &'a str, session: Option<&'a str>) -> Self {
        Self { arn, session, external_id: None, seconds: None }
    }
}

impl Sts<'_> {
    /// Takes a role with other keys.
    pub(super) fn assume(&self, role: &Role<'_>, keys: &S3Keys) -> Result<FoundKeys> {
        let mut form = self.form("AssumeRole", role);
        form.extend(role.external_id.map(|id| ("ExternalId", id.to_owned())));
        form.extend(role.seconds.map(|seconds| ("DurationSeconds", seconds.to_owned())));
        self.ask(role, &form, Some(keys))
    }

    /// Takes a role with the token in a file, which is not signed.
    pub(super) fn assume_with_token(
        &self,
        role: &Role<'_>,
        file: &Path,
    ) -> Result<FoundKeys> {
        let token = fs::read_to_string(file).map_err(|cause| {
            let file = file.display();
            refused(&format!(
                "failed to read the token of the web identity `{file}` ({cause})"
            ))
        })?;
        let mut form = self.form("AssumeRoleWithWebIdentity", role);
        form.push(("WebIdentityToken", token.trim().to_owned()));
        self.ask(role, &form, None)
    }

    fn form(&self, action: &'static str, role: &Role<'_>) -> Vec<(&'static str, String)> {
        let session = role.session.map(str::to_owned);
        vec![
            ("Action", action.to_owned()),
            ("Version", "2011-06-15".to_owned()),
            ("RoleArn", role.arn.to_owned()),
            ("RoleSessionName", session.unwrap_or_else(|| format!("testamur-{}", now()))),
        ]
    }

    fn ask(
        &self,
        role: &Role<'_>,
        form: &[(&'static str, String)],
        keys: Option<&S3Keys>,
    ) -> Result<FoundKeys> {
        let amazon = format!(
            "https://sts.{}.amazonaws.com{}",
            self.region,
            if self.region.starts_with("cn-") { ".cn" } else { "" }
        );
        let endpoint = self.endpoint.unwrap_or(&amazon);
        let url = Url::parse(endpoint).map_err(|cause| {
            refused(&format!("`{endpoint}` is no address of STS ({cause})"))
        })?;
        let encode = |(key, value): &(&str, String)| {
            format!("{key}={}", utf8_percent_encode(value, ENCODED))
        };
        let body = form.iter().map(encode).collect::<Vec<_>>().join("&");
        let mut headers = vec![("content-type", FORM.to_owned())];
        if let Some(keys) = keys {
            let request = SignedRequest {
                url: &url,
                content_type: FORM,
                body: &body,
                region: self.region,
                service: "sts",
                unix_time: now(),
            };
            headers.extend(sign(&request, keys)?);
        }
        let from = format!("STS at `{}`", endpoint.trim_end_matches('/'));
        let answer = self
            .http
            .send(HttpRequest {
                method: Method::POST,
                url: url.into(),
                headers,
                body,
                deadline: DEADLINE,
                is_local: false,
            })
            .map_err(|cause| {
                unreachable(&format!("{from} cannot be reached ({cause})"))
            })?;
        let value = |tag: &str| xml::values(&answer.body, tag).next();
        let status = answer.status;
        if status != 200 {
            let code = value("Code").unwrap_or_default();
            let said = value("Message").unwrap_or_default();
            let message = format!(
                "{from} does not give the role `{}` ({status} {code}: {said})",
                role.arn
            );
            let passes = matches!(status, 429 | 500..) || code == "IDPCommunicationError";
            return Err(if passes { unreachable(&message) } else { refused(&message) });
        }
        let found = || {
            let keys = S3Keys::new(value("AccessKeyId")?, value("SecretAccessKey")?)
                .with_session_token(value("SessionToken")?);
            let end = Timestamp::parse(&value("Expiration")?).ok()?;
            Some(FoundKeys { keys, expires_at: Some(end.unix()) })
        };
        found().ok_or_else(|| {
            refused(&format!("{from} gave no keys of the role `{}`", role.arn))
        })
    }
}
