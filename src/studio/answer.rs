//! The answers of the studio: a status, a body, and the security headers.

use std::fs::File;
use std::io;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Bytes};
use hyper::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Response, StatusCode};
use serde_json::Value;

use super::findings;
use super::stream::Stream;
use crate::base::error::{Error, ErrorClass, ErrorKind};

/// The content security policy of the page: a browser loads only the studio's own files, and
/// nothing from the internet.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
     connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// An answer before it has a stream.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) media_type: &'static str,
    pub(super) content: Content,
    /// The file name of a download.
    pub(super) file: Option<&'static str>,
}

/// What an answer consists of.
#[derive(Debug)]
pub(super) enum Content {
    Bytes(Bytes),
    File(File),
}

impl Answer {
    pub(super) fn new(media_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            media_type,
            content: Content::Bytes(bytes.into()),
            file: None,
        }
    }

    /// The content of a file, from its current position.
    pub(super) fn of_file(media_type: &'static str, file: File) -> Self {
        Self {
            status: StatusCode::OK,
            media_type,
            content: Content::File(file),
            file: None,
        }
    }

    pub(super) fn json(value: &Value) -> Self {
        Self::new("application/json", value.to_string())
    }

    pub(super) fn text(status: StatusCode, text: &'static str) -> Self {
        Self { status, ..Self::new("text/plain; charset=utf-8", text) }
    }

    /// Makes the answer a download, which the browser saves.
    pub(super) fn download(self, name: &'static str) -> Self {
        Self { file: Some(name), ..self }
    }

    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The answer for what cannot be done, with all findings.
    pub(super) fn failed(error: &Error) -> Self {
        let body = serde_json::json!({
            "error": error.kind().as_str(),
            "findings": findings::of_error(error),
        });
        Self::json(&body).with_status(status_of(error.kind()))
    }

    /// The response, inside of the runtime that sends it.
    pub(super) fn into_response(self) -> Response<BoxBody<Bytes, io::Error>> {
        let (status, media_type) = (self.status, self.media_type);
        let mut response = match self.content {
            Content::Bytes(bytes) => {
                let body = Full::new(bytes).map_err(|never| match never {});
                response(status, media_type, body)
            }
            Content::File(file) => response(status, media_type, Stream::of_file(file)),
        };
        if let Some(name) = self.file
            && let Ok(value) =
                HeaderValue::try_from(format!("attachment; filename=\"{name}\""))
        {
            response.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
        response
    }
}

/// A response with the headers that every answer has.
pub(super) fn response<B>(
    status: StatusCode,
    media_type: &'static str,
    body: B,
) -> Response<BoxBody<Bytes, io::Error>>
where
    B: Body<Data = Bytes, Error = io::Error> + Send + Sync + 'static,
{
    let mut response = Response::new(BoxBody::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, media_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn status_of(kind: ErrorKind) -> StatusCode {
    match kind.class() {
        ErrorClass::Input => match kind {
            ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorKind::Exists | ErrorKind::Revoked => StatusCode::CONFLICT,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        },
        ErrorClass::Site | ErrorClass::Environment => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorClass::Transient => StatusCode::SERVICE_UNAVAILABLE,
        ErrorClass::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
