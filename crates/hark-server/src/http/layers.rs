//! What wraps the whole router: CORS on every answer, `OPTIONS` anywhere, a panic answered as JSON, no referrer.

use std::any::Any;

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use super::ApiError;

/// Headers every answer carries, errors included: a web client that cannot read an error cannot show it.
const EVERYWHERE: [(HeaderName, &str); 5] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "X-Requested-With, Content-Type, Authorization, Date"),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "ETag, Location"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// Answers `OPTIONS` on any path, and puts the CORS headers on everything.
pub(crate) async fn cors(request: Request, next: Next) -> Response {
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    for (name, value) in EVERYWHERE {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A handler panicked: the message goes to the log, the client gets JSON, the process lives on.
pub(crate) fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let message = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("without a message");
    tracing::error!(message, "a handler panicked");
    ApiError::internal().into_response()
}
