//! The window's files as pages.

use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use super::serve::Site;
use crate::api::ApiError;
use crate::window_files::Window;

#[derive(Deserialize)]
pub(super) struct Link {
    token: Option<String>,
}

/// The window itself, for those who came by a link once.
pub(super) async fn index(
    State(site): State<Site>,
    Query(link): Query<Link>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let known = site.sessions.knows(&headers);
    let Some(token) = link.token else {
        return Ok(if known { window() } else { sentence(StatusCode::UNAUTHORIZED, NEED_A_LINK) });
    };
    match site.sessions.exchange(&token)? {
        Some(cookie) => {
            Ok((StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, "/".to_owned())]).into_response())
        }
        // A tab that is opened again with its old link.
        None if known => Ok((StatusCode::SEE_OTHER, [(LOCATION, "/")]).into_response()),
        None => Ok(sentence(StatusCode::UNAUTHORIZED, NEED_A_LINK)),
    }
}

/// Any other file. They hold nothing of the account.
pub(super) async fn file(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let Some(file) = Window::get(path) else {
        return ApiError::not_found("There is no such page.").into_response();
    };
    let kind = file.metadata.mimetype().to_owned();
    // Files under assets/ carry a hash of what is in them in their name.
    let keep = if path.starts_with("assets/") { "private, max-age=31536000, immutable" } else { "no-cache" };
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, keep.to_owned())], file.data).into_response()
}

const NEED_A_LINK: &str = "This link was used before or is not complete. Open the link that <code>hark browser</code> \
     printed last, or run <code>hark browser</code> for a new one.";

const NOT_BUILT: &str =
    "The window was not built into this program. Run <code>cargo xtask run</code>: it builds both.";

fn window() -> Response {
    match Window::get("index.html") {
        Some(file) => Html(file.data).into_response(),
        None => sentence(StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT),
    }
}

fn sentence(status: StatusCode, text: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Hark</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><h1>Hark</h1><p>{text}</p>"
    );
    (status, Html(page)).into_response()
}
