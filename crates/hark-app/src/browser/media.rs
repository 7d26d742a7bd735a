//! Pictures of other people.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::serve::Site;
use crate::api::ApiError;

/// Bytes behind an `mxc://` address: a picture, or a download under no name of its own.
pub(super) async fn media(
    State(site): State<Site>,
    Path(address): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    site.needs_session(&headers)?;
    let address = address.strip_prefix("mxc://").unwrap_or(&address);
    let media = site.app.media(&format!("mxc://{address}")).await?;
    let fixed = [
        (CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (CACHE_CONTROL, "private, max-age=31536000, immutable"),
    ];
    if let Some(kind) = media.picture {
        return Ok((fixed, [(CONTENT_TYPE, kind)], media.bytes).into_response());
    }
    let as_file = [(CONTENT_TYPE, "application/octet-stream"), (CONTENT_DISPOSITION, "attachment")];
    Ok((fixed, as_file, media.bytes).into_response())
}
