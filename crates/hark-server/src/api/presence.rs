//! Presence: kept in memory for whoever asks, told to nobody. What is lost on a restart was about a moment that is over.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use ruma::{
    OwnedUserId,
    api::client::presence::{get_presence, set_presence},
    presence::PresenceState,
};
use serde_json::json;

use super::own;
use crate::{
    clock,
    http::{Answer, ApiError, Json, Session, extract::Shared},
};

/// The longest status, in bytes.
const MAX_STATUS: usize = 256;

struct Shown {
    state: PresenceState,
    status: Option<String>,
    since: Instant,
}

/// What each user said of themselves since the server started.
#[derive(Default)]
pub(crate) struct Presences {
    /// Held for a few instructions only.
    shown: Mutex<HashMap<OwnedUserId, Shown>>,
}

/// `GET …/presence/{userId}/status`
pub(super) async fn get(
    app: Shared,
    _: Session,
    request: get_presence::v3::Request,
) -> Result<impl Answer, ApiError> {
    let user = request.user_id.clone();
    if !app.store.read::<_, ApiError, _>(move |snap| Ok(snap.user_exists(&user)?)).await? {
        return Err(ApiError::not_found("There is no such user here."));
    }
    let shown = app.presences.shown.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Json(match shown.get(&request.user_id) {
        None => json!({ "presence": PresenceState::Offline }),
        Some(shown) => {
            let ago = (clock::instant() - shown.since).as_millis() as u64;
            let mut answer = json!({ "presence": shown.state, "last_active_ago": ago });
            if let Some(status) = &shown.status {
                answer["status_msg"] = status.as_str().into();
            }
            answer
        }
    }))
}

/// `PUT …/presence/{userId}/status`
pub(super) async fn set(
    app: Shared,
    session: Session,
    request: set_presence::v3::Request,
) -> Result<impl Answer, ApiError> {
    own(&session, &request.user_id)?;
    if !matches!(
        request.presence,
        PresenceState::Online | PresenceState::Offline | PresenceState::Unavailable
    ) {
        return Err(ApiError::invalid_param("Presence is online, unavailable or offline."));
    }
    if request.status_msg.as_ref().is_some_and(|status| status.len() > MAX_STATUS) {
        return Err(ApiError::invalid_param("A status has at most 256 bytes."));
    }
    let shown = Shown { state: request.presence, status: request.status_msg, since: clock::instant() };
    app.presences.shown.lock().unwrap_or_else(PoisonError::into_inner).insert(session.user_id, shown);
    Ok(set_presence::v3::Response::new())
}
