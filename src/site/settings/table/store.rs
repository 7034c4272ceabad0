//! The settings of the two stores and of the index.

use crate::site::settings::setting::SettingDefault::{Required, Unset, Value, Words};
use crate::site::settings::setting::SettingForm::{
    Boolean, Choice, Deadline, File, Folder, Other, Text, Url,
};
use crate::site::settings::setting::{Setting, SettingForm};

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

pub(super) const SETTINGS: &[Setting] = &[
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
        Words(
            "`.testamur/index.sqlite` in the private folder, in the site's if `private` is a bucket",
        ),
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
        SettingForm::range(1, 100),
        Value("8"),
        "How many times a request is made at most, if it fails with a temporary error.",
    ),
];
