//! Opens the site, the settings, the keys and the register for a command.
//!
//! It takes the arguments, and gives values of the library. Arguments win over environment
//! variables, which clap reads as arguments, and those over `testamur.yaml`.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::press::Press;
use crate::register::{Index, IndexLocation, Register, Store, StorePath, Stores};
use crate::seal::X509;
use crate::site::secret_mode::warn_if_readable;
use crate::site::{
    IdSecret, KeyPublication, KeySource, Keys, PublishAddress, SealSettings, Secret,
    Settings, Site, TsaSettings,
};
use crate::{Date, Error, ErrorKind, Place, Timestamp};

use super::args::{KeyFolder, SealingArguments, SiteArguments};
use super::exit::Failure;
use super::{clock, console};

/// Opens the site that `--site` or the environment names, else the current folder if it is a site,
/// else the built-in demo site, with a note for the user. The site takes the folder of fonts.
pub(crate) fn open_site(arguments: &SiteArguments) -> Result<Site, Failure> {
    let mut site = open_site_without_note(arguments)?;
    if let Some(folder) = arguments.fonts.clone().or_else(installed_fonts) {
        site = site.with_fonts(&folder)?;
    }
    if site.is_demo() {
        console::print_note(&format!(
            "using {}: no --site is given, and this folder has no testamur.yaml",
            site.name()
        ));
    }
    Ok(site)
}

/// The first folder of fonts that is installed: next to the program's folder, as an archive has it,
/// then where an administrator or a package puts it.
fn installed_fonts() -> Option<PathBuf> {
    const FONTS: &str = "share/testamur/fonts";
    let program = std::env::current_exe().ok();
    let prefix = program.as_deref().and_then(Path::parent).and_then(Path::parent);
    [prefix, Some(Path::new("/usr/local")), Some(Path::new("/usr"))]
        .into_iter()
        .flatten()
        .map(|prefix| prefix.join(FONTS))
        .find(|folder| folder.is_dir())
}

/// Like [`open_site`], without the note and the folder of fonts, for a command whose result hardly
/// depends on the site.
pub(crate) fn open_site_without_note(arguments: &SiteArguments) -> Result<Site, Failure> {
    let here = Path::new(".");
    Ok(match &arguments.folder {
        Some(folder) => Site::open(folder)?,
        None if here.join("testamur.yaml").is_file() => Site::open(here)?,
        None => Site::demo(),
    })
}

/// Reads the settings of a site, for a command that needs no [`Press`].
pub(crate) fn read_settings(site: &Site) -> Result<Settings, Failure> {
    Ok(match site.read("testamur.yaml")? {
        Some(bytes) => Settings::parse(&bytes)?,
        None => Settings::default(),
    })
}

/// Checks that the links on certificates lead somewhere, and warns of those of a trial and of a
/// store that cannot answer them.
///
/// # Errors
/// A site other than the demo does not say where it publishes, and issues no specimens.
pub(crate) fn check_address(press: &Press, specimen: bool) -> Result<(), Failure> {
    let settings = press.settings();
    settings.warnings().iter().for_each(console::print_warning);
    if settings.publish.address != PublishAddress::Unset {
        return Ok(());
    }
    if !press.site().is_demo() && !specimen {
        return Err(Failure::new(NO_ADDRESS));
    }
    console::print_message(
        "warning: the addresses on the certificates begin with https://example.org and lead \
         nowhere\nhelp: set `publish.url` in testamur.yaml to the address at which the public \
         folder is served",
    );
    Ok(())
}

/// Warns about a site, other than the demo, that does not say where it publishes.
pub(crate) fn warn_of_no_address(press: &Press) {
    let is_unset = press.settings().publish.address == PublishAddress::Unset;
    if is_unset && !press.site().is_demo() {
        console::print_message(&format!("warning: {NO_ADDRESS}"));
    }
}

/// The message about a site that does not say where it publishes.
const NO_ADDRESS: &str = "testamur.yaml: the site has no address: the links on its certificates would lead nowhere\nhelp: \
     set `publish.url` to the address at which the public folder is served, or write `publish: \
     none` if there is no web server; `issue --specimen` needs neither";

/// Opens the stores of the settings, whose writes enter the index. `output` is a folder that takes
/// the place of the public store; such a folder has no index. Neither it nor the store may publish
/// the `keys`.
pub(crate) fn open_stores(
    arguments: &SiteArguments,
    settings: &Settings,
    output: Option<&Path>,
    keys: Option<&KeyFolder>,
    on_index_failure: fn(&Error),
) -> Result<Stores, Failure> {
    let keys = keys.map(|keys| key_folder(arguments, keys));
    let stores = Stores::open_with(settings, folder(arguments), output, keys.as_deref())?;
    if output.is_some() {
        return Ok(stores);
    }
    Ok(match open_index(arguments, settings, &stores) {
        Some(index) => index.watch(stores, on_index_failure),
        None => stores,
    })
}

/// The index of the stores of the settings, unless the settings want none.
pub(crate) fn open_index(
    arguments: &SiteArguments,
    settings: &Settings,
    stores: &Stores,
) -> Option<Index> {
    let location = IndexLocation::of(settings, folder(arguments))?;
    Some(Index::new(location, stores.public.clone(), stores.private.clone()))
}

/// Prints why a write did not enter the index.
pub(crate) fn print_index_failure(error: &Error) {
    console::print_message(&format!("warning: {error:#}"));
    console::print_note("the index is brought up to date by the next `list` or `find`");
}

/// Opens the register over the stores of the settings, with `output` as in [`open_stores`]. Where
/// the folder of `keys` has an id secret, the stores have to be those of it.
pub(crate) fn open_register(
    arguments: &SiteArguments,
    site: &Site,
    settings: &Settings,
    output: Option<&Path>,
    keys: Option<&KeyFolder>,
) -> Result<Register, Failure> {
    let Stores { public, private } =
        open_stores(arguments, settings, output, keys, print_index_failure)?;
    let register = Register::new(site, settings.publish.clone(), public, private)?;
    // A store of another secret belongs to another site, and must not be changed.
    let folder = keys.map(|keys| key_folder(arguments, keys));
    if let Some(folder) = folder.filter(|folder| Keys::has_id_secret(folder)) {
        register.check_identity(&Keys::id_secret(&folder)?)?;
    }
    Ok(register)
}

/// Opens the register of the site that the arguments name.
pub(crate) fn register_of_site(
    site: &SiteArguments,
    output: Option<&Path>,
    keys: &KeyFolder,
) -> Result<Register, Failure> {
    let files = open_site(site)?;
    let settings = read_settings(&files)?;
    open_register(site, &files, &settings, output, Some(keys))
}

/// Reads the secret that certificate ids are derived from.
pub(crate) fn open_id_secret(
    site: &SiteArguments,
    keys: &KeyFolder,
) -> Result<IdSecret, Failure> {
    let folder = key_folder(site, keys);
    let secret = Keys::id_secret(&folder)?;
    let file = folder.join(Keys::ID_SECRET);
    warn_if_readable(&file, "id secret").iter().for_each(console::print_warning);
    Ok(secret)
}

/// The settings of the agent: arguments over environment over `testamur.yaml`.
#[cfg(any(feature = "http", feature = "redis"))]
pub(crate) fn agent_settings(
    settings: &Settings,
    set: &[(String, String)],
) -> Result<crate::site::AgentSettings, Failure> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment holds settings of the agent, and only the program reads it"
    )]
    let variables = std::env::vars_os();
    let settings = settings.agent.clone().with_env(agent_variables(variables)?)?;
    let set = set.iter().map(|(key, value)| (key, value));
    Ok(settings.with_arguments("--set", set)?)
}

/// The variables whose names are text. One of the agent's whose value is none is refused: without it
/// another value would hold.
#[cfg(any(feature = "http", feature = "redis"))]
fn agent_variables(
    all: impl IntoIterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
) -> Result<Vec<(String, String)>, Failure> {
    let mut variables = Vec::new();
    for (name, value) in all {
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) => variables.push((name, value)),
            Err(_) if name.starts_with("TESTAMUR_") => {
                return Err(Failure::usage(format!(
                    "the value of {name} in the environment is no UTF-8"
                )));
            }
            Err(_) => {}
        }
    }
    Ok(variables)
}

/// A warning for each file with a password, a token or a key of the settings that others than its
/// owner can read.
#[cfg(feature = "http")]
pub(crate) fn open_secrets(
    site: &SiteArguments,
    settings: &Settings,
    agent: &crate::site::AgentSettings,
) -> Vec<crate::Warning> {
    use crate::site::StoreSettings;

    let stores = [&settings.store].into_iter().chain(&settings.private);
    let keys = stores.filter_map(|store| match store {
        StoreSettings::S3(bucket) => bucket.key_files.as_ref(),
        StoreSettings::Folder(_) => None,
    });
    let keys = keys
        .flat_map(|files| std::iter::once(&files.secret_key).chain(&files.session_token));
    let own = [
        &agent.http.token_file,
        &agent.redis.password_file,
        &agent.xqueue.password_file,
        &agent.xqueue.auth_password_file,
        &agent.webhook.secret_file,
    ];
    let files = own.into_iter().flatten().chain(keys);
    files
        .filter_map(|file| warn_if_readable(&folder(site).join(file), "secret"))
        .collect()
}

/// Today's date in the site's time zone, or in the machine's if the site names none.
pub(crate) fn today(press: &Press) -> Result<Date, Failure> {
    clock::today(press.settings().timezone.as_deref())
}

/// The folder of the site, to which the paths in its settings are relative. The demo site has the
/// current folder.
pub(crate) fn folder(site: &SiteArguments) -> &Path {
    site.folder.as_deref().unwrap_or(Path::new("."))
}

/// The folder of the keys: `--keys`, or `keys` in the site's folder.
pub(crate) fn key_folder(site: &SiteArguments, keys: &KeyFolder) -> PathBuf {
    keys.folder.clone().unwrap_or_else(|| folder(site).join("keys"))
}

/// Creates the id secret of the built-in demo, and keys if it has none, while no store has a file.
/// No other site gets a secret automatically: if the secret was lost, a new one would give each
/// recipient a second certificate.
pub(crate) fn create_demo_secret(
    site: &SiteArguments,
    keys: &KeyFolder,
    press: &Press,
    stores: &Stores,
    now: Timestamp,
) -> Result<(), Failure> {
    let folder = key_folder(site, keys);
    if press.site().is_demo()
        && !Keys::has_id_secret(&folder)
        && is_empty(&*stores.public)?
        && is_empty(&*stores.private)?
    {
        create_demo_keys(site, keys, press, now)?;
        Keys::create_id_secret(&folder)?;
    }
    Ok(())
}

/// Creates keys of the built-in demo, if it has none.
pub(crate) fn create_demo_keys(
    site: &SiteArguments,
    keys: &KeyFolder,
    press: &Press,
    now: Timestamp,
) -> Result<(), Failure> {
    let folder = key_folder(site, keys);
    let Some(course) = press.courses().iter().next() else { return Ok(()) };
    if press.site().is_demo() && !Keys::are_in(&folder)? {
        let name = &course.organization.name;
        let (name, _) = name.get(&course.language, &course.language);
        let name: String = name.chars().take(KeySource::MAX_NAME).collect();
        Keys::create(&folder, &KeySource::NewRoot { name: &name }, now)?;
        console::print_note(&format!(
            "made keys for {name} in {}: keep a copy in a safe place (testamur key backup)",
            folder.display()
        ));
    }
    Ok(())
}

/// Whether a store has no file.
fn is_empty(store: &dyn Store) -> Result<bool, Failure> {
    let mut has_file = false;
    let listed = store.list(None, &mut |_| {
        has_file = true;
        Err(Error::new(ErrorKind::Io, "enough was listed"))
    });
    if !has_file {
        listed?;
    }
    Ok(!has_file)
}

/// Opens the keys, with `sealing` over the settings, and prints their warnings. The CRL of the root
/// is renewed first, if it is due and the folder has the root's key. `public` is the store with the
/// published keys.
///
/// # Errors
/// The certificate that seals is revoked, expired or not yet valid, or the keys cannot be used.
pub(crate) fn open_keys(
    site: &SiteArguments,
    settings: &Settings,
    publication: &KeyPublication,
    sealing: &SealingArguments,
    public: &dyn Store,
    now: Timestamp,
) -> Result<Keys, Failure> {
    if settings.seal.pdf.is_none() {
        let folder = key_folder(site, &sealing.keys);
        Keys::keep_current(&folder, publication, &|path| published(public, path), now)?;
    }
    open_keys_as_they_are(site, settings, publication, sealing, public, now)
}

/// A published file of the keys.
pub(crate) fn published(
    public: &dyn Store,
    path: &str,
) -> crate::Result<Option<Vec<u8>>> {
    public.read(&StorePath::parse(path)?)
}

/// The public store, for a command that reads only the published keys in it.
pub(crate) fn public_store(
    site: &SiteArguments,
    settings: &Settings,
    keys: &KeyFolder,
) -> Result<Arc<dyn Store>, Failure> {
    let keys = key_folder(site, keys);
    Ok(Stores::open_with(settings, folder(site), None, Some(&keys))?.public)
}

/// As [`open_keys`], but without renewing a certificate or a CRL.
pub(crate) fn open_keys_as_they_are(
    site: &SiteArguments,
    settings: &Settings,
    publication: &KeyPublication,
    sealing: &SealingArguments,
    public: &dyn Store,
    now: Timestamp,
) -> Result<Keys, Failure> {
    let mut seal = settings.seal.clone();
    seal.archive |= sealing.archive;
    if let Some(url) = &sealing.tsa {
        let roots = seal.tsa.take().and_then(|tsa| tsa.roots);
        seal.tsa = Some(TsaSettings { roots, ..TsaSettings::new(url) });
    }
    let mut tsa_roots = Vec::new();
    for file in &sealing.tsa_roots {
        tsa_roots.extend(
            X509::from_pem(&read_file(file)?)
                .map_err(|error| error.at(Place::file(file.display().to_string())))?,
        );
    }
    let folder_of_keys = key_folder(site, &sealing.keys);
    let keys =
        Keys::open_with(&folder_of_keys, folder(site), &with_token_pin(seal), now)?
            .with_publication(publication)
            .with_tsa_roots(tsa_roots);
    #[cfg(feature = "tsa")]
    let keys = keys.with_fetched_crls(now);
    keys.check_revocation()?;
    keys.check_published(&|path| published(public, path))?;
    keys.warnings().iter().for_each(console::print_warning);
    Ok(keys)
}

/// Adds the PIN of the token that holds the key, which the environment may have. It is never an
/// argument, because all users of the machine can see those.
pub(crate) fn with_token_pin(settings: SealSettings) -> SealSettings {
    #[expect(clippy::disallowed_methods, reason = "the program reads its environment")]
    let pin = std::env::var("TESTAMUR_PKCS11_PIN").ok();
    match pin.filter(|pin| !pin.is_empty()) {
        Some(pin) => settings.with_pin(Secret::new(pin)),
        None => settings,
    }
}

/// Reads all of standard input.
pub(crate) fn read_standard_input() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| {
        Failure::new(format!("failed to read standard input ({error})"))
    })?;
    Ok(bytes)
}

/// Reads a file that an argument names.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| {
        Failure::new(format!("{}: failed to read the file ({error})", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(all(unix, any(feature = "http", feature = "redis")))]
    #[test]
    fn variable_of_the_agent_that_is_no_text_is_refused() {
        use std::ffi::OsString;
        use std::os::unix::ffi::OsStringExt as _;

        let broken = || OsString::from_vec(vec![b'a', 0xff]);
        let read = |name: &str| agent_variables([(OsString::from(name), broken())]);
        assert!(read("OTHER").is_ok_and(|variables| variables.is_empty()));
        let failure = read("TESTAMUR_AGENT__HTTP__LISTEN").unwrap_err();
        assert!(failure.message.contains("TESTAMUR_AGENT__HTTP__LISTEN"));
        assert_eq!(failure.code, 2);
    }
}
