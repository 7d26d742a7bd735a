//! Pictures of other people, at `hark-media://localhost/<server>/<id>` (`http://hark-media.localhost/…` on Windows).

use std::sync::Arc;

use hark_app::Media;
use hark_app::api::ApiError;
use percent_encoding::percent_decode_str;
use tauri::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    X_CONTENT_TYPE_OPTIONS,
};
use tauri::http::{Method, Request, Response, StatusCode};
use tauri::{Manager as _, UriSchemeContext, UriSchemeResponder, Wry};

use crate::shell::Shell;
use crate::window;

/// Name of the scheme.
pub(crate) const SCHEME: &str = "hark-media";

/// Answers one request, when the bytes are there.
pub(crate) fn answer(
    context: UriSchemeContext<'_, Wry>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let known = context.webview_label() == window::LABEL && request.method() == Method::GET;
    let shell = context.app_handle().state::<Arc<Shell>>().inner().clone();
    tauri::async_runtime::spawn(async move {
        let found = match mxc(request.uri().path()).filter(|_| known) {
            Some(mxc) => fetch(&shell, &mxc).await,
            None => Err(ApiError::not_found("There is no such picture.")),
        };
        responder.respond(found.map_or_else(|error| refusal(&error), response));
    });
}

async fn fetch(shell: &Shell, mxc: &str) -> Result<Media, ApiError> {
    shell.app().await?.media(mxc).await
}

/// `/server%2Fid` or `/server/id` as `mxc://server/id`.
fn mxc(path: &str) -> Option<String> {
    let address = percent_decode_str(path.strip_prefix('/')?).decode_utf8().ok()?;
    let (server, id) = address.split_once('/')?;
    let whole = !server.is_empty() && !id.is_empty() && !id.contains('/');
    whole.then(|| format!("mxc://{server}/{id}"))
}

fn response(media: Media) -> Response<Vec<u8>> {
    let builder = Response::builder()
        .header(CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'")
        .header(CACHE_CONTROL, "private, max-age=31536000, immutable")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(ACCESS_CONTROL_ALLOW_ORIGIN, "null");
    let builder = match media.picture {
        Some(kind) => builder.header(CONTENT_TYPE, kind),
        None => {
            builder.header(CONTENT_TYPE, "application/octet-stream").header(CONTENT_DISPOSITION, "attachment")
        }
    };
    // Only fixed header values go in, so it is always built.
    builder.body(media.bytes).unwrap_or_default()
}

fn refusal(error: &ApiError) -> Response<Vec<u8>> {
    let mut response = Response::new(error.message.clone().into_bytes());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_server_and_an_id_and_nothing_else() {
        assert_eq!(mxc("/oak.home.arpa%2FAbC_1").as_deref(), Some("mxc://oak.home.arpa/AbC_1"));
        assert_eq!(mxc("/oak.home.arpa%3A8448/x").as_deref(), Some("mxc://oak.home.arpa:8448/x"));
        for bad in ["", "/", "/oak", "/oak/", "//x", "/oak%2Fa%2F..%2Fb", "/%ff/x"] {
            assert_eq!(mxc(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_no_picture_is_offered_as_a_file() {
        let response = response(Media { bytes: b"<svg>".to_vec(), picture: None });
        assert_eq!(response.headers()[CONTENT_DISPOSITION], "attachment");
        assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
}
