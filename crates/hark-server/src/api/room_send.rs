//! Sending events: messages, state, redactions.

use ruma::{OwnedEventId, OwnedTransactionId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::room_id;
use crate::{
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    rooms::{self, Content, Origin, Send},
    store::TxnKey,
};

/// `PUT …/rooms/{roomId}/send/{type}/{txnId}`
pub(super) async fn message(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let [room, kind, txn] = arguments(&request)?;
    let send = Send {
        room: room_id(room)?,
        content: content(&request)?,
        txn: Some(identity(&session, &["send", room, kind], txn)?),
        sender: session.user_id,
        kind: kind.to_owned(),
        state_key: None,
    };
    sent(&app, send).await
}

/// `PUT …/rooms/{roomId}/state/{type}/{stateKey}`, the key being empty if it is not there
pub(super) async fn state(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let send = Send {
        room: room_id(&request.path[0])?,
        content: content(&request)?,
        txn: None,
        sender: session.user_id,
        kind: request.path[1].clone(),
        state_key: Some(request.path.get(2).cloned().unwrap_or_default()),
    };
    sent(&app, send).await
}

/// `PUT …/rooms/{roomId}/redact/{eventId}/{txnId}`
pub(super) async fn redact(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    #[derive(Deserialize)]
    struct Body {
        reason: Option<String>,
    }
    let [room, target, txn] = arguments(&request)?;
    let Body { reason } = request.body()?;
    let target =
        OwnedEventId::try_from(target).map_err(|_| ApiError::invalid_param("This is not an event id."))?;
    only_own_if_suspended(&app, &session, &target).await?;
    let send = Send {
        room: room_id(room)?,
        content: rooms::redaction_content(&target, reason)?,
        txn: Some(identity(&session, &["redact", room, target.as_str()], txn)?),
        sender: session.user_id,
        kind: "m.room.redaction".to_owned(),
        state_key: None,
    };
    sent(&app, send).await
}

/// Sends, and counts it as a sign of life.
async fn sent(app: &Shared, send: Send) -> Result<Json<Value>, ApiError> {
    let sender = send.sender.clone();
    let event_id = app.rooms.send(send).await?;
    app.sync.act(&sender);
    Ok(Json(json!({ "event_id": event_id })))
}

/// Somebody who is suspended may take back what they said themselves.
async fn only_own_if_suspended(
    app: &Shared,
    session: &Session,
    target: &OwnedEventId,
) -> Result<(), ApiError> {
    let (user, target) = (session.user_id.clone(), target.clone());
    app.store
        .read(move |snapshot| {
            let suspended = snapshot.account(&user)?.is_some_and(|account| account.suspended);
            let own = || {
                Ok::<_, ApiError>(snapshot.event_by_id(&target)?.is_some_and(|event| event.sender == user))
            };
            if suspended && !own()? { Err(ApiError::suspended()) } else { Ok(()) }
        })
        .await
}

fn arguments(request: &Raw) -> Result<[&str; 3], ApiError> {
    match request.path.as_slice() {
        [room, what, txn] => Ok([room, what, txn]),
        _ => Err(ApiError::unrecognized()),
    }
}

fn content(request: &Raw) -> Result<Content, ApiError> {
    Ok(Content::parse(request.content()?.get())?)
}

/// The request's scope is its device and its path, so that the same id elsewhere is another request.
fn identity(session: &Session, scope: &[&str], txn: &str) -> Result<(TxnKey, Origin), ApiError> {
    if txn.len() > 255 {
        return Err(ApiError::invalid_param("A transaction id has at most 255 bytes."));
    }
    let txn = OwnedTransactionId::from(txn);
    let key = TxnKey::new(&session.user_id, &session.device_id, scope, txn.as_str());
    Ok((key, Origin { device: session.device_id.clone(), txn: txn.to_string() }))
}
