//! Recipients files of any form.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::site::RecipientsFormat;
use crate::site::tables::{
    FreeFields, Mapping, Recipients, RequestDefaults, RowOptions, Table,
};

/// Any file: text, XLSX or ODS.
pub fn recipients(bytes: &[u8]) {
    read(bytes.to_vec());
}

/// The XML of an ODS.
pub fn ods(bytes: &[u8]) {
    read(archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", bytes),
    ]));
}

/// The XML of the sheet of an XLSX, then that of its styles and of its shared texts after `@@`.
pub fn xlsx(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split("@@");
    let [sheet, styles, strings] =
        std::array::from_fn(|_| parts.next().unwrap_or_default());
    read(archive(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
    ]));
}

const WORKBOOK: &[u8] =
    b"<workbook xmlns:r=\"r\"><sheets><sheet name=\"People\" sheetId=\"1\" \
    r:id=\"rId1\"/></sheets></workbook>";
const RELATIONS: &[u8] = b"<Relationships>\
    <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
    <Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/>\
    <Relationship Id=\"rId3\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings\" Target=\"sharedStrings.xml\"/>\
    </Relationships>";

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in parts {
        zip.start_file(*name, options).expect("it is written to memory");
        zip.write_all(bytes).expect("it is written to memory");
    }
    zip.finish().expect("it is written to memory").into_inner()
}

/// Reads a file as the program does.
fn read(bytes: Vec<u8>) {
    let format = RecipientsFormat::default();
    let fields = FreeFields::new(["hours", "modules"]);
    for is_list in [false, true] {
        let table = if is_list {
            Table::read_names("r.csv", bytes.clone(), &format)
        } else {
            Table::read("r.csv", bytes.clone(), &format)
        };
        let table = match table {
            Ok(table) => table,
            Err(error) => {
                let _ = format!("{error:#}");
                continue;
            }
        };
        let mapping = match Mapping::guess(&table, &format, &fields) {
            Ok(mapping) => mapping,
            Err(error) => {
                let _ = format!("{error:#}");
                continue;
            }
        };
        assert!(mapping.check(&table).is_ok());
        let _ = mapping.unread_warning(&table);
        let Ok(recipients) = Recipients::read(&table, &mapping, &RowOptions::default())
        else {
            continue;
        };
        for finding in &recipients.findings {
            let _ = finding.to_warning();
        }
        for row in &recipients.rows {
            let _ = row.request(&RequestDefaults::new("C"));
        }
    }
}
