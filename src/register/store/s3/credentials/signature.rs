//! Amazon's signature, version 4, of a request to a service other than S3.

use reqwest::Url;
use ring::digest::{SHA256, digest};
use ring::hmac::{self, HMAC_SHA256};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::register::store::s3::keys::S3Keys;

/// A request by POST that is signed.
pub(super) struct SignedRequest<'a> {
    pub(super) url: &'a Url,
    pub(super) content_type: &'a str,
    pub(super) body: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// The time of the signature, in seconds since 1970.
    pub(super) unix_time: u64,
}

/// The headers that sign a request.
pub(super) fn sign(
    request: &SignedRequest<'_>,
    keys: &S3Keys,
) -> Result<Vec<(&'static str, String)>> {
    let SignedRequest { url, content_type, body, region, service, unix_time } = *request;
    let time = Timestamp::from_unix(unix_time)
        .ok_or_else(|| Error::new(ErrorKind::Io, "the clock shows no usable time"))?;
    let time = time.to_string().replace(['-', ':'], "");
    let day = &time[..8];
    let host = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let token = keys.session_token();
    // In the order of their names.
    let mut signed = vec![
        ("content-type", content_type),
        ("host", host.as_str()),
        ("x-amz-date", time.as_str()),
    ];
    signed.extend(token.map(|token| ("x-amz-security-token", token)));
    let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let lines = signed.iter().map(|(name, value)| format!("{name}:{value}\n"));
    let canonical = format!(
        "POST\n{}\n\n{}\n{names}\n{}",
        url.path(),
        lines.collect::<String>(),
        hex::lower(digest(&SHA256, body.as_bytes()).as_ref())
    );
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let text = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        hex::lower(digest(&SHA256, canonical.as_bytes()).as_ref())
    );
    let secret = zeroize::Zeroizing::new(format!("AWS4{}", keys.secret_key()));
    let mut key = hmac::Key::new(HMAC_SHA256, secret.as_bytes());
    for part in [day, region, service, "aws4_request"] {
        key = hmac::Key::new(HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
    }
    let signature = hex::lower(hmac::sign(&key, text.as_bytes()).as_ref());
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        keys.access_key()
    );
    let token = token.map(|token| ("x-amz-security-token", token.to_owned()));
    let headers = [("authorization", authorization), ("x-amz-date", time.clone())];
    Ok(headers.into_iter().chain(token).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signature of botocore 1.43 for the same request (`botocore.auth.SigV4Auth`).
    #[test]
    fn signature_is_that_of_boto() {
        let request = SignedRequest {
            url: &Url::parse("http://127.0.0.1:5000/").unwrap(),
            content_type: "application/x-www-form-urlencoded; charset=utf-8",
            body: "Action=AssumeRole&Version=2011-06-15",
            region: "eu-central-1",
            service: "sts",
            unix_time: 1_778_751_000,
        };
        let keys = S3Keys::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let headers = sign(&request, &keys.with_session_token("token")).unwrap();
        assert_eq!(headers[1], ("x-amz-date", "20260514T093000Z".to_owned()));
        assert_eq!(
            headers[0].1,
            "AWS4-HMAC-SHA256 \
             Credential=AKIDEXAMPLE/20260514/eu-central-1/sts/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
             Signature=ba91ff5ad5ce62e40cb05199f414902cf4780af33a4f031c6a473b52cc53b1af"
        );
    }
}
