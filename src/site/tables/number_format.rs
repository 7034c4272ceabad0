//! Numbers as the cell of a sheet shows them: `00123`, `93%`, `4.50`.
//!
//! The decision made here is that halves are rounded away from zero, as a spreadsheet does, after the
//! fifteen digits that it keeps: 1.005 is shown as `1.01`. Digits, a decimal point, leading zeros, a
//! percent sign and texts around them are followed; groups, fractions, powers and conditions are not:
//! the number is then written plainly, with those fifteen digits.

/// The format of a cell.
#[derive(Debug, Default, PartialEq)]
pub(super) struct NumberFormat {
    /// The texts around the number and its digits; `None` means plain.
    shape: Option<Shape>,
}

#[derive(Debug, PartialEq)]
struct Shape {
    before: String,
    after: String,
    /// The least digits before the point.
    zeros: usize,
    /// The least and the most digits after it.
    decimals: (usize, usize),
    is_percent: bool,
}

/// The most digits that a format may ask for.
const MAX_DIGITS: usize = 30;

impl NumberFormat {
    /// Reads a format code (ECMA-376, 18.8.31).
    pub(super) fn parse(code: &str) -> Self {
        Self { shape: Shape::parse(code) }
    }

    /// Writes a number as the cell shows it.
    pub(super) fn show(&self, number: f64) -> String {
        let Some(shape) = &self.shape else { return plain(number) };
        let value = if shape.is_percent { number * 100.0 } else { number };
        if !value.is_finite() || value.abs() >= 1e15 {
            return plain(number);
        }
        let (least, most) = shape.decimals;
        let mut digits = format!("{:.most$}", rounded_half_up(value.abs(), most));
        if let Some(point) = digits.find('.') {
            while digits.len() > point + 1 + least && digits.ends_with('0') {
                digits.pop();
            }
            if digits.ends_with('.') {
                digits.pop();
            }
        }
        let whole = digits.find('.').unwrap_or(digits.len());
        let zeros = "0".repeat(shape.zeros.saturating_sub(whole));
        let is_zero = digits.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        let sign = if value < 0.0 && !is_zero { "-" } else { "" };
        format!("{sign}{}{zeros}{digits}{}", shape.before, shape.after).trim().to_owned()
    }
}

impl NumberFormat {
    /// Writes a number with all of its digits, if the cell shows fewer: 49.6 where it shows `50`.
    pub(super) fn rounded_value(&self, number: f64) -> Option<String> {
        let shape = self.shape.as_ref()?;
        let value = if shape.is_percent { number * 100.0 } else { number };
        if !value.is_finite() || value.abs() >= 1e15 {
            return None;
        }
        let shown = rounded_half_up(value.abs(), shape.decimals.1);
        let percent = if shape.is_percent { "%" } else { "" };
        (plain(shown) != plain(value.abs())).then(|| format!("{}{percent}", plain(value)))
    }
}

impl Shape {
    fn parse(code: &str) -> Option<Self> {
        let mut shape = Self {
            before: String::new(),
            after: String::new(),
            zeros: 0,
            decimals: (0, 0),
            is_percent: false,
        };
        let (mut has_number, mut is_after, mut in_decimals) = (false, false, false);
        let mut signs = code.chars();
        while let Some(sign) = signs.next() {
            let literal: Option<String> = match sign {
                ';' => break,
                '"' => Some(signs.by_ref().take_while(|c| *c != '"').collect()),
                '\\' => signs.next().map(String::from),
                '_' | '*' => {
                    signs.next();
                    None
                }
                '[' => {
                    let inside: String =
                        signs.by_ref().take_while(|c| *c != ']').collect();
                    // A colour, a currency or a language; anything else is a condition.
                    let is_plain = inside.starts_with('$')
                        || inside.chars().all(|c| c.is_ascii_alphabetic());
                    if !is_plain {
                        return None;
                    }
                    None
                }
                '0' | '#' | '?' if !is_after => {
                    has_number = true;
                    if in_decimals {
                        shape.decimals.1 += 1;
                        if sign == '0' {
                            shape.decimals.0 = shape.decimals.1;
                        }
                    } else {
                        shape.zeros += usize::from(sign == '0' || shape.zeros > 0);
                    }
                    None
                }
                '.' if has_number && !in_decimals && !is_after => {
                    in_decimals = true;
                    None
                }
                '%' => {
                    shape.is_percent = true;
                    Some("%".to_owned())
                }
                ' ' | '-' | '+' | '(' | ')' | '/' | ':'
                    if !(sign == '/' && has_number) =>
                {
                    Some(sign.to_string())
                }
                _ => return None,
            };
            if let Some(literal) = literal {
                is_after |= has_number;
                let side = if has_number { &mut shape.after } else { &mut shape.before };
                side.push_str(&literal);
            }
        }
        let is_short = shape.zeros.max(shape.decimals.1) <= MAX_DIGITS;
        (has_number && is_short).then_some(shape)
    }
}

/// The nearest number of fifteen significant digits.
fn rounded(number: f64) -> f64 {
    format!("{number:.14e}").parse().unwrap_or(number)
}

/// Rounds a positive number to that many digits after the point, halves up. Each step starts from
/// the nearest number of fifteen digits: 0.285 is 28.5 %, and not 28.499….
fn rounded_half_up(number: f64, digits: usize) -> f64 {
    let number = rounded(number);
    let Ok(digits) = i32::try_from(digits) else { return number };
    let scale = 10_f64.powi(digits);
    let scaled = rounded(number * scale);
    // Larger ones have no half among their fifteen digits.
    if scaled < 1e15 { scaled.round() / scale } else { number }
}

/// Writes a number without a format.
pub(super) fn plain(number: f64) -> String {
    let number = rounded(number);
    if number != 0.0 && (number.abs() >= 1e21 || number.abs() < 1e-9) {
        return format!("{number:e}");
    }
    // Adding zero removes the sign of a negative zero.
    format!("{}", number + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_cells_show_them() {
        for (code, number, shown) in [
            ("General", 20.0, "20"),
            ("", 0.1 + 0.2, "0.3"),
            ("@", 4.5, "4.5"),
            ("0", 92.6, "93"),
            ("0.00", 4.5, "4.50"),
            ("0.##", 4.5, "4.5"),
            ("0.##", 4.0, "4"),
            ("0%", 0.93, "93%"),
            ("0.0%", 0.285, "28.5%"),
            ("0.00%", 0.9345, "93.45%"),
            ("00000", 123.0, "00123"),
            ("\"ID-\"0000", 7.0, "ID-0007"),
            ("000\\-00", 12.0, "12"),
            ("#,##0", 1234.0, "1234"),
            ("0.00E+00", 1234.0, "1234"),
            ("# ?/?", 0.5, "0.5"),
            ("[Red]0;-0", 5.0, "5"),
            ("[>100]0", 5.5, "5.5"),
            ("0;(0)", -5.0, "-5"),
            ("General", 12_345_678_901_234.0, "12345678901234"),
            ("0", -0.4, "0"),
            ("0 \"points\"", 18.0, "18 points"),
            // Halves, as Excel and LibreOffice show them.
            ("0", 92.5, "93"),
            ("0", 50.5, "51"),
            ("0", 0.5, "1"),
            ("0", 2.5, "3"),
            ("0", -2.5, "-3"),
            ("0", 92.49, "92"),
            ("0%", 0.925, "93%"),
            ("0%", 0.505, "51%"),
            ("0.00", 1.005, "1.01"),
            ("0.00", 2.675, "2.68"),
            ("0.0", 0.25, "0.3"),
            ("0.##", 1.125, "1.13"),
            ("0", 99_999_999_999_999.5, "100000000000000"),
        ] {
            assert_eq!(NumberFormat::parse(code).show(number), shown, "{code} {number}");
        }
    }

    #[test]
    fn digits_that_a_cell_does_not_show_are_told() {
        for (code, number, value) in [
            ("0", 9.96, Some("9.96")),
            ("0.0", 17.25, Some("17.25")),
            ("0%", 0.496, Some("49.6%")),
            ("0.00", 4.5, None),
            ("0%", 0.93, None),
            ("0.0%", 0.285, None),
            ("General", 9.96, None),
            ("\"ID-\"0000", 7.0, None),
            ("0.0", 0.1 + 0.2, None),
        ] {
            let found = NumberFormat::parse(code).rounded_value(number);
            assert_eq!(found.as_deref(), value, "{code} {number}");
        }
    }
}
