//! The rows of a table on a certificate: a free field that is a list of maps, or a map of maps by
//! id.
//!
//! - **Takes**: the field of the course, and that of a request.
//! - **Gives**: the rows of one certificate.
//!
//! The decision made here is how a request completes the rows of its course. Rows with ids are
//! merged field by field: a recipient's `modules.knots.grade` is added to the course's title and
//! hours. A list replaces the course's list.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::base::error::{Error, ErrorKind, Result, did_you_mean};

/// Merges the rows of a request into those of its course. `name` is the name of the field.
///
/// # Errors
/// [`ErrorKind::InvalidValue`]: the request has a row that the course does not have, or rows by id
/// where the course has a list.
pub(crate) fn overlay(
    name: &str,
    course: Option<&Value>,
    request: &Value,
) -> Result<Value> {
    let (Some(own), Value::Object(requested)) = (course, request) else {
        return Ok(request.clone());
    };
    let Value::Object(own) = own else {
        let message =
            format!("the request has rows of `{name}` by id, and the course a list");
        return Err(Error::new(ErrorKind::InvalidValue, message).with_help(format!(
            "write the course's as a map: `{name}: {{ id: {{ … }} }}`"
        )));
    };
    let mut rows = own.clone();
    for (id, fields) in requested {
        let Some(row) = rows.get_mut(id) else {
            let message = format!("the course has no `{id}` under `{name}`");
            let known = own.keys().map(String::as_str);
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help(did_you_mean(id, known)));
        };
        match (row, fields) {
            (Value::Object(row), Value::Object(fields)) => {
                row.extend(
                    fields.iter().map(|(key, value)| (key.clone(), value.clone())),
                );
            }
            (row, fields) => *row = fields.clone(),
        }
    }
    Ok(Value::Object(rows))
}

/// Returns the rows of the field `name`, in order.
///
/// # Errors
/// [`ErrorKind::InvalidValue`]: the value is neither a list of maps nor a map of maps.
/// [`ErrorKind::MissingField`]: it has no rows.
pub(crate) fn read<'a>(
    name: &str,
    value: &'a Value,
) -> Result<Vec<&'a Map<String, Value>>> {
    let rows: Vec<(Cow<'a, str>, &Value)> = match value {
        Value::Array(rows) => {
            let number = |index: usize| Cow::from((index + 1).to_string());
            rows.iter().enumerate().map(|(index, row)| (number(index), row)).collect()
        }
        Value::Object(rows) => {
            rows.iter().map(|(id, row)| (Cow::from(id.as_str()), row)).collect()
        }
        _ => {
            let message = format!("`{name}` is no list of rows");
            return Err(Error::new(ErrorKind::InvalidValue, message).with_help(
                "write one row a line, each after `- `, or each after its id",
            ));
        }
    };
    if rows.is_empty() {
        return Err(Error::new(ErrorKind::MissingField, format!("`{name}` has no rows")));
    }
    let map = |(id, row): (Cow<'a, str>, &'a Value)| match row {
        Value::Object(row) => Ok(row),
        _ => Err(Error::new(
            ErrorKind::InvalidValue,
            format!("the row `{id}` of `{name}` is no map of fields"),
        )
        .with_help("write `{ title: …, hours: … }`")),
    };
    rows.into_iter().map(map).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_with_ids_are_merged_field_by_field() {
        let course = json!({ "a": { "title": "A", "hours": 2 }, "b": { "title": "B" } });
        let rows =
            overlay("m", Some(&course), &json!({ "b": { "grade": 0.5 } })).unwrap();
        let rows = read("m", &rows).unwrap();
        assert_eq!(json!(rows[0]), json!({ "title": "A", "hours": 2 }));
        assert_eq!(json!(rows[1]), json!({ "title": "B", "grade": 0.5 }));
    }

    #[test]
    fn list_replaces_the_rows_of_the_course() {
        let (course, request) = (json!({ "a": {} }), json!([{ "title": "X" }]));
        let rows = overlay("m", Some(&course), &request).unwrap();
        assert_eq!(rows, request);
        assert_eq!(overlay("m", None, &request).unwrap(), request);
    }

    #[test]
    fn unknown_and_malformed_rows_are_named() {
        let course = json!({ "knots": {} });
        let said = |course: &Value, request: Value| {
            overlay("m", Some(course), &request).unwrap_err()
        };
        let error = said(&course, json!({ "knot": {} }));
        assert_eq!(error.message(), "the course has no `knot` under `m`");
        assert!(error.help().unwrap().contains("knots"), "{error:#}");
        let error = said(&json!([{}]), json!({ "knots": {} }));
        assert!(error.message().contains("a list"), "{error:#}");
        for (rows, kind) in [
            (json!("x"), ErrorKind::InvalidValue),
            (json!([]), ErrorKind::MissingField),
            (json!([{}, 3]), ErrorKind::InvalidValue),
            (json!({ "knots": 3 }), ErrorKind::InvalidValue),
        ] {
            assert_eq!(read("m", &rows).unwrap_err().kind(), kind, "{rows}");
        }
    }
}
