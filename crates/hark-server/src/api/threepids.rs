//! E-mail addresses and telephone numbers: this server knows nobody's and sends nothing to any.

use http::StatusCode;
use serde_json::json;

use crate::http::{
    Answer, ApiError, Json, Session,
    extract::{Raw, Shared},
};

/// `GET …/account/3pid`
pub(super) async fn none(_: Shared, _: Session, _: Raw) -> Result<impl Answer, ApiError> {
    Ok(Json(json!({ "threepids": [] })))
}

/// Every endpoint that would add, bind or remove one.
pub(super) async fn refused(_: Shared, _: Session, _: Raw) -> Result<Json<()>, ApiError> {
    Err(denied())
}

/// Every endpoint that would send a token to one, before or after signing in.
pub(super) async fn no_token(_: Shared, (): (), _: Raw) -> Result<Json<()>, ApiError> {
    Err(denied())
}

fn denied() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "M_THREEPID_DENIED",
        "This server does not use e-mail addresses or telephone numbers.",
    )
}
