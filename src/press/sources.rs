//! The files of a layout, parsed once and looked over.
//!
//! Takes what a site has under `layouts/<name>/` and `layouts/shared/`. The decision made here is
//! what a layout may not do: run text as code (`eval`), load programs (`plugin`), fetch packages.

use std::collections::HashMap;
use std::ops::Range;

use ring::digest;
use typst::foundations::Bytes;
use typst::syntax::{
    FileId, LinkedNode, RootedPath, Source, SyntaxKind, VirtualPath, VirtualRoot,
};

use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::hex;
use crate::site::files::Site;

/// The files that a layout can see, parsed once.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(crate) layout: String,
    pub(crate) files: HashMap<FileId, Entry>,
    pub(crate) main: Source,
    pub(crate) main_with_attachments: Source,
    /// The SHA-256 of what a certificate depends on, 64 hexadecimal digits in lower case.
    pub(crate) sha256: String,
}

/// Files of a layout's folder that no certificate depends on.
const BESIDE: [&str; 3] = ["preview.typ", "sample.yaml", "sheet.json"];

#[derive(Debug)]
pub(crate) struct Entry {
    /// The name inside the site.
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
    /// The content as Typst source, for a `.typ` file.
    pub(crate) source: Option<Source>,
    pub(crate) built_in: bool,
}

impl Sources {
    /// The files of `layouts/<layout>/` and `layouts/shared/`.
    ///
    /// # Errors
    /// [`ErrorKind::Layout`] when a file cannot be parsed, or reaches for `eval` or `plugin`.
    pub(crate) fn load(site: &Site, layout: &str) -> Result<Self> {
        let mut files = HashMap::new();
        for folder in [format!("layouts/{layout}"), "layouts/shared".to_owned()] {
            for name in site.list(&folder) {
                let of_others = ["/golden/", "/locales/", "/shared/pages/"];
                if of_others.iter().any(|folder| name.contains(folder)) {
                    continue;
                }
                let (bytes, built_in) = match site.built_in(name) {
                    Some(bytes) => (Bytes::new(bytes), true),
                    None => match site.read(name)? {
                        Some(bytes) => (Bytes::new(bytes.into_owned()), false),
                        None => continue,
                    },
                };
                let id = file_id(name.trim_start_matches("layouts"));
                let source = match name.ends_with(".typ") {
                    true => Some(Source::new(id, utf8(name, &bytes)?.to_owned())),
                    false => None,
                };
                let entry = Entry { name: name.to_owned(), bytes, source, built_in };
                files.insert(id, entry);
            }
        }
        let main = |extra: &str| {
            let text = format!(
                "#import \"/{layout}/layout.typ\": certificate\n{extra}\
                 #let sheet = json(\"/sheet.json\")\n#set text(font: sheet.face)\n\
                 #certificate(sheet)\n"
            );
            Source::new(file_id("/main.typ"), text)
        };
        let attach = "#for file in json(\"/attachments.json\") {\n  pdf.attach(file.name, \
                      read(file.path, encoding: none), relationship: \"supplement\", \
                      mime-type: file.media_type, description: file.description)\n}\n";
        let sources = Self {
            layout: layout.to_owned(),
            sha256: sha256(files.values()),
            files,
            main: main(""),
            main_with_attachments: main(attach),
        };
        sources.lint()?;
        Ok(sources)
    }

    /// Where the layout defines its `certificate`: the line for faults that have none of their own.
    pub(crate) fn door(&self) -> Place {
        let name = format!("layouts/{}/layout.typ", self.layout);
        let entry = self.files.values().find(|entry| entry.name == name);
        let Some(source) = entry.and_then(|entry| entry.source.as_ref()) else {
            return Place::file(name);
        };
        let mut door = None;
        visit(&LinkedNode::new(source.root()), &mut |node| {
            let is_let = |parent: &LinkedNode<'_>| {
                [SyntaxKind::Closure, SyntaxKind::LetBinding].contains(&parent.kind())
            };
            if node.kind() == SyntaxKind::Ident
                && node.leaf_text() == "certificate"
                && node.parent().is_some_and(is_let)
            {
                door.get_or_insert(node.range());
            }
        });
        match door {
            Some(range) => Place::in_text(name, source.text(), range),
            None => Place::file(name),
        }
    }

    /// Refuses what a layout has no business with.
    fn lint(&self) -> Result<()> {
        let mut entries: Vec<_> = self.files.values().collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let mut faults = Vec::new();
        for entry in entries {
            let Some(source) = &entry.source else { continue };
            let mut report = |range: Range<usize>, message: &str, help: &str| {
                let place = Place::in_text(&entry.name, source.text(), range);
                faults.push(
                    Error::new(ErrorKind::Layout, message).at(place).with_help(help),
                );
            };
            visit(&LinkedNode::new(source.root()), &mut |node| match node.kind() {
                SyntaxKind::Ident
                    if is_reference(node)
                        && ["eval", "plugin"].contains(&node.leaf_text().as_str()) =>
                {
                    let name = node.leaf_text();
                    report(
                        node.range(),
                        &format!("a layout may not use `{name}`"),
                        "a layout sets the sheet that it is given; what must be computed \
                             can be written in Typst itself",
                    );
                }
                SyntaxKind::Str if is_import(node) => {
                    let text = node.leaf_text().trim_matches('"');
                    if text.starts_with('@') {
                        report(
                            node.range(),
                            &format!("a layout may not fetch the package `{text}`"),
                            "copy the files that you need into the site's \
                                 `layouts/shared/` folder and import them from there",
                        );
                    }
                }
                _ => {}
            });
        }
        Error::join(faults)
    }
}

/// The hash of the files' names and contents, by name.
fn sha256<'a>(entries: impl Iterator<Item = &'a Entry>) -> String {
    let counts = |entry: &&Entry| {
        entry.name.rsplit_once('/').is_some_and(|(_, file)| !BESIDE.contains(&file))
    };
    let mut entries: Vec<&Entry> = entries.filter(counts).collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let mut context = digest::Context::new(&digest::SHA256);
    for Entry { name, bytes, .. } in entries {
        for part in [name.as_bytes(), bytes.as_slice()] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
    }
    hex::lower(context.finish().as_ref())
}

/// The interned path of a file, below `layouts/` as the root.
pub(crate) fn file_id(path: &str) -> FileId {
    let path = VirtualPath::new(path).expect("names inside a site do not leave it");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

fn utf8<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|error| {
        Error::new(ErrorKind::Syntax, format!("the file is not UTF-8 ({error})"))
            .at(Place::file(name))
            .with_help("save it as UTF-8")
    })
}

fn visit(node: &LinkedNode<'_>, on: &mut impl FnMut(&LinkedNode<'_>)) {
    on(node);
    for child in node.children() {
        visit(&child, on);
    }
}

/// Whether a name stands for a value, rather than being the name of a field or an argument.
fn is_reference(node: &LinkedNode<'_>) -> bool {
    let Some(parent) = node.parent() else { return true };
    match parent.kind() {
        // `std.eval` reaches for the function; `sheet.eval` would be somebody's field.
        SyntaxKind::FieldAccess => {
            let target = parent.children().next();
            target.is_some_and(|target| {
                target.span() == node.span() || target.leaf_text() == "std"
            })
        }
        SyntaxKind::Named => {
            parent.children().next().is_some_and(|first| first.span() != node.span())
        }
        _ => true,
    }
}

fn is_import(node: &LinkedNode<'_>) -> bool {
    node.parent().is_some_and(|parent| {
        [SyntaxKind::ModuleImport, SyntaxKind::ModuleInclude].contains(&parent.kind())
    })
}
