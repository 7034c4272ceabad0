//! The table of issued certificates of the learning management system, as CSV.

use std::collections::HashMap;
use std::path::Path;

use crate::cli::context::read_file;
use crate::cli::exit::Failure;
use crate::site::{CertificateId, DownloadId};

/// The statuses of certificates that a learner could download.
const ISSUED: [&str; 2] = ["downloadable", ""];

/// A row of the table.
#[derive(Debug, Clone, Default)]
pub(super) struct TableRow {
    pub(super) course: Option<String>,
    pub(super) name: Option<String>,
    pub(super) username: Option<String>,
    pub(super) grade: Option<String>,
    /// When it was issued, as the table writes it.
    pub(super) issued: Option<String>,
    /// The status, if it is another than issued.
    pub(super) other_status: Option<String>,
}

/// The rows by verify id.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) rows: HashMap<CertificateId, TableRow>,
    /// Verify ids by download id.
    pub(super) by_download: HashMap<DownloadId, CertificateId>,
}

impl Table {
    /// Reads CSV files with a header. Of a certificate that is in several the last counts.
    pub(super) fn read(files: &[std::path::PathBuf]) -> Result<Self, Failure> {
        let mut table = Self::default();
        files.iter().try_for_each(|file| table.add(file))?;
        Ok(table)
    }

    fn add(&mut self, file: &Path) -> Result<(), Failure> {
        let bytes = read_file(file)?;
        let failed = |why: String| Failure::new(format!("{}: {why}", file.display()));
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let count = |sign: u8| header.iter().filter(|byte| **byte == sign).count();
        let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|sign| count(*sign));
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter.unwrap_or(b','))
            .flexible(true)
            .from_reader(bytes);
        let header = reader.headers().map_err(|error| failed(error.to_string()))?.clone();
        // Of several that a table has the first name counts, wherever its column stands.
        let column = |names: &[&str]| {
            let named = |name: &&str| {
                header.iter().position(|it| it.trim().to_lowercase() == **name)
            };
            names.iter().find_map(named)
        };
        let verify = column(&["verify_uuid", "verify_id"]).ok_or_else(|| {
            failed(
                "there is no column `verify_uuid`\nhelp: export the table \
                 `certificates_generatedcertificate` with a header"
                    .to_owned(),
            )
        })?;
        let columns = [
            column(&["download_uuid", "download_id"]),
            column(&["course_id", "course"]),
            column(&["name"]),
            column(&["username", "user"]),
            column(&["grade"]),
            column(&["created_date", "issued", "modified_date"]),
            column(&["status"]),
        ];
        for row in reader.records() {
            let row = row.map_err(|error| failed(error.to_string()))?;
            let cell = |column: Option<usize>| {
                let text = row.get(column?)?.trim();
                (!text.is_empty() && text != "NULL").then(|| text.to_owned())
            };
            let digits = |text: String| text.replace('-', "").to_lowercase();
            let id = cell(Some(verify)).map(digits);
            let Some(id) = id.and_then(|id| id.parse::<CertificateId>().ok()) else {
                continue;
            };
            let [download, course, name, username, grade, issued, status] =
                columns.map(cell);
            let status = status.unwrap_or_default().to_lowercase();
            if let Some(Ok(download)) = download.map(|id| digits(id).parse()) {
                self.by_download.insert(download, id.clone());
            }
            let other_status = (!ISSUED.contains(&status.as_str())).then_some(status);
            let row = TableRow { course, name, username, grade, issued, other_status };
            self.rows.insert(id, row);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_name_of_a_column_counts_wherever_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("table.csv");
        let id = "82371b7cc3424c319e3381fa28ce9568";
        let table = format!(
            "modified_date,user,course,username,created_date,course_id,verify_uuid\n\
             2020-02-02,7,Other,ada,2014-03-02,X/Y/Z,{id}\n"
        );
        std::fs::write(&file, table).unwrap();
        let table = Table::read(&[file]).unwrap();
        let row = &table.rows[&id.parse::<CertificateId>().unwrap()];
        assert_eq!(row.issued.as_deref(), Some("2014-03-02"));
        assert_eq!(row.username.as_deref(), Some("ada"));
        assert_eq!(row.course.as_deref(), Some("X/Y/Z"));
    }
}
