//! Keys of an instance's role, from its metadata service (IMDSv2).
//!
//! The decision made here: the service is asked unless the environment forbids it. Whether a
//! machine is Amazon's cannot be told by its look, and elsewhere the request fails.

use std::time::Duration;

use reqwest::Method;

use super::environment::Environment;
use super::found::{FoundKeys, Lookup, refused, unreachable};
use super::http::{Http, HttpAnswer, HttpRequest};
use crate::base::error::Result;

const ENDPOINT: &str = "http://169.254.169.254";
const ENDPOINT_V6: &str = "http://[fd00:ec2::254]";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
/// How long a token of the service is good for, in seconds.
const TOKEN_LIFETIME: u32 = 6 * 60 * 60;

/// Asks the metadata service.
pub(super) fn find(environment: &Environment, http: &Http) -> Result<Lookup> {
    let is_true =
        |name| environment.get(name).is_some_and(|it| it.eq_ignore_ascii_case("true"));
    if is_true("AWS_EC2_METADATA_DISABLED") {
        let why = "the machine's metadata: AWS_EC2_METADATA_DISABLED is set";
        return Ok(Lookup::Absent(why.to_owned()));
    }
    let mode = environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    let endpoint = environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or(
        if mode.is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6")) {
            ENDPOINT_V6
        } else {
            ENDPOINT
        },
    );
    let endpoint = endpoint.trim_end_matches('/');
    let number = |name| environment.get(name).and_then(|text| text.parse::<f64>().ok());
    let seconds = number("AWS_METADATA_SERVICE_TIMEOUT").unwrap_or(1.0).clamp(0.1, 60.0);
    let attempts = number("AWS_METADATA_SERVICE_NUM_ATTEMPTS").unwrap_or(1.0);
    let service = Service {
        endpoint,
        http,
        deadline: Duration::from_secs_f64(seconds),
        attempts: attempts.clamp(1.0, 10.0) as u32,
    };
    service.find()
}

struct Service<'a> {
    endpoint: &'a str,
    http: &'a Http,
    deadline: Duration,
    attempts: u32,
}

impl Service<'_> {
    fn find(&self) -> Result<Lookup> {
        let from = format!("the machine's metadata at `{}`", self.endpoint);
        let absent = |why: String| Ok(Lookup::Absent(format!("{from}: {why}")));
        let lifetime =
            ("X-aws-ec2-metadata-token-ttl-seconds", TOKEN_LIFETIME.to_string());
        let token = match self.ask(Method::PUT, "/latest/api/token", lifetime) {
            Ok(answer) if answer.status == 200 => answer.body,
            Ok(answer) => {
                return absent(format!("answers {} without a token", answer.status));
            }
            Err(cause) => return absent(cause),
        };
        let token = || ("X-aws-ec2-metadata-token", token.trim().to_owned());
        let failed =
            |cause: String| unreachable(&format!("{from} cannot be reached ({cause})"));
        let roles = self.ask(Method::GET, ROLES, token()).map_err(failed)?;
        let role = roles.body.lines().next().unwrap_or_default().trim();
        if roles.status != 200 || role.is_empty() {
            return absent("the machine has no role".to_owned());
        }
        let answer =
            self.ask(Method::GET, &format!("{ROLES}{role}"), token()).map_err(failed)?;
        match answer.status {
            200 => FoundKeys::from_json(&from, &answer.body, "Token").map(Lookup::Found),
            status @ (429 | 500..) => {
                Err(unreachable(&format!("{from} answers {status}")))
            }
            status => {
                Err(refused(&format!("{from} answers {status} for the role `{role}`")))
            }
        }
    }

    fn ask(
        &self,
        method: Method,
        path: &str,
        header: (&'static str, String),
    ) -> Result<HttpAnswer, String> {
        let mut attempt = 1;
        loop {
            let answer = self.http.send(HttpRequest {
                method: method.clone(),
                url: format!("{}{path}", self.endpoint),
                headers: vec![header.clone()],
                body: String::new(),
                deadline: self.deadline,
                is_local: true,
            });
            if answer.is_ok() || attempt >= self.attempts {
                return answer;
            }
            attempt += 1;
        }
    }
}
