//! Starts a layout from another one: a copy with its own shared modules.

use super::layout_start::{LayoutStart, trial};
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result, did_you_mean};
use crate::press::draft::{DraftOptions, Press};
use crate::press::export::Format;
use crate::site::files::Site;

/// How a layout names a shared module, and how its copy names its own copy of that.
const SHARED: &str = "\"../shared/";
const OWN: &str = "\"shared/";

impl LayoutStart {
    /// Copies a layout of the site or a built-in one under another name.
    ///
    /// The copy has its sample, its preview with the sheet that this reads, and a folder
    /// with copies of the shared modules that it imports; the shared modules of the site
    /// stay the built-in ones.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLayout`]; every error in the layout.
    pub fn from_layout(site: &Site, name: &str, from: &str) -> Result<Self> {
        if !site.layouts().contains(&from) {
            let message = format!("there is no layout `{from}`");
            let help = did_you_mean(from, site.layouts());
            return Err(Error::new(ErrorKind::UnknownLayout, message).with_help(help));
        }
        let mut files = Vec::new();
        let mut modules = Vec::new();
        let folder = format!("layouts/{from}/");
        for path in site.list(&format!("layouts/{from}")) {
            let file = path.trim_start_matches(&folder);
            if file.starts_with("golden/") || file == "sheet.json" {
                continue;
            }
            let Some(bytes) = site.read(path)? else { continue };
            if file.ends_with(".typ") {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                modules.extend(imports(&text, SHARED));
                files.push((file.to_owned(), text.replace(SHARED, OWN).into_bytes()));
            } else {
                files.push((file.to_owned(), bytes.into_owned()));
            }
        }
        let mut known: Vec<String> = Vec::new();
        while let Some(module) = modules.pop() {
            if known.contains(&module) {
                continue;
            }
            let Some(bytes) = site.read(&format!("layouts/shared/{module}"))? else {
                continue;
            };
            let text = String::from_utf8_lossy(&bytes).into_owned();
            modules.extend(imports(&text, "\""));
            files.push((format!("shared/{module}"), text.into_bytes()));
            known.push(module);
        }
        let press = Press::with_threads(trial(site, name, &files), 1)?;
        let options = DraftOptions::default().with_format(Format::Sheet);
        let has_preview = files.iter().any(|(file, _)| file == "preview.typ");
        let fault = match press.draft_sample(name, Date::MIN, &options) {
            Ok(draft) if has_preview => {
                files.push(("sheet.json".to_owned(), draft.bytes));
                None
            }
            Ok(_) => None,
            Err(error) => Some(error),
        };
        files.sort();
        Ok(Self { files, fault, notes: Vec::new() })
    }
}

/// The modules of a folder that a file imports: `before` is the beginning of their names.
fn imports(text: &str, before: &str) -> Vec<String> {
    let lines =
        text.lines().filter_map(|line| line.trim_start().strip_prefix("#import "));
    let names = lines.filter_map(|rest| {
        let name = rest.trim_start().strip_prefix(before)?.split('"').next()?;
        (name.ends_with(".typ") && !name.contains("..")).then(|| name.to_owned())
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_has_the_modules_that_it_needs_and_no_others() {
        let site = Site::demo();
        for layout in site.layouts() {
            let start = LayoutStart::from_layout(&site, "mine", layout).unwrap();
            assert!(start.fault.is_none(), "{layout}: {:?}", start.fault);
            let has = |name: &str| start.files.iter().any(|(file, _)| file == name);
            assert!(has("shared/page.typ") && has("sample.yaml") && has("sheet.json"));
            for (file, bytes) in &start.files {
                let text = String::from_utf8_lossy(bytes);
                assert!(
                    !file.ends_with(".typ") || !text.contains(SHARED),
                    "{layout} {file}"
                );
            }
        }
        let start = LayoutStart::from_layout(&site, "mine", "classic").unwrap();
        assert!(!start.files.iter().any(|(file, _)| file == "shared/lines.typ"));
        let error = LayoutStart::from_layout(&site, "mine", "clasic").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownLayout);
    }
}
