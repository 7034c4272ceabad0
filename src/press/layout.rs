//! A layout's declaration: its `layout.yaml`, read and checked.
//!
//! Takes a site's `layouts/<name>/layout.yaml`, gives a [`Layout`], which knows its papers, its
//! faces, how each role may be fitted, and what it requires. The decision made here: a key that is
//! not known, and a value out of its range, are errors at their line. The drawing itself is Typst's
//! and stays in `layout.typ`; its files are the layout's [`LayoutSources`]. A layout whose
//! `layout.yaml` has `slots` needs no `layout.typ` ([`placed`]). It may be one file beside the
//! pictures of courses, `images/NAME.yaml`; its name ends with `.yaml` then.

mod drawn_fields;
mod extent;
mod fields;
pub(crate) mod languages;
pub(crate) mod lengths;
pub(crate) mod page_slots;
pub(crate) mod paper;
pub(crate) mod photo;
pub(crate) mod placed;
pub(crate) mod role;
pub(crate) mod slot;
pub(crate) mod sources;
pub(crate) mod theme;
mod version;

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use indexmap::IndexMap;

use self::extent::{Holds, holds, pages};
use self::fields::{boolean, numbers, texts, whole};
use self::languages::DeclaredLanguages;
use self::lengths::{CodeFacts, Lengths, PageFacts};
use self::page_slots::{KnownSlots, PageSlots};
use self::paper::Paper;
use self::photo::Photo;
use self::placed::OwnFiles;
use self::placed::placed_slot::PlacedSlots;
use self::role::{FaceChoice, Role, RoleContext};
use self::sources::LayoutSources;
use self::theme::ThemeDefaults;
pub(crate) use self::version::SHEET_VERSION;
use self::version::check_version;
use crate::base::error::{Error, ErrorKind, Place, Result, did_you_mean, finding};
use crate::base::yaml::{Document, Faults, Node};
use crate::image::background::Background;
use crate::image::cache::ImageCache;
use crate::press::fonts::{FaceRequest, Fonts};
use crate::site::files::Site;
use crate::text::locale::Table;

/// A layout, read and checked.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) name: String,
    /// Whether it is the site's own, and not a built-in one.
    pub(crate) is_own: bool,
    /// The papers that it is drawn for, by name; the first is the default.
    pub(crate) papers: IndexMap<String, Paper>,
    /// The languages that it declares, if it has sentences of its own.
    pub(crate) languages: Option<DeclaredLanguages>,
    /// The picture under its pages.
    pub(crate) background: Option<Background>,
    /// How many pages it fills.
    pub(crate) pages: RangeInclusive<usize>,
    /// The table that it sets.
    pub(crate) table: Option<Table>,
    /// The most signatories that it has room for.
    pub(crate) max_signatories: usize,
    /// The lengths of texts that it has room for in every language.
    pub(crate) holds: Holds,
    /// The most logos of sponsors that it has room for.
    pub(crate) max_sponsors: usize,
    /// The most badges that it has room for.
    pub(crate) max_badges: usize,
    faces: HashMap<String, FaceChoice>,
    roles: HashMap<String, Role>,
    lengths: Lengths,
    /// The slots of a layout without a `layout.typ`.
    pub(crate) placed: Option<PlacedSlots>,
    slots: KnownSlots,
    /// The factors for the largest sizes of blocks on full pages; the first is 1.
    pub(crate) scales: Vec<f64>,
    /// Whether all figures are lining and have the same width.
    pub(crate) tabular: bool,
    /// Whether it has room for a second language.
    pub(crate) bilingual: bool,
    /// Roles that every certificate in this layout must have.
    pub(crate) requires: Vec<String>,
    pub(crate) theme: ThemeDefaults,
    /// The fields under `extra` that a course or a request must have.
    pub(crate) fields: Vec<String>,
    /// The pictures that requests give, if the layout has no slots that show them.
    photos: Vec<Photo>,
    pub(crate) sources: Arc<LayoutSources>,
    /// The definition of its `certificate` function, or else the key `slots`.
    pub(crate) place: Place,
}

const KEYS: [&str; 25] = [
    "sheet",
    "languages",
    "paper",
    "orientation",
    "background",
    "pages",
    "bilingual",
    "table",
    "signatories",
    "sponsors",
    "badges",
    "faces",
    "lengths",
    "roles",
    "slots",
    "without",
    "scales",
    "tight",
    "holds",
    "figures",
    "swash",
    "requires",
    "theme",
    "fields",
    "photos",
];

impl Layout {
    /// Loads the layout of that name: the site's own file, else the built-in one.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLayout`]; [`ErrorKind::MissingFile`] if there is no
    /// `layout.typ`; all errors of `layout.yaml`, or those of the Typst files, together.
    pub(crate) fn load(
        site: &Site,
        name: &str,
        fonts: &Fonts,
        images: &ImageCache,
    ) -> Result<Self> {
        let folder = folder_of(name);
        let file = file_of(name);
        let Some(bytes) = site.read(&file)? else {
            return Err(Error::new(
                ErrorKind::UnknownLayout,
                finding!("layout_unknown", name),
            )
            .with_help(did_you_mean(name, site.layouts())));
        };
        let has_code = site.read(&format!("{folder}/layout.typ"))?.is_some();
        let sources = if has_code {
            LayoutSources::load(site, name)?
        } else {
            LayoutSources::load_shared(site, name, &file)?
        };
        let mut faults = Faults::default();
        let layout = Document::parse(&file, &bytes, &mut faults).and_then(|document| {
            let root = document.root();
            let background = paper::background(site, root, &folder, images, &mut faults);
            let files = OwnFiles { site, folder: &folder, layout: name, images };
            let mut layout = read(root, &files, fonts, sources, background, &mut faults)?;
            layout.table = Table::find(root, &file, &bytes, &mut faults);
            check_keys(root, &layout, &mut faults);
            layout.is_own = site.has_own_layout(name);
            Some(layout)
        });
        faults.finish()?;
        if let Some(layout) = &layout {
            layout.try_lengths()?;
            if let (Some(placed), Some(paper)) =
                (&layout.placed, layout.papers.values().next())
            {
                placed::check(placed, *paper)?;
            }
        }
        let layout =
            layout.ok_or_else(|| Error::new(ErrorKind::Layout, "the file is empty"))?;
        match (&layout.placed, has_code) {
            (None, false) => {
                let message =
                    format!("the layout `{name}` has neither a `layout.typ` nor `slots`");
                Err(Error::new(ErrorKind::MissingFile, message)
                    .at(Place::file(file))
                    .with_help("draw it in `layout.typ`, or say where its `slots` are"))
            }
            (Some(placed), true) => {
                let message =
                    format!("the layout `{name}` has `slots` and a `layout.typ`");
                Err(Error::new(ErrorKind::Duplicate, message)
                    .at(placed.place.clone())
                    .with_help("remove one of them: slots are drawn without Typst code"))
            }
            (None, true) | (Some(_), false) => Ok(layout),
        }
    }

    /// Computes the lengths on each paper, with nothing optional on the page and with
    /// everything.
    fn try_lengths(&self) -> Result<()> {
        for paper in self.papers.values() {
            for full in [false, true] {
                let code = if full { CodeFacts::of(33) } else { CodeFacts::default() };
                PageSlots::new(
                    &self.lengths,
                    &self.roles,
                    &PageFacts {
                        width: paper.width,
                        height: paper.height,
                        signatories: if full { self.max_signatories } else { 0 },
                        code,
                        badge: f64::from(u8::from(full)),
                        photos: if full { self.photos().count() } else { 0 },
                        bilingual: full && self.bilingual,
                        specimen: full,
                    },
                )?;
            }
        }
        Ok(())
    }

    /// The pictures that requests give.
    pub(crate) fn photos(&self) -> impl Iterator<Item = &Photo> {
        let placed = self.placed.iter().flat_map(PlacedSlots::photos);
        self.photos.iter().chain(placed)
    }

    /// The paper of that name, or the first one. The paper named `background` has the
    /// size of `background`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] when the layout is not drawn for it.
    pub(crate) fn paper(
        &self,
        name: Option<&str>,
        background: Option<&Background>,
    ) -> Result<Paper> {
        let paper = match name {
            Some(name) => self.papers.get_key_value(name),
            None => self.papers.first(),
        };
        let paper = paper.map(|(name, paper)| match background {
            Some(background) if name == paper::BACKGROUND => Paper::of(background),
            _ => *paper,
        });
        paper.ok_or_else(|| {
            let known: Vec<&str> = self.papers.keys().map(String::as_str).collect();
            Error::new(
                ErrorKind::InvalidValue,
                format!(
                    "the layout `{}` has no paper `{}`",
                    self.name,
                    name.unwrap_or_default()
                ),
            )
            .with_help(format!("it has `{}`", known.join("` and `")))
        })
    }

    /// Returns how a role is set; one that the layout does not declare is set like
    /// `statement`.
    pub(crate) fn role(&self, name: &str) -> &Role {
        self.roles.get(name).unwrap_or_else(|| &self.roles["statement"])
    }

    /// Whether one of its roles has a tight fit.
    pub(crate) fn has_tight_roles(&self) -> bool {
        self.roles.values().any(|role| role.fit.tight.is_some())
    }

    /// Returns the slots of its roles on a page.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] for a length that has no value on this page.
    pub(crate) fn slots(&self, facts: &PageFacts) -> Result<Arc<PageSlots>> {
        let make = || PageSlots::new(&self.lengths, &self.roles, facts);
        self.slots.get(facts, make)
    }

    /// The names of the roles that the layout declares, sorted.
    pub(crate) fn role_names(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self.roles.keys().map(String::as_str).collect();
        names.extend(self.placed.iter().flat_map(PlacedSlots::left_out));
        names.sort_unstable();
        names.into_iter()
    }

    /// A face by its name under `faces`.
    pub(crate) fn face(&self, name: &str) -> &FaceChoice {
        &self.faces[name]
    }

    /// The face that a run of a role requests.
    pub(crate) fn face_request(
        &self,
        role: &Role,
        strong: bool,
        emphasis: bool,
    ) -> FaceRequest<'_> {
        let face = self.face(&role.face);
        FaceRequest {
            family: &face.family,
            fallback: &face.fallback,
            generic: face.generic,
            weight: if strong { role.weight.max(400) + 200 } else { role.weight },
            // Emphasis inside an italic is upright.
            italic: role.italic != emphasis,
        }
    }

    /// The families that the layout declares.
    pub(crate) fn families(&self) -> impl Iterator<Item = &str> {
        let faces = self.faces.values();
        let all =
            faces.flat_map(|face| std::iter::once(&face.family).chain(&face.fallback));
        all.map(String::as_str)
    }
}

/// The folder of a layout's own files: `layouts/NAME`, or `images` for a layout that is
/// one file.
pub(crate) fn folder_of(name: &str) -> String {
    if is_file(name) { "images".to_owned() } else { format!("layouts/{name}") }
}

/// The file that declares a layout.
pub(crate) fn file_of(name: &str) -> String {
    if is_file(name) {
        format!("images/{name}")
    } else {
        format!("layouts/{name}/layout.yaml")
    }
}

/// Whether a layout is one file in the folder of the courses' pictures.
fn is_file(name: &str) -> bool {
    name.ends_with(".yaml")
}

/// Refuses the keys that have no effect in a layout with slots, or in one without. A
/// layout with slots has one page, on which the slots have fixed places.
fn check_keys(root: Node<'_>, layout: &Layout, faults: &mut Faults) {
    let node = |wanted: &str| {
        let mut entries = root.entries().ok()?;
        entries.find(|(key, _)| key.text() == wanted).map(|(_, node)| node)
    };
    let mut refuse = |key: &str, message: &str, help: &str| {
        let fault = node(key).unwrap_or(root).fault(ErrorKind::InvalidValue, message);
        faults.push(fault.with_help(help));
    };
    if layout.placed.is_none() {
        if node("without").is_some() {
            let message = "`without` is for a page with `slots`, and this one has none";
            refuse("without", message, "remove it: `layout.typ` says what it draws");
        }
        return;
    }
    if layout.papers.len() > 1 {
        refuse("paper", "slots have their places on one paper", "name one: `paper: a4`");
    }
    if *layout.pages.end() > 1 {
        refuse("pages", "slots stand on one page", "remove `pages`, or draw it in Typst");
    }
    if layout.bilingual {
        let help = "remove `bilingual`, or draw it in Typst";
        refuse("bilingual", "slots are for one language", help);
    }
    if node("photos").is_some() {
        let message = "`photos` is for a `layout.typ`, and this page has `slots`";
        refuse("photos", message, "give a slot a `field` and an `alt`");
    }
    if node("tight").is_some() {
        let message =
            "`tight` is for the roles of a `layout.typ`, and this page has `slots`";
        let help =
            "remove it, and give the slot a smaller `min`, more `lines` or more height";
        refuse("tight", message, help);
    }
}

fn read(
    root: Node<'_>,
    files: &OwnFiles<'_>,
    fonts: &Fonts,
    sources: LayoutSources,
    background: Option<Background>,
    faults: &mut Faults,
) -> Option<Layout> {
    let fields = root.fields(&KEYS, faults)?;
    let name = files.layout;
    check_version(fields, root, name, faults);
    let languages = DeclaredLanguages::read(fields, faults);
    let papers = paper::papers(fields, background.as_ref(), faults);
    let faces = role::faces(fields, fonts, faults);
    let lengths = Lengths::read(fields, faults);
    let context = RoleContext::of(fields, &faces, faults);
    let (placed, roles) = match placed::read(fields, files, &context, faults) {
        Some((placed, own)) => {
            let roles = role::roles_beside_slots(fields, &context, &placed, own, faults);
            (Some(placed), Some(roles))
        }
        // Errors in slots are reported already.
        None if fields.get("slots").is_some() => return None,
        None => (None, role::roles(fields, &context, faults)),
    };
    let scales =
        numbers(fields, "scales", 0.1..=1.0, faults).unwrap_or_else(|| SCALES.to_vec());
    let figures = fields
        .get("figures")
        .and_then(|node| faults.keep(node.one_of(&["tabular", "as-designed"])));
    let requires = texts(fields, "requires", faults);
    let required_fields = texts(fields, "fields", faults);
    let photos = photo::photos(fields, faults);
    let theme = theme::theme(fields, faults);
    let pages = pages(fields, faults).unwrap_or(1..=1);
    // The sizes of slots decide how many signatories and pictures have room.
    let has_slots = placed.is_some();
    let (sponsors, badges) = if has_slots { (12, 6) } else { (0, 0) };
    let is_without = |name| placed.as_ref().is_some_and(|it| it.leaves_out(name));
    let max_signatories = whole(fields, "signatories", 0..=12, faults).unwrap_or(6);
    let max_signatories = if is_without("signatories") { 12 } else { max_signatories };
    let max_sponsors = whole(fields, "sponsors", 0..=12, faults).unwrap_or(sponsors);
    let max_badges = whole(fields, "badges", 0..=6, faults).unwrap_or(badges);
    let holds = holds(fields, faults);
    let bilingual = boolean(fields, "bilingual", faults).unwrap_or(false);
    let place = placed.as_ref().map(|placed| placed.place.clone());
    let place = place.unwrap_or_else(|| sources.entry_point());
    Some(Layout {
        name: name.to_owned(),
        is_own: false,
        papers: papers?,
        languages,
        background,
        pages,
        table: None,
        max_signatories,
        holds,
        max_sponsors,
        max_badges,
        bilingual,
        faces,
        roles: roles?,
        lengths,
        placed,
        slots: KnownSlots::default(),
        scales: std::iter::once(1.0)
            .chain(scales.into_iter().filter(|&scale| scale < 1.0))
            .collect(),
        tabular: figures == Some("tabular"),
        requires,
        theme,
        fields: required_fields,
        photos,
        place,
        sources: Arc::new(sources),
    })
}

/// The factors for the sizes of blocks on full pages, unless a layout declares others.
const SCALES: [f64; 8] = [0.94, 0.88, 0.82, 0.76, 0.7, 0.64, 0.58, 0.5];
