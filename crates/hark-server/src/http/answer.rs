//! What a handler may return: ruma's response type, or our own JSON where ruma leaves members out that clients insist on.

use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use ruma::api::OutgoingResponse;
use serde::Serialize;

use super::ApiError;

/// Something that becomes the HTTP answer of a handler that succeeded.
pub(crate) trait Answer {
    /// Turns the value into the answer.
    fn into_answer(self) -> Response;
}

/// A body written by serde, exactly as it stands, status 200.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> Answer for Json<T> {
    fn into_answer(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// An answer that was put together whole, such as a file.
#[derive(Debug)]
pub(crate) struct Whole(pub(crate) Response);

impl Answer for Whole {
    fn into_answer(self) -> Response {
        self.0
    }
}

/// A body that is JSON text already.
#[derive(Debug)]
pub(crate) struct Body(pub(crate) String);

impl Answer for Body {
    fn into_answer(self) -> Response {
        ([(http::header::CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}

impl<T: OutgoingResponse> Answer for T {
    fn into_answer(self) -> Response {
        match self.try_into_http_response::<BytesMut>() {
            Ok(response) => response.map(|body| body.freeze().into()),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written");
                ApiError::internal().into_response()
            }
        }
    }
}
