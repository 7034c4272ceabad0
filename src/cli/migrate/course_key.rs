//! The key of an old course, in both styles: organization, number and run.

/// The organization and the number in a course's key, in either style; the whole id if it is none.
pub(super) fn organization_and_number(id: &str) -> (String, String) {
    match parts(id) {
        Some((organization, number)) => (organization.to_owned(), number.to_owned()),
        None => (id.to_owned(), id.to_owned()),
    }
}

/// The number in a course's key.
pub(super) fn course_number(id: &str) -> Option<&str> {
    parts(id).map(|(_, number)| number)
}

fn parts(id: &str) -> Option<(&str, &str)> {
    let (text, sign) = match id.strip_prefix("course-v1:") {
        Some(rest) => (rest, '+'),
        None => (id, '/'),
    };
    let parts: Vec<&str> = text.split(sign).collect();
    match parts[..] {
        [organization, number, run]
            if ![organization, number, run].iter().any(|it| it.is_empty()) =>
        {
            Some((organization, number))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn course_keys_have_two_styles() {
        for (id, expected) in [
            ("edX/DemoX/Demo_Course", Some("DemoX")),
            ("course-v1:edX+DemoX+2014", Some("DemoX")),
            ("ccx-v1:edX+DemoX+2014+ccx@1", None),
            ("edX/DemoX", None),
            ("course-v1:edX+DemoX", None),
            ("KNOTS", None),
        ] {
            assert_eq!(course_number(id), expected, "{id}");
        }
    }
}
