//! Saying how far one has read, and what one has heard.

use ruma::{EventId, OwnedEventId, OwnedRoomId, RoomId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::room_id;
use crate::{
    clock, gate,
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    relations::MAX_DEPTH,
    store::{LogEntry, LogKind, NewReceipt, Place, Position, RoomNid, Tx, played::PLAYED},
    unread::MAIN,
};

const FULLY_READ: &str = "m.fully_read";

/// What a user moves to an event.
#[derive(Clone, Copy, Debug)]
enum Mark {
    Receipt(Receipt),
    /// The fully read marker, never back.
    FullyRead,
    /// The fully read marker, wherever it was (MSC4446).
    FullyReadAgain,
}

#[derive(Clone, Copy, Debug)]
enum Receipt {
    Public,
    Private,
}

/// `POST …/rooms/{roomId}/receipt/{type}/{eventId}`
pub(super) async fn receipt(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    #[derive(Deserialize)]
    struct Body {
        thread_id: Option<Value>,
        #[serde(default, rename = "com.beeper.allow_backward")]
        allow_backward: bool,
    }
    let Body { thread_id, allow_backward } = request.body()?;
    let thread = thread_id.map(thread).transpose()?;
    let mark = match request.path[1].as_str() {
        PLAYED => {
            return played(&app, session, room_id(&request.path[0])?, event_id(&request.path[2])?).await;
        }
        "m.read" => Mark::Receipt(Receipt::Public),
        "m.read.private" => Mark::Receipt(Receipt::Private),
        FULLY_READ if thread.is_some() => {
            return Err(ApiError::invalid_param("The fully read marker belongs to no thread."));
        }
        FULLY_READ => fully_read(allow_backward),
        _ => return Err(ApiError::invalid_param("There is no receipt of that type.")),
    };
    let (event_id, user) = (event_id(&request.path[2])?, session.user_id.clone());
    let moved = move_to(&app, session, room_id(&request.path[0])?, vec![(mark, event_id)], thread).await?;
    // What nobody sees must not show as a sign of life.
    if request.path[1] == "m.read" {
        app.sync.act(&user);
    }
    Ok(moved)
}

fn fully_read(allow_backward: bool) -> Mark {
    if allow_backward { Mark::FullyReadAgain } else { Mark::FullyRead }
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
        #[serde(default, rename = "com.beeper.allow_backward")]
        allow_backward: bool,
    }
    let body: Body = request.body()?;
    let marks = [
        (fully_read(body.allow_backward), body.fully_read),
        (Mark::Receipt(Receipt::Public), body.read),
        (Mark::Receipt(Receipt::Private), body.private),
    ];
    let marks = marks.into_iter().filter_map(|(mark, event)| Some((mark, event?)));
    let marks = marks.map(|(mark, event)| Ok((mark, event_id(&event)?))).collect::<Result<_, ApiError>>()?;
    move_to(&app, session, room_id(&request.path[0])?, marks, None).await
}

async fn move_to(
    app: &Shared,
    session: Session,
    room_id: OwnedRoomId,
    marks: Vec<(Mark, OwnedEventId)>,
    thread: Option<String>,
) -> Result<Json<Value>, ApiError> {
    app.store
        .write::<_, ApiError, _>(move |tx| {
            let user = &session.user_id;
            let nid = gate::joined(tx, user, &room_id)?;
            for (mark, event_id) in &marks {
                let unknown = || ApiError::not_found("There is no such event in this room.");
                let event = tx.place(nid, event_id.as_str())?.ok_or_else(unknown)?;
                match mark {
                    Mark::Receipt(receipt) => {
                        set(tx, nid, user, *receipt, thread.as_deref(), (event_id, &event))?;
                    }
                    Mark::FullyRead if is_read_further(tx, nid, user, &room_id, event.pos)? => {}
                    Mark::FullyRead | Mark::FullyReadAgain => {
                        let content = serde_json::value::to_raw_value(&json!({ "event_id": event_id }))
                            .map_err(|_| ApiError::internal())?;
                        tx.set_account_data(user, Some(&room_id), FULLY_READ, &content)?;
                    }
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
    user: &UserId,
    receipt: Receipt,
    thread: Option<&str>,
    (event_id, event): (&EventId, &Place),
) -> Result<(), ApiError> {
    if let Some(thread) = thread
        && !is_in(tx, room, event, thread)?
    {
        return Err(ApiError::invalid_param("This event is not in that thread."));
    }
    let (kind, change) = match receipt {
        Receipt::Public => ("m.read", LogKind::Receipt),
        Receipt::Private => ("m.read.private", LogKind::PrivateReceipt),
    };
    if tx.receipt_pos(room, user, kind, thread)?.is_some_and(|before| before >= event.pos) {
        return Ok(());
    }
    let pos = tx.append(LogEntry { kind: change, room: Some(room), user: Some(user) })?;
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
    Ok(())
}

/// True if a receipt for `thread` may name the event. A thread's root may be named by receipts for the thread too, and so may what
/// relates to the root in other ways.
fn is_in(tx: &Tx<'_>, room: RoomNid, event: &Place, thread: &str) -> Result<bool, ApiError> {
    if thread == MAIN {
        return Ok(event.thread.is_none());
    }
    let root = tx.place(room, thread)?.filter(|root| root.thread.is_none());
    let Some(root) = root else { return Ok(false) };
    if event.thread == Some(root.pos) {
        return Ok(true);
    }
    let mut ancestor = event.clone();
    for _ in 0..MAX_DEPTH {
        if ancestor.pos == root.pos {
            return Ok(true);
        }
        let parent = ancestor.relates_to.as_deref().map(|parent| tx.place(room, parent)).transpose()?;
        let Some(parent) = parent.flatten() else { return Ok(false) };
        ancestor = parent;
    }
    Ok(ancestor.pos == root.pos)
}

/// True if the fully read marker stands behind `pos`.
fn is_read_further(
    tx: &Tx<'_>,
    room: RoomNid,
    user: &UserId,
    room_id: &RoomId,
    pos: Position,
) -> Result<bool, ApiError> {
    #[derive(Deserialize)]
    struct Content {
        event_id: String,
    }
    let marker = tx.account_data(user, Some(room_id), FULLY_READ)?;
    let marker = marker.and_then(|content| serde_json::from_str::<Content>(content.get()).ok());
    let Some(Content { event_id }) = marker else { return Ok(false) };
    Ok(tx.place(room, &event_id)?.is_some_and(|marked| marked.pos > pos))
}

/// `main` or the id of a thread's root.
fn thread(value: Value) -> Result<String, ApiError> {
    match value {
        Value::String(thread) if thread == MAIN || EventId::parse(&thread).is_ok() => Ok(thread),
        _ => Err(ApiError::invalid_param("thread_id must be \"main\" or the id of a thread's root.")),
    }
}

fn event_id(text: &str) -> Result<OwnedEventId, ApiError> {
    OwnedEventId::try_from(text).map_err(|_| ApiError::invalid_param("This is not an event id."))
}
