//! The layouts of the new site that are its own: those over templates, without verify line, with other
//! fonts, or with other words than the built-in ones.
//!
//! The decision: a layout over a template draws what the old program drew, and no ornament of its
//! own, because the template has everything else.

use std::collections::{BTreeMap, BTreeSet};

use super::drawn_words::GoneWords;
use super::new_site::NewSite;
use crate::site::Site;

/// The locales of layouts over templates.
const OVER_TEMPLATES: [(&str, &str); 6] = [
    ("honor", include_str!("locales/honor.yaml")),
    ("verified", include_str!("locales/verified.yaml")),
    ("professional", include_str!("locales/professional.yaml")),
    ("statement", include_str!("locales/statement.yaml")),
    ("credit", include_str!("locales/credit.yaml")),
    ("dynamic", include_str!("locales/dynamic.yaml")),
];

/// The layouts over templates that need no Typst: what was drawn stands in slots, which the studio moves.
const SLOTS: [(&str, &str); 3] = [
    ("classic", include_str!("slots/classic.yaml")),
    ("professional", include_str!("slots/professional.yaml")),
    ("credit", include_str!("slots/credit.yaml")),
];

/// How a course's layout differs from the built-in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form {
    /// Whether a template lies under the page.
    pub(super) over_template: bool,
    /// Whether the page bears no verify line: `VERIFY: false`.
    pub(super) is_unverified: bool,
}

/// What all layouts of the site share.
#[derive(Debug, Default)]
pub(super) struct SiteWords {
    /// What certificates are called, if not `certificate`.
    pub(super) called: Option<String>,
    /// The disclaimer of the site as a sentence, if it has markup.
    pub(super) disclaimer: Option<String>,
    /// Whether a course has a word of its own for its certificates.
    pub(super) has_own_word: bool,
    /// Font families by layout, in place of the stand-ins.
    pub(super) families: BTreeMap<&'static str, (&'static str, String)>,
    /// The languages of the courses.
    pub(super) languages: BTreeSet<String>,
    /// What the installation's own program no longer drew.
    pub(super) gone: GoneWords,
}

/// The layouts that the courses of the site need.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    bases: BTreeSet<(String, Form)>,
    /// Layouts with a template of their own, by name: base, form and the PDF.
    own: BTreeMap<String, OwnLayout>,
}

#[derive(Debug)]
struct OwnLayout {
    base: String,
    form: Form,
    pdf: Vec<u8>,
}

impl Layouts {
    /// The name of the layout of a course, which is made if it is no built-in one.
    pub(super) fn name(&mut self, base: &str, form: Form) -> String {
        self.bases.insert((base.to_owned(), form));
        name_of(base, form)
    }

    /// The name of a layout with a template of its own.
    pub(super) fn own(
        &mut self,
        stem: &str,
        base: &str,
        form: Form,
        pdf: Vec<u8>,
    ) -> String {
        let fit = |c: char| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }
        };
        let stem: String = stem.trim_start_matches('.').chars().map(fit).collect();
        let mut name = if stem.is_empty() { "template".to_owned() } else { stem };
        // Some file systems ignore case.
        let is_taken = |name: &str| {
            let own = self
                .own
                .iter()
                .any(|(it, own)| it.eq_ignore_ascii_case(name) && own.pdf != pdf);
            own || built_in().layouts().contains(&name)
        };
        while is_taken(&name) {
            name.push_str("-2");
        }
        self.own.insert(name.clone(), OwnLayout { base: base.to_owned(), form, pdf });
        name
    }

    /// The names of the layouts that are made of this one.
    pub(super) fn names_of(&self, base: &str) -> Vec<String> {
        let shared = self.bases.iter().filter(|(it, _)| it == base);
        let shared = shared.map(|(base, form)| name_of(base, *form));
        let own = self.own.iter().filter(|(_, own)| own.base == base);
        shared.chain(own.map(|(name, _)| name.clone())).collect()
    }

    /// Whether the site has layouts that are made of others.
    pub(super) fn has_others(&self, base: &str) -> bool {
        self.bases.iter().any(|(it, _)| it != base)
            || self.own.values().any(|own| own.base != base)
    }

    /// Writes the layouts. Returns those of the built-in ones whose page could not be cleared of
    /// ornaments.
    pub(super) fn write(
        &self,
        words: &SiteWords,
        site: &mut NewSite,
    ) -> BTreeSet<String> {
        let mut ornate = BTreeSet::new();
        for (base, form) in &self.bases {
            let name = name_of(base, *form);
            if name == *base {
                write_changes(base, words, site);
            } else if !write_copy(base, &name, *form, None, words, site) {
                ornate.insert(name);
            }
        }
        for (name, own) in &self.own {
            if !write_copy(&own.base, name, own.form, Some(&own.pdf), words, site) {
                ornate.insert(name.clone());
            }
        }
        ornate
    }
}

fn name_of(base: &str, form: Form) -> String {
    let template = if form.over_template { "-template" } else { "" };
    let unverified = if form.is_unverified { "-unverified" } else { "" };
    format!("{base}{template}{unverified}")
}

fn built_in() -> Site {
    Site::new()
}

fn read(path: &str) -> Option<String> {
    let site = built_in();
    let bytes = site.read(path).ok()??;
    String::from_utf8(bytes.into_owned()).ok()
}

/// Writes the files of a built-in layout that the site changes.
fn write_changes(base: &str, words: &SiteWords, site: &mut NewSite) {
    let path = format!("layouts/{base}/layout.yaml");
    if let Some(text) = read(&path)
        && let Some(changed) = with_family(base, &text, words)
    {
        site.add(&path, changed);
    }
    let path = format!("layouts/{base}/locales/en.yaml");
    if let Some(text) = read(&path) {
        let changed = with_words(base, &text, words);
        if changed != text {
            site.add(&path, changed);
        }
    }
}

/// Writes a copy of a built-in layout, for the languages of the courses and the paper that the old program
/// printed on. Returns whether it has no ornament over a template.
fn write_copy(
    base: &str,
    name: &str,
    form: Form,
    pdf: Option<&[u8]>,
    words: &SiteWords,
    site: &mut NewSite,
) -> bool {
    let mut is_clear = true;
    let built_in = built_in();
    let folder = format!("layouts/{base}");
    let languages = spoken(base, &words.languages);
    let slots =
        SLOTS.iter().find(|(name, _)| form.over_template && *name == base).map(|it| it.1);
    for path in built_in.list(&folder) {
        let Some(file) = path.strip_prefix(&folder).and_then(|it| it.strip_prefix('/'))
        else {
            continue;
        };
        let Some(text) = read(path) else { continue };
        let text = match file {
            "layout.yaml" => {
                let text = slots.map_or(text, str::to_owned);
                let text = with_family(base, &text, words).unwrap_or(text);
                let text = with_reach(&text, &languages);
                match pdf {
                    Some(_) => format!("{}\nbackground: template.pdf\n", text.trim_end()),
                    None => text,
                }
            }
            _ if slots.is_some() && file.ends_with(".typ") => continue,
            "layout.typ" if form.over_template => {
                let (text, was_cleared) =
                    without_ground(&words.gone.in_place(base, &text));
                is_clear = was_cleared;
                text
            }
            "locales/en.yaml" => locale(base, &text, form, words),
            _ if file.ends_with(".typ") && file != "preview.typ" => text,
            _ => {
                let tag =
                    file.strip_prefix("locales/").and_then(|it| it.strip_suffix(".yaml"));
                if !tag.is_some_and(|tag| languages.iter().any(|it| it == tag)) {
                    continue;
                }
                if form.over_template { words.gone.without(base, &text) } else { text }
            }
        };
        site.add(&format!("layouts/{name}/{file}"), text);
    }
    let own_words = format!("layouts/{name}/locales/en.yaml");
    let text = locale(base, "", form, words);
    if !site.has(&own_words) && !text.is_empty() {
        site.add(&own_words, text);
    }
    if let Some(pdf) = pdf {
        site.add(&format!("layouts/{name}/template.pdf"), pdf);
    }
    is_clear
}

/// The English sentences of a layout.
fn locale(base: &str, built_in: &str, form: Form, words: &SiteWords) -> String {
    let over =
        OVER_TEMPLATES.iter().find(|(name, _)| form.over_template && *name == base);
    let mut text = match over {
        Some((_, text)) => words.gone.without(base, &with_words(base, text, words)),
        None => with_words(base, built_in, words),
    };
    if form.is_unverified {
        let lines = text.lines().filter(|line| !line.starts_with("authenticity:"));
        text = lines.collect::<Vec<_>>().join("\n") + "\nauthenticity: \"\"\n";
    }
    text
}

/// The sentences with what the site calls its certificates, its disclaimer, and dates as the old
/// program wrote them.
fn with_words(base: &str, text: &str, words: &SiteWords) -> String {
    let word = match (&words.called, words.has_own_word) {
        (None, false) => "certificate".to_owned(),
        (Some(called), false) => called.clone(),
        (called, true) => {
            let called = called.as_deref().unwrap_or("certificate");
            format!("{{{{ extra.called | default('{called}') }}}}")
        }
    };
    let changes_dates = ["dynamic", "statement", "credit"].contains(&base);
    let changes_word = ["dynamic", "statement"].contains(&base) && word != "certificate";
    let mut out = String::new();
    for line in text.lines() {
        let line = if line.starts_with("authenticity:") {
            let line = line.replace("CALLED", &word);
            if changes_word {
                line.replace("this certificate", &format!("this {word}"))
            } else {
                line
            }
        } else if line.starts_with("date:") && changes_dates {
            line.replace("date('long')", "date('MMMM do, y')")
        } else if let (Some(disclaimer), true) =
            (&words.disclaimer, line.trim_start().starts_with("- disclaimer:"))
        {
            // Double quotes of YAML: a backslash is written twice.
            let sentence = disclaimer.replace('\\', "\\\\").replace('"', "\\\"");
            format!(
                "  - disclaimer: \"{{% if extra.disclaimer | default('') == 'site' %}}{sentence}\
                 {{% else %}}{{{{ extra.disclaimer | default('') }}}}{{% endif %}}\""
            )
        } else {
            line.to_owned()
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// Those of the languages that a built-in layout speaks, and English, whose sentences the others follow.
fn spoken(base: &str, wanted: &BTreeSet<String>) -> Vec<String> {
    let own = format!("layouts/{base}/locales");
    let shared = "layouts/shared/locales".to_owned();
    let tag_of = |path: &str| {
        let tag = path.rsplit('/').next()?.strip_suffix(".yaml")?;
        let is_wanted = |it: &String| {
            let wanted = crate::base::lang::Tag::parse(it);
            wanted.is_ok_and(|it| it.fallbacks().any(|step| step.to_string() == tag))
        };
        (tag == "en" || wanted.iter().any(is_wanted)).then(|| tag.to_owned())
    };
    let built_in = built_in();
    let mut tags: Vec<String> = [own, shared]
        .iter()
        .map(|folder| built_in.list(folder).into_iter().filter_map(tag_of).collect())
        .find(|tags: &Vec<String>| !tags.is_empty())
        .unwrap_or_default();
    // English counts first.
    tags.sort_by_key(|tag| (tag != "en", tag.clone()));
    tags
}

/// `layout.yaml` with these languages alone, and with the first of its papers.
fn with_reach(text: &str, languages: &[String]) -> String {
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("languages:") {
            while lines.peek().is_some_and(|next| next.starts_with(' ')) {
                lines.next();
            }
            continue;
        }
        match line.strip_prefix("paper: [").and_then(|papers| papers.split(',').next()) {
            Some(first) => {
                out.push_str(&format!(
                    "languages: [{}]\npaper: {}",
                    languages.join(", "),
                    first.trim_end_matches(']')
                ));
            }
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

/// `layout.yaml` with the font that the old program named, where the installation has it.
fn with_family(base: &str, text: &str, words: &SiteWords) -> Option<String> {
    let (face, family) = words.families.get(base)?;
    let start = format!("  {face}: {{ family: ");
    let mut changed = false;
    let lines = text.lines().map(|line| match line.strip_prefix(&start) {
        Some(rest) => {
            changed = true;
            let after = rest.find([',', '}']).map_or("", |at| &rest[at..]);
            format!("{start}{}{after}", crate::base::yaml::quoted(family))
        }
        None => line.to_owned(),
    });
    let text = lines.collect::<Vec<_>>().join("\n") + "\n";
    changed.then_some(text)
}

/// `layout.typ` without the ornaments of the ground, and whether they were found.
fn without_ground(text: &str) -> (String, bool) {
    const START: &str = "show: page-of.with(sheet, background: ";
    let mut found = false;
    let lines = text.lines().map(|line| {
        if line.starts_with("#import") && line.contains("/seal.typ\"") {
            // The drawn seal is an ornament too.
            "#let seal(..parts) = []".to_owned()
        } else if line.trim_start().starts_with("put-specimen(") {
            // The mark of a draft is readable on every template on which the other text is.
            line.replace(", accent)", ", ink)")
        } else if line.contains("hairline(") {
            // A rule that is drawn would cross what the template has there.
            String::new()
        } else if line.trim_start().starts_with(START) {
            found = true;
            let indent = &line[..line.len() - line.trim_start().len()];
            format!("{indent}show: page-of.with(sheet)")
        } else {
            line.to_owned()
        }
    });
    (lines.collect::<Vec<_>>().join("\n") + "\n", found)
}
