//! The fonts of `template_data/fonts`, which old layouts named by the stems of their files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ttf_parser::{Face, name_id};

use super::layouts::SiteWords;
use super::new_site::NewSite;
use super::old_files::OldFolder;
use super::report::{At, Report};
use crate::site::Site;

/// The folder of old fonts, as messages name it.
const FOLDER: &str = "template_data/fonts";

/// The font that each old renderer named, the layout that succeeds it, and the face in that layout.
const NAMED: [(&str, &str, &str); 5] = [
    ("AvenirNext-Regular", "verified", "text"),
    ("Garamond-Bold", "professional", "text"),
    ("DroidSerif", "credit", "text"),
    ("SourceSansPro-Regular", "statement", "text"),
    ("SourceSansPro-Regular", "dynamic", "text"),
];

/// A family that the site gets.
#[derive(Debug)]
struct NewFamily {
    is_serif: bool,
    scripts: Vec<&'static str>,
}

/// Copies the fonts that the program does not have itself, and gives layouts the families that the old
/// program named.
pub(super) fn translate(
    data: &OldFolder,
    words: &mut SiteWords,
    site: &mut NewSite,
    report: &mut Report,
) {
    let Some(folder) = data.listed_folder("fonts", FOLDER, report) else { return };
    let built_in = Site::new();
    let known = built_in.read("fonts/fonts.yaml").ok().flatten();
    let known = known.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let known = known.unwrap_or_default();
    let mut families: BTreeMap<String, NewFamily> = BTreeMap::new();
    let mut stems: BTreeMap<String, String> = BTreeMap::new();
    for name in folder.files() {
        let at = At::file(FOLDER);
        let Some((stem, ending)) = name.rsplit_once('.') else { continue };
        if !["ttf", "otf", "ttc"].contains(&ending.to_ascii_lowercase().as_str()) {
            report.dropped(at, &name, "no font file of a kind that the old program read");
            continue;
        }
        let bytes = match folder.read(&name) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => continue,
            Err(why) => {
                report.unread(at, &name, why);
                continue;
            }
        };
        let Ok(face) = Face::parse(&bytes, 0) else {
            report.unread(at, &name, "it is no font");
            continue;
        };
        let Some(family) = family_of(&face) else {
            report.unread(at, &name, "the font does not say its family");
            continue;
        };
        stems.insert(stem.to_owned(), family.clone());
        if known.contains(&format!("family: {family},")) {
            report.taken(
                at,
                &name,
                format!("the program has the family «{family}» itself"),
            );
            continue;
        }
        let scripts = scripts_of(&face);
        let entry = families.entry(family.clone()).or_insert_with(|| NewFamily {
            is_serif: is_serif(&family),
            scripts: Vec::new(),
        });
        for script in scripts {
            if !entry.scripts.contains(&script) {
                entry.scripts.push(script);
            }
        }
        site.add(&format!("fonts/{name}"), bytes);
        report.taken(at, &name, format!("fonts/, as a face of the family «{family}»"));
    }
    let mut text = "families:\n".to_owned();
    for (family, NewFamily { is_serif, scripts }) in &families {
        let like = if *is_serif { "serif" } else { "sans" };
        let scripts = scripts.join(", ");
        let family = crate::base::yaml::quoted(family);
        let _ = writeln!(
            text,
            "  - {{ family: {family}, like: {like}, scripts: [{scripts}] }}"
        );
    }
    if !families.is_empty() {
        site.add("fonts/fonts.yaml", text);
    }
    for (stem, layout, face) in NAMED {
        let found = stems.iter().find(|(it, _)| it.starts_with(stem));
        let at = At::file(FOLDER);
        match found {
            Some((_, family)) if families.contains_key(family) => {
                words.families.insert(layout, (face, family.clone()));
                let how = format!(
                    "the face `{face}` of layout `{layout}` is «{family}», as before"
                );
                report.taken(at, stem, how);
            }
            _ => {}
        }
    }
}

/// The typographic family, name 16, else 1.
fn family_of(face: &Face<'_>) -> Option<String> {
    let name = |id: u16| {
        let names = face.names().into_iter().filter(|name| name.name_id == id);
        names.filter_map(|name| name.to_string()).find(|name| !name.trim().is_empty())
    };
    name(name_id::TYPOGRAPHIC_FAMILY).or_else(|| name(name_id::FAMILY))
}

fn scripts_of(face: &Face<'_>) -> Vec<&'static str> {
    [
        ("Latn", 'a'),
        ("Cyrl", 'ж'),
        ("Grek", 'ω'),
        ("Arab", 'ع'),
        ("Hebr", 'א'),
        ("Deva", 'क'),
        ("Thai", 'ก'),
    ]
    .into_iter()
    .filter(|(_, sign)| face.glyph_index(*sign).is_some())
    .map(|(script, _)| script)
    .collect()
}

fn is_serif(family: &str) -> bool {
    let family = family.to_lowercase();
    let serif = [
        "serif",
        "garamond",
        "times",
        "roman",
        "georgia",
        "slab",
        "book antiqua",
        "naskh",
    ];
    serif.iter().any(|word| family.contains(word)) && !family.contains("sans")
}
