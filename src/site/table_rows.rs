//! The rows of a table: a free field of the course that is a list of maps, or a map of them by id.
//!
//! The decision made here is how a request fills in what the course leaves open. Rows that have ids
//! are overlaid field by field (`modules.knots.grade` of a recipient over the course's title and
//! hours); a list takes the place of the course's.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::base::error::{Error, ErrorKind, Result, did_you_mean};

/// The rows of a course with what a request says of them. `name` is what the field is called.
///
/// # Errors
/// [`ErrorKind::InvalidValue`] for a row that the course does not have.
pub(crate) fn overlay(
    name: &str,
    course: Option<&Value>,
    request: &Value,
) -> Result<Value> {
    let (Some(own), Value::Object(asked)) = (course, request) else {
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
    for (id, fields) in asked {
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

/// The rows in order.
///
/// # Errors
/// [`ErrorKind::InvalidValue`] for what is no list of maps, [`ErrorKind::MissingField`] for none.
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
    fn a_request_fills_in_the_rows_that_it_names() {
        let course = json!({ "a": { "title": "A", "hours": 2 }, "b": { "title": "B" } });
        let rows =
            overlay("m", Some(&course), &json!({ "b": { "grade": 0.5 } })).unwrap();
        let rows = read("m", &rows).unwrap();
        assert_eq!(json!(rows[0]), json!({ "title": "A", "hours": 2 }));
        assert_eq!(json!(rows[1]), json!({ "title": "B", "grade": 0.5 }));
    }

    #[test]
    fn a_list_takes_the_place_of_the_rows() {
        let (course, request) = (json!({ "a": {} }), json!([{ "title": "X" }]));
        let rows = overlay("m", Some(&course), &request).unwrap();
        assert_eq!(rows, request);
        assert_eq!(overlay("m", None, &request).unwrap(), request);
    }

    #[test]
    fn what_is_no_row_is_named() {
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
