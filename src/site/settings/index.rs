//! The setting of the register's index: `index`.

use crate::base::error::ErrorKind;
use crate::base::yaml::{Node, YamlFault};

/// The ending that the file of an index has. A file of another name is never taken for an index,
/// because an index that cannot be read is removed.
const ENDING: &str = ".sqlite";

/// Where the index of the register is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum IndexSettings {
    /// With the private files.
    #[default]
    Unset,
    /// There is none: `index: none`.
    Off,
    /// In this file, relative to the site unless the path is absolute.
    File(String),
}

impl IndexSettings {
    /// Reads the value of `index`.
    pub(super) fn read(node: Node<'_>) -> Result<Self, YamlFault> {
        let text = node.text()?;
        let stem = text.strip_suffix(ENDING);
        match text {
            "none" => Ok(Self::Off),
            _ if stem.is_some_and(|stem| !stem.is_empty() && !stem.ends_with('/')) => {
                Ok(Self::File(text.to_owned()))
            }
            _ => Err(node
                .fault(ErrorKind::InvalidValue, format!("`{text}` is no index"))
                .with_help("write the path of a file that ends in `.sqlite`, or `none`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::settings::Settings;

    #[test]
    fn index_is_a_sqlite_file_or_none() {
        let read = |text: &str| Settings::parse(text.as_bytes());
        let index = |text: &str| read(text).unwrap().index;
        assert_eq!(index(""), IndexSettings::Unset);
        assert_eq!(index("index: none"), IndexSettings::Off);
        let file = "/var/cache/x.sqlite";
        assert_eq!(
            index(&format!("index: {file}")),
            IndexSettings::File(file.to_owned())
        );
        for text in ["testamur.yaml", "keys/.sqlite", ".sqlite", "''", "[a.sqlite]"] {
            let error = read(&format!("index: {text}")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{text}");
        }
    }
}
