//! The request of a layout's sample, or of a sample page, with the values of the arguments over it.

use crate::Error;
use crate::site::{Request, tables};

use super::args::RequestArguments;

/// A layout's sample with the values of the arguments over its own.
pub(crate) fn with_arguments(
    mut request: Request,
    name: Option<&str>,
    arguments: &RequestArguments,
) -> Result<Request, Error> {
    if let Some(name) = name {
        request = request.with_name(name)?;
    }
    if let Some(username) = &arguments.username {
        request = request.with_username(username);
    }
    if let Some(language) = &arguments.language {
        request = request.with_language(language.clone());
    }
    if let Some(language) = &arguments.second_language {
        request = request.with_second_language(language.clone());
    }
    if let Some(grade) = &arguments.grade {
        request = request.with_grade(grade);
    }
    if let Some(designation) = &arguments.designation {
        request = request.with_designation(designation);
    }
    if let Some(gender) = arguments.gender {
        request = request.with_gender(gender);
    }
    if let Some(issued) = arguments.issued {
        request = request.with_issued(issued);
    }
    if let Some(paper) = &arguments.paper {
        request = request.with_paper(paper);
    }
    with_fields(request, &arguments.set)
}

/// A request with free fields over its own; dots in a path make objects inside each other.
pub(crate) fn with_fields(
    request: Request,
    fields: &[(String, String)],
) -> Result<Request, Error> {
    let fields = tables::nested_fields(fields.iter())?;
    Ok(fields
        .into_iter()
        .fold(request, |request, (key, value)| request.with_extra(key, value)))
}
