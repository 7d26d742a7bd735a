//! `GET …/capabilities`

use ruma::api::client::discovery::get_capabilities::v3::Request;
use serde_json::json;

use crate::http::{Answer, ApiError, Json, Session, extract::Shared};

/// What a signed-in user can do here. A room version missing here shows as "unstable room" in clients.
pub(super) async fn get(_: Shared, _: Session, _: Request) -> Result<impl Answer, ApiError> {
    Ok(Json(json!({ "capabilities": {
        "m.room_versions": { "default": "11", "available": { "10": "stable", "11": "stable", "12": "stable" } },
        "m.change_password": { "enabled": false },
        "m.set_displayname": { "enabled": true },
        "m.set_avatar_url": { "enabled": true },
        "m.3pid_changes": { "enabled": false },
        "m.get_login_token": { "enabled": false },
        "m.profile_fields": { "enabled": true },
    }})))
}
