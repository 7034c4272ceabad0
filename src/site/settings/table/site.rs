//! The settings of a site as a whole: its addresses, its time zone, the limits of rendering, and
//! the keys that a migration keeps.

use crate::site::settings::setting::SettingDefault::{Unset, Value, Words};
use crate::site::settings::setting::SettingForm::{
    Boolean, Choice, Deadline, Other, Url,
};
use crate::site::settings::setting::{Setting, SettingForm};

pub(super) const SETTINGS: &[Setting] = &[
    Setting::file(
        "publish",
        Choice(&["none"]),
        Words("a map with the keys below"),
        "`none` if there is no web server: certificates then bear neither a link nor a QR code, and `issue --zip` adds what a reader needs to check them.",
    ),
    Setting::file(
        "publish.url",
        Url,
        Words(
            "none: `issue` and `agent` then ask for it, and drafts show `https://example.org`, which leads nowhere",
        ),
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
        SettingForm::range(1, 1024),
        Words("one on each core"),
        "How many documents are rendered at the same time.",
    ),
    Setting::file(
        "legacy",
        Other("map"),
        Unset,
        "Settings of a migrated site that have no meaning here. They are not read.",
    ),
];
