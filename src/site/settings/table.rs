//! The table of settings: the keys, forms, limits and defaults of all of them.
//!
//! - **Takes**: nothing; it is a constant.
//! - **Gives**: [`SETTINGS`]. The keys that the file may have, the names in the environment and on
//!   the command line, the limits of values and `docs/settings.md` follow from it.
//!
//! The decision made here: a row of the agent holds how it is set; the rows of other sections,
//! whose keys depend on each other, are set by the reader of their section, which asks the table
//! for keys and limits.

use super::agent::log::read_level;
use super::agent::value::{listen_address, redis_address, web_address};
use super::agent::{LogFormat, LogTarget, QueueKind};
use super::secret::Secret;
use super::setting::SettingDefault::{Required, Unset, Value, Words};
use super::setting::SettingForm::{
    Boolean, Choice, Command, Deadline, File, Folder, Other, Seconds, Text, Url, Whole,
    Word,
};
use super::setting::{Setting, SettingForm};

/// The canned ACLs of S3.
const ACLS: &[&str] = &[
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-full-control",
    "bucket-owner-read",
    "private",
    "public-read",
    "public-read-write",
];
/// The storage classes of S3 from which a file can be read at once.
const STORAGE_CLASSES: &[&str] = &[
    "EXPRESS_ONEZONE",
    "GLACIER_IR",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "OUTPOSTS",
    "REDUCED_REDUNDANCY",
    "STANDARD",
    "STANDARD_IA",
];
/// A time of the agent, at most an hour.
const fn seconds(min: f64) -> SettingForm {
    Seconds { min, max: 3600.0 }
}
const fn whole(min: u64, max: u64) -> SettingForm {
    Whole { min, max: Some(max) }
}

/// All settings of `testamur.yaml`, section by section.
pub const SETTINGS: &[Setting] = &[
    Setting::file(
        "publish",
        Choice(&["none"]),
        Words("a map with the keys below"),
        "`none`, of a school without a web server: certificates bear neither a link nor a QR code, and `issue --zip` adds what a reader needs to check them.",
    ),
    Setting::file(
        "publish.url",
        Url,
        Words("none: `issue` and `agent` then ask for it, and drafts show `https://example.org`, which leads nowhere"),
        "What the addresses of verify pages begin with: `URL/cert/ID/`. Addresses of PDFs that are sent through an XQueue have at most 128 bytes.",
    ),
    Setting::file(
        "publish.downloads",
        Url,
        Words("`url`"),
        "What the addresses of PDFs begin with: `URL/downloads/ID/Certificate.pdf`.",
    ),
    Setting::file(
        "publish.index_file",
        Other("file name, or empty"),
        Words("empty"),
        "The file at the end of the addresses of verify pages, for a web server that shows no `index.html`, such as S3; addresses end in `/` if it is empty. An empty value says that the server of an S3 store answers `…/`.",
    ),
    Setting::file(
        "publish.filename",
        Other("letters, digits, `.`, `-` and `_`, then `.pdf`, at most 64"),
        Value("Certificate.pdf"),
        "The file name of every PDF.",
    ),
    Setting::file(
        "publish.verify_path",
        Other("name of a folder"),
        Value("cert"),
        "The folder of verify pages in the public store and in their addresses, in place of `cert`: for sites that published elsewhere before.",
    ),
    Setting::file(
        "publish.keep_revoked_pdfs",
        Boolean,
        Value("false"),
        "Whether the PDFs of revoked and superseded certificates stay published.",
    ),
    Setting::file(
        "timezone",
        Other("IANA time zone"),
        Words("that of the machine"),
        "Whose calendar day is the date of issue of a course with `issued: rolling`, such as `Europe/Berlin`.",
    ),
    Setting::file(
        "render.deadline",
        Deadline { max: 3600.0 },
        Value("10"),
        "How long the rendering of one document may take.",
    ),
    Setting::file(
        "render.threads",
        whole(1, 1024),
        Words("one on each core"),
        "How many documents are rendered at the same time.",
    ),
    Setting::file(
        "store",
        Folder,
        Value("public"),
        "The public store, which a web server publishes: a folder, or a map with the keys below.",
    ),
    Setting::file(
        "private",
        Folder,
        Words("the folder `private`"),
        "The private store, which only the operator can read, never inside of `store`: a folder, or a map with the same keys as `store`.",
    ),
    Setting::file(
        "index",
        Other("path of a file that ends in `.sqlite`, or `none`"),
        Words("`.testamur/index.sqlite` in the private folder, in the site's if `private` is a bucket"),
        "The index by which `testamur list` and `find` answer. It holds names, belongs to one machine, and is made anew when it is lost.",
    ),
    Setting::file(
        "store.folder",
        Folder,
        Unset,
        "The folder. A store has `folder` or `s3`.",
    ),
    Setting::file(
        "store.readers",
        Choice(&["everybody", "group", "owner"]),
        Words("`everybody` in `store`, `owner` in `private`"),
        "Which users of the machine may read the files of the folder: modes 0644, 0640 or 0600.",
    ),
    Setting::file(
        "store.s3.bucket",
        Other("3 to 63 small letters, digits, `-` and `.`"),
        Required,
        "The bucket.",
    ),
    Setting::file(
        "store.s3.region",
        Other("letters, digits and `-`"),
        Words("required; `us-east-1` if there is an `endpoint`"),
        "The region, such as `eu-central-1`.",
    ),
    Setting::file(
        "store.s3.endpoint",
        Url,
        Words("Amazon's in `region`"),
        "The address of a server that is not Amazon's.",
    ),
    Setting::file(
        "store.s3.prefix",
        Other("path"),
        Unset,
        "The path that the keys of all files begin with.",
    ),
    Setting::file(
        "store.s3.path_style",
        Boolean,
        Words("`true` if there is an `endpoint`, else `false`"),
        "Whether addresses are `HOST/BUCKET/KEY` and not `BUCKET.HOST/KEY`.",
    ),
    Setting::file(
        "store.s3.acl",
        Choice(ACLS),
        Unset,
        "The canned ACL of each file. Most buckets refuse ACLs.",
    ),
    Setting::file(
        "store.s3.encryption",
        Choice(&["AES256", "aws:kms", "aws:kms:dsse"]),
        Words("as the bucket says"),
        "How the server encrypts each file.",
    ),
    Setting::file(
        "store.s3.kms_key",
        Other("id, ARN or alias"),
        Words("Amazon's own"),
        "The KMS key, with `encryption: aws:kms` or `aws:kms:dsse`.",
    ),
    Setting::file(
        "store.s3.storage_class",
        Choice(STORAGE_CLASSES),
        Words("the bucket's"),
        "The storage class of each file: one from which a file can be read at once.",
    ),
    Setting::file(
        "store.s3.tags",
        Other("map of at most 10 texts"),
        Unset,
        "The tags of each file. The keys need the right s3:PutObjectTagging.",
    ),
    Setting::file(
        "store.s3.profile",
        Text,
        Words("that of the environment (`AWS_PROFILE`), else the default one"),
        "The profile of Amazon's tools, in `~/.aws/config` or `~/.aws/credentials`.",
    ),
    Setting::file(
        "store.s3.access_key_file",
        File,
        Words("where Amazon's tools look: environment, profile, the machine's role"),
        "The file that holds the access key ID alone. It needs `secret_key_file`.",
    ),
    Setting::file(
        "store.s3.secret_key_file",
        File,
        Words("as `access_key_file`"),
        "The file that holds the secret access key alone. It needs `access_key_file`.",
    ),
    Setting::file(
        "store.s3.session_token_file",
        File,
        Unset,
        "The file that holds the session token of temporary keys.",
    ),
    Setting::file(
        "store.s3.deadline",
        Deadline { max: 600.0 },
        Value("30"),
        "How long one request may take.",
    ),
    Setting::file(
        "store.s3.attempts",
        whole(1, 100),
        Value("8"),
        "How many times a request is made while it fails with an error that may pass.",
    ),
    Setting::file(
        "seal.archive",
        Boolean,
        Value("false"),
        "Whether each PDF has a field for an archive timestamp, so that its seal can be raised to PAdES B-LTA.",
    ),
    Setting::file(
        "seal.crl_days",
        whole(1, 3650),
        Words("396, or 31 where an agent runs"),
        "How many days a new revocation list (CRL) of the site's own root holds, which `issue`, `agent` and `key` renew.",
    ),
    Setting::file(
        "seal.tsa.url",
        Url,
        Required,
        "The address of the TSA (RFC 3161). Without `tsa` there are no timestamp tokens.",
    ),
    Setting::file(
        "seal.tsa.roots",
        File,
        Unset,
        "The PEM file of the TSA's trusted roots, with which its tokens are verified.",
    ),
    Setting::file(
        "seal.tsa.deadline",
        Deadline { max: 600.0 },
        Value("10"),
        "How long the TSA may take to answer.",
    ),
    Setting::file(
        "seal.pdf.key",
        File,
        Unset,
        "The PEM file of the private key that seals PDFs. Without `pdf` it is the one in `keys/`.",
    ),
    Setting::file(
        "seal.pdf.command",
        Command,
        Unset,
        "A command that signs, in place of `key`: it writes the signature to its standard output.",
    ),
    Setting::file(
        "seal.pdf.module",
        File,
        Unset,
        "The PKCS #11 module (library) of the token that holds the key, in place of `key`. The PIN stands in `pin_file` or in `TESTAMUR_PKCS11_PIN`.",
    ),
    Setting::file(
        "seal.pdf.token",
        Text,
        Words("required with `module`"),
        "The token's label.",
    ),
    Setting::file(
        "seal.pdf.key_label",
        Text,
        Words("any: the token has one private key"),
        "The label of the key in the token.",
    ),
    Setting::file(
        "seal.pdf.key_id",
        Other("hexadecimal digits"),
        Words("any"),
        "The id of the key in the token.",
    ),
    Setting::file(
        "seal.pdf.pin_file",
        File,
        Unset,
        "The file that holds the PIN of the token's user alone.",
    ),
    Setting::file(
        "seal.pdf.chain",
        File,
        Required,
        "The PEM file of the key's X.509 certificate, then of its issuers.",
    ),
    Setting::file(
        "seal.pdf.input",
        Choice(&["message", "digest"]),
        Value("message"),
        "What the command reads on its standard input.",
    ),
    Setting::file(
        "seal.pdf.deadline",
        Deadline { max: 600.0 },
        Value("20"),
        "How long the command may take.",
    ),
    Setting::file(
        "seal.openpgp.command",
        Command,
        Required,
        "A command that reads a file and writes its detached signature. Without `openpgp` the key in `keys/` signs.",
    ),
    Setting::file(
        "seal.openpgp.key",
        File,
        Required,
        "The file of the public key in ASCII armor.",
    ),
    Setting::file(
        "seal.openpgp.deadline",
        Deadline { max: 600.0 },
        Value("20"),
        "How long the command may take.",
    ),
    Setting::file(
        "legacy",
        Other("map"),
        Unset,
        "What a site that was migrated had before and what means nothing here. Nothing reads it.",
    ),
    Setting::agent(
        "agent.queue",
        Choice(&["redis", "xqueue"]),
        Unset,
        "The kind of the queue; none if requests come over HTTP alone.",
        |agent, setting, text| {
            agent.queue = Some(match setting.choice(text)? {
                "redis" => QueueKind::Redis,
                _ => QueueKind::Xqueue,
            });
            Ok(())
        },
    ),
    Setting::agent(
        "agent.reissue",
        Boolean,
        Value("false"),
        "Whether a request for a revoked certificate issues a new edition. Else only the operator can reissue it.",
        |agent, setting, text| {
            agent.reissue = setting.boolean(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.workers",
        whole(1, 1024),
        Words("four for each core"),
        "How many requests of each source are worked on at the same time.",
        |agent, setting, text| {
            agent.workers = Some(setting.whole(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.shutdown_timeout",
        seconds(0.0),
        Words("25"),
        "How long an agent that is stopped may take to finish its requests.",
        |agent, setting, text| {
            agent.shutdown_timeout = Some(setting.seconds(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.url",
        Other("address, `redis`, `rediss` or `redis+unix`"),
        Required,
        "The server: `redis://localhost:6379/0`, `rediss://…` with TLS, `redis+unix:///run/redis.sock`. In the environment it may have user and password.",
        |agent, _, text| {
            let address = redis_address(text)?;
            let redis = &mut agent.redis;
            redis.url = Some(address.url);
            redis.user = address.user.or(redis.user.take());
            redis.password = address.password.or(redis.password.take());
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.user",
        Text,
        Unset,
        "The user, if the server has users.",
        |agent, _, text| {
            agent.redis.user = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::secret("agent.redis.password", "The password.", |agent, _, text| {
        agent.redis.password = Some(Secret::new(text));
        Ok(())
    }),
    Setting::agent(
        "agent.redis.password_file",
        File,
        Unset,
        "The file that holds the password.",
        |agent, _, text| {
            agent.redis.password_file = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.stream",
        Word,
        Required,
        "The stream that requests are read from.",
        |agent, setting, text| {
            agent.redis.stream = Some(setting.word(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.group",
        Word,
        Value("testamur"),
        "The consumer group, the same for all agents.",
        |agent, setting, text| {
            agent.redis.group = setting.word(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.results",
        Word,
        Words("the name of `stream`, and `-results`"),
        "The stream of the answers.",
        |agent, setting, text| {
            agent.redis.results = Some(setting.word(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.dead_letters",
        Word,
        Words("the name of `stream`, and `-dead`"),
        "The stream of messages that cannot be read.",
        |agent, setting, text| {
            agent.redis.dead_letters = Some(setting.word(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.unknown_courses",
        Word,
        Words("the name of `stream`, and `-unknown`"),
        "The stream of requests that failed because the site had no such course: `agent replay` puts them back.",
        |agent, setting, text| {
            agent.redis.unknown_courses = Some(setting.word(text)?);
            Ok(())
        },
    ),
    Setting::list(
        "agent.redis.modes",
        Words("all but `audit`, as on Open edX"),
        "The enrolment modes that earn a certificate, in events of Open edX. The first event of a mode that does not is logged.",
        |agent, words| agent.redis.modes = words,
    ),
    Setting::list(
        "agent.redis.statuses",
        Value("downloadable"),
        "The certificate statuses that earn a certificate, in events of Open edX.",
        |agent, words| agent.redis.statuses = words,
    ),
    Setting::agent(
        "agent.redis.lease",
        seconds(1.0),
        Value("60"),
        "How long a request is leased to an agent before another one takes it. A living agent extends the lease.",
        |agent, setting, text| {
            agent.redis.lease = setting.seconds(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.deadline",
        seconds(0.1),
        Value("10"),
        "How long the server may take to answer.",
        |agent, setting, text| {
            agent.redis.deadline = setting.seconds(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.redis.results_max_len",
        Whole { min: 1, max: None },
        Value("100000"),
        "About how many entries `results`, `dead_letters` and `unknown_courses` keep each.",
        |agent, setting, text| {
            agent.redis.results_max_len = setting.whole(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.url",
        Url,
        Required,
        "The server, without what comes from `/xqueue/` on.",
        |agent, _, text| {
            agent.xqueue.url = Some(web_address(text, "https://xqueue.example.org")?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.name",
        Word,
        Required,
        "The name of the queue: `CERT_QUEUE` of the learning management system.",
        |agent, setting, text| {
            agent.xqueue.name = Some(setting.word(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.user",
        Text,
        Required,
        "The user of XQueue.",
        |agent, _, text| {
            agent.xqueue.user = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::secret(
        "agent.xqueue.password",
        "The password of `user`.",
        |agent, _, text| {
            agent.xqueue.password = Some(Secret::new(text));
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.password_file",
        File,
        Words("required unless the environment has the password"),
        "The file that holds the password of `user`.",
        |agent, _, text| {
            agent.xqueue.password_file = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.auth_user",
        Text,
        Unset,
        "The user of a web server in front of XQueue that asks for HTTP Basic.",
        |agent, _, text| {
            agent.xqueue.auth_user = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::secret(
        "agent.xqueue.auth_password",
        "The password of `auth_user`.",
        |agent, _, text| {
            agent.xqueue.auth_password = Some(Secret::new(text));
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.auth_password_file",
        File,
        Unset,
        "The file that holds the password of `auth_user`.",
        |agent, _, text| {
            agent.xqueue.auth_password_file = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.poll",
        seconds(0.1),
        Value("5"),
        "How long to wait before an empty queue is polled again.",
        |agent, setting, text| {
            agent.xqueue.poll = setting.seconds(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.xqueue.lease",
        seconds(1.0),
        Value("60"),
        "How long the server leases a request: its `SUBMISSION_PROCESSING_DELAY`.",
        |agent, setting, text| {
            agent.xqueue.lease = setting.seconds(text)?;
            Ok(())
        },
    ),
    // XQueue takes up to 25 seconds to answer. An agent that does not wait for the answer does not
    // know whether its result was accepted.
    Setting::agent(
        "agent.xqueue.deadline",
        seconds(30.0),
        Value("60"),
        "How long the server may take to answer. It waits up to 25 seconds itself.",
        |agent, setting, text| {
            agent.xqueue.deadline = setting.seconds(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.http.listen",
        Other("address and port, in numbers"),
        Words("no HTTP API"),
        "Where the HTTP API listens: `127.0.0.1:8080`, `[::]:8080`.",
        |agent, _, text| {
            agent.http.listen = Some(listen_address(text)?);
            Ok(())
        },
    ),
    Setting::secret(
        "agent.http.token",
        "The bearer token that requests must have.",
        |agent, _, text| {
            agent.http.token = Some(Secret::new(text));
            Ok(())
        },
    ),
    Setting::agent(
        "agent.http.token_file",
        File,
        Words("no requests over HTTP"),
        "The file that holds the token. Without a token there are health checks and metrics alone.",
        |agent, _, text| {
            agent.http.token_file = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::agent(
        "agent.http.capacity",
        whole(1, 1_000_000),
        Value("1000"),
        "The most requests that are accepted and not answered yet.",
        |agent, setting, text| {
            agent.http.capacity = setting.whole(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.http.health_listen",
        Other("address and port, in numbers"),
        Words("those of `listen`"),
        "Where `/healthz`, `/readyz` and `/metrics` are instead, without a token: no client of the API can keep them from being answered there.",
        |agent, _, text| {
            agent.http.health_listen = Some(listen_address(text)?);
            Ok(())
        },
    ),
    Setting::agent(
        "agent.http.connections_per_client",
        whole(1, 512),
        Value("128"),
        "The most connections of one client at once, of 512 altogether. A client is an address of IPv4 or a network of 64 bits of IPv6; a web server in front of the agent is one.",
        |agent, setting, text| {
            agent.http.connections_per_client = setting.whole(text)?;
            Ok(())
        },
    ),
    Setting::agent(
        "agent.webhook.url",
        Url,
        Words("no webhook"),
        "The address that each outcome is posted to.",
        |agent, _, text| {
            agent.webhook.url = Some(web_address(text, "https://lms.example.org/hook")?);
            Ok(())
        },
    ),
    Setting::secret(
        "agent.webhook.secret",
        "The secret that signs what is posted, by HMAC-SHA-256.",
        |agent, _, text| {
            agent.webhook.secret = Some(Secret::new(text));
            Ok(())
        },
    ),
    Setting::agent(
        "agent.webhook.secret_file",
        File,
        Words("required with `url` unless the environment has the secret"),
        "The file that holds the secret.",
        |agent, _, text| {
            agent.webhook.secret_file = Some(text.to_owned());
            Ok(())
        },
    ),
    Setting::agent(
        "agent.log.to",
        Choice(&["stderr", "journald"]),
        Value("stderr"),
        "Where the log goes. A syslog reads either.",
        |agent, setting, text| {
            agent.log.to = match setting.choice(text)? {
                "stderr" => LogTarget::Stderr,
                _ => LogTarget::Journald,
            };
            Ok(())
        },
    ),
    Setting::agent(
        "agent.log.format",
        Choice(&["text", "json"]),
        Value("text"),
        "The format of a line on standard error. The journal has fields instead.",
        |agent, setting, text| {
            agent.log.format = match setting.choice(text)? {
                "text" => LogFormat::Text,
                _ => LogFormat::Json,
            };
            Ok(())
        },
    )
    .with_short_name("TESTAMUR_LOG_FORMAT"),
    Setting::agent(
        "agent.log.level",
        Other("`off`, `error`, `warn`, `info`, `debug`, `trace`, also by module: `info,testamur=debug`"),
        Value("info"),
        "The level. Names, usernames and addresses are logged at `debug` alone.",
        |agent, _, text| {
            agent.log.level = read_level(text)?;
            Ok(())
        },
    )
    .with_short_name("TESTAMUR_LOG"),
];

/// Returns the row of a setting. In a constant, a path that is not in the table is an error of the
/// compiler.
pub(super) const fn row(path: &str) -> &'static Setting {
    let mut index = 0;
    while index < SETTINGS.len() {
        if is_same(SETTINGS[index].path().as_bytes(), path.as_bytes()) {
            return &SETTINGS[index];
        }
        index += 1;
    }
    panic!("the table has no such setting")
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    index == one.len() && index == other.len()
}

/// Returns the setting of this path.
pub(super) fn find(path: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.path() == path)
}

/// Returns the keys that the file may have in a section, such as `agent.redis`, sorted; for an
/// empty section, those at the top of the file.
pub(super) fn keys(section: &str) -> Vec<&'static str> {
    let in_file = SETTINGS.iter().filter(|setting| !setting.is_secret());
    let below = in_file.filter_map(|setting| match section {
        "" => Some(setting.path()),
        _ => setting.path().strip_prefix(section)?.strip_prefix('.'),
    });
    let mut keys: Vec<&str> =
        below.map(|rest| rest.split('.').next().unwrap_or(rest)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests;
