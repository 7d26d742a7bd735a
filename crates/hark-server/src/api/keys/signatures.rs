//! `POST …/keys/signatures/upload`

use serde_json::json;

use crate::{
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    keys::{
        KeyError,
        signatures::{self, Body},
    },
};

/// Adds signatures to published keys. Each is judged for itself: `failures` says what is wrong with those that were not taken.
pub(in crate::api) async fn upload(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    let body: Body = request.body()?;
    let failures =
        app.store.write::<_, KeyError, _>(move |tx| signatures::store(tx, &session.user_id, &body)).await?;
    Ok(Json(json!({ "failures": failures })))
}
