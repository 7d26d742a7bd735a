//! Browser mode: the window as a page on this computer.
//!
//! A server on a loopback address hands out the embedded window and carries [`api`](crate::api) over a WebSocket. Other
//! programs and other pages on this computer can reach the address too, so nothing of the account is given without:
//!
//! - a `Host` (and, where a browser sends one, an `Origin`) that is this very address, which keeps out pages of other
//!   sites, and names that were made to point here (DNS rebinding);
//! - a session cookie, `HttpOnly` and `SameSite=Strict`, which a page gets once for a link `/?token=…` that is good for
//!   one use and is redirected away from at once.
//!
//! | request | answer |
//! |---|---|
//! | `GET /?token=…` | 303 to `/` with the cookie; a used link is refused with a page that says what to do |
//! | `GET /…` | the window's files |
//! | `GET /session` | 204 where the cookie is good, else 401: what a page asks whose socket was refused |
//! | `GET /ws` | the socket: JSON text frames as in [`api`](crate::api) |
//! | `PUT /upload` | the body is a sound file; `{"id":"…"}` for `send_voice_file` |
//! | `GET /media/<server>/<id>` | a picture of `mxc://<server>/<id>`; anything else as a download |
//!
//! Errors are `{"code":…,"message":…}` as for commands.

mod files;
mod gate;
mod media;
mod serve;
mod sessions;
mod socket;
mod upload;

pub(crate) use serve::Browsers;
pub use serve::{Page, open};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::api::{ApiError, ErrorCode};

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = match self.code {
            ErrorCode::BadRequest | ErrorCode::BadSound | ErrorCode::TooShort => StatusCode::BAD_REQUEST,
            ErrorCode::SignedOut | ErrorCode::WrongPassword => StatusCode::UNAUTHORIZED,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::NameTaken => StatusCode::CONFLICT,
            ErrorCode::Refused => StatusCode::FORBIDDEN,
            ErrorCode::NoServer | ErrorCode::Offline => StatusCode::BAD_GATEWAY,
            ErrorCode::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
            ErrorCode::NoDevice | ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(self)).into_response()
    }
}
