//! Sound files on their way into a voice message.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::serve::Site;
use crate::api::ApiError;
use crate::app::too_large;

pub(super) async fn upload(
    State(site): State<Site>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ApiError> {
    site.needs_session(&headers)?;
    let bytes = body.map_err(|_| too_large())?;
    Ok(Json(json!({ "id": site.app.upload(&bytes)? })))
}
