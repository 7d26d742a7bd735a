//! The rooms one shares with somebody (spec v1.19, MSC2666).

use std::collections::HashSet;

use ruma::UserId;
use serde::Deserialize;
use serde_json::json;

use super::cursor;
use crate::{
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    store::Membership,
};

/// `GET …/mutual_rooms?user_id=…`, and with the user in the path as the first draft had it. All of them at once, so there is never
/// a second page to ask for. Somebody unknown shares no room.
pub(super) async fn list(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    #[derive(Deserialize)]
    struct Query {
        user_id: Option<String>,
        from: Option<String>,
        batch_token: Option<String>,
    }
    let query: Query = request.query()?;
    if query.from.or(query.batch_token).is_some() {
        return Err(cursor::unknown());
    }
    let named = request.path.first().cloned().or(query.user_id);
    let named = named.ok_or_else(|| ApiError::invalid_param("Say with whom: user_id is missing."))?;
    let other = UserId::parse(named).map_err(|_| ApiError::invalid_param("This is not a user id."))?;
    if other == session.user_id {
        return Err(ApiError::invalid_param("This is about rooms shared with somebody else."));
    }
    let rooms = app.store.read::<_, ApiError, _>(move |snapshot| {
        let theirs: HashSet<_> = joined(snapshot.rooms_of(&other)?).collect();
        let mut rooms = Vec::new();
        for room in joined(snapshot.rooms_of(&session.user_id)?).filter(|room| theirs.contains(room)) {
            rooms.extend(snapshot.room(room)?.map(|room| room.id));
        }
        Ok(rooms)
    });
    let rooms = rooms.await?;
    Ok(Json(json!({ "count": rooms.len(), "joined": rooms })))
}

fn joined(memberships: Vec<Membership>) -> impl Iterator<Item = crate::store::RoomNid> {
    memberships.into_iter().filter(Membership::is_joined).map(|membership| membership.room)
}
