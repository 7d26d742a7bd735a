//! Telling the server's owner that something is wrong: an event, a room or a user.

use ruma::{EventId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::room_id;
use crate::{
    clock,
    gate::{self, Ignored, Viewer},
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    store::{Report, Reported},
};

/// The longest reason, in characters.
const MAX_REASON: usize = 1_000;

/// `POST …/rooms/{roomId}/report/{eventId}`. Only who is in the room can report what they see there (spec v1.8).
pub(super) async fn event(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    #[derive(Deserialize)]
    struct Body {
        reason: Option<String>,
        score: Option<i64>,
    }
    let Body { reason, score } = request.body()?;
    let reason = checked(reason.unwrap_or_default())?;
    if score.is_some_and(|score| !(-100..=0).contains(&score)) {
        return Err(ApiError::invalid_param("A score is from -100, most offensive, to 0."));
    }
    let unseen = || ApiError::not_found("You are not in that room, or there is no such event in it.");
    let room = room_id(&request.path[0])?;
    let event = EventId::parse(&request.path[1]).map_err(|_| unseen())?;
    app.store
        .write::<_, ApiError, _>(move |tx| {
            let user = &session.user_id;
            let nid = gate::joined(tx, user, &room).map_err(|_| unseen())?;
            let visible = Viewer::load(tx, user, nid, Ignored::default())?.event(&event)?;
            if visible.is_none() {
                return Err(unseen());
            }
            let about = Reported::Event(&room, &event);
            let report = Report { reporter: user, about, reason: &reason, score, ts: clock::now_ms() };
            Ok(tx.insert_report(&report)?)
        })
        .await?;
    Ok(Json(json!({})))
}

/// `POST …/rooms/{roomId}/report`. A room that does not exist is answered like one that does.
pub(super) async fn room(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let reason = required_reason(&request)?;
    let room = room_id(&request.path[0])?;
    app.store
        .write::<_, ApiError, _>(move |tx| {
            if tx.room_nid(&room)?.is_some() {
                let (reporter, about) = (&*session.user_id, Reported::Room(&room));
                let report = Report { reporter, about, reason: &reason, score: None, ts: clock::now_ms() };
                tx.insert_report(&report)?;
            }
            Ok(())
        })
        .await?;
    Ok(Json(json!({})))
}

/// `POST …/users/{userId}/report`. A user who does not exist is answered like one who does.
pub(super) async fn user(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let reason = required_reason(&request)?;
    let user =
        UserId::parse(&request.path[0]).map_err(|_| ApiError::invalid_param("This is not a user id."))?;
    app.store
        .write::<_, ApiError, _>(move |tx| {
            if tx.user_exists(&user)? {
                let (reporter, about) = (&*session.user_id, Reported::User(&user));
                let report = Report { reporter, about, reason: &reason, score: None, ts: clock::now_ms() };
                tx.insert_report(&report)?;
            }
            Ok(())
        })
        .await?;
    Ok(Json(json!({})))
}

/// The reason, which may be empty but not absent.
fn required_reason(request: &Raw) -> Result<String, ApiError> {
    #[derive(Deserialize)]
    struct Body {
        reason: Option<Value>,
    }
    match request.body::<Body>()?.reason {
        Some(Value::String(reason)) => checked(reason),
        Some(_) => Err(ApiError::bad_json("The reason must be a text.")),
        None => Err(ApiError::missing_param("A report needs a reason, which may be empty.")),
    }
}

fn checked(reason: String) -> Result<String, ApiError> {
    if reason.chars().count() > MAX_REASON {
        return Err(ApiError::invalid_param("A reason has at most 1,000 characters."));
    }
    Ok(reason)
}
