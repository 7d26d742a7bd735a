//! What a user was told of.

use serde::Deserialize;

use super::paging::position;
use crate::{
    gate::Reader,
    http::{
        Answer, ApiError, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    json::Object,
    push::{Listener, Listening, Told, notifications},
    render::{Form, Renderer},
    store::to_json_error,
    sync::Token,
};

/// Notifications of a page if the client does not say, and at most.
const DEFAULT_LIMIT: u64 = 50;
const MAX_LIMIT: u64 = 500;

#[derive(Deserialize)]
struct Query {
    from: Option<String>,
    limit: Option<u64>,
    only: Option<String>,
}

/// `GET …/notifications`. Of what was read, only mentions are listed: the rest is of no interest any more.
pub(super) async fn list(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let query: Query = request.query()?;
    let from = position(&app.store, query.from.as_deref())?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT) as usize;
    let only_highlights = query.only.as_deref() == Some("highlight");
    let epoch = app.store.epoch().to_owned();
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let listener = Listener::load(snapshot, &session.user_id)?;
            let upto = from.map_or_else(|| snapshot.position(), Ok)?;
            let wanted = |told: &Told<'_>| told.outcome.highlight || !only_highlights && !told.read;
            let page = notifications::page(&listener, upto, limit, wanted)?;
            let mut list = Vec::with_capacity(page.told.len());
            for (room, told) in &page.told {
                let Some(room) = page.rooms.get(*room).and_then(|source| source.room()) else { continue };
                list.push(notification(room, told, &session)?);
            }
            let mut body = String::new();
            let mut out = Object::new(&mut body);
            out.array("notifications", list);
            if let Some(next) = page.next {
                out.text("next_token", &Token::at(&epoch, next).to_string());
            }
            drop(out);
            Ok(Body(body))
        })
        .await
}

fn notification(room: &Listening<'_>, told: &Told<'_>, session: &Session) -> Result<String, ApiError> {
    let reader = Reader { user: &session.user_id, device: Some(&session.device_id) };
    let form = Form::default();
    let room_id = &room.head.room_id;
    let renderer = Renderer::new(room.viewer.snapshot(), reader, Some(room_id), &form).bundling(&room.viewer);
    let actions = serde_json::to_string(told.outcome.actions).map_err(to_json_error("push rules"))?;
    let mut text = String::new();
    let mut out = Object::new(&mut text);
    out.raw("actions", &actions).raw("event", &renderer.event(&told.visible)?).raw("profile_tag", "null");
    out.flag("read", told.read).text("room_id", room_id.as_str()).number("ts", told.visible.event().ts);
    drop(out);
    Ok(text)
}
