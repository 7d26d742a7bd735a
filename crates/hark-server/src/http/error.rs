//! What goes wrong, as Matrix says it: one status, one errcode, one plain sentence.
//!
//! Domain errors are turned into an [`ApiError`] in exactly one place each (`impl From`), so that the same failure has the
//! same errcode on every endpoint. The sentence is for people; it never repeats what a client sent.

use std::{borrow::Cow, time::Duration};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use ruma::api::error::{DeserializationError, FromHttpRequestError};
use serde_json::{Map, Value, json};

use crate::store::StoreError;

/// An answer that is not a success. Always JSON.
#[derive(Debug)]
pub(crate) struct ApiError(Box<Details>);

/// In a box, so that the success that nearly every result holds is not made large by the failure.
#[derive(Debug)]
struct Details {
    status: StatusCode,
    errcode: &'static str,
    message: Cow<'static, str>,
    retry_after: Option<Duration>,
    /// Whether the body says `errcode` and `error`. The first answer of user-interactive authentication does not: clients take it
    /// for a failure.
    named: bool,
    /// Further members of the body, such as `soft_logout` or the parts of user-interactive authentication.
    extra: Map<String, Value>,
}

impl ApiError {
    /// An error with any status and errcode.
    pub(crate) fn new(
        status: StatusCode,
        errcode: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Details {
            status,
            errcode,
            message: message.into(),
            retry_after: None,
            named: true,
            extra: Map::new(),
        }))
    }

    /// 400 `M_NOT_JSON`: the body cannot be read as JSON at all.
    pub(crate) fn not_json(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "M_NOT_JSON", message)
    }

    /// 400 `M_BAD_JSON`: JSON, but not of the form the endpoint takes.
    pub(crate) fn bad_json(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "M_BAD_JSON", message)
    }

    /// 400 `M_MISSING_PARAM`.
    pub(crate) fn missing_param(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "M_MISSING_PARAM", message)
    }

    /// 400 `M_INVALID_PARAM`.
    pub(crate) fn invalid_param(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "M_INVALID_PARAM", message)
    }

    /// 401 `M_MISSING_TOKEN`.
    pub(crate) fn missing_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "M_MISSING_TOKEN", "This needs an access token: sign in first.")
    }

    /// 401 `M_UNKNOWN_TOKEN`. Clients drop their session on it, so it is never used for a failure of ours.
    pub(crate) fn unknown_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "M_UNKNOWN_TOKEN",
            "This access token is not valid any more: sign in again.",
        )
        .with("soft_logout", json!(false))
    }

    /// 401 `M_UNKNOWN_TOKEN` of a token whose time is over: its device is still signed in, and gets another with its refresh token.
    pub(crate) fn expired_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "M_UNKNOWN_TOKEN",
            "The time of this access token is over: refresh it, or sign in again.",
        )
        .with("soft_logout", json!(true))
    }

    /// 401 `M_USER_LOCKED`: the token is good, but its owner may do nothing for now.
    pub(crate) fn locked() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "M_USER_LOCKED",
            "Whoever runs this server has locked this account: ask there.",
        )
        .with("soft_logout", json!(true))
    }

    /// 403 `M_USER_SUSPENDED`: the token is good, but its owner may read only for now.
    pub(crate) fn suspended() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "M_USER_SUSPENDED",
            "Whoever runs this server has suspended this account: it can read but not write. Ask there.",
        )
    }

    /// 403 `M_FORBIDDEN`.
    pub(crate) fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "M_FORBIDDEN", message)
    }

    /// 404 `M_NOT_FOUND`.
    pub(crate) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "M_NOT_FOUND", message)
    }

    /// 404 `M_UNRECOGNIZED`: this server has no such endpoint.
    pub(crate) fn unrecognized() -> Self {
        Self::new(StatusCode::NOT_FOUND, "M_UNRECOGNIZED", "This server does not know this address.")
    }

    /// 405 `M_UNRECOGNIZED`: the endpoint exists, but not with this method.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "M_UNRECOGNIZED",
            "This address does not answer to this method.",
        )
    }

    /// 413 `M_TOO_LARGE`.
    pub(crate) fn too_large(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "M_TOO_LARGE", message)
    }

    /// 429 `M_LIMIT_EXCEEDED`, with the wait in the body and in `Retry-After`.
    pub(crate) fn limit_exceeded(wait: Duration) -> Self {
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "M_LIMIT_EXCEEDED",
            "Too many requests: wait a moment and try again.",
        );
        error.0.retry_after = Some(wait);
        error
    }

    /// 503 `M_UNKNOWN`: it is our side, and trying again later makes sense.
    pub(crate) fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "M_UNKNOWN", message)
    }

    /// 500 `M_UNKNOWN`: a mistake in this server. What happened is in the log, not in the answer.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "M_UNKNOWN",
            "The server made a mistake. It is in its log.",
        )
    }

    /// 401: user-interactive authentication goes on.
    pub(crate) fn more_steps() -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, "M_FORBIDDEN", "More steps are needed.");
        error.0.named = false;
        error
    }

    /// 401: a step of user-interactive authentication did not pass.
    pub(crate) fn step_failed(errcode: &'static str, message: String) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, errcode, message)
    }

    /// Adds a member to the body.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.0.extra.insert(name.to_owned(), value);
        self
    }

    /// The Matrix error code.
    pub(crate) fn errcode(&self) -> &'static str {
        self.0.errcode
    }

    /// The sentence for people.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The body of the answer.
    pub(crate) fn into_body(self) -> Value {
        let mut body = self.0.extra;
        if self.0.named {
            body.insert("errcode".to_owned(), self.0.errcode.into());
            body.insert("error".to_owned(), self.0.message.into_owned().into());
        }
        if let Some(wait) = self.0.retry_after {
            body.insert("retry_after_ms".to_owned(), (wait.as_millis() as u64).into());
        }
        Value::Object(body)
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.0.message, self.0.errcode)
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let retry_after = self.0.retry_after;
        let mut response = (self.0.status, axum::Json(self.into_body())).into_response();
        if let Some(wait) = retry_after {
            let seconds = wait.as_millis().div_ceil(1000) as u64;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What ruma could not read. The body's JSON was checked before, so what is left are wrong shapes.
impl From<FromHttpRequestError> for ApiError {
    fn from(error: FromHttpRequestError) -> Self {
        match error {
            FromHttpRequestError::MethodMismatch { .. } => Self::method_not_allowed(),
            FromHttpRequestError::Deserialization(error) => error.into(),
            _ => Self::invalid_param("The request could not be read."),
        }
    }
}

impl From<DeserializationError> for ApiError {
    fn from(error: DeserializationError) -> Self {
        let message = shape(&error.to_string());
        if message.starts_with("missing field") {
            Self::missing_param(message)
        } else if matches!(error, DeserializationError::Json(_)) {
            Self::bad_json(message)
        } else {
            Self::invalid_param(message)
        }
    }
}

/// What the store could not do. All of it is our side: never 401, which would sign clients out.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::unavailable(
                "The server's disk is full. Reading works; writing does again when there is room.",
            ),
            StoreError::Undone => Self::unavailable("The change was undone. Try again."),
            StoreError::Closed => Self::unavailable("The server is shutting down."),
            other => {
                tracing::error!(error = %other, "the store failed");
                Self::unavailable("The server could not reach its database. Try again later.")
            }
        }
    }
}

/// A parser's message without the values it quotes (they may be secrets) and of bounded length.
fn shape(message: &str) -> String {
    let mut shown = String::with_capacity(message.len());
    let mut quoted = false;
    for character in message.chars().take(200) {
        if character == '"' {
            quoted = !quoted;
            if quoted {
                shown.push('…');
            }
        } else if !quoted {
            shown.push(character);
        }
    }
    shown
}
