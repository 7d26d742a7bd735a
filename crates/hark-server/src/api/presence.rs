//! Presence: what users say of themselves, and who is there. /sync tells it to those who share a room.

use ruma::{
    api::client::presence::{get_presence, set_presence},
    presence::PresenceState,
};

use super::own;
use crate::{
    http::{Answer, ApiError, Session, answer::Body, extract::Shared},
    json::Object,
};

/// The longest status, in bytes.
const MAX_STATUS: usize = 256;

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
    let mut body = String::new();
    let mut out = Object::new(&mut body);
    if let Some(shown) = app.sync.presence_of(&request.user_id) {
        shown.write(out);
    } else {
        out.text("presence", PresenceState::Offline.as_str());
        drop(out);
    }
    Ok(Body(body))
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
    app.sync.show_presence(&session.user_id, request.presence, request.status_msg).await?;
    Ok(set_presence::v3::Response::new())
}
