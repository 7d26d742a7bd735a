//! `POST …/keys/upload`

use serde_json::json;

use crate::{
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    keys::{KeyError, published, upload::Upload},
};

/// Publishes the keys of the device that asks, and says how many one-time keys it has left.
pub(in crate::api) async fn upload(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    let Session { user_id, device_id } = session;
    let upload = Upload::check(request.body()?, &user_id, &device_id)?;
    let counts = app
        .store
        .write::<_, KeyError, _>(move |tx| {
            upload.store(tx, &user_id, &device_id)?;
            Ok(published::counts(tx, &user_id, &device_id)?)
        })
        .await?;
    Ok(Json(json!({ "one_time_key_counts": counts })))
}
