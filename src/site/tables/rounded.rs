//! Numbers that a spreadsheet has rounded.
//!
//! A number of a sheet has fifteen digits; of a longer one the others are 0, and which they were is not
//! known. In CSV a number of twelve digits and more is written as `1.23E+11`, of which three are left.

use super::decimals::decimal;
use super::recipient_row::RowFault;
use super::table::{CellKind, Table, TableCell};
use crate::base::error::ErrorKind;

/// The digits that a number of a sheet keeps.
const MAX_EXACT: usize = 15;
/// From this length on that all digits after those are 0 is no accident in an id.
const MIN_ROUNDED: usize = 18;

/// What is wrong with a number that is rounded: an id that is, or a number of a sheet that is longer than
/// what it keeps.
pub(super) fn rounded_number(
    header: &str,
    cell: &TableCell,
    is_id: bool,
    table: &Table,
) -> Option<RowFault> {
    let text = cell.text.as_str();
    let is_long = cell.kind == CellKind::Number
        && (digits(text).len() > MAX_EXACT
            || is_power(text)
            || text.contains('e') && text.parse::<f64>().is_ok());
    let is_cut = !table.is_sheet && is_cut(&cell.text);
    if !is_long && !(is_id && (is_power(&cell.text) || is_cut)) {
        return None;
    }
    let message = format!(
        "`{}` in the column `{}` is a number that a spreadsheet has rounded: which one it was is not \
         known",
        cell.text.escape_debug(),
        header.escape_debug()
    );
    let help = "set the format of the column to text, type the value again, and save the file as \
                XLSX or CSV";
    Some(RowFault::new(ErrorKind::InvalidValue, message, help))
}

/// Whether a text is the power of ten that spreadsheets write for a long number. They write a sign, which
/// the ids of people do not have.
fn is_power(text: &str) -> bool {
    let Some((number, power)) = text.split_once(['E', 'e']) else { return false };
    let power = power.strip_prefix(['+', '-']).unwrap_or_default();
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = number.split_once(['.', ',']).unwrap_or((number, ""));
    whole.trim_start_matches('-').len() == 1
        && is_digits(whole.trim_start_matches('-'))
        && is_digits(fraction)
        && !power.is_empty()
        && is_digits(power)
}

/// Whether a text is a long number whose digits after the fifteenth are all 0.
fn is_cut(text: &str) -> bool {
    text.len() >= MIN_ROUNDED
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text[MAX_EXACT..].bytes().all(|byte| byte == b'0')
}

/// The digits of a number without those that say nothing: zeros before and after it.
fn digits(text: &str) -> String {
    let all: String = text
        .chars()
        .filter_map(|c| decimal(c).and_then(|digit| char::from_digit(digit, 10)))
        .collect();
    all.trim_start_matches('0').to_owned()
}

/// Whether a text shows fewer digits than the number that its cell holds.
pub(super) fn hides_digits(shown: &str, number: &str) -> bool {
    digits(shown).trim_end_matches('0') != digits(number).trim_end_matches('0')
}
