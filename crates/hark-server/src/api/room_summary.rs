//! What a room looks like before one joins it.

use ruma::RoomAliasId;

use super::{
    card::{self, Names},
    room_id,
};
use crate::{
    gate::Preview,
    http::{
        Answer, ApiError, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    json::Object,
};

/// `GET …/v1/room_summary/{roomIdOrAlias}`
pub(super) async fn get(app: Shared, asker: Option<Session>, request: Raw) -> Result<impl Answer, ApiError> {
    answer(&app, asker, &request, Names::STABLE).await
}

/// `GET …/unstable/im.nheko.summary/…` (MSC3266)
pub(super) async fn draft(
    app: Shared,
    asker: Option<Session>,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    answer(&app, asker, &request, Names::DRAFT).await
}

/// A room that the asker may not know of looks like one that does not exist.
async fn answer(app: &Shared, asker: Option<Session>, request: &Raw, names: Names) -> Result<Body, ApiError> {
    let unseen = || ApiError::not_found("There is no such room that you may see.");
    let room = match RoomAliasId::parse(&request.path[0]) {
        Ok(alias) => app.rooms.resolve(alias).await.map_err(|error| match error.into() {
            error if ApiError::errcode(&error) == "M_NOT_FOUND" => unseen(),
            error => error,
        })?,
        Err(_) => room_id(&request.path[0])?,
    };
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let user = asker.as_ref().map(|session| &*session.user_id);
            let nid = snapshot.room_nid(&room)?.ok_or_else(unseen)?;
            let preview = Preview::of(snapshot, user, nid)?.ok_or_else(unseen)?;
            let mut body = String::new();
            let mut out = Object::new(&mut body);
            card::summary(preview.card(), &names, &mut out);
            if user.is_some() {
                out.text("membership", preview.membership().as_str());
            }
            drop(out);
            Ok(Body(body))
        })
        .await
}
