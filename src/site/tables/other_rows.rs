//! Rows that are of no recipient: the header again, totals, and rows that systems add.
//!
//! - **Takes**: a row of a table, and its name.
//! - **Gives**: whether it is of a recipient.
//!
//! The decision made here is that a row is left out only where it can be nothing else. A row with a
//! value in a column of ids or addresses is of a recipient, and so may be one whose name happens to be
//! a word of a header or for a total: then it fails, with both readings.

use super::field::RecipientField as Field;
use super::mapping::Mapping;
use super::recipient_row::RowFault;
use super::table::{Table, TableCell, TableRow};
use super::words::{self, OtherRow};
use crate::base::error::{Error, ErrorKind, Result};

/// What a row is.
#[derive(Debug, PartialEq)]
pub(super) enum RowKind {
    /// A recipient's.
    Recipient,
    /// Known to be of no recipient.
    Other,
    /// It may be either.
    Unclear(RowFault),
}

/// Tells the rows of one table apart.
pub(super) struct RowJudge<'a> {
    table: &'a Table,
    /// The columns of the name.
    names: Vec<usize>,
    /// The columns of ids and addresses, whether they are read or not.
    ids: Vec<usize>,
    /// The first line of the totals at the end.
    totals: u32,
    is_of_canvas: bool,
    is_of_classroom: bool,
}

impl<'a> RowJudge<'a> {
    pub(super) fn new(table: &'a Table, mapping: &Mapping, names: Vec<usize>) -> Self {
        let is_id = |field: Field| matches!(field, Field::Username | Field::Email);
        let ids = (0..table.header.len()).filter(|&index| {
            let is_told = mapping.columns_of(Field::Username).any(|own| own == index);
            let known = words::meanings(&table.header[index]);
            is_told || known.iter().any(|meaning| is_id(meaning.field))
        });
        let ids = ids.filter(|index| !names.contains(index)).collect();
        let has = |text: &str| {
            let is_one = |row: &TableRow| {
                names.iter().any(|&index| row.cells[index].text.trim() == text)
            };
            // Systems write them above or below their table.
            let (first, last) = (table.rows.iter().take(10), table.rows.iter().rev());
            first.chain(last.take(10)).any(is_one)
        };
        let is_total = |row: &&TableRow| {
            let known = word_of(row, &names).and_then(words::other_row);
            matches!(known, Some(OtherRow::Total | OtherRow::Phrase))
        };
        let totals = table.rows.iter().rev().take_while(is_total).last();
        Self {
            totals: totals.map_or(u32::MAX, |row| row.line),
            is_of_canvas: has("Points Possible"),
            is_of_classroom: has("Class average"),
            table,
            names,
            ids,
        }
    }

    /// What a row of this name is.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: it is a second header that says something else of the name than
    /// the first.
    pub(super) fn kind_of(&self, row: &TableRow, name: &str) -> Result<RowKind> {
        // Each line of a list of names is one.
        if self.table.header_line == 0 {
            return Ok(RowKind::Recipient);
        }
        if self.says_the_header(row) {
            return Ok(RowKind::Other);
        }
        if self.is_like_header(row) {
            self.refuse_other_header(row)?;
            let message = format!(
                "the row may be a header, or that of a recipient `{}`",
                name.escape_debug()
            );
            let help = "delete it if it is a header; a recipient is known by an id in a column \
                        `username`, or by the whole name in one column `name`";
            let fault = RowFault::new(ErrorKind::InvalidValue, message, help);
            return Ok(RowKind::Unclear(fault));
        }
        let word = || word_of(row, &self.names).and_then(words::other_row);
        Ok(match words::other_row(name).or_else(word) {
            Some(other) => self.other(other, row, name),
            None if self.is_of_classroom && matches!(name, "Date" | "Points") => {
                self.other(OtherRow::Phrase, row, name)
            }
            None => RowKind::Recipient,
        })
    }

    /// What a row is whose name is known as that of another one.
    fn other(&self, other: OtherRow, row: &TableRow, name: &str) -> RowKind {
        let has_id = self.has_id(row);
        let has_address = row.cells.iter().any(|cell| cell.text.contains('@'));
        match other {
            OtherRow::ImportId => return RowKind::Other,
            OtherRow::TestAccount if self.is_of_canvas => return RowKind::Other,
            OtherRow::Phrase if !has_id && !has_address => return RowKind::Other,
            OtherRow::Total if has_address => return RowKind::Recipient,
            OtherRow::Total
                if !has_id && row.line >= self.totals && self.has_numbers_only(row) =>
            {
                return RowKind::Other;
            }
            OtherRow::TestAccount | OtherRow::Phrase | OtherRow::Total => {}
        }
        let what =
            if other == OtherRow::TestAccount { "a test account" } else { "a total" };
        let message = format!("`{}` may be {what}, or a recipient", name.escape_debug());
        let help = "delete the row if it is of no recipient; else issue the certificate by \
                    itself: -n \"…\", with -u and the id if there is one";
        RowKind::Unclear(RowFault::new(ErrorKind::InvalidValue, message, help))
    }

    /// Whether a row has an id or an address. The word of the header is none.
    fn has_id(&self, row: &TableRow) -> bool {
        self.ids.iter().any(|&index| {
            !row.cells[index].is_blank()
                && !says_same(&row.cells[index].text, &self.table.header[index])
        })
    }

    /// Whether a total has something to count: a number, and no words.
    fn has_numbers_only(&self, row: &TableRow) -> bool {
        let has_letters =
            |&&index: &&usize| row.cells[index].text.chars().any(char::is_alphabetic);
        let word = self.names.iter().find(has_letters);
        let others = row.cells.iter().enumerate();
        let mut others = others
            .filter(|(index, cell)| Some(index) != word && !cell.is_blank())
            .map(|(_, cell)| cell.text.as_str())
            .peekable();
        others.peek().is_some()
            && others.all(|text| !text.chars().any(char::is_alphabetic))
    }

    /// Whether a row says the same as the header in the columns of the name, and nothing else in those
    /// of ids and addresses.
    fn says_the_header(&self, row: &TableRow) -> bool {
        let is_same =
            |index: usize| says_same(&row.cells[index].text, &self.table.header[index]);
        let mut is_found = false;
        for &index in &self.names {
            if row.cells[index].is_blank() {
                continue;
            }
            if !is_same(index) {
                return false;
            }
            is_found = true;
        }
        // A system that explains its header below it does so in other words for most columns.
        let is_told = |index: usize| {
            let is_known = !words::meanings(&self.table.header[index]).is_empty();
            !is_known || row.cells[index].is_blank() || is_same(index)
        };
        is_found && !self.has_id(row) && (0..self.table.header.len()).all(is_told)
    }

    /// Whether a row has words of headers where its name stands.
    fn is_like_header(&self, row: &TableRow) -> bool {
        let is_same =
            |index: usize| says_same(&row.cells[index].text, &self.table.header[index]);
        let is_word = |index: usize| {
            is_same(index) || !words::meanings(&row.cells[index].text).is_empty()
        };
        // Only text as short as a header is compared, so most names are skipped cheaply.
        let is_short = self.names.iter().all(|&index| row.cells[index].text.len() < 100);
        let names = self.names.iter().filter(|&&index| !row.cells[index].is_blank());
        if !is_short || !names.clone().all(|&index| is_word(index)) || self.has_id(row) {
            return false;
        }
        let has_name_word = names.clone().any(|&index| {
            let known = words::meanings(&row.cells[index].text);
            is_same(index) || known.iter().any(|meaning| meaning.field.is_name())
        });
        let mut used =
            (0..self.table.header.len()).filter(|&index| !row.cells[index].is_blank());
        let count = used.clone().count();
        names.count() > 0 && (has_name_word || count > 1 && used.all(is_word))
    }

    /// Refuses a second header that says something else of the name than the first: `First name` below
    /// `Student` makes half a name of the whole.
    fn refuse_other_header(&self, row: &TableRow) -> Result<()> {
        let is_word = |cell: &&TableCell| !words::meanings(&cell.text).is_empty();
        if row.cells.iter().filter(is_word).count() < 2 {
            return Ok(());
        }
        for (header, cell) in self.table.header.iter().zip(&row.cells) {
            let below = words::meanings(&cell.text).iter().map(|it| it.field);
            let mut below = below.filter(|field| field.is_name());
            let own = words::meanings(header);
            if below.any(|field| own.iter().all(|it| it.field != field)) {
                let message = format!(
                    "the row is a second header: `{}` stands below `{}`",
                    cell.text.escape_debug(),
                    header.escape_debug()
                );
                return Err(Error::new(ErrorKind::InvalidValue, message)
                    .at(self.table.place(row.line))
                    .with_help(format!(
                        "delete it if the first header is right; if this one is right, use it: \
                         --header {}; if the row is that of a recipient, write the whole name into \
                         one column `name`",
                        row.line
                    )));
            }
        }
        Ok(())
    }
}

/// The one part of a name that has letters, if the others have numbers alone, as in a row of totals.
fn word_of<'a>(row: &'a TableRow, names: &[usize]) -> Option<&'a str> {
    let cells = names.iter().map(|&index| row.cells[index].text.as_str());
    let mut words = cells.filter(|text| text.chars().any(char::is_alphabetic));
    words.next().filter(|_| words.next().is_none())
}

/// Whether a cell says the same as a header. A sign that the header lacks, as that of `{{ name }}`, is
/// more than punctuation.
fn says_same(text: &str, header: &str) -> bool {
    let is_sign = |c: char| matches!(c, '#' | '{' | '}' | '<' | '>' | '$' | '%' | '@');
    !text.is_empty()
        && (text == header
            || !text.contains(is_sign)
                && words::normalized(text) == words::normalized(header))
}

#[cfg(test)]
mod tests {
    use crate::site::recipients_format::RecipientsFormat;
    use crate::site::tables::{FreeFields, Mapping, Recipients, RowOptions, Table};

    /// The names that are issued, those of rows that fail, and those that are left out.
    fn read(text: &str, is_list: bool) -> Result<[Vec<String>; 3], String> {
        let format = RecipientsFormat::default();
        let table = if is_list { Table::read_names } else { Table::read };
        let table = table("r.csv", text.into(), &format).unwrap();
        let mapping = Mapping::guess(&table, &format, &FreeFields::default()).unwrap();
        let options = RowOptions::default();
        let found = Recipients::read(&table, &mapping, &options)
            .map_err(|error| error.to_string())?;
        let (good, bad): (Vec<_>, Vec<_>) =
            found.rows.into_iter().partition(|row| row.fault.is_none());
        let names = |rows: Vec<super::super::RecipientRow>| {
            rows.into_iter().map(|row| row.name).collect()
        };
        let left_out = found.left_out.into_iter().map(|(_, name)| name).collect();
        Ok([names(good), names(bad), left_out])
    }

    fn check(text: &str, [good, bad, left_out]: [&[&str]; 3]) {
        let found = read(text, false).unwrap();
        assert_eq!(found, [good, bad, left_out].map(|it| it.to_vec()), "{text}");
    }

    #[test]
    fn row_with_an_id_or_an_address_is_never_left_out() {
        for person in
            ["Mark,Lang", "Lang,Mark", "Mark,Degree", "Mark,Suffix", "Lang,Date"]
        {
            let name = person.replace(',', " ");
            let both: [&[&str]; 3] = [&[&name, "Eva Brown"], &[], &[]];
            check(
                &format!(
                    "First name,Last name,Email,Grade\n{person},m@x.org,A\nEva,Brown,e@x.org,B"
                ),
                both,
            );
            check(
                &format!("Vorname,Nachname,Matrikelnummer\n{person},00123\nEva,Brown,7"),
                both,
            );
            check(&format!("First name,Last name,Mark\n{person},A\nEva,Brown,B"), both);
            // Nothing tells.
            check(
                &format!("First name,Last name\n{person}\nEva,Brown"),
                [&["Eva Brown"], &[&name], &[]],
            );
        }
        check(
            "First name,Last name,ID\nMark,Student,x1\nMark,Name,x2",
            [&["Mark Student", "Mark Name"], &[], &[]],
        );
        check(
            "Name,Username\n{{ name }},7\nNAME,8\nAda,9",
            [&["{{ name }}", "NAME", "Ada"], &[], &[]],
        );
    }

    #[test]
    fn word_for_a_total_is_a_name_where_it_may_be_one() {
        for name in ["Suma", "Media", "Mean", "Sum", "Total", "Gesamt", "Toplam", "Count"]
        {
            check(
                &format!("Name,Student ID,E-mail\n{name},0013,s@x.id\nAda,0014,a@x.id"),
                [&[name, "Ada"], &[], &[]],
            );
            for row in ["Student ID\n%,0013", "Grade\n%,A", "Grade\n%,93", "Grade\n%,"] {
                let text = format!("Name,{}\nAda,0014", row.replace('%', name));
                check(&text, [&["Ada"], &[name], &[]]);
            }
            let text = format!("Name,Grade\nAda,93\n{name},93\n");
            check(&text, [&["Ada"], &[], &[name]]);
            let names = read(&format!("Ada\n{name}\nTest Student\nMark Lang"), true);
            let all = ["Ada", name, "Test Student", "Mark Lang"].map(str::to_owned);
            assert_eq!(names, Ok([all.to_vec(), vec![], vec![]]));
        }
        check(
            "First name,Last name,Student ID\nTest,Student,1001\nAda,L,1002",
            [&["Ada L"], &["Test Student"], &[]],
        );
    }

    #[test]
    fn row_below_a_blank_one_is_no_recipient_in_any_columns_of_the_name() {
        let table =
            "First name,Last name,E-mail\nAda,Lovelace,a@x.org\nBob,Bee,b@x.org\n";
        let both: &[&str] = &["Ada Lovelace", "Bob Bee"];
        let both_names = ["Ada Lovelace", "Bob Bee"].map(str::to_owned);
        for (note, name) in [
            ("Class teacher:,Mrs Smith,", "Class teacher: Mrs Smith"),
            ("Eva,Brown,", "Eva Brown"),
        ] {
            check(&format!("{table},,\n{note}\n"), [both, &[name], &[]]);
        }
        for total in ["Total,2,", "2,Total,", "Σύνολο,53,"] {
            let found = read(&format!("{table}{total}\n"), false).unwrap();
            assert_eq!(
                (found[0].as_slice(), found[2].len()),
                (&both_names[..], 1),
                "{total}"
            );
            let found = read(&format!("{table},,\n{total}\n"), false).unwrap();
            assert_eq!(found[0], both_names, "{total}");
        }
        // Names in a table of nothing else, and a number that is a part of a name.
        check(
            "First name,Last name\nAda,Lovelace\n,\nBob,Bee",
            [&["Ada Lovelace", "Bob Bee"], &[], &[]],
        );
        check(
            "First name,Last name,ID\nLouis,14,x1\nAda,L,x2",
            [&["Louis 14", "Ada L"], &[], &[]],
        );
    }

    #[test]
    fn header_that_is_repeated_is_left_out_and_another_one_refused() {
        check(
            "Name,ID\nAda,1x\nName,ID\nname:,\nBob,2x",
            [&["Ada", "Bob"], &[], &["Name", "name:"]],
        );
        check("Name,Grade\nAda,A\nName,B", [&["Ada"], &["Name"], &[]]);
        let error = read("Student,Grade\nFirst name,Mark\nAda,A", false).unwrap_err();
        assert!(error.contains("second header"), "{error}");
    }

    #[test]
    fn error_of_a_formula_in_a_name_fails_its_row() {
        for error in [
            "#NAME?",
            "#N/A",
            "#NOM?",
            "#NAAM?",
            "#¿NOMBRE?",
            "#ИМЯ?",
            "#NV",
            "Err:502",
            "#DIV/0!",
            "#CALC!",
            "#BEZUG!",
        ] {
            check(
                &format!("Name,Student ID\nAda,01\n{error},02"),
                [&["Ada"], &[error], &[]],
            );
            let found = read(&format!("Ada\n{error}\n"), true).unwrap();
            assert_eq!(found[1], [error]);
            check(
                &format!("Name,Student ID\nAda,{error}\nBob,02"),
                [&["Bob"], &["Ada"], &[]],
            );
        }
        check(
            "Name\n#panic(\"x\") {{ 7*7 }} <script>\n#1 Ada",
            [&["#panic(\"x\") {{ 7*7 }} <script>", "#1 Ada"], &[], &[]],
        );
    }

    #[test]
    fn id_that_a_spreadsheet_has_rounded_fails_its_row() {
        for id in ["1.23E+11", "1,23E+11", "1.10101199003071E+017", "110101199003071000"]
        {
            check(
                &format!("Name;Student ID\nAda;{id}\nBob;5E10"),
                [&["Bob"], &["Ada"], &[]],
            );
        }
        check(
            "Name,Student ID\nAda,110101199003071233\nBob,12E+x",
            [&["Ada", "Bob"], &[], &[]],
        );
    }
}
