//! Keys of a role by SSO (IAM Identity Center), with the token that `aws sso login` left.

use std::fs;

use reqwest::{Method, Url};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::Value;

use super::environment::{Environment, now};
use super::found::{FoundKeys, refused, unreachable};
use super::http::{DEADLINE, Http, HttpRequest};
use super::profile::SsoLogin;
use crate::base::error::Result;
use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::register::store::s3::keys::S3Keys;

/// Asks for the keys of the role.
pub(super) fn find(
    login: &SsoLogin<'_>,
    environment: &Environment,
    http: &Http,
) -> Result<FoundKeys> {
    let token = cached_token(login, environment)?;
    let endpoint = match environment.endpoint("SSO") {
        Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
        None => format!("https://portal.sso.{}.{}", login.region, domain(login.region)),
    };
    let address = format!("{endpoint}/federation/credentials");
    let query = [("role_name", login.role), ("account_id", login.account)];
    let url = Url::parse_with_params(&address, query).map_err(|cause| {
        refused(&format!("`{endpoint}` is no address of SSO ({cause})"))
    })?;
    let from = format!("SSO at `{endpoint}`");
    let answer = http
        .send(HttpRequest {
            method: Method::GET,
            url: url.into(),
            headers: vec![("x-amz-sso_bearer_token", token)],
            body: String::new(),
            deadline: DEADLINE,
            is_local: false,
        })
        .map_err(|cause| unreachable(&format!("{from} cannot be reached ({cause})")))?;
    match answer.status {
        200 => read(&answer.body).ok_or_else(|| {
            refused(&format!("{from} gave no keys of the role `{}`", login.role))
        }),
        401 => {
            Err(refused(&format!("{from} does not take the token"))
                .with_help(again(login)))
        }
        status @ (429 | 500..) => Err(unreachable(&format!("{from} answers {status}"))),
        status => Err(refused(&format!(
            "{from} answers {status} for the role `{}` in the account `{}`",
            login.role, login.account
        ))),
    }
}

fn read(body: &str) -> Option<FoundKeys> {
    let body: Value = serde_json::from_str(body).ok()?;
    let keys = &body["roleCredentials"];
    let text = |key: &str| keys[key].as_str();
    Some(FoundKeys {
        keys: S3Keys::new(text("accessKeyId")?, text("secretAccessKey")?)
            .with_session_token(text("sessionToken")?),
        expires_at: Some(keys["expiration"].as_u64()? / 1000),
    })
}

/// The token in the cache of Amazon's tools, if it has not ended.
fn cached_token(login: &SsoLogin<'_>, environment: &Environment) -> Result<String> {
    let name = digest(&SHA1_FOR_LEGACY_USE_ONLY, login.cached_as.as_bytes());
    let path = format!("~/.aws/sso/cache/{}.json", hex::lower(name.as_ref()));
    let path = environment.path(&path);
    let unusable = |why: &str| {
        let message = format!(
            "the profile `{}` has no token of SSO (`{}`: {why})",
            login.profile,
            path.display()
        );
        refused(&message).with_help(again(login))
    };
    let text = fs::read_to_string(&path).map_err(|cause| unusable(&cause.to_string()))?;
    let json: Value = serde_json::from_str(&text).map_err(|_| unusable("no JSON"))?;
    let token =
        json["accessToken"].as_str().ok_or_else(|| unusable("no `accessToken`"))?;
    // Older tools wrote `UTC` in place of `Z`.
    let end = json["expiresAt"].as_str().unwrap_or_default().replace("UTC", "Z");
    let end = Timestamp::parse(&end).map_err(|_| unusable("no `expiresAt`"))?;
    if end.unix() <= now() {
        return Err(unusable("it has expired"));
    }
    Ok(token.to_owned())
}

fn again(login: &SsoLogin<'_>) -> String {
    format!("log in: aws sso login --profile {}", login.profile)
}

/// The domain of Amazon's endpoints in a region.
fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}
