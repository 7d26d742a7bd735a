//! Presence: what users say of themselves, and who is there. /sync tells it to those who share a room.

use ruma::{
    api::client::presence::{get_presence, set_presence},
    presence::PresenceState,
};

use super::own;
use crate::{
    http::{Answer, ApiError, Session, answer::Body, extract::Shared},
    json::Object,
    store::Snapshot,
};

/// The longest status, in bytes.
const MAX_STATUS: usize = 256;

/// `GET …/presence/{userId}/status`: for oneself and those one shares a room with, as in /sync.
pub(super) async fn get(
    app: Shared,
    session: Session,
    request: get_presence::v3::Request,
) -> Result<impl Answer, ApiError> {
    let (me, user) = (session.user_id, request.user_id.clone());
    let shown = move |snapshot: &Snapshot<'_>| Ok(me == user || snapshot.share_a_room(&me, &user)?);
    if !app.store.read::<_, ApiError, _>(shown).await? {
        return Err(ApiError::forbidden("You see the presence of those you share a room with."));
    }
    let mut body = String::new();
    let mut out = Object::new(&mut body);
    if let Some(shown) = app.sync.presence_of(&request.user_id) {
        shown.write(&mut out);
    } else {
        out.text("presence", PresenceState::Offline.as_str());
    }
    drop(out);
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
