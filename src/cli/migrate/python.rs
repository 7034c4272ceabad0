//! Values as the old program had them: what YAML 1.1 makes of a scalar, and what Python printed.

use std::rc::Rc;

use crate::Timestamp;

/// A value of a YAML 1.1 file, with the line on which it begins.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    /// The scalar as it is written, if it is one without quotes.
    pub(super) written: Option<String>,
    pub(super) line: usize,
    /// How many levels it has, itself included.
    pub(super) height: usize,
}

/// What PyYAML makes of a scalar, a list or a map. Aliases share their node.
#[derive(Debug, Clone)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    /// A date or a time, as Python prints it.
    Date(String),
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

/// A key and its value.
pub(super) type Entry = (Rc<Node>, Rc<Node>);

impl Node {
    pub(super) fn new(value: Value, written: Option<String>, line: usize) -> Self {
        let below = match &value {
            Value::List(items) => items.iter().map(|item| item.height).max(),
            Value::Map(entries) => {
                entries.iter().map(|(key, value)| key.height.max(value.height)).max()
            }
            _ => None,
        };
        Self { height: 1 + below.unwrap_or_default(), value, written, line }
    }

    /// The value of a key. Of equal keys the last counts.
    pub(super) fn get(&self, key: &str) -> Option<&Rc<Node>> {
        let Value::Map(entries) = &self.value else { return None };
        let found = entries.iter().rfind(|(it, _)| it.printed() == key);
        found.map(|(_, node)| node)
    }

    /// The value as Python prints it within a text.
    pub(super) fn printed(&self) -> String {
        match &self.value {
            Value::None => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => print_float(*number),
            Value::Text(text) | Value::Date(text) => text.clone(),
            Value::List(_) => "[…]".to_owned(),
            Value::Map(_) => "{…}".to_owned(),
        }
    }

    /// Whether Python takes the value as true.
    pub(super) fn is_true(&self) -> bool {
        match &self.value {
            Value::None => false,
            Value::Bool(value) => *value,
            Value::Int(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Date(_) => true,
            Value::List(items) => !items.is_empty(),
            Value::Map(entries) => !entries.is_empty(),
        }
    }

    /// Whether it is a scalar.
    pub(super) fn is_scalar(&self) -> bool {
        !matches!(self.value, Value::List(_) | Value::Map(_))
    }

    /// How the printed value differs from the written one, if it does: `010` is printed as `8`.
    pub(super) fn surprise(&self) -> Option<(&str, String)> {
        let written = self.written.as_deref()?;
        let printed = self.printed();
        (written != printed && !matches!(self.value, Value::None))
            .then_some((written, printed))
    }
}

/// What PyYAML makes of a plain scalar: the resolver of YAML 1.1.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::None,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Value::Bool(true);
        }
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    integer(text)
        .map(Value::Int)
        .or_else(|| float(text).map(Value::Float))
        .or_else(|| date(text).map(Value::Date))
        .unwrap_or_else(|| Value::Text(text.to_owned()))
}

fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) || digits.len() > 40 {
        return None;
    }
    let plain = digits.replace('_', "");
    // A second sign makes it a text.
    let parse = |text: &str, radix| {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_plain.then(|| i128::from_str_radix(text, radix).ok()).flatten()
    };
    let number = if let Some(binary) = plain.strip_prefix("0b") {
        parse(binary, 2)
    } else if let Some(hexadecimal) = plain.strip_prefix("0x") {
        parse(hexadecimal, 16)
    } else if plain.contains(':') {
        // Hours, minutes and seconds: 1:30 is 90.
        let mut parts = plain.split(':');
        let first = parts.next().filter(|it| !it.starts_with('0'))?;
        parts.try_fold(parse(first, 10)?, |sum, part| {
            let is_part = (1..=2).contains(&part.len());
            let value = parse(part, 10).filter(|it| is_part && (0..60).contains(it))?;
            sum.checked_mul(60)?.checked_add(value)
        })
    } else if plain.len() > 1 && plain.starts_with('0') {
        parse(&plain[1..], 8)
    } else {
        parse(&plain, 10)
    };
    number.map(|number| sign * number)
}

fn float(text: &str) -> Option<f64> {
    let plain = text.replace('_', "");
    let digits = plain.strip_prefix(['-', '+']).unwrap_or(&plain);
    match digits.to_ascii_lowercase().as_str() {
        ".inf" if plain.starts_with('-') => return Some(f64::NEG_INFINITY),
        ".inf" => return Some(f64::INFINITY),
        ".nan" => return Some(f64::NAN),
        _ => {}
    }
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.contains('.')
        && digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    // YAML 1.1 wants a sign in an exponent: `1.0e3` is a text.
    let exponent = digits.find(['e', 'E']).map(|at| &digits[at + 1..]);
    let is_signed = exponent.is_none_or(|it| it.starts_with(['+', '-']));
    (is_number && is_signed).then(|| plain.parse().ok()).flatten()
}

/// A date or a time as Python prints it.
fn date(text: &str) -> Option<String> {
    let (date, rest) = match text.find(['T', 't', ' ', '\t']) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    if ![year, month, day].into_iter().all(is_number) {
        return None;
    }
    let (month, day) = (month.parse::<u8>().ok()?, day.parse::<u8>().ok()?);
    let date = format!("{year}-{month:02}-{day:02}");
    if rest.is_empty() {
        // Without a time PyYAML wants two digits each.
        return (text == date).then_some(date);
    }
    let is_time = rest.starts_with(|c: char| c.is_ascii_digit())
        && rest.contains(':')
        && rest.bytes().all(|b| b.is_ascii_digit() || b":.+-Zz ".contains(&b));
    if !is_time {
        return None;
    }
    match rest.find(['+', '-']) {
        Some(at) => in_utc(&date, &rest[..at], &rest[at..]),
        None => Some(format!("{date} {rest}")),
    }
}

/// A time in a zone such as `-5` or `+05:30`: PyYAML makes it one in UTC, which may be on another day.
fn in_utc(date: &str, time: &str, zone: &str) -> Option<String> {
    let time = time.trim_end();
    let (hour, _) = time.split_once(':')?;
    let (sign, zone) = zone.split_at(1);
    let (hours, minutes) = zone.split_once(':').unwrap_or((zone, "00"));
    let zero = if hour.len() == 1 { "0" } else { "" };
    let text = format!("{date}T{zero}{time}{sign}{hours:0>2}:{minutes}");
    let text = Timestamp::parse(&text).ok().filter(|_| !time.contains('.'))?.to_string();
    Some(text.trim_end_matches('Z').replace('T', " "))
}

fn print_float(number: f64) -> String {
    if number.is_nan() {
        "nan".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "inf".to_owned() } else { "-inf".to_owned() }
    } else if number == number.trunc() && number.abs() < 1e16 {
        format!("{number:.1}")
    } else {
        number.to_string()
    }
}

/// The literals that a Python file assigns to names in capitals at the beginning of a line, with
/// their lines. What is no literal of a text, a number or a truth value is left out.
pub(super) fn assignments(text: &str) -> Vec<(String, usize, serde_json::Value)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim_end();
        let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if is_name && let Some(value) = literal(value.trim()) {
            found.push((name.to_owned(), number + 1, value));
        }
    }
    found
}

fn literal(text: &str) -> Option<serde_json::Value> {
    let text =
        text.strip_prefix('u').filter(|it| it.starts_with(['"', '\''])).unwrap_or(text);
    let bare = text.split('#').next().unwrap_or_default().trim();
    match bare {
        "None" => return Some(serde_json::Value::Null),
        "True" => return Some(true.into()),
        "False" => return Some(false.into()),
        _ => {}
    }
    if let Ok(number) = bare.parse::<i64>() {
        return Some(number.into());
    }
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let end = text[1..].find(quote)? + 1;
    let (inside, after) = (&text[1..end], text[end + 1..].trim());
    let is_plain = !inside.contains('\\') && (after.is_empty() || after.starts_with('#'));
    is_plain.then(|| inside.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> String {
        Node::new(resolve(text), None, 1).printed()
    }

    #[test]
    fn scalars_are_those_of_yaml_1_1() {
        for (text, expected) in [
            ("010", "8"),
            ("08", "08"),
            ("0-5", "0-5"),
            ("0x-1", "0x-1"),
            ("0b+1", "0b+1"),
            ("-0-5", "-0-5"),
            ("1:+5", "1:+5"),
            ("2014-03-02 23:00:00 -05:00", "2014-03-03 04:00:00"),
            ("2014-03-02t23:00:00+5", "2014-03-02 18:00:00"),
            ("2014-03-02 23:00:00", "2014-03-02 23:00:00"),
            ("0x1F", "31"),
            ("1_000", "1000"),
            ("1:30", "90"),
            ("6.00", "6.0"),
            ("3.50", "3.5"),
            ("yes", "True"),
            ("Off", "False"),
            ("y", "y"),
            ("~", "None"),
            ("2014-03-02", "2014-03-02"),
            ("2014-3-2", "2014-3-2"),
            ("2014-03-02 10:00:00", "2014-03-02 10:00:00"),
            ("1.0e3", "1.0e3"),
            ("3_dynamic", "3_dynamic"),
            ("2014_T1", "2014_T1"),
            ("1e5", "1e5"),
            ("-", "-"),
            ("0", "0"),
        ] {
            assert_eq!(printed(text), expected, "{text}");
        }
    }

    #[test]
    fn settings_file_gives_its_literals() {
        let text = "A = 'x'  # why\nB = u\"y\"\n C = 'indented'\nD = f(1)\nE = None\nF = 'a' + b\n\
                    G = 5\nH = True\nlower = 'z'\nI = 'it''s'\n";
        let names: Vec<_> =
            assignments(text).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["A", "B", "E", "G", "H"]);
    }
}
