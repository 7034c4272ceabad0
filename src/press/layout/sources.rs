//! The files that a layout's Typst code sees.
//!
//! Takes a site's files under `layouts/<name>/` and `layouts/shared/`, gives them parsed.
//! The decision made here: a layout sees no other files. Functions of Typst that a layout
//! may not use do not exist for it (`engine/world.rs`).

use std::borrow::Cow;
use std::collections::HashMap;

use ring::digest;
use typst::foundations::Bytes;
use typst::syntax::{
    FileId, LinkedNode, RootedPath, Source, SyntaxKind, VirtualPath, VirtualRoot,
};

use crate::base::digits::Sha256;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::image::check_file;
use crate::image::picture::Picture;
use crate::press::layout::drawn_fields::DrawnFields;
use crate::site::files::Site;

/// The files that a layout can see, parsed once.
#[derive(Debug)]
pub(crate) struct LayoutSources {
    /// The layout's name.
    pub(crate) layout: String,
    pub(crate) files: HashMap<FileId, SourceFile>,
    /// The source that Typst compiles: it passes the sheet to the layout's `certificate`.
    pub(crate) main: Source,
    /// The same with code that embeds the attachments in the PDF.
    pub(crate) main_with_attachments: Source,
    /// The free fields that its code reads.
    pub(crate) drawn_fields: DrawnFields,
    /// The SHA-256 of all files that can change a certificate, 64 hexadecimal digits in lower case.
    pub(crate) sha256: Sha256,
}

/// Files of a layout's folder that serve its preview and cannot change a certificate.
const PREVIEW_FILES: [&str; 3] = ["preview.typ", "sample.yaml", "sheet.json"];

/// The most pictures in a layout's folder and the shared folder of layouts together.
const MAX_PICTURES: usize = 256;

/// The extensions of pictures for Typst. A background is checked where it is read.
const PICTURE_ENDINGS: [&str; 6] = ["png", "jpg", "jpeg", "webp", "gif", "svg"];

/// One file of a layout.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// The path inside the site.
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
    /// The content as Typst source, for a `.typ` file.
    pub(crate) source: Option<Source>,
    /// Whether it is a built-in file, not the site's.
    pub(crate) built_in: bool,
}

impl LayoutSources {
    /// Whether all of its code is built in.
    pub(crate) fn is_built_in(&self) -> bool {
        self.files.values().all(|file| file.source.is_none() || file.built_in)
    }

    /// Loads the files of `layouts/<layout>/` and `layouts/shared/`.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`] for a `.typ` file that is not UTF-8; [`ErrorKind::Image`]
    /// and [`ErrorKind::TooLarge`] for a picture that would be refused for a course too.
    pub(crate) fn load(site: &Site, layout: &str) -> Result<Self> {
        let folders = [format!("layouts/{layout}"), "layouts/shared".to_owned()];
        let mut names: Vec<&str> =
            folders.iter().flat_map(|folder| site.list(folder)).collect();
        names.dedup();
        Self::of_files(site, layout, &names, &format!("/{layout}/layout.typ"))
    }

    /// Loads the files of `layouts/shared/` for a layout that consists of the file
    /// `declaration` alone: their `slots.typ` draws it. The pictures of such a layout are
    /// on the sheet.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub(crate) fn load_shared(
        site: &Site,
        layout: &str,
        declaration: &str,
    ) -> Result<Self> {
        let mut names: Vec<&str> = site.list("layouts/shared").into_iter().collect();
        names.push(declaration);
        Self::of_files(site, layout, &names, "/shared/slots.typ")
    }

    /// Loads files of a site; `entry` is the one that exports `certificate`.
    fn of_files(site: &Site, layout: &str, names: &[&str], entry: &str) -> Result<Self> {
        let mut files = HashMap::new();
        let mut pictures = 0;
        for &name in names {
            let unseen = ["/golden/", "/locales/", "/shared/pages/"];
            if unseen.iter().any(|folder| name.contains(folder)) {
                continue;
            }
            let id = named_file_id(name)?;
            let (bytes, built_in) = match site.built_in(name) {
                Some(bytes) => (Bytes::new(bytes), true),
                None => match site.read(name)? {
                    Some(bytes) => {
                        check_file(&bytes)
                            .map_err(|error| error.at(Place::file(name)))?;
                        (Bytes::new(bytes.into_owned()), false)
                    }
                    None => continue,
                },
            };
            if !built_in && is_picture(name) {
                pictures += 1;
                check_picture(name, &bytes, pictures)?;
            }
            let source = if name.ends_with(".typ") {
                Some(Source::new(id, utf8(name, &bytes)?.to_owned()))
            } else {
                None
            };
            let file = SourceFile { name: name.to_owned(), bytes, source, built_in };
            files.insert(id, file);
        }
        let main = |extra: &str| {
            let text = format!(
                "#import \"{entry}\": certificate\n{extra}\
                 #let sheet = json(\"/sheet.json\")\n#set text(font: sheet.face)\n\
                 #certificate(sheet)\n"
            );
            Source::new(file_id("/main.typ"), text)
        };
        let attach = "#for file in json(\"/attachments.json\") {\n  pdf.attach(file.name, \
                      read(file.path, encoding: none), relationship: \"supplement\", \
                      mime-type: file.media_type, description: file.description)\n}\n";
        Ok(Self {
            layout: layout.to_owned(),
            drawn_fields: drawn_fields(files.values()),
            sha256: sha256(files.values()),
            files,
            main: main(""),
            main_with_attachments: main(attach),
        })
    }

    /// The definition of the layout's `certificate` function: the place of errors that have no
    /// place of their own.
    pub(crate) fn entry_point(&self) -> Place {
        let name = format!("layouts/{}/layout.typ", self.layout);
        let file = self.files.values().find(|file| file.name == name);
        let Some(source) = file.and_then(|file| file.source.as_ref()) else {
            return Place::file(name);
        };
        let mut definition = None;
        visit(&LinkedNode::new(source.root()), &mut |node| {
            let is_let = |parent: &LinkedNode<'_>| {
                [SyntaxKind::Closure, SyntaxKind::LetBinding].contains(&parent.kind())
            };
            if node.kind() == SyntaxKind::Ident
                && node.leaf_text() == "certificate"
                && node.parent().is_some_and(is_let)
            {
                definition.get_or_insert(node.range());
            }
        });
        match definition {
            Some(range) => Place::in_text(name, source.text(), range),
            None => Place::file(name),
        }
    }
}

/// A file in a layout's own folder; `None` if the folder has no file of that name.
///
/// # Errors
/// As [`Site::read`].
pub(super) fn own_file<'s>(
    site: &'s Site,
    folder: &str,
    name: &str,
) -> Result<Option<Cow<'s, [u8]>>> {
    let is_inside =
        !name.contains('\\') && name.split('/').all(|part| !part.starts_with('.'));
    if is_inside { site.read(&format!("{folder}/{name}")) } else { Ok(None) }
}

/// The free fields that the files read.
fn drawn_fields<'a>(files: impl Iterator<Item = &'a SourceFile>) -> DrawnFields {
    let mut fields = DrawnFields::default();
    for file in files.filter(|file| !is_preview(file)) {
        if let Some(source) = &file.source {
            visit(&LinkedNode::new(source.root()), &mut |node| fields.visit(node));
        }
    }
    fields
}

/// Whether a file serves the preview of a layout and cannot change a certificate.
fn is_preview(file: &SourceFile) -> bool {
    let base = file.name.rsplit_once('/');
    base.is_none_or(|(_, base)| PREVIEW_FILES.contains(&base))
}

/// Whether a file is a picture, by its extension.
fn is_picture(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| PICTURE_ENDINGS.contains(&ending.as_str()))
}

/// Checks a picture before Typst decodes it. `number` is how many pictures there are up
/// to this one.
fn check_picture(name: &str, bytes: &[u8], number: usize) -> Result<()> {
    if number > MAX_PICTURES {
        let message = format!("the layout has more than {MAX_PICTURES} pictures");
        return Err(Error::new(ErrorKind::TooLarge, message)
            .at(Place::file(name))
            .with_help("remove those that no page shows"));
    }
    Picture::check_limits(bytes).map_err(|error| error.at(Place::file(name)))
}

/// The hash of the files' names and contents.
fn sha256<'a>(files: impl Iterator<Item = &'a SourceFile>) -> Sha256 {
    let mut context = digest::Context::new(&digest::SHA256);
    for SourceFile { name, bytes, .. } in by_name(files.filter(|file| !is_preview(file)))
    {
        for part in [name.as_bytes(), bytes.as_slice()] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
    }
    Sha256::of_digest(&context.finish())
}

fn by_name<'a>(files: impl Iterator<Item = &'a SourceFile>) -> Vec<&'a SourceFile> {
    let mut files: Vec<_> = files.collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// The interned path of a file of the site.
fn named_file_id(name: &str) -> Result<FileId> {
    let path = VirtualPath::new(name.strip_prefix("layouts").unwrap_or(name));
    let path = path.map_err(|_| {
        let message =
            format!("a layout cannot have a file named `{}`", name.escape_debug());
        Error::new(ErrorKind::InvalidValue, message)
            .at(Place::file(name))
            .with_help("rename it, without `\\` and `..`")
    })?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

/// The interned path of a file, given relative to `layouts/`.
pub(crate) fn file_id(path: &str) -> FileId {
    let path = VirtualPath::new(path).expect("these names have no `\\` and no `..`");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

fn utf8<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|error| {
        Error::caused(ErrorKind::Syntax, "the file is not UTF-8", error)
            .at(Place::file(name))
            .with_help("save it as UTF-8")
    })
}

/// Calls a function for a node and everything below it.
fn visit(node: &LinkedNode<'_>, call: &mut impl FnMut(&LinkedNode<'_>)) {
    call(node);
    for child in node.children() {
        visit(&child, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_whose_name_typst_cannot_have_is_refused_by_its_name() {
        for name in ["a\\b.png", "../../x.typ"] {
            let name = format!("layouts/own/{name}");
            let site = Site::demo()
                .with_file("layouts/own/layout.typ", "#let certificate(sheet) = none")
                .with_file(name.as_str(), "x");
            let names = ["layouts/own/layout.typ", name.as_str()];
            let Err(error) =
                LayoutSources::of_files(&site, "own", &names, "/own/layout.typ")
            else {
                panic!("{name}")
            };
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
            assert!(error.message().contains("file named"), "{error}");
        }
    }
}
