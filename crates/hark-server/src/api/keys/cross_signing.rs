//! `POST …/keys/device_signing/upload`

use ruma::UserId;
use serde::Deserialize;
use serde_json::json;

use crate::{
    accounts::uia::Auth,
    api::confirm::confirm,
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    keys::{
        KeyError,
        cross_signing::{Body, Outcome, Upload},
    },
};

#[derive(Deserialize)]
struct Confirmation {
    auth: Option<Auth>,
}

/// Publishes the cross-signing keys of a user. The first need no password, and what is there already needs none either.
pub(in crate::api) async fn upload(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    let keys: Body = request.body()?;
    let Confirmation { auth } = request.body()?;
    if store(&app, &session.user_id, &keys, false).await? == Outcome::NeedsConfirmation {
        confirm(&app, &session, "replace cross-signing keys", auth).await?;
        store(&app, &session.user_id, &keys, true).await?;
    }
    Ok(Json(json!({})))
}

async fn store(app: &Shared, user: &UserId, keys: &Body, confirmed: bool) -> Result<Outcome, KeyError> {
    let upload = Upload::check(keys, user)?;
    let user = user.to_owned();
    app.store.write(move |tx| upload.store(tx, &user, confirmed)).await
}
