//! Saying how far one has read, and what one has heard.

use ruma::{EventId, OwnedEventId, OwnedRoomId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::room_id;
use crate::{
    clock, gate,
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    store::{LogEntry, LogKind, NewReceipt, RoomNid, Tx, played::PLAYED},
};

const READ: &str = "m.read";
const READ_PRIVATE: &str = "m.read.private";
const FULLY_READ: &str = "m.fully_read";

/// `POST …/rooms/{roomId}/receipt/{type}/{eventId}`
pub(super) async fn receipt(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    #[derive(Deserialize)]
    struct Body {
        thread_id: Option<Value>,
    }
    let Body { thread_id } = request.body()?;
    let thread = thread_id.map(thread).transpose()?;
    let kind = request.path[1].as_str();
    if kind == PLAYED {
        return played(&app, session, room_id(&request.path[0])?, event_id(&request.path[2])?).await;
    }
    if !matches!(kind, READ | READ_PRIVATE | FULLY_READ) {
        return Err(ApiError::invalid_param("There is no receipt of that type."));
    }
    if kind == FULLY_READ && thread.is_some() {
        return Err(ApiError::invalid_param("The fully read marker belongs to no thread."));
    }
    let (event_id, user) = (event_id(&request.path[2])?, session.user_id.clone());
    let moved =
        move_to(&app, session, room_id(&request.path[0])?, vec![(kind.to_owned(), event_id)], thread).await?;
    // What nobody sees must not show as a sign of life.
    if kind == READ {
        app.sync.act(&user);
    }
    Ok(moved)
}

/// Notes that one message was heard. Those before it are not touched, and unread counts stay as they are.
async fn played(
    app: &Shared,
    session: Session,
    room_id: OwnedRoomId,
    event_id: OwnedEventId,
) -> Result<Json<Value>, ApiError> {
    app.store
        .write::<_, ApiError, _>(move |tx| {
            let user = &session.user_id;
            let room = gate::joined(tx, user, &room_id)?;
            let unknown = || ApiError::not_found("There is no such event in this room.");
            let event = tx.event_by_id(&event_id)?.filter(|event| event.room == room).ok_or_else(unknown)?;
            if event.kind != "m.room.message" {
                return Err(ApiError::invalid_param("Only a message can be played."));
            }
            // Who speaks hears themselves: that is no news for anybody.
            if event.sender == *user || tx.has_played(room, user, event.pos)? {
                return Ok(());
            }
            let pos = tx.append(LogEntry { kind: LogKind::Receipt, room: Some(room), user: Some(user) })?;
            tx.set_played(room, user, (&event_id, event.pos), clock::now_ms(), pos)?;
            Ok(())
        })
        .await?;
    Ok(Json(json!({})))
}

/// `POST …/rooms/{roomId}/read_markers`
pub(super) async fn markers(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "m.fully_read")]
        fully_read: Option<String>,
        #[serde(rename = "m.read")]
        read: Option<String>,
        #[serde(rename = "m.read.private")]
        private: Option<String>,
    }
    let Body { fully_read, read, private } = request.body()?;
    let marks = [(FULLY_READ, fully_read), (READ, read), (READ_PRIVATE, private)];
    let marks = marks.into_iter().filter_map(|(kind, event)| Some((kind, event?)));
    let marks = marks
        .map(|(kind, event)| Ok((kind.to_owned(), event_id(&event)?)))
        .collect::<Result<_, ApiError>>()?;
    move_to(&app, session, room_id(&request.path[0])?, marks, None).await
}

async fn move_to(
    app: &Shared,
    session: Session,
    room_id: OwnedRoomId,
    marks: Vec<(String, OwnedEventId)>,
    thread: Option<String>,
) -> Result<Json<Value>, ApiError> {
    app.store
        .write::<_, ApiError, _>(move |tx| {
            let room = gate::joined(tx, &session.user_id, &room_id)?;
            for (kind, event_id) in &marks {
                if kind == FULLY_READ {
                    let content = serde_json::value::to_raw_value(&json!({ "event_id": event_id }))
                        .map_err(|_| ApiError::internal())?;
                    tx.set_account_data(&session.user_id, Some(&room_id), FULLY_READ, &content)?;
                } else {
                    set(tx, room, &session, kind, thread.as_deref(), event_id)?;
                }
            }
            Ok(())
        })
        .await?;
    Ok(Json(json!({})))
}

/// Moves one receipt, never back.
fn set(
    tx: &mut Tx<'_>,
    room: RoomNid,
    session: &Session,
    kind: &str,
    thread: Option<&str>,
    event_id: &EventId,
) -> Result<(), ApiError> {
    let user = &session.user_id;
    let unknown = || ApiError::not_found("There is no such event in this room.");
    let event = tx.event_by_id(event_id)?.filter(|event| event.room == room).ok_or_else(unknown)?;
    if tx.receipt_pos(room, user, kind, thread)?.is_some_and(|before| before >= event.pos) {
        return Ok(());
    }
    let total = tx.notify_total_at(event.pos)?;
    let kind_of_change = if kind == READ { LogKind::Receipt } else { LogKind::PrivateReceipt };
    let pos = tx.append(LogEntry { kind: kind_of_change, room: Some(room), user: Some(user) })?;
    tx.set_receipt(&NewReceipt {
        room,
        user,
        kind,
        thread,
        event_id,
        event_pos: event.pos,
        ts: clock::now_ms(),
        pos,
    })?;
    tx.read_up_to(room, user, event.pos, total)?;
    Ok(())
}

/// `main` or the id of a thread's root.
fn thread(value: Value) -> Result<String, ApiError> {
    match value {
        Value::String(thread) if thread == "main" || EventId::parse(&thread).is_ok() => Ok(thread),
        _ => Err(ApiError::invalid_param("thread_id must be \"main\" or the id of a thread's root.")),
    }
}

fn event_id(text: &str) -> Result<OwnedEventId, ApiError> {
    OwnedEventId::try_from(text).map_err(|_| ApiError::invalid_param("This is not an event id."))
}
