//! `GET …/capabilities`

use std::collections::BTreeMap;

use ruma::api::client::discovery::get_capabilities::v3::Request;
use serde_json::json;

use crate::{
    http::{Answer, ApiError, Json, Session, extract::Shared},
    rooms::version,
};

/// What a signed-in user can do here. A room version missing here shows as "unstable room" in clients.
pub(super) async fn get(app: Shared, session: Session, _: Request) -> Result<impl Answer, ApiError> {
    let available: BTreeMap<String, &str> =
        version::SUPPORTED.iter().map(|version| (version.to_string(), "stable")).collect();
    let administers = app.accounts.is_admin(&session.user_id).await?;
    Ok(Json(json!({ "capabilities": {
        "m.room_versions": { "default": version::DEFAULT, "available": available },
        "m.change_password": { "enabled": true },
        "m.set_displayname": { "enabled": true },
        "m.set_avatar_url": { "enabled": true },
        "m.3pid_changes": { "enabled": false },
        "m.get_login_token": { "enabled": true },
        "m.profile_fields": { "enabled": true },
        "m.account_moderation": { "suspend": administers, "lock": administers },
    }})))
}
