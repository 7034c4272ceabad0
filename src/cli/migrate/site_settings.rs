//! `testamur.yaml` from the old settings: addresses, stores, the queue, the log.

use serde_json::Value as Json;

use super::new_site::NewSite;
use super::refused;
use super::report::{At, Report};
use super::settings::OldSettings;
use super::yaml::Yaml;
use crate::site::{PublishSettings, web_address};

/// A setting of the new site, by its path.
type Entry = (String, Yaml);

/// What the rest of the migration needs of the settings.
#[derive(Debug, Default)]
pub(super) struct SiteSettings {
    entries: Vec<Entry>,
}

impl SiteSettings {
    /// Translates the settings, and reports each.
    pub(super) fn translate(
        old: &OldSettings,
        site: &mut NewSite,
        report: &mut Report,
    ) -> Self {
        let mut settings = Self::default();
        settings.publish(old, report);
        settings.store(old, site, report);
        settings.agent(old, site, report);
        report_unused(old, report);
        let legacy: Vec<Entry> = old
            .unknown
            .iter()
            .map(|(key, value)| (key.clone(), of_json(value)))
            .collect();
        if !legacy.is_empty() {
            settings.entries.push(("legacy".to_owned(), Yaml::Map(legacy)));
        }
        refused::leave_out(&mut settings.entries, report);
        if !old.unknown_secrets.is_empty() {
            let object: serde_json::Map<_, _> =
                old.unknown_secrets.iter().cloned().collect();
            let text = serde_json::to_string_pretty(&object).unwrap_or_default();
            site.add_secret("keys/legacy.json", text + "\n");
        }
        settings
    }

    /// Adds the settings of the OpenPGP key.
    pub(super) fn add(&mut self, key: &str, value: Yaml) {
        self.entries.push((key.to_owned(), value));
    }

    /// The text of `testamur.yaml`.
    pub(super) fn to_yaml(&self) -> String {
        let mut text =
            "# Made by `testamur migrate`; migration.txt says from what.\n".to_owned();
        Yaml::write_entries(&self.entries, 0, &mut text);
        text
    }

    fn publish(&mut self, old: &OldSettings, report: &mut Report) {
        let bucket = old.word("CERT_BUCKET");
        let mut publish = Vec::new();
        let url = address(old, "CERT_VERIFY_URL", report)
            .or_else(|| Some(format!("http://{}.s3.amazonaws.com", bucket.as_deref()?)));
        match &url {
            Some(url) => {
                publish.push(("url".to_owned(), Yaml::text(url)));
                let from = if old.word("CERT_VERIFY_URL").is_some() {
                    "taken as `publish.url`"
                } else {
                    "`publish.url` is the old default for CERT_BUCKET"
                };
                let at = At::file(old.file("CERT_VERIFY_URL"));
                report.taken(at, "CERT_VERIFY_URL", format!("{from}: {url}"));
            }
            None => report.person(
                At::file("env.json"),
                "CERT_VERIFY_URL",
                "neither it nor CERT_BUCKET is set: write the address of the verify pages into \
                 `publish.url`",
            ),
        }
        let downloads = address(old, "CERT_DOWNLOAD_URL", report)
            .or_else(|| Some(format!("https://{}.s3.amazonaws.com", bucket.as_deref()?)));
        if let Some(downloads) = &downloads {
            let at = At::file(old.file("CERT_DOWNLOAD_URL"));
            let how = format!("taken as `publish.downloads`: {downloads}");
            report.taken(at, "CERT_DOWNLOAD_URL", how);
            if Some(downloads) != url.as_ref() && url.is_some() {
                publish.push(("downloads".to_owned(), Yaml::text(downloads)));
            }
        }
        if let Some(name) = old.word("CERT_FILENAME") {
            let at = At::file(old.file("CERT_FILENAME"));
            let is_name = name.len() <= 64
                && !name.starts_with('.')
                && name.to_ascii_lowercase().ends_with(".pdf")
                && name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
            if is_name {
                publish.push(("filename".to_owned(), Yaml::text(&name)));
                report.taken(at, "CERT_FILENAME", format!("`publish.filename`: {name}"));
            } else {
                let how = "a name may have letters, digits, `.`, `-` and `_` here: set \
                           `publish.filename`";
                report.person(at, "CERT_FILENAME", format!("{name}: {how}"));
            }
        }
        if let Some(path) = old.word("S3_VERIFY_PATH") {
            let at = At::file(old.file("S3_VERIFY_PATH"));
            let path = path.trim_matches('/').to_owned();
            let is_name = PublishSettings::is_verify_path(&path);
            match path.as_str() {
                "cert" => report.taken(at, "S3_VERIFY_PATH", "`cert`, as here"),
                _ if is_name => {
                    publish.push(("verify_path".to_owned(), Yaml::text(&path)));
                    report.taken(
                        at,
                        "S3_VERIFY_PATH",
                        format!("`publish.verify_path`: {path}"),
                    );
                }
                _ => report.person(
                    at,
                    "S3_VERIFY_PATH",
                    format!(
                        "`{path}` is no name of one folder: set `publish.verify_path`"
                    ),
                ),
            }
        }
        // The old address had no file name, and worked where the server shows `valid.html`.
        publish.push(("index_file".to_owned(), Yaml::text("valid.html")));
        report.translated(
            At::file("env.json"),
            "the address of a verify page",
            "certificates bear the old address with `valid.html` at its end \
             (`publish.index_file`), which every server answers; an address without it works \
             where the server shows `valid.html` for a folder, as before",
        );
        self.entries.push(("publish".to_owned(), Yaml::Map(publish)));
    }

    fn store(&mut self, old: &OldSettings, site: &mut NewSite, report: &mut Report) {
        let uploads = old.is_true("S3_UPLOAD", true);
        let copies = old.is_true("COPY_TO_WEB_ROOT", false);
        let at = |key| At::file(old.file(key));
        let root = old.word("CERT_WEB_ROOT").unwrap_or_else(|| "/var/tmp".to_owned());
        match (uploads, old.word("CERT_BUCKET")) {
            (true, Some(bucket)) => {
                self.bucket(&bucket, old, site, report);
                if copies {
                    report.person(
                        at("COPY_TO_WEB_ROOT"),
                        "COPY_TO_WEB_ROOT",
                        format!(
                            "files went to the bucket and to {root}; a site has one store, and it \
                             is the bucket: copy from there to the folder"
                        ),
                    );
                }
            }
            (true, None) if !copies => report.person(
                at("CERT_BUCKET"),
                "CERT_BUCKET",
                "not set: certificates are written to the folder `public`; name the bucket under \
                 `store.s3`, or serve the folder",
            ),
            _ if copies => {
                self.entries.push(("store".to_owned(), Yaml::text(&root)));
                report.taken(
                    at("CERT_WEB_ROOT"),
                    "CERT_WEB_ROOT",
                    format!("`store`: {root}, where the issued files stay"),
                );
            }
            _ => report.person(
                at("S3_UPLOAD"),
                "S3_UPLOAD",
                "neither it nor COPY_TO_WEB_ROOT is on: nothing was published; certificates are \
                 written to the folder `public`",
            ),
        }
    }

    fn bucket(
        &mut self,
        bucket: &str,
        old: &OldSettings,
        site: &mut NewSite,
        report: &mut Report,
    ) {
        let mut s3 = vec![("bucket".to_owned(), Yaml::text(bucket))];
        let at = |key| At::file(old.file(key));
        report.taken(
            at("CERT_BUCKET"),
            "CERT_BUCKET",
            format!("`store.s3.bucket`: {bucket}"),
        );
        let addresses = [old.word("CERT_DOWNLOAD_URL"), old.word("CERT_VERIFY_URL")];
        let region = addresses.iter().flatten().find_map(|url| region_of(url));
        match &region {
            Some(region) => {
                report.translated(
                    at("CERT_DOWNLOAD_URL"),
                    "the bucket's region",
                    format!("`store.s3.region`: {region}, from the address"),
                );
            }
            None => report.person(
                at("CERT_BUCKET"),
                "the bucket's region",
                "the old program never named it: `store.s3.region` is us-east-1, check that it is \
                 the bucket's",
            ),
        }
        s3.push((
            "region".to_owned(),
            Yaml::text(region.as_deref().unwrap_or("us-east-1")),
        ));
        if bucket.contains('.') {
            // The certificate of the host `*.s3.amazonaws.com` does not cover it.
            s3.push(("path_style".to_owned(), Yaml::plain("true")));
        }
        s3.push(("acl".to_owned(), Yaml::text("public-read")));
        report.taken(
            at("S3_UPLOAD"),
            "S3_UPLOAD",
            "`store.s3`, with the ACL `public-read` as before; remove `acl` if the bucket refuses \
             ACLs, as new ones do",
        );
        match (old.word("CERT_AWS_ID"), old.word("CERT_AWS_KEY")) {
            (Some(id), Some(key)) => {
                site.add_secret("keys/s3.id", id + "\n");
                site.add_secret("keys/s3.secret", key + "\n");
                s3.push(("access_key_file".to_owned(), Yaml::text("keys/s3.id")));
                s3.push(("secret_key_file".to_owned(), Yaml::text("keys/s3.secret")));
                report.taken(
                    at("CERT_AWS_ID"),
                    "CERT_AWS_ID, CERT_AWS_KEY",
                    "the files keys/s3.id and keys/s3.secret",
                );
            }
            (None, None) => report.translated(
                at("CERT_AWS_ID"),
                "CERT_AWS_ID, CERT_AWS_KEY",
                "not set: credentials are looked for where Amazon's tools look (the file ~/.boto is \
                 not read)",
            ),
            _ => report.person(
                at("CERT_AWS_ID"),
                "CERT_AWS_ID, CERT_AWS_KEY",
                "one of them is set without the other: neither was taken",
            ),
        }
        let store = vec![("s3".to_owned(), Yaml::Map(s3))];
        self.entries.push(("store".to_owned(), Yaml::Map(store)));
    }

    fn agent(&mut self, old: &OldSettings, site: &mut NewSite, report: &mut Report) {
        let at = |key| At::file(old.file(key));
        let mut agent = Vec::new();
        match (old.word("QUEUE_URL"), address(old, "QUEUE_URL", report)) {
            (Some(_), None) => {}
            (Some(_), Some(url)) => {
                let name = old.word("QUEUE_NAME");
                let name = name.unwrap_or_else(|| "test-pull".to_owned());
                let mut xqueue = vec![
                    ("url".to_owned(), Yaml::text(&url)),
                    ("name".to_owned(), Yaml::text(&name)),
                ];
                report.taken(
                    at("QUEUE_URL"),
                    "QUEUE_URL",
                    format!("`agent.xqueue.url`: {url}"),
                );
                report.taken(
                    at("QUEUE_NAME"),
                    "QUEUE_NAME",
                    format!("`agent.xqueue.name`: {name}"),
                );
                let user = old.word("QUEUE_USER").unwrap_or_else(|| "lms".to_owned());
                xqueue.push(("user".to_owned(), Yaml::text(&user)));
                report.taken(at("QUEUE_USER"), "QUEUE_USER", "`agent.xqueue.user`");
                let mut secret =
                    |old_key: &str, key: &str, file: &str, report: &mut Report| {
                        let Some(password) = old.word(old_key) else { return false };
                        site.add_secret(file, password + "\n");
                        xqueue.push((key.to_owned(), Yaml::text(file)));
                        let how = format!("`agent.xqueue.{key}`: {file}");
                        report.taken(At::file(old.file(old_key)), old_key, how);
                        true
                    };
                if !secret("QUEUE_PASS", "password_file", "keys/xqueue", report) {
                    report.person(
                        at("QUEUE_PASS"),
                        "QUEUE_PASS",
                        "not set: the agent needs `agent.xqueue.password_file`",
                    );
                }
                let password = "auth_password_file";
                secret("QUEUE_AUTH_PASS", password, "keys/xqueue.auth", report);
                if let Some(user) = old.word("QUEUE_AUTH_USER") {
                    xqueue.push(("auth_user".to_owned(), Yaml::text(user)));
                    let how = "`agent.xqueue.auth_user`";
                    report.taken(at("QUEUE_AUTH_USER"), "QUEUE_AUTH_USER", how);
                }
                if let Some(poll) = old.word("QUEUE_POLL_FREQUENCY") {
                    match poll.parse::<f64>() {
                        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => {
                            xqueue.push((
                                "poll".to_owned(),
                                Yaml::plain(seconds.to_string()),
                            ));
                            let how = format!("`agent.xqueue.poll`: {seconds}");
                            report.taken(
                                at("QUEUE_POLL_FREQUENCY"),
                                "QUEUE_POLL_FREQUENCY",
                                how,
                            );
                        }
                        _ => report.person(
                            at("QUEUE_POLL_FREQUENCY"),
                            "QUEUE_POLL_FREQUENCY",
                            format!("`{poll}` is no number of seconds from 0.1 to 3600"),
                        ),
                    }
                }
                agent.push(("queue".to_owned(), Yaml::text("xqueue")));
                agent.push(("xqueue".to_owned(), Yaml::Map(xqueue)));
            }
            (None, _) => report.person(
                at("QUEUE_URL"),
                "QUEUE_URL",
                "not set: the site has no queue; set `agent.queue` if an agent is to run",
            ),
        }
        let level = old.word("LOCAL_LOGLEVEL").map(|level| level.to_uppercase());
        let level = level.as_deref().map(|level| match level {
            "DEBUG" => "debug",
            "WARNING" | "WARN" => "warn",
            "ERROR" | "CRITICAL" | "FATAL" => "error",
            _ => "info",
        });
        let mut log = Vec::new();
        if let Some(level) = level {
            log.push(("level".to_owned(), Yaml::text(level)));
            let how = format!("`agent.log.level`: {level}");
            report.translated(at("LOCAL_LOGLEVEL"), "LOCAL_LOGLEVEL", how);
        }
        if old.has("LOGGING_DEV_ENV") && !old.is_true("LOGGING_DEV_ENV", true) {
            log.push(("to".to_owned(), Yaml::text("journald")));
            report.translated(
                at("LOGGING_DEV_ENV"),
                "LOGGING_DEV_ENV",
                "`agent.log.to`: journald, which a syslog reads",
            );
        }
        if !log.is_empty() {
            agent.push(("log".to_owned(), Yaml::Map(log)));
        }
        if !agent.is_empty() {
            self.entries.push(("agent".to_owned(), Yaml::Map(agent)));
        }
    }
}

/// An address of the settings, without the `/` at its end.
fn address(old: &OldSettings, key: &str, report: &mut Report) -> Option<String> {
    let text = old.word(key)?;
    if let Some(url) = web_address(&text) {
        return Some(url.to_owned());
    }
    // An address may hold a password.
    let shown = if text.contains('@') { "it".to_owned() } else { format!("`{text}`") };
    let how = format!("{shown} is no address of `http` or `https`: not taken");
    report.person(At::file(old.file(key)), key, how);
    None
}

/// The region in an address of Amazon's.
fn region_of(url: &str) -> Option<String> {
    let at = url.find(".amazonaws.com")?;
    let host = &url[..at];
    let host = host.rsplit('/').next()?;
    let last = host.rsplit('.').next()?;
    let last = ["s3-website-", "s3-"]
        .iter()
        .find_map(|it| last.strip_prefix(it))
        .unwrap_or(last);
    let is_region = last.matches('-').count() >= 2
        && last.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    is_region.then(|| last.to_owned())
}

/// Reports the settings that have no successor.
fn report_unused(old: &OldSettings, report: &mut Report) {
    for (key, why) in [
        ("TMP_GEN_DIR", "there is no folder of work files to be emptied"),
        ("CERT_URL", "the old program never used it"),
        ("LOG_DIR", "the log goes to standard error or the journal"),
        ("LOGGING_ENV", "it stood in the lines of the old log alone"),
    ] {
        if old.has(key) {
            report.dropped(At::file(old.file(key)), key, why);
        }
    }
}

/// A value of `env.json` as YAML.
fn of_json(value: &Json) -> Yaml {
    match value {
        Json::String(text) => Yaml::text(text),
        Json::Array(items) => Yaml::List(items.iter().map(of_json).collect()),
        Json::Object(entries) => Yaml::Map(
            entries.iter().map(|(key, value)| (key.clone(), of_json(value))).collect(),
        ),
        other => Yaml::plain(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_is_read_from_the_addresses_of_buckets() {
        for (url, region) in [
            ("https://b.s3.amazonaws.com", None),
            ("https://b.s3.eu-central-1.amazonaws.com", Some("eu-central-1")),
            ("https://s3-eu-west-1.amazonaws.com/b", Some("eu-west-1")),
            ("http://b.s3-website-us-west-2.amazonaws.com", Some("us-west-2")),
            ("https://verify.example.org", None),
        ] {
            assert_eq!(region_of(url).as_deref(), region, "{url}");
        }
    }
}
