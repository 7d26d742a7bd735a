//! Pictures of other people, shown without trusting what they say they are.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::serve::Site;
use crate::api::ApiError;

/// Bytes behind an `mxc://` address. Only pictures a browser cannot run anything from are shown; the rest is offered
/// as a download under no name of its own.
pub(super) async fn media(
    State(site): State<Site>,
    Path(address): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    site.needs_session(&headers)?;
    let address = address.strip_prefix("mxc://").unwrap_or(&address);
    let bytes = site.app.engine().media(&format!("mxc://{address}"), hark_client::MediaKind::Other).await?;
    let fixed = [
        (CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (CACHE_CONTROL, "private, max-age=31536000, immutable"),
    ];
    if let Some(kind) = safe_picture(&bytes) {
        return Ok((fixed, [(CONTENT_TYPE, kind)], bytes).into_response());
    }
    let as_file = [(CONTENT_TYPE, "application/octet-stream"), (CONTENT_DISPOSITION, "attachment")];
    Ok((fixed, as_file, bytes).into_response())
}

/// What the first bytes say; SVG and everything else that may hold a script is no picture here.
fn safe_picture(bytes: &[u8]) -> Option<&'static str> {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    match bytes {
        _ if bytes.starts_with(b"\x89PNG\r\n\x1a\n") => Some("image/png"),
        _ if bytes.starts_with(b"\xff\xd8\xff") => Some("image/jpeg"),
        _ if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") => Some("image/gif"),
        _ if is_webp => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_bytes() {
        assert_eq!(safe_picture(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(safe_picture(b"RIFF\x00\x00\x00\x00WEBPVP8 "), Some("image/webp"));
    }

    #[test]
    fn what_could_run_a_script_is_no_picture() {
        for bytes in
            [&b"<svg xmlns='http://www.w3.org/2000/svg'>"[..], b"<!doctype html>", b"%PDF-1.7", b"RIFF", b""]
        {
            assert_eq!(safe_picture(bytes), None);
        }
    }
}
