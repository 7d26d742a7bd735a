//! One message through its steps. Each finished step is in the store before the next begins, so that a crash or a retry
//! goes on where it was.

use std::time::Duration;

use ruma::api::client::membership::joined_rooms;
use ruma::api::client::message::send_message_event::v3::Request as Send;
use ruma::events::{AnyMessageLikeEventContent, MessageLikeEventType};
use ruma::serde::Raw;
use ruma::{OwnedTransactionId, RoomId};

use super::machine::Verdict;
use super::{content, early};
use crate::core::{Core, Session};
use crate::error::Error;
use crate::model::{MessageState, SendingStep};
use crate::store::{DmRoom, OutboxRow, OutgoingStep, outgoing, rooms};
use crate::transport::{Failure, LONG_PATIENCE, PATIENCE};
use crate::{MediaKind, clock};

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The server has it.
    Sent,
    /// It has not, or did not say.
    NotSent(Verdict),
    /// The server ended the login.
    LoginOver,
}

/// Where a try stopped.
enum Stop {
    Network(Failure),
    /// The room refused the message itself.
    Room(Failure),
    Refused(Error),
    Store(Error),
    /// Its echo came first: the row is gone.
    Done,
}

impl From<crate::store::StoreError> for Stop {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Store(error.into())
    }
}

/// Takes a message as far as it goes.
pub(super) async fn deliver(core: &Core, session: &Session, key: i64) -> Outcome {
    loop {
        let stop = match steps(core, session, key).await {
            Ok(()) | Err(Stop::Done) => return Outcome::Sent,
            Err(stop) => stop,
        };
        if let Stop::Room(failure) = &stop
            && left_out(core, session, key, failure).await
        {
            continue;
        }
        return verdict(core, session, stop).await;
    }
}

async fn steps(core: &Core, session: &Session, key: i64) -> Result<(), Stop> {
    let mut row = row(core, key).await?;
    if row.has_media && row.step == OutgoingStep::Waiting {
        // Looked up before: where the room is known, upload and seal are one step on the disk and not two.
        let known = known_room(core, &row).await?.filter(|room| !room.encrypted);
        upload(core, session, &row, known).await?;
        row = self::row(core, key).await?;
    }
    let room = room(core, &row).await?;
    if room.encrypted {
        return Err(Stop::Refused(Error::Encrypted));
    }
    let sealed = seal(core, &row, &room).await?;
    let event_id = send(core, session, &row, &room, &sealed).await?;
    core.store.write(move |tx| tx.acknowledge(key, &event_id)).await?;
    Ok(())
}

async fn row(core: &Core, key: i64) -> Result<OutboxRow, Stop> {
    core.store.read(move |db| outgoing::get(db, key)).await?.ok_or(Stop::Done)
}

/// The file first: a failed upload sends nothing, a finished one is never repeated (SE9).
async fn upload(core: &Core, session: &Session, row: &OutboxRow, known: Option<DmRoom>) -> Result<(), Stop> {
    let key = row.key;
    let file = core.store.read(move |db| outgoing::media(db, key)).await?;
    let Some((mime, bytes)) = file else { return Err(Stop::Done) };
    let state = MessageState::Sending { step: SendingStep::Uploading };
    let begun = core.early.take(session, &row.txn_id);
    let upload = async {
        match begun {
            Some(begun) => match begun.await {
                Ok(outcome) => outcome,
                // It ends without an outcome only where the engine does.
                Err(ended) => Err(Failure::Offline(ended.to_string())),
            },
            None => early::upload(session, bytes.clone(), mime).await,
        }
    };
    // Showing that it is on the wire must not keep it off the wire.
    let (shown, answer) = tokio::join!(core.store.write(move |tx| tx.set_state(key, &state)), upload);
    let mxc = answer.map_err(Stop::Network)?;
    shown?;
    let sealed = known
        .map(|room| Ok((room.room_id, content::sealed(&row.content, Some(&mxc))?)))
        .transpose()
        .map_err(|error: serde_json::Error| Stop::Store(Error::Internal(error.to_string())))?;
    let address = mxc.clone();
    let (noted, cached) = tokio::join!(
        core.store.write(move |tx| {
            tx.set_uploaded(key, &address)?;
            if let Some((room_id, sealed)) = sealed {
                tx.set_message_room(key, &room_id)?;
                tx.seal(key, &sealed)?;
            }
            Ok(())
        }),
        // Hearing one's own message needs no download.
        core.media.put(mxc, MediaKind::Voice, bytes, clock::now_ms())
    );
    if let Err(error) = cached {
        // The message does not depend on it.
        tracing::debug!(%error, "an own file is not cached");
    }
    Ok(noted?)
}

/// Five seconds, and what a slow line of 20 KB/s needs.
pub(super) fn upload_patience(size: usize) -> Duration {
    PATIENCE + Duration::from_millis(u64::try_from(size / 20).unwrap_or(u64::MAX))
}

/// Where it goes. For a person the directory's hit, which costs no call (DM1); else a room is found or made.
async fn room(core: &Core, row: &OutboxRow) -> Result<DmRoom, Stop> {
    if let Some(known) = known_room(core, row).await? {
        return Ok(known);
    }
    let conversation = row.conversation.clone();
    if conversation.starts_with('@') {
        return core.directory.ensure(conversation).await.map_err(|error| match error {
            crate::directory::Trouble::Network(failure) => Stop::Network(failure),
            crate::directory::Trouble::Store(error) => Stop::Store(error),
        });
    }
    Err(Stop::Refused(Error::BadRequest("You are no longer in this conversation.".to_owned())))
}

/// Where it goes, if that is known here.
async fn known_room(core: &Core, row: &OutboxRow) -> Result<Option<DmRoom>, Stop> {
    let conversation = row.conversation.clone();
    if conversation.starts_with('@') {
        return Ok(core.store.read(move |db| rooms::primary(db, &conversation)).await?);
    }
    let room = core.store.read(move |db| rooms::get(db, &conversation)).await?;
    Ok(room.filter(|room| room.membership == "join").map(|room| DmRoom {
        room_id: room.room_id,
        membership: room.membership,
        encrypted: room.encrypted,
    }))
}

/// From here on every try sends the same bytes to the same room, until that is known to be impossible.
async fn seal(core: &Core, row: &OutboxRow, room: &DmRoom) -> Result<String, Stop> {
    if row.step == OutgoingStep::Sealed && row.room_id == room.room_id {
        return Ok(row.content.clone());
    }
    let content = match &row.step {
        OutgoingStep::Uploaded { mxc } => content::sealed(&row.content, Some(mxc)),
        OutgoingStep::Waiting => content::sealed(&row.content, None),
        OutgoingStep::Sealed => Ok(row.content.clone()),
    }
    .map_err(|error| Stop::Store(Error::Internal(error.to_string())))?;
    let (key, room_id, sealed) = (row.key, room.room_id.clone(), content.clone());
    core.store
        .write(move |tx| {
            tx.set_message_room(key, &room_id)?;
            tx.seal(key, &sealed)
        })
        .await?;
    Ok(content)
}

async fn send(
    core: &Core,
    session: &Session,
    row: &OutboxRow,
    room: &DmRoom,
    sealed: &str,
) -> Result<String, Stop> {
    let unusable = |error: &dyn std::fmt::Display| Stop::Refused(Error::BadRequest(error.to_string()));
    let room_id = RoomId::parse(&room.room_id).map_err(|error| unusable(&error))?;
    let body: Raw<AnyMessageLikeEventContent> =
        Raw::from_json_string(sealed.to_owned()).map_err(|error| unusable(&error))?;
    let txn_id = OwnedTransactionId::from(row.txn_id.as_str());
    let request = Send::new_raw(room_id, txn_id, MessageLikeEventType::RoomMessage, body);
    let key = row.key;
    let state = MessageState::Sending { step: SendingStep::Sending };
    // Showing that it is on the wire must not keep it off the wire.
    let (shown, answer) = tokio::join!(
        core.store.write(move |tx| {
            if tx.outgoing(key)?.is_some() { tx.set_state(key, &state) } else { Ok(()) }
        }),
        session.http.call(request, PATIENCE)
    );
    let answer = answer.map_err(Stop::Room)?;
    shown?;
    Ok(answer.event_id.to_string())
}

/// DM7: the room no longer has me. The entry is dropped and the same message goes to another room, once.
async fn left_out(core: &Core, session: &Session, key: i64, failure: &Failure) -> bool {
    if !matches!(failure.errcode(), Some("M_FORBIDDEN" | "M_NOT_FOUND")) {
        return false;
    }
    let Ok(Some(row)) = core.store.read(move |db| outgoing::get(db, key)).await else { return false };
    if row.rerouted || !row.conversation.starts_with('@') || row.room_id.is_empty() {
        return false;
    }
    // A refusal in a room I am in is about the message or my rights: that is for good.
    match session.http.call(joined_rooms::v3::Request::new(), LONG_PATIENCE).await {
        Ok(answer) if answer.joined_rooms.iter().any(|room| room.as_str() == row.room_id) => return false,
        Ok(_) => {}
        Err(_) => return false,
    }
    tracing::info!(room = row.room_id, "the room no longer has me; finding another");
    let rerouted = core.store.write(move |tx| {
        tx.mark_unusable(&row.room_id)?;
        tx.set_message_room(key, "")?;
        tx.reroute(key)
    });
    rerouted.await.is_ok()
}

async fn verdict(core: &Core, session: &Session, stop: Stop) -> Outcome {
    let failure = match stop {
        Stop::Done => return Outcome::Sent,
        Stop::Network(failure) | Stop::Room(failure) => failure,
        Stop::Refused(error) => return Outcome::NotSent(Verdict::Refused(error.to_string())),
        // A full disk or a closing store: the message keeps waiting.
        Stop::Store(error) => {
            tracing::warn!(%error, "sending is held up here");
            return Outcome::NotSent(Verdict::Offline);
        }
    };
    if core.check_login(session, &failure) {
        return Outcome::LoginOver;
    }
    Outcome::NotSent(match failure {
        // Silence is a failed try only where the server is there to be silent (SE3).
        Failure::TimedOut if session.http.answers().await => {
            Verdict::Unanswered("The server did not acknowledge it in time. Hark keeps trying.".to_owned())
        }
        Failure::Offline(_) | Failure::TimedOut => Verdict::Offline,
        Failure::Matrix { status, errcode, retry_after, .. }
            if status == 429 || errcode == "M_LIMIT_EXCEEDED" =>
        {
            Verdict::Wait(retry_after.unwrap_or(Duration::from_secs(1)))
        }
        Failure::Matrix { status: 500.., error, .. } => {
            Verdict::Unanswered(format!("The server has a problem: {error}. Hark keeps trying."))
        }
        Failure::Matrix { error, errcode, .. } => {
            Verdict::Refused(format!("The server refused it: {} ({errcode}).", error.trim_end_matches('.')))
        }
    })
}
