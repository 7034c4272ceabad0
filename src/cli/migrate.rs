//! `testamur migrate`: a site from an installation of edx-certificates.
//!
//! It takes the folder of the old installation; gives a new site, and a report with a line for each
//! thing. The decision: everything is gathered in memory, and written into a folder that becomes
//! the site at the end, so that a run that fails leaves nothing, and OLD is only ever read.

mod course_date;
mod course_fields;
mod course_key;
mod course_layout;
mod course_reader;
mod courses;
mod drawn_words;
mod fonts;
mod issued;
mod keys;
mod layouts;
mod legacy;
mod markup;
mod new_site;
mod old_files;
mod old_page;
mod old_text;
mod pages;
mod proof;
mod python;
mod refused;
mod report;
mod settings;
mod signatories;
mod site_settings;
mod templates;
mod yaml;
mod yaml11;

use std::path::Path;

use super::args::{Migrate, MigrateCommand, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::new::GITIGNORE;
use super::{clock, console};
use crate::press::Press;
use crate::site::{KeyPublication, KeySource, Keys, Settings, Site};

use self::course_reader::{CourseSink, SiteValues};
use self::courses::OldCourses;
use self::drawn_words::GoneWords;
use self::keys::KeySources;
use self::layouts::{Layouts, SiteWords};
use self::new_site::{NewPlace, NewSite};
use self::old_files::{Installation, OldFolder};
use self::pages::PageSource;
use self::report::{At, Report, Verdict};
use self::settings::OldSettings;
use self::site_settings::SiteSettings;
use self::templates::Templates;
use self::yaml::Yaml;

/// The name of the report in the new site.
const REPORT: &str = "migration.txt";

pub(crate) fn run(
    site: &SiteArguments,
    migrate: &Migrate,
) -> Result<CommandOutcome, Failure> {
    if let Some(MigrateCommand::Issued(issued)) = &migrate.command {
        return issued::run(site, issued);
    }
    let (Some(old), Some(new)) = (&migrate.old, &migrate.new) else {
        return Err(Failure::usage("name the old installation and the new site"));
    };
    let old = OldFolder::open(old)?;
    let mut read = vec![old.clone()];
    for path in [&migrate.private, &migrate.gpg_home].into_iter().flatten() {
        read.push(OldFolder::open(path)?);
    }
    let paths: Vec<&Path> = read.iter().map(OldFolder::path).collect();
    let place = NewPlace::check(new, &paths)?;
    let mut report = Report::default();
    read.iter().for_each(|folder| folder.report_unreadable(&mut report));
    let mut site = NewSite::default();
    let staging = if migrate.dry_run {
        tempfile::tempdir()
            .map_err(|error| Failure::new(format!("failed to make a folder ({error})")))?
    } else {
        place.staging()?
    };
    let organization =
        gather(migrate, &old, &place, staging.path(), &mut site, &mut report)?;
    let is_site = match check(&site) {
        Ok(()) => true,
        Err(why) => {
            report.unread(At::file("the new site"), "the site", why);
            false
        }
    };
    let text = report.to_text();
    if !migrate.dry_run {
        site.add(".gitignore", GITIGNORE);
        site.add(REPORT, text.as_bytes());
        site.write(staging.path())?;
        let settings = site.get("testamur.yaml").unwrap_or_default();
        let publication = match Settings::parse(settings) {
            Ok(settings) => KeyPublication::of(&settings),
            Err(_) => KeyPublication::default(),
        };
        let name: String = organization.chars().take(KeySource::MAX_NAME).collect();
        let source = KeySource::NewRoot { name: &name };
        let folder = staging.path().join("keys");
        Keys::create_with(&folder, &source, &publication, clock::now()?)?;
        Keys::create_id_secret(&folder)?;
        place.commit(staging)?;
    }
    if migrate.json {
        report.to_json().iter().for_each(console::print_json);
    } else {
        console::print_result(text.trim_end());
    }
    let place = place.path.display();
    if migrate.dry_run {
        console::print_message("nothing was written: this was a dry run");
    } else {
        console::print_message(&format!(
            "made the site {place}: {}\n  {REPORT}   this report\nnext: testamur --site {place} \
             check, then: testamur --site {place} migrate issued",
            report.summary()
        ));
    }
    Ok(CommandOutcome::of(is_site && report.count(Verdict::Unread) == 0))
}

/// Reads the installation and gathers the files of the site. Returns the organization's name.
fn gather(
    migrate: &Migrate,
    old: &OldFolder,
    place: &NewPlace,
    staging: &Path,
    site: &mut NewSite,
    report: &mut Report,
) -> Result<String, Failure> {
    let installation = Installation::find(old);
    let old_settings = OldSettings::read(&installation, report);
    let private = match &migrate.private {
        Some(path) => Some(OldFolder::open(path)?),
        None => private_folder(&installation, old, &old_settings, report),
    };
    let mut settings = SiteSettings::translate(&old_settings, site, report);
    let data = private.as_ref();
    let data =
        data.and_then(|it| it.listed_folder("template_data", "template_data", report));
    if data.is_none() {
        let how = "there is no such folder: no templates, fonts and pages were taken";
        report.person(At::file("template_data"), "template_data", how);
    }
    let mut words = site_words(&old_settings, report);
    words.gone = GoneWords::read(&installation, report);
    let values = SiteValues {
        default_org: old_settings.word("DEFAULT_ORG"),
        disclaimer: disclaimer(&old_settings, &mut words, report),
        language: migrate.language.as_str().to_owned(),
    };
    if let Some(org) = &values.default_org {
        let at = At::file(old_settings.file("DEFAULT_ORG"));
        let how = format!("«{org}» is the organization of courses without LONG_ORG");
        report.taken(at, "DEFAULT_ORG", how);
    }
    let mut templates = data.as_ref().map(|data| Templates::list(data, report));
    let mut layouts = Layouts::default();
    let mut courses = match private.as_ref().map(|it| read_courses(it, site, report)) {
        Some(Some(file)) => {
            let mut sink = CourseSink {
                templates: templates.as_mut(),
                layouts: &mut layouts,
                site,
                report,
                data: data.as_ref(),
            };
            OldCourses::translate(&file.root, &values, &mut sink)
        }
        _ => OldCourses::default(),
    };
    if let Some(templates) = &mut templates {
        templates.keep_others(site, report);
    }
    words.has_own_word = courses.has_own_word;
    words.languages = courses.languages.clone();
    words.languages.insert(migrate.language.as_str().to_owned());
    if let Some(data) = &data {
        fonts::translate(data, &mut words, site, report);
        let pages = PageSource {
            called: words.called.clone(),
            called_plural: old_settings.word("CERTS_ARE_CALLED_PLURAL"),
            second_layouts: layouts.names_of("verified"),
            has_first: layouts.has_others("verified"),
        };
        pages::translate(data, &pages, site, report);
    }
    for name in layouts.write(&words, site) {
        let how =
            "its ornaments could not be taken away from under the template: look at it";
        report.person(At::file("layouts"), name, how);
    }
    write_courses(&courses, &migrate.language, site);
    site.add("testamur.yaml", settings.to_yaml());
    if !migrate.no_proof {
        proof_templates(migrate, &mut courses, &mut layouts, &words, site, report)?;
    }
    let gpg_home = match &migrate.gpg_home {
        Some(path) => Some(OldFolder::open(path)?),
        None => gpg_home(&installation, old, &old_settings),
    };
    let sources = KeySources {
        home: gpg_home,
        file: migrate.openpgp_key.as_deref(),
        passphrase: migrate.passphrase_file.as_deref(),
    };
    let key =
        keys::translate(&old_settings, &sources, staging, &place.path, site, report);
    if let Some(key) = key {
        settings.add("seal", Yaml::Map(vec![("openpgp".to_owned(), key)]));
    }
    site.add("testamur.yaml", settings.to_yaml());
    let organization = values.default_org.or_else(|| courses.first_organization());
    Ok(organization.unwrap_or_else(|| "Certificates".to_owned()))
}

/// Draws every course over its template, and changes those that fail.
fn proof_templates(
    migrate: &Migrate,
    courses: &mut OldCourses,
    layouts: &mut Layouts,
    words: &SiteWords,
    site: &mut NewSite,
    report: &mut Report,
) -> Result<(), Failure> {
    let today = clock::today(None)?;
    let pages = proof::pages(courses);
    // A site that cannot be read is reported as a whole.
    let Ok(press) = Press::new(site.to_site()) else { return Ok(()) };
    let pale = proof::proof(&press, courses, &pages, today);
    if pale.is_empty() {
        return Ok(());
    }
    proof::blacken(courses, &pale);
    write_courses(courses, &migrate.language, site);
    let pages: Vec<_> = pale.keys().cloned().collect();
    let failed = match Press::new(site.to_site()) {
        Ok(press) => proof::proof(&press, courses, &pages, today),
        Err(_) => pale.clone(),
    };
    proof::report_black(courses, &pale, &failed, report);
    write_courses(courses, &migrate.language, site);
    if failed.is_empty() {
        return Ok(());
    }
    proof::take_away(courses, &failed, layouts, report);
    layouts.write(words, site);
    write_courses(courses, &migrate.language, site);
    // With long names they fail as before, which is reported.
    let pages = failed.iter().filter(|(_, fault)| fault.is_always());
    let pages: Vec<_> = pages.map(|(page, _)| page.clone()).collect();
    if let Ok(press) = Press::new(site.to_site()) {
        let failed = proof::proof(&press, courses, &pages, today);
        proof::report_failed(courses, &failed, report);
    }
    Ok(())
}

/// The private folder of the settings.
fn private_folder(
    installation: &Installation,
    old: &OldFolder,
    settings: &OldSettings,
    report: &mut Report,
) -> Option<OldFolder> {
    let named = settings.word("CERT_PRIVATE_DIR");
    let at = At::file(settings.file("CERT_PRIVATE_DIR"));
    let (found, missed) = installation.private(old, named.as_deref());
    match (&found, missed) {
        (Some(found), Some(missed)) => report.person(
            at,
            "CERT_PRIVATE_DIR",
            format!(
                "{missed} is not inside of OLD: {} was read in its place; name the right one with \
                 --private",
                found.path().display()
            ),
        ),
        (None, Some(missed)) => report.person(
            at,
            "CERT_PRIVATE_DIR",
            format!("{missed} is not inside of OLD: name it with --private"),
        ),
        (Some(found), None) => {
            report.taken(at, "the private folder", found.path().display().to_string());
        }
        (None, None) => report.person(
            at,
            "the private folder",
            "there is neither cert-data.yml nor template_data: name their folder with --private",
        ),
    }
    found
}

/// What certificates are called.
fn site_words(old: &OldSettings, report: &mut Report) -> SiteWords {
    let called = old.word("CERTS_ARE_CALLED").map(|text| markup::plain(&text).text);
    let fit = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | '’');
    let called = called
        .filter(|it| it != "certificate")
        .map(|it| it.chars().filter(fit).collect());
    if let Some(called) = &called {
        report.translated(
            At::file(old.file("CERTS_ARE_CALLED")),
            "CERTS_ARE_CALLED",
            format!("«{called}» stands in the English verify line of the layouts, and on the pages"),
        );
    }
    SiteWords { called, ..SiteWords::default() }
}

/// The disclaimer of the site: the value that courses get.
fn disclaimer(
    old: &OldSettings,
    words: &mut SiteWords,
    report: &mut Report,
) -> Option<String> {
    let text = old.word("CERT_SITE_DISCLAIMER_TEXT")?;
    let at = At::file(old.file("CERT_SITE_DISCLAIMER_TEXT"));
    let plain = markup::plain(&text);
    if plain.lost.is_empty() {
        report.taken(
            at,
            "CERT_SITE_DISCLAIMER_TEXT",
            "`extra.disclaimer` of its courses",
        );
        return Some(plain.text).filter(|text| !text.is_empty());
    }
    let sentence = markup::sentence(&text);
    report.translated(
        at,
        "CERT_SITE_DISCLAIMER_TEXT",
        "with its bold and italic words in the English sentences of layout `dynamic`",
    );
    if !sentence.lost.is_empty() {
        let lost = sentence.lost.join(">, <");
        report.translated(
            at,
            "CERT_SITE_DISCLAIMER_TEXT",
            format!("without the look of <{lost}>"),
        );
    }
    words.disclaimer = Some(sentence.text);
    Some("site".to_owned())
}

/// Reads `cert-data.yml`, and keeps a copy of it.
fn read_courses(
    private: &OldFolder,
    site: &mut NewSite,
    report: &mut Report,
) -> Option<yaml11::OldYaml> {
    let at = At::file(courses::FILE);
    let bytes = match private.read(courses::FILE) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            report.person(
                at,
                courses::FILE,
                "there is none: the new site has no courses",
            );
            return None;
        }
        Err(why) => {
            report.unread(at, courses::FILE, why);
            return None;
        }
    };
    let read = yaml11::read(&bytes);
    site.add("legacy/cert-data.yml", bytes);
    match read {
        Ok(file) => {
            for (line, note) in &file.notes {
                report.person(at.line(*line), "YAML", note);
            }
            report.taken(at, courses::FILE, "a copy of it is legacy/cert-data.yml");
            Some(file)
        }
        Err((line, why)) => {
            let how = format!(
                "{why}; the old program did not start with it. A copy is kept in legacy/"
            );
            report.unread(at.line(line), courses::FILE, how);
            None
        }
    }
}

fn write_courses(courses: &OldCourses, language: &crate::Tag, site: &mut NewSite) {
    let defaults = vec![("language".to_owned(), Yaml::text(language.as_str()))];
    let mut text =
        "# Made by `testamur migrate` from cert-data.yml; migration.txt says how.\n"
            .to_owned();
    Yaml::write_entries(&[("defaults".to_owned(), Yaml::Map(defaults))], 0, &mut text);
    for entry in &courses.entries {
        text.push('\n');
        Yaml::write_entries(std::slice::from_ref(entry), 0, &mut text);
    }
    site.add("courses.yaml", text);
}

/// The home of gpg that the settings name, if it is inside of OLD; else the one that lies there.
fn gpg_home(
    installation: &Installation,
    old: &OldFolder,
    settings: &OldSettings,
) -> Option<OldFolder> {
    let named = settings.word("CERT_GPG_DIR");
    let named = named.as_deref().map(Path::new);
    let last = named.and_then(Path::file_name).map(Path::new);
    let names = [named, last, Some(Path::new(".gnupg")), Some(Path::new("gnupg"))];
    let folders = [&installation.settings, old];
    names
        .into_iter()
        .flatten()
        .find_map(|name| folders.into_iter().find_map(|folder| folder.folder(name)))
}

/// Reads the gathered site as the program will.
fn check(site: &NewSite) -> Result<(), String> {
    let read = site.to_site();
    let settings = site.get("testamur.yaml").unwrap_or_default();
    let settings = Settings::parse(settings).map(|_| ()).map_err(|it| format!("{it:#}"));
    settings.and_then(|()| Press::new(read).map(|_| ()).map_err(|it| format!("{it:#}")))
}

impl NewSite {
    /// The site in memory.
    fn to_site(&self) -> Site {
        self.files().fold(Site::new(), |site, (path, bytes)| site.with_file(path, bytes))
    }
}
