//! Keys of a task's role (ECS) or of a pod's (EKS): the environment names the endpoint.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use reqwest::{Method, Url};

use super::environment::Environment;
use super::found::{FoundKeys, Lookup, refused, unreachable};
use super::http::{Http, HttpRequest};
use crate::base::error::Result;

/// The address of ECS, to which a relative URI belongs, and those of EKS.
const ECS: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 2);
const EKS: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 23);
const EKS_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x23);
/// How long it may take to answer.
const DEADLINE: Duration = Duration::from_secs(5);

/// Asks the endpoint of the container, if there is one.
pub(super) fn find(environment: &Environment, http: &Http) -> Result<Lookup> {
    let relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    let full = environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    let url = match (relative, full) {
        (Some(path), _) => relative_url(path)?,
        (None, Some(url)) => full_url(url)?,
        (None, None) => {
            let why = "a container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and …_FULL_URI are not \
                       set";
            return Ok(Lookup::Absent(why.to_owned()));
        }
    };
    let headers = authorization(environment)?.map(|token| ("Authorization", token));
    let from = format!("the container's endpoint `{url}`");
    let answer = http
        .send(HttpRequest {
            method: Method::GET,
            is_local: url.scheme() == "http",
            url: url.into(),
            headers: headers.into_iter().collect(),
            body: String::new(),
            deadline: DEADLINE,
        })
        .map_err(|cause| unreachable(&format!("{from} cannot be reached ({cause})")))?;
    match answer.status {
        200 => FoundKeys::from_json(&from, &answer.body, "Token").map(Lookup::Found),
        status @ (429 | 500..) => Err(unreachable(&format!("{from} answers {status}"))),
        status => Err(refused(&format!("{from} answers {status}"))),
    }
}

/// The token that the endpoint asks for. A file goes first, because it is renewed.
fn authorization(environment: &Environment) -> Result<Option<String>> {
    let token = match environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(file) => {
            let path = environment.path(file);
            Some(fs::read_to_string(&path).map_err(|cause| {
                let path = path.display();
                refused(&format!(
                    "failed to read the container's token `{path}` ({cause})"
                ))
            })?)
        }
        None => environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(str::to_owned),
    };
    let token = token.map(|token| token.trim_end_matches(['\r', '\n']).to_owned());
    match token {
        Some(token) if token.chars().any(char::is_control) => {
            Err(refused("the container's token has several lines"))
        }
        token => Ok(token),
    }
}

fn relative_url(path: &str) -> Result<Url> {
    let url = Url::parse(&format!("http://{ECS}")).and_then(|base| base.join(path));
    url.ok()
        .filter(|url| path.starts_with('/') && url.host_str() == Some(&ECS.to_string()))
        .ok_or_else(|| {
            refused("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path").with_help(
                "it begins with `/`; a whole address stands in AWS_CONTAINER_CREDENTIALS_FULL_URI",
            )
        })
}

/// An address to which the token may be sent: with TLS any, without it only the machine's own.
fn full_url(text: &str) -> Result<Url> {
    let is_allowed = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let v4 = host.parse::<Ipv4Addr>();
        let v6 = host.parse::<Ipv6Addr>();
        match url.scheme() {
            "https" => !host.is_empty(),
            "http" => {
                host == "localhost"
                    || v4.is_ok_and(|it| it.is_loopback() || it == ECS || it == EKS)
                    || v6.is_ok_and(|it| it.is_loopback() || it == EKS_V6)
            }
            _ => false,
        }
    };
    let url = Url::parse(text).ok();
    url.filter(|url| is_allowed(url) && url.username().is_empty()).ok_or_else(|| {
        refused("AWS_CONTAINER_CREDENTIALS_FULL_URI is no address that keys come from").with_help(
            "it begins with `https://`, or with `http://` and an address of the machine itself, of \
             ECS or of EKS",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_to_the_machine_or_over_tls_alone() {
        assert_eq!(relative_url("/v2/x").unwrap().as_str(), "http://169.254.170.2/v2/x");
        for path in ["v2/x", "//elsewhere/x", "http://elsewhere/"] {
            assert!(relative_url(path).is_err(), "{path}");
        }
        for url in [
            "https://keys.example.org/x",
            "http://127.0.0.1:51679/x",
            "http://localhost/x",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
        ] {
            assert!(full_url(url).is_ok(), "{url}");
        }
        for url in
            ["http://10.0.0.1/x", "http://keys.example.org/", "ftp://localhost/", "x"]
        {
            assert!(full_url(url).is_err(), "{url}");
        }
    }
}
