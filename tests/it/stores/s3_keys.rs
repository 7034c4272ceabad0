//! Keys of a bucket, as Amazon's tools find them: each road, with local servers in the place of
//! Amazon's endpoints.

use std::fs;

use testamur::Timestamp;

use super::aws_endpoints::{Asked, Endpoint};
use super::s3_server::{ACCESS_KEY, SECRET_KEY, Server};
use crate::workdir::{Run, Workdir};

const END: &str = "2999-01-01T00:00:00Z";

/// A site whose public store is a bucket, and a home for the files of Amazon's tools.
struct Site {
    workdir: Workdir,
    server: Server,
}

impl Site {
    fn new() -> Self {
        let (workdir, server) = (Workdir::new(), Server::start());
        let new = ["new", "site", "--url", "https://certificates.example.org"];
        assert_eq!(workdir.run(new).code, 0);
        let site = Self { workdir, server };
        site.set("");
        site.workdir.write("site/keys/token", "open sesame");
        site
    }

    /// Writes the settings, with the lines of `more` in the bucket.
    fn set(&self, more: &str) {
        let endpoint = self.server.settings().endpoint.unwrap();
        let settings = format!(
            "publish: {{ url: https://certificates.example.org, index_file: index.html }}\n\
             store: {{ s3: {{ bucket: certs, endpoint: '{endpoint}', attempts: 2{more} }} }}\n\
             agent: {{ http: {{ listen: 127.0.0.1:0, token_file: keys/token }} }}\n"
        );
        self.workdir.write("site/testamur.yaml", settings);
    }

    fn home(&self, name: &str, text: &str) {
        self.workdir.write(&format!("home/{name}"), text);
    }

    /// Checks the site's stores with these variables and no others of Amazon's.
    fn check(&self, variables: &[(&str, &str)]) -> Run {
        self.run(&["agent", "--check"], variables)
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = self.workdir.command();
        for (name, _) in std::env::vars() {
            if name.starts_with("AWS_") || name.ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        // Nothing is asked of the machine unless a test wants it.
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("HOME", self.workdir.path("home"));
        command.envs(variables.iter().copied());
        command.current_dir(self.workdir.path("site"));
        command.args(arguments);
        self.server.proxy.next([]);
        Run::of(command)
    }

    /// Asserts that the keys are found, and whether requests to the bucket have a session's token.
    #[track_caller]
    fn assert_found(&self, variables: &[(&str, &str)], token: Option<&str>) {
        let run = self.check(variables);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let seen = self.server.proxy.seen();
        assert!(!seen.is_empty());
        for request in seen {
            assert_eq!(request.header("x-amz-security-token"), token);
        }
    }

    /// What is said when the keys are not found.
    #[track_caller]
    fn refusal(&self, variables: &[(&str, &str)]) -> String {
        let run = self.check(variables);
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(self.server.proxy.seen().is_empty());
        assert!(!run.stderr.contains(SECRET_KEY), "{}", run.stderr);
        run.stderr
    }
}

fn ini(section: &str) -> String {
    format!(
        "[{section}]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
    )
}

/// Keys as a program, a container and the metadata service write them.
fn json(token: &str, end: &str) -> String {
    format!(
        r#"{{"Version": 1, "Code": "Success", "AccessKeyId": "{ACCESS_KEY}",
            "SecretAccessKey": "{SECRET_KEY}", "{token}": "session", "Expiration": "{end}"}}"#
    )
}

/// STS, which answers the action.
fn sts() -> Endpoint {
    Endpoint::start(|asked: &Asked| {
        if asked.body.contains("role%2Fforbidden") {
            let body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not \
                        yours</Message></Error></ErrorResponse>";
            return (403, body.to_owned());
        }
        let keys = format!(
            "<R><Credentials><AccessKeyId>{ACCESS_KEY}</AccessKeyId><SecretAccessKey>{SECRET_KEY}\
             </SecretAccessKey><SessionToken>session</SessionToken><Expiration>{END}</Expiration>\
             </Credentials></R>"
        );
        (200, keys)
    })
}

#[test]
fn keys_are_taken_from_environment_and_files() {
    let site = Site::new();
    let keys = [("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY)];
    site.assert_found(&keys, None);
    let with_token = [keys[0], keys[1], ("AWS_SESSION_TOKEN", "session")];
    site.assert_found(&with_token, Some("session"));
    assert!(site.refusal(&keys[..1]).contains("AWS_SECRET_ACCESS_KEY is not"));

    site.home(".aws/credentials", &ini("default"));
    site.assert_found(&[], None);
    let wrong = "[default]\naws_access_key_id = x\naws_secret_access_key = y\n";
    site.home(".aws/credentials", &(wrong.to_owned() + &ini("school")));
    site.assert_found(&[("AWS_PROFILE", "school")], None);
    site.set(", profile: school");
    site.assert_found(
        &[("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "y")],
        None,
    );
    site.set("");
    fs::remove_file(site.workdir.path("home/.aws/credentials")).unwrap();
    site.home(".aws/config", &ini("profile school"));
    site.assert_found(&[("AWS_DEFAULT_PROFILE", "school")], None);
    site.home("elsewhere", &ini("profile school"));
    let file = site.workdir.path("home/elsewhere").display().to_string();
    fs::remove_file(site.workdir.path("home/.aws/config")).unwrap();
    site.assert_found(&[("AWS_PROFILE", "school"), ("AWS_CONFIG_FILE", &file)], None);
}

#[test]
fn what_was_tried_is_told_and_a_missing_profile_is_an_error() {
    let site = Site::new();
    let said = site.refusal(&[]);
    for words in [
        "AWS_ACCESS_KEY_ID is not set",
        "the profile `default`: it is in neither of",
        ".aws/credentials` (no such file)",
        "AWS_WEB_IDENTITY_TOKEN_FILE is not set",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_EC2_METADATA_DISABLED is set",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    site.home(".aws/config", "[profile school]\nregion = eu-west-1\n");
    let said = site.refusal(&[("AWS_PROFILE", "college")]);
    assert!(said.contains("no profile `college`, which AWS_PROFILE names"), "{said}");
    let said = site.refusal(&[("AWS_PROFILE", "school")]);
    assert!(said.contains("the profile `school`: has no keys"), "{said}");
    site.set(", profile: college");
    let said = site.refusal(&[("AWS_ACCESS_KEY_ID", "x")]);
    assert!(said.contains("no profile `college`, which `profile` names"), "{said}");
}

#[test]
fn program_of_a_profile_gives_keys() {
    let site = Site::new();
    let answer = site.workdir.path("home/the answer.json");
    site.home("the answer.json", &json("SessionToken", END));
    let profile = |command: &str| {
        site.home(".aws/config", &format!("[default]\ncredential_process = {command}\n"));
    };
    profile(&format!("cat \"{}\"", answer.display()));
    site.assert_found(&[], Some("session"));
    for (command, words) in [
        ("false", "exit status: 1"),
        ("/no/such/program", "No such file"),
        ("echo {}", "no JSON of `\"Version\": 1`"),
        ("echo {\\\"Version\\\":1}", "has no `AccessKeyId`"),
    ] {
        profile(command);
        let said = site.refusal(&[]);
        assert!(said.contains(words) && said.contains("credential_process"), "{said}");
    }
}

#[test]
fn role_is_taken_with_the_keys_of_another_profile() {
    let (site, sts) = (Site::new(), sts());
    let role = "role_arn = arn:aws:iam::123456789012:role/issuer";
    let config = format!(
        "[profile issuer]\n{role}\nsource_profile = base\nexternal_id = school/1\n\
         role_session_name = testamur\nduration_seconds = 1800\nregion = eu-central-1\n\
         [profile forbidden]\nrole_arn = arn:aws:iam::1:role/forbidden\nsource_profile = base\n\
         [profile chained]\n{role}\nsource_profile = issuer\n\
         [profile round]\n{role}\nsource_profile = about\n\
         [profile about]\n{role}\nsource_profile = round\n\
         [profile lost]\n{role}\nsource_profile = missing\n\
         [profile code]\n{role}\nsource_profile = base\nmfa_serial = 1\n\
         [profile bare]\n{role}\n\
         [profile by-environment]\n{role}\ncredential_source = Environment\n"
    );
    site.home(".aws/config", &config);
    site.home(".aws/credentials", &ini("base"));
    let url = sts.url();
    let of = |profile| [("AWS_PROFILE", profile), ("AWS_ENDPOINT_URL_STS", url.as_str())];
    site.assert_found(&of("issuer"), Some("session"));
    let asked = sts.asked().pop().unwrap();
    assert!(asked.line.starts_with("POST / "), "{}", asked.line);
    let signed = asked.header("authorization").unwrap();
    assert!(signed.contains("/eu-central-1/sts/aws4_request"), "{signed}");
    assert_eq!(asked.header("x-amz-security-token"), None);
    for words in [
        "Action=AssumeRole&",
        "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fissuer",
        "ExternalId=school%2F1",
        "RoleSessionName=testamur&",
        "DurationSeconds=1800",
    ] {
        assert!(asked.body.contains(words), "{}", asked.body);
    }
    let before = sts.asked().len();
    site.assert_found(&of("chained"), Some("session"));
    let asked = sts.asked().split_off(before);
    assert_eq!(asked.len(), 2, "one role is taken with the other");
    assert_eq!(asked[1].header("x-amz-security-token"), Some("session"));
    let [profile, endpoint] = of("by-environment");
    let keys = [("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY)];
    // The environment's own keys go first where they are not named as the source.
    site.assert_found(&[profile, endpoint, keys[0], keys[1]], None);

    for (profile, words) in [
        ("forbidden", "403 AccessDenied: not yours"),
        ("round", "takes its keys from itself"),
        ("lost", "no profile `missing`, which `source_profile` of the profile `lost`"),
        ("code", "`mfa_serial`"),
        ("bare", "neither `source_profile` nor `credential_source`"),
    ] {
        let said = site.refusal(&of(profile));
        assert!(said.contains(words), "{profile}: {said}");
    }
}

#[test]
fn role_is_taken_with_the_token_of_a_pod() {
    let (site, sts) = (Site::new(), sts());
    site.home("token", "a.web.token\n");
    let file = site.workdir.path("home/token").display().to_string();
    let url = sts.url();
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.as_str()),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod"),
        ("AWS_ENDPOINT_URL_STS", &url),
    ];
    site.assert_found(&variables, Some("session"));
    let asked = sts.asked().pop().unwrap();
    assert!(asked.body.contains("Action=AssumeRoleWithWebIdentity&"), "{}", asked.body);
    assert!(asked.body.contains("WebIdentityToken=a.web.token"), "{}", asked.body);
    assert_eq!(asked.header("authorization"), None);
    assert!(site.refusal(&variables[..1]).contains("AWS_ROLE_ARN is not"));
    // Without an address of its own, that of the region is asked.
    let run = site.check(&[
        variables[0],
        variables[1],
        ("AWS_REGION", "nowhere-1"),
        ("https_proxy", "http://127.0.0.1:9"),
    ]);
    assert!(run.stderr.contains("sts.nowhere-1.amazonaws.com"), "{}", run.stderr);
    let profile = format!(
        "[default]\nrole_arn = arn:aws:iam::1:role/pod\nweb_identity_token_file = {file}\n"
    );
    site.home(".aws/config", &profile);
    site.assert_found(&[("AWS_ENDPOINT_URL_STS", &url)], Some("session"));
}

#[test]
fn keys_are_taken_with_the_token_of_sso() {
    let portal = Endpoint::start(|asked: &Asked| {
        if asked.header("x-amz-sso_bearer_token") != Some("bearer") {
            return (401, String::new());
        }
        let keys = format!(
            r#"{{"roleCredentials": {{"accessKeyId": "{ACCESS_KEY}", "secretAccessKey":
                "{SECRET_KEY}", "sessionToken": "session", "expiration": 32472144000000}}}}"#
        );
        (200, keys)
    });
    let site = Site::new();
    let account = "sso_account_id = 123456789012\nsso_role_name = Issuer\n";
    site.home(
        ".aws/config",
        &format!(
            "[profile new]\nsso_session = school\n{account}[sso-session school]\nsso_region = \
             eu-west-1\nsso_start_url = https://school.awsapps.com/start\n[profile old]\n{account}\
             sso_region = eu-west-1\nsso_start_url = https://school.awsapps.com/start\n"
        ),
    );
    let url = portal.url();
    let of = |profile| [("AWS_PROFILE", profile), ("AWS_ENDPOINT_URL_SSO", url.as_str())];
    let said = site.refusal(&of("new"));
    assert!(said.contains("aws sso login --profile new"), "{said}");
    // The names of the files are what Amazon's tools make: SHA-1 of the session or the address.
    let token = |name: &str, bearer: &str, end: &str| {
        let text = format!(r#"{{"accessToken": "{bearer}", "expiresAt": "{end}"}}"#);
        site.home(&format!(".aws/sso/cache/{name}.json"), &text);
    };
    let (new, old) = (
        "655f83be7512e5b5b3ba4c9976c043ece4b3ce51",
        "1b73bf953b06a86f950bd3da437f2077e5824c2d",
    );
    token(new, "bearer", END);
    site.assert_found(&of("new"), Some("session"));
    let asked = portal.asked().pop().unwrap();
    let path = "GET /federation/credentials?role_name=Issuer&account_id=123456789012 ";
    assert!(asked.line.starts_with(path), "{}", asked.line);
    token(old, "bearer", "2999-01-01T00:00:00UTC");
    site.assert_found(&of("old"), Some("session"));
    token(new, "bearer", "2020-01-01T00:00:00Z");
    assert!(site.refusal(&of("new")).contains("it has expired"));
    token(new, "another", END);
    assert!(site.refusal(&of("new")).contains("does not take the token"));
}

#[test]
fn keys_of_a_container_are_taken_and_renewed() {
    let site = Site::new();
    site.home("token", "let me in\n");
    let file = site.workdir.path("home/token").display().to_string();
    let container = Endpoint::start(|asked: &Asked| {
        if asked.header("authorization") != Some("let me in") {
            return (403, String::new());
        }
        // They end before the next request.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let end = Timestamp::from_unix(now.unwrap().as_secs()).unwrap();
        (200, json("Token", &end.to_string()))
    });
    let url = format!("{}/v2/credentials", container.url());
    let uri = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str());
    let token = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.as_str());
    site.assert_found(&[uri, token], Some("session"));
    assert!(container.asked().len() > 1, "keys that have ended are found anew");
    let direct = ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let me in");
    site.assert_found(&[uri, direct], Some("session"));
    assert!(site.refusal(&[uri]).contains("answers 403"));
    let elsewhere = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/x");
    assert!(site.refusal(&[elsewhere]).contains("no address that keys come from"));
}

#[test]
fn keys_of_an_instance_are_taken_with_a_token() {
    let site = Site::new();
    let roles = "/latest/meta-data/iam/security-credentials/";
    let service = Endpoint::start(move |asked: &Asked| {
        let is_known = asked.header("x-aws-ec2-metadata-token") == Some("metadata");
        match asked.line.split_once(' ').unwrap() {
            ("PUT", path) if path.starts_with("/latest/api/token ") => {
                let lifetime = asked.header("x-aws-ec2-metadata-token-ttl-seconds");
                assert_eq!(lifetime, Some("21600"));
                (200, "metadata".to_owned())
            }
            ("GET", _) if !is_known => (401, String::new()),
            ("GET", path) if path.starts_with(&format!("{roles} ")) => {
                (200, "issuer\n".to_owned())
            }
            ("GET", path) if path.starts_with(&format!("{roles}issuer ")) => {
                (200, json("Token", END))
            }
            _ => (404, String::new()),
        }
    });
    let url = service.url();
    let variables = [
        ("AWS_EC2_METADATA_DISABLED", "false"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str()),
    ];
    site.assert_found(&variables, Some("session"));
    let nothing =
        [variables[0], ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9")];
    assert!(
        site.refusal(&nothing).contains("the machine's metadata at `http://127.0.0.1:9`")
    );
}
