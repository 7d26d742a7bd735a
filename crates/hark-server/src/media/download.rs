//! Giving a file out, with headers under which it can do no harm.

use std::{io::SeekFrom, path::Path};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use ruma::OwnedUserId;
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
};
use tokio_util::io::ReaderStream;

use super::{
    Media, Patience, disk, disposition,
    range::{self, Part},
};
use crate::http::ApiError;

/// A file is shown in a sandbox in which nothing runs and nothing is fetched.
const POLICY: &str = "sandbox; default-src 'none'; script-src 'none'; object-src 'self'; media-src 'self'; style-src 'unsafe-inline'";
/// Bytes read at once.
const BUFFER: usize = 64 * 1024;

const SAFETY: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::CACHE_CONTROL, "private, max-age=86400, immutable"),
    (header::ACCEPT_RANGES, "bytes"),
];

/// What of a request changes what is sent, and when.
#[derive(Debug)]
pub(crate) struct Conditions {
    /// Who asks, where that is known.
    pub(super) asker: Option<OwnedUserId>,
    /// How long to wait for a file that is still to come.
    pub(super) patience: Patience,
    range: Option<String>,
    if_range: Option<String>,
    if_none_match: Option<String>,
}

impl Conditions {
    /// Of a request of `asker` with these headers, who would wait so long.
    pub(crate) fn new(asker: Option<OwnedUserId>, headers: &HeaderMap, patience: Patience) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
        Self {
            asker,
            patience,
            range: text(header::RANGE),
            if_range: text(header::IF_RANGE),
            if_none_match: text(header::IF_NONE_MATCH),
        }
    }
}

/// What is sent besides the bytes.
pub(super) struct Sent<'s> {
    /// Changes when the bytes do; they never do.
    pub(super) tag: &'s str,
    pub(super) content_type: &'s str,
    pub(super) filename: Option<&'s str>,
}

impl Media {
    /// The file behind `mxc://server/id`, under `filename` where one is asked for.
    pub(crate) async fn download(
        &self,
        server: &str,
        id: &str,
        filename: Option<&str>,
        conditions: &Conditions,
    ) -> Result<Response, ApiError> {
        let row = self.find(server, id, &conditions.patience).await?;
        self.note_fetch(conditions.asker.as_deref(), id, &row).await?;
        let sent = Sent {
            tag: &row.content_hash,
            content_type: &row.content_type,
            filename: filename.or(row.filename.as_deref()),
        };
        send(&self.files.content(&row.content_hash), &sent, conditions).await
    }
}

/// Streams a file, or the part of it that was asked for.
pub(super) async fn send(
    path: &Path,
    sent: &Sent<'_>,
    conditions: &Conditions,
) -> Result<Response, ApiError> {
    let tag = format!("\"{}\"", sent.tag);
    let known = conditions.if_none_match.as_deref();
    if known.is_some_and(|known| {
        known == "*" || known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
    }) {
        return Ok(dressed(StatusCode::NOT_MODIFIED.into_response(), sent, &tag));
    }
    let mut file = File::open(path).await.map_err(disk)?;
    let size = file.metadata().await.map_err(disk)?.len();
    let current = conditions.if_range.as_deref().is_none_or(|known| known == tag);
    let (status, start, length) = match range::asked(conditions.range.as_deref().filter(|_| current), size) {
        Part::Whole => (StatusCode::OK, 0, size),
        Part::Bytes(bytes) => (StatusCode::PARTIAL_CONTENT, *bytes.start(), bytes.end() - bytes.start() + 1),
        Part::Unsatisfiable => return Ok(unsatisfiable(size)),
    };
    file.seek(SeekFrom::Start(start)).await.map_err(disk)?;
    let body = Body::from_stream(ReaderStream::with_capacity(file.take(length), BUFFER));
    let mut response = dressed((status, body).into_response(), sent, &tag);
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {start}-{}/{size}", start + length - 1);
        response.headers_mut().insert(header::CONTENT_RANGE, text(&range));
    }
    Ok(response)
}

fn dressed(mut response: Response, sent: &Sent<'_>, tag: &str) -> Response {
    let headers = response.headers_mut();
    for (name, value) in SAFETY {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::ETAG, text(tag));
    headers.insert(header::CONTENT_TYPE, text(sent.content_type));
    headers.insert(header::CONTENT_DISPOSITION, text(&disposition::of(sent.content_type, sent.filename)));
    response
}

fn unsatisfiable(size: u64) -> Response {
    let error =
        ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, "M_UNKNOWN", "The file does not have these bytes.");
    let mut response = error.into_response();
    response.headers_mut().insert(header::CONTENT_RANGE, text(&format!("bytes */{size}")));
    response
}

/// A header's value; what could not be one was kept out when it was stored.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}
