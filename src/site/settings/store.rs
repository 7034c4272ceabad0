//! Settings of the stores: `store`, which is published, and `private`, which only the operator can
//! read.
//!
//! ```yaml
//! store: public             # a folder that a web server publishes
//! private:                  # records, inputs and accepted requests; never inside of `store`
//!   s3:
//!     bucket: certificates-private
//!     region: eu-central-1
//! ```
//!
//! Both take the same forms: a folder's name, `{ folder: public, readers: group }`, or
//! `{ s3: { … } }`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::base::error::ErrorKind;
use crate::base::path::StorePath;
use crate::base::yaml::{Faults, Fields, Node};
use crate::site::settings::address::web_address;
use crate::site::settings::deadline::read_deadline;
use crate::site::settings::setting::Setting;
use crate::site::settings::table;

const READERS: &Setting = table::row("store.readers");
const ACL: &Setting = table::row("store.s3.acl");
const ENCRYPTION: &Setting = table::row("store.s3.encryption");
const STORAGE_CLASS: &Setting = table::row("store.s3.storage_class");
const DEADLINE: &Setting = table::row("store.s3.deadline");
const ATTEMPTS: &Setting = table::row("store.s3.attempts");

/// The most tags of a file in S3.
const MAX_TAGS: usize = 10;

/// A store of files: a folder, or a bucket of S3.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "a site has two of them")]
pub enum StoreSettings {
    /// A folder: `store: public`, or `store: { folder: public, readers: group }`.
    Folder(FolderSettings),
    /// A bucket: `store: { s3: { bucket: NAME, region: REGION } }`.
    S3(S3Settings),
}

/// A store in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FolderSettings {
    /// The path of the folder, relative to the site unless it is absolute.
    pub path: String,
    /// Who may read its files; unless set, `everybody` in the public store and `owner` in the
    /// private one.
    pub readers: Option<Readers>,
}

/// Which users of the machine may read the files of a folder: `readers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Readers {
    /// `everybody`, so that any web server can publish them: mode 0644, folders 0755.
    #[default]
    Everybody,
    /// `group`, the owner and the group: mode 0640, folders 0750.
    Group,
    /// `owner`, the owner alone: mode 0600, folders 0700.
    Owner,
}

/// A store in a bucket of S3, or of a server that speaks its protocol: `s3`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct S3Settings {
    /// The name of the bucket: 3 to 63 small letters, digits, `-` and `.`. Required.
    pub bucket: String,
    /// The region, such as `eu-central-1`. Required, unless `endpoint` is set: then `us-east-1`
    /// unless set.
    pub region: String,
    /// The address of a server that is not Amazon's, `http` or `https`, without a `/` at its end;
    /// Amazon's in `region` unless set.
    pub endpoint: Option<String>,
    /// The path that the keys of all files begin with, followed by a `/`; none unless set.
    pub prefix: Option<StorePath>,
    /// Whether addresses have the bucket in their path (`HOST/BUCKET/KEY`), not in the name of the
    /// host (`BUCKET.HOST/KEY`); unless set, in the path if there is an `endpoint`.
    pub path_style: bool,
    /// The canned ACL of each file, such as `public-read`; none unless set, because most buckets
    /// refuse ACLs.
    pub acl: Option<String>,
    /// How the server encrypts each file: `AES256`, `aws:kms` or `aws:kms:dsse`; as the bucket says
    /// unless set.
    pub encryption: Option<String>,
    /// The id, ARN or alias of the KMS key, with `aws:kms` and `aws:kms:dsse`; Amazon's own unless
    /// set.
    pub kms_key: Option<String>,
    /// The storage class of each file, such as `INTELLIGENT_TIERING`; the bucket's unless set.
    pub storage_class: Option<String>,
    /// The tags of each file, at most 10.
    pub tags: BTreeMap<String, String>,
    /// The profile of Amazon's tools; that of the environment, or the default one, unless set.
    pub profile: Option<String>,
    /// The files of the keys; unless set, keys are looked up where Amazon's tools look them up: in
    /// the environment, the profile, and the machine's role.
    pub key_files: Option<KeyFiles>,
    /// How long one request may take, at most 600 seconds; 30 seconds unless set.
    pub deadline: Duration,
    /// How many times a request is made at most, if it fails with a temporary error, 1 to 100;
    /// 8 unless set, which takes about 20 seconds if each of them fails at once.
    pub attempts: u32,
}

/// The files of the keys for a bucket, each of which holds one key and nothing else. Paths are
/// relative to the site unless they are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyFiles {
    /// The file of the access key ID: `access_key_file`.
    pub access_key: String,
    /// The file of the secret access key: `secret_key_file`.
    pub secret_key: String,
    /// The file of the session token of temporary keys: `session_token_file`; none unless set.
    pub session_token: Option<String>,
}

impl StoreSettings {
    /// Creates a store in the folder of that path.
    pub fn folder(path: impl Into<String>) -> Self {
        Self::Folder(FolderSettings { path: path.into(), readers: None })
    }

    /// Reads the value of `store` or `private`.
    pub(super) fn read(node: Node<'_>, faults: &mut Faults) -> Option<Self> {
        if node.is_scalar() {
            let path = faults.keep(node.text())?;
            // Other programs write a bucket like this, so here it is most likely a mistake.
            if path == "s3" || path.starts_with("s3:") {
                let fault =
                    node.fault(ErrorKind::InvalidValue, format!("`{path}` is no folder"));
                faults.push(fault.with_help(
                    "a bucket is written `{ s3: { bucket: NAME, region: REGION } }`",
                ));
                return None;
            }
            if path.starts_with(['~', '$']) || path.contains("${") {
                let message =
                    format!("`{path}` is no folder: nothing is put in for `~` and `$`");
                let fault = node.fault(ErrorKind::InvalidValue, message);
                faults.push(fault.with_help(
                    "write the whole path, or one that begins in the site's folder",
                ));
                return None;
            }
            return Some(Self::folder(path));
        }
        let known = table::keys("store");
        let fields = node.fields(&known, faults)?;
        match (fields.get("folder"), fields.get("s3")) {
            (Some(folder), None) => {
                let path = faults.keep(folder.text())?.to_owned();
                let readers = fields
                    .get("readers")
                    .and_then(|node| faults.keep(node.one_of(READERS.choices())));
                let readers = readers.map(|readers| match readers {
                    "group" => Readers::Group,
                    "owner" => Readers::Owner,
                    _ => Readers::Everybody,
                });
                Some(Self::Folder(FolderSettings { path, readers }))
            }
            (None, Some(bucket)) => {
                if let Some(readers) = fields.get("readers") {
                    faults.push(
                        readers
                            .key_span()
                            .fault(ErrorKind::InvalidValue, "`readers` is for folders")
                            .with_help(
                                "say who reads a bucket in its policy, or by `acl`",
                            ),
                    );
                }
                let fields = bucket.fields(&table::keys("store.s3"), faults)?;
                read_s3(fields, faults).map(Self::S3)
            }
            // The unknown key, which is reported already, may be a misspelt one of them.
            (None, None)
                if node.entries().ok()?.any(|(key, _)| !known.contains(&key.text())) =>
            {
                None
            }
            _ => {
                let fault = node.key_span().fault(
                    ErrorKind::InvalidValue,
                    "a store is either a folder or a bucket of S3",
                );
                faults.push(fault.with_help("give one of `folder` and `s3`"));
                None
            }
        }
    }

    /// Whether this store is inside of `other`, judged by their names; no disk is read.
    pub(crate) fn is_in(&self, other: &StoreSettings) -> bool {
        match (self, other) {
            (Self::Folder(one), Self::Folder(other)) => {
                match (parts_below_site(&one.path), parts_below_site(&other.path)) {
                    (Some(one), Some(other)) => one.starts_with(&other),
                    _ => false,
                }
            }
            (Self::S3(one), Self::S3(other)) => {
                one.bucket == other.bucket
                    && one.host() == other.host()
                    && match (&one.prefix, &other.prefix) {
                        (_, None) => true,
                        (None, Some(_)) => false,
                        (Some(one), Some(other)) => one.is_in(other),
                    }
            }
            _ => false,
        }
    }
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self::folder("public")
    }
}

impl fmt::Display for StoreSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "the folder `{}`", folder.path),
            Self::S3(settings) => settings.fmt(f),
        }
    }
}

impl S3Settings {
    /// Creates a store in a bucket at Amazon's, with the keys of the machine.
    pub fn new(bucket: impl Into<String>, region: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            region: region.into(),
            endpoint: None,
            prefix: None,
            path_style: false,
            acl: None,
            encryption: None,
            kms_key: None,
            storage_class: None,
            tags: BTreeMap::new(),
            profile: None,
            key_files: None,
            deadline: Duration::from_secs(30),
            attempts: 8,
        }
    }

    /// Returns the address of the server, without the bucket.
    pub(crate) fn host(&self) -> String {
        match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None if self.region.starts_with("cn-") => {
                format!("https://s3.{}.amazonaws.com.cn", self.region)
            }
            None => format!("https://s3.{}.amazonaws.com", self.region),
        }
    }
}

impl fmt::Display for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bucket `{}`", self.bucket)?;
        if let Some(prefix) = &self.prefix {
            write!(f, " below `{prefix}`")?;
        }
        match &self.endpoint {
            Some(endpoint) => write!(f, " at `{endpoint}`"),
            None => write!(f, " in `{}`", self.region),
        }
    }
}

impl KeyFiles {
    /// Creates the files of keys without a session token.
    pub fn new(access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        let (access_key, secret_key) = (access_key.into(), secret_key.into());
        Self { access_key, secret_key, session_token: None }
    }
}

/// Checks that the private store is not public: inside of the public store, or with a public ACL.
pub(super) fn check_private(
    public: &StoreSettings,
    private: Option<&StoreSettings>,
    fields: Fields<'_>,
    faults: &mut Faults,
) {
    if let (Some(StoreSettings::S3(S3Settings { acl: Some(acl), .. })), Some(node)) =
        (private, fields.get("private"))
        && !matches!(acl.as_str(), "private" | "bucket-owner-full-control")
    {
        let fault = node.key_span().fault(
            ErrorKind::InvalidValue,
            format!("what is private would be published: `acl: {acl}`"),
        );
        faults.push(fault.with_help("remove `acl`"));
    }
    if let (Some(private), Some(node)) = (private, fields.get("private"))
        && private.is_in(public)
    {
        let fault = node.key_span().fault(
            ErrorKind::InvalidValue,
            format!("what is private would be published: it goes into {public}"),
        );
        faults.push(fault.with_help("give `private` a place outside of `store`"));
    }
}

fn read_s3(fields: Fields<'_>, faults: &mut Faults) -> Option<S3Settings> {
    let bucket =
        fields.required("bucket", faults).and_then(|node| read_bucket(node, faults));
    let endpoint = fields.get("endpoint").and_then(|node| read_endpoint(node, faults));
    let region = match (fields.get("region"), endpoint.is_some()) {
        (Some(node), _) => faults.keep(node.text()).map(|text| {
            if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                let message = format!("`{text}` is no region");
                let fault = node.fault(ErrorKind::InvalidValue, message);
                faults.push(fault.with_help("write it like `eu-central-1`"));
            }
            text.to_owned()
        }),
        (None, true) => Some("us-east-1".to_owned()),
        (None, false) => {
            if fields.get("endpoint").is_none() {
                faults.push(fields.missing("region").with_help(
                    "write it like `eu-central-1`; for a server that is not Amazon's give \
                     `endpoint`",
                ));
            }
            None
        }
    };
    let mut settings = S3Settings::new(bucket?, region?);
    settings.path_style = endpoint.is_some();
    settings.endpoint = endpoint;
    settings.prefix = fields.get("prefix").and_then(|node| {
        let text = faults.keep(node.text())?.trim_matches('/');
        faults.keep(StorePath::parse(text).map_err(|error| node.wrap(error)))
    });
    if let Some(node) = fields.get("path_style")
        && let Some(path_style) = faults.keep(node.boolean())
    {
        settings.path_style = path_style;
    }
    settings.acl = fields
        .get("acl")
        .and_then(|node| faults.keep(node.one_of(ACL.choices())).map(str::to_owned));
    settings.encryption = fields.get("encryption").and_then(|node| {
        faults.keep(node.one_of(ENCRYPTION.choices())).map(str::to_owned)
    });
    settings.kms_key = fields.get("kms_key").and_then(|node| {
        let key = faults.keep(node.text())?;
        let uses_kms = settings.encryption.as_deref().is_some_and(|it| it.starts_with("aws:kms"));
        if !uses_kms || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "`kms_key` is the id of a key for `encryption: aws:kms`";
            faults.push(node.fault(ErrorKind::InvalidValue, message).with_help(
                "write `encryption: aws:kms` and the key's id, ARN or alias, or remove `kms_key`",
            ));
        }
        Some(key.to_owned())
    });
    settings.storage_class = fields.get("storage_class").and_then(|node| {
        faults.keep(node.one_of(STORAGE_CLASS.choices())).map(str::to_owned)
    });
    if let Some(node) = fields.get("tags") {
        settings.tags = read_tags(node, faults);
    }
    settings.profile = read_text(fields, "profile", faults);
    settings.key_files = read_key_files(fields, faults);
    settings.deadline = read_deadline(fields, DEADLINE, settings.deadline, faults);
    if let Some(node) = fields.get("attempts")
        && let Some(text) = faults.keep(node.text())
    {
        let attempts = ATTEMPTS.whole(text).map_err(|error| node.wrap(error));
        settings.attempts = faults.keep(attempts).unwrap_or(settings.attempts);
    }
    Some(settings)
}

/// Reads tags in the limits of S3.
fn read_tags(node: Node<'_>, faults: &mut Faults) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    let Some(entries) = faults.keep(node.entries()) else { return tags };
    for (key, value) in entries {
        let Some(text) = faults.keep(value.text()) else { continue };
        let key_text = key.text();
        let is_allowed = |text: &str| {
            text.chars().all(|c| c.is_alphanumeric() || " +-=._:/@".contains(c))
        };
        if !is_allowed(key_text)
            || !is_allowed(text)
            || !(1..=128).contains(&key_text.chars().count())
            || text.chars().count() > 256
            || key_text.starts_with("aws:")
            || tags.len() == MAX_TAGS
        {
            let message = format!("`{key_text}` is no tag of S3");
            faults.push(value.fault(ErrorKind::InvalidValue, message).with_help(format!(
                "at most {MAX_TAGS} tags, keys of 1 to 128 characters that do not begin with `aws:`, \
                 values of at most 256; of letters, digits, blanks and +-=._:/@"
            )));
            continue;
        }
        tags.insert(key_text.to_owned(), text.to_owned());
    }
    tags
}

/// Reads the name of a bucket in Amazon's form, because it becomes part of an address.
fn read_bucket(node: Node<'_>, faults: &mut Faults) -> Option<String> {
    let text = faults.keep(node.text())?;
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
    };
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    if !(3..=63).contains(&text.len())
        || !text.bytes().all(allowed)
        || !ends(bytes.first())
        || !ends(bytes.last())
    {
        let message = format!("`{text}` is no name of a bucket");
        let fault = node.fault(ErrorKind::InvalidValue, message);
        faults.push(fault.with_help(
            "a bucket has 3 to 63 small letters, digits, `-` and `.`; folders in it go under \
             `prefix`",
        ));
        return None;
    }
    Some(text.to_owned())
}

fn read_endpoint(node: Node<'_>, faults: &mut Faults) -> Option<String> {
    let text = faults.keep(node.text())?.trim_end_matches('/');
    if web_address(text).is_none() {
        let fault =
            node.fault(ErrorKind::InvalidValue, format!("`{text}` is no address"));
        faults.push(fault.with_help(
            "write it like `https://s3.example.org`; keys go into files, never into it",
        ));
        return None;
    }
    Some(text.to_owned())
}

fn read_key_files(fields: Fields<'_>, faults: &mut Faults) -> Option<KeyFiles> {
    let access_key = read_text(fields, "access_key_file", faults);
    let secret_key = read_text(fields, "secret_key_file", faults);
    let session_token = read_text(fields, "session_token_file", faults);
    let missing = match (&access_key, &secret_key, &session_token) {
        (None, Some(_), _) | (None, None, Some(_)) => "access_key_file",
        (Some(_), None, _) => "secret_key_file",
        _ => {
            let (access_key, secret_key) = access_key.zip(secret_key)?;
            return Some(KeyFiles { access_key, secret_key, session_token });
        }
    };
    faults.push(fields.missing(missing).with_help(
        "keys come from files together, or without any from where Amazon's tools look",
    ));
    None
}

fn read_text(fields: Fields<'_>, key: &str, faults: &mut Faults) -> Option<String> {
    let node = fields.get(key)?;
    faults.keep(node.text()).map(str::to_owned)
}

/// Returns the parts of a folder's path below the site; `None` if the path leads out of the site,
/// because then its name does not tell where it is.
fn parts_below_site(path: &str) -> Option<Vec<&str>> {
    let parts = path.split(['/', '\\']);
    let parts: Vec<&str> = parts.filter(|part| !matches!(*part, "" | ".")).collect();
    let is_outside = path.starts_with(['/', '\\']) || parts.contains(&"..");
    (!is_outside).then_some(parts)
}
