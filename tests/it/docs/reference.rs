//! `docs/settings.md`, which is made from the table of settings.
//!
//! `TESTAMUR_ACCEPT=1 tests/run --test it docs::reference` rewrites it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use testamur::site::{SETTINGS, Setting, SettingDefault};

const HEAD: &str = "\
<!-- Made from the table in src/site/settings/table.rs: TESTAMUR_ACCEPT=1 tests/run --test it docs::reference -->
# Settings: `testamur.yaml`

The settings of a site are in `testamur.yaml`, in its folder. All have defaults, so that the file may be empty. A folder
with this file is a site: the program, started in it, needs no `--site`. An unknown key is an error, with the nearest known one.

```sh
testamur --site my-site check -c KNOTS -l en
```

Paths are relative to the site unless they are absolute. Times are seconds, with a fraction if need be.

## Where a setting is set

Those under `agent` can be set in three places. The command line wins over the environment, the environment over the file:

| place | written as |
|---|---|
| `testamur.yaml` | `agent: { redis: { url: redis://localhost } }` |
| the environment | `TESTAMUR_AGENT__REDIS__URL=redis://localhost`; the items of a list with commas between them; an empty variable counts as none |
| `testamur agent` | `--set redis.url=redis://localhost` |

All others stand in `testamur.yaml` alone. A secret is never in the file: its variable holds it, or the file that the setting of the
same name and `_file` names.

The program reads these variables too; an option wins over its variable:

| variable | option | |
|---|---|---|
| `TESTAMUR_SITE` | `--site` | the site's folder |
| `TESTAMUR_FONTS` | `--fonts` | a folder of fonts, besides those of the site and of the program |
| `TESTAMUR_KEYS` | `--keys` | the folder of the keys |
| `TESTAMUR_TSA` | `--tsa` | the address of a TSA, in place of `seal.tsa` |
| `TESTAMUR_PKCS11_PIN` | | the PIN of the token that holds the key, in place of `seal.pdf.pin_file` |
| `SSL_CERT_FILE` | | a PEM file of the CAs that connections with TLS trust, in place of the machine's |
";

/// The sections of the page, in its order: the beginning of the paths, and what stands above the
/// table.
const SECTIONS: &[(&str, &str)] = &[
    (
        "publish",
        "The addresses and files of published certificates.

```yaml
publish:
  url: https://certificates.example.org
```

```yaml
publish: none
```

[`publishing.md`](publishing.md) says what the web server has to do.
",
    ),
    ("timezone", ""),
    (
        "render",
        "The limits of rendering.

```yaml
timezone: Europe/Berlin
render: { deadline: 10, threads: 4 }
```
",
    ),
    (
        "store",
        "Where certificates are published, and where requests and records are kept for the operator alone. Both stores have the same keys.

```yaml
store: { folder: public, readers: group }
private: /srv/certificates-private
```

```yaml
publish:
  url: https://certificates.s3.eu-central-1.amazonaws.com
  index_file: index.html
store:
  s3:
    bucket: certificates
    region: eu-central-1
private:
  s3:
    bucket: certificates-private
    endpoint: https://s3.example.org
    access_key_file: keys/s3.id
    secret_key_file: keys/s3.secret
```
",
    ),
    (
        "seal",
        "The keys and the TSA with which certificates are sealed. Without these settings the keys in the folder `keys/` seal, without timestamp tokens.

```yaml
seal:
  archive: true
  tsa: { url: \"https://tsa.example.org/\", roots: tsa.pem }
  pdf: { key: /run/secrets/seal.pem, chain: seal.pem }
  openpgp:
    command: [gpg, --batch, --armor, --digest-algo, SHA512, --detach-sign, -u, FINGERPRINT]
    key: openpgp.asc
```

The key that seals can stay in a token, an HSM or a smart card: [`token.md`](token.md).
",
    ),
    ("legacy", ""),
    (
        "agent",
        "The agent takes requests from a queue, over HTTP, or both. [`agent.md`](agent.md) says what it does with them. The tables name these settings as `--set` does, without `agent.`, and below each name its variable.

```yaml
agent:
  queue: redis
  redis: { url: \"redis://localhost:6379/0\", stream: certificates, password_file: keys/redis }
  http: { listen: \"127.0.0.1:8080\", token_file: keys/token }
```
",
    ),
    (
        "agent.redis",
        "A stream of Redis: the event bus of Open edX, or one of your own. [`queues.md`](queues.md) describes its entries.

```yaml
agent:
  queue: redis
  redis:
    url: rediss://redis.example.org:6380/2
    user: agent
    password_file: keys/redis
    stream: certificates
    modes: [verified, honor]
```
",
    ),
    (
        "agent.xqueue",
        "A queue of an XQueue server, which old installations of Open edX have.

```yaml
agent:
  queue: xqueue
  xqueue:
    url: https://xqueue.example.org
    name: certificates
    user: lms
    password_file: keys/xqueue
```
",
    ),
    ("agent.http", "The HTTP API.\n"),
    ("agent.webhook", "Each outcome is posted to it.\n"),
    (
        "agent.log",
        "```yaml
agent:
  log: { to: journald, level: \"info,testamur=debug\" }
```
",
    ),
];

#[test]
fn settings_page_follows_from_the_table() {
    let page = page();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    let before = fs::read_to_string(&path).unwrap_or_default();
    if before != page && std::env::var_os("TESTAMUR_ACCEPT").is_some() {
        fs::write(&path, page).unwrap();
    } else {
        assert!(before == page, "docs/settings.md differs from the table of settings");
    }
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut count = 0;
    for (section, words) in SECTIONS {
        let own: Vec<&Setting> =
            SETTINGS.iter().filter(|setting| section_of(setting) == *section).collect();
        assert!(!own.is_empty(), "{section}");
        count += own.len();
        write!(page, "\n## `{section}`\n\n{words}").unwrap();
        page += if words.is_empty() { "" } else { "\n" };
        page += "| setting | value | unless set | |\n|---|---|---|---|\n";
        for setting in own {
            let name = setting.path().strip_prefix("agent.").unwrap_or(setting.path());
            let default = match setting.default() {
                SettingDefault::Required => "required".to_owned(),
                SettingDefault::Value("\"\"") => "empty".to_owned(),
                SettingDefault::Value(value) => {
                    format!("`{}`", value.replace(", ", "`, `"))
                }
                SettingDefault::Words(words) => words.to_owned(),
                _ => "none".to_owned(),
            };
            let form = if setting.is_secret() {
                "secret, never in the file".to_owned()
            } else {
                setting.form().to_string()
            };
            let (variable, about) = (setting.variable(), setting.about());
            let short = setting.short_name().map(|name| format!(", or `{name}`"));
            let variable =
                variable.map(|name| format!("<br>`{name}`{}", short.unwrap_or_default()));
            let variable = variable.unwrap_or_default();
            writeln!(page, "| `{name}`{variable} | {form} | {default} | {about} |")
                .unwrap();
        }
    }
    assert_eq!(count, SETTINGS.len(), "a setting has no section on the page");
    page
}

/// The section of the page that a setting stands in.
fn section_of(setting: &Setting) -> &'static str {
    let path = setting.path();
    match path {
        "private" | "index" => "store",
        _ => SECTIONS
            .iter()
            .map(|(section, _)| *section)
            .filter(|section| {
                path.strip_prefix(section)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
            .max_by_key(|section| section.len())
            .unwrap_or_default(),
    }
}
