//! Sending one event: messages and state.

use std::sync::Arc;

use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, events::StateEventType};

use super::{
    Content, Draft, Origin, RoomError, Rooms,
    append::{self, Prepared},
    auth::AuthState,
    directory, draft, redact,
};
use crate::{
    clock,
    store::{RoomHead, RoomNid, Snapshot, Tx, TxnKey, Undo},
};

/// What a client asks to be sent.
pub(crate) struct Send {
    pub(crate) room: OwnedRoomId,
    pub(crate) sender: OwnedUserId,
    pub(crate) kind: String,
    /// Present: a state event.
    pub(crate) state_key: Option<String>,
    pub(crate) content: Content,
    /// The request's identity, and what the sending device is shown of it.
    pub(crate) txn: Option<(TxnKey, Origin)>,
}

impl Rooms {
    /// Sends an event, once: a repeated request answers with the first one's event. Durable when it returns.
    pub(crate) async fn send(&self, send: Send) -> Result<OwnedEventId, RoomError> {
        if send.kind == "m.room.redaction" && send.state_key.is_none() {
            return self.send_redaction(send).await;
        }
        if let ("m.room.member", Some(state_key)) = (send.kind.as_str(), &send.state_key) {
            return self.set_member(send.room, send.sender, state_key, &send.content).await;
        }
        Self::refuse_early(&send)?;
        let Send { room, sender, kind, state_key, content, mut txn } = send;
        let draft = draft(room.clone(), sender, kind, state_key, content);
        let queued = self.judge(&room, &draft).await.and_then(|(head, auth)| {
            self.lines.enter(&head, |slot| {
                let prepared = Prepared::sign(draft, auth, &head, slot, &self.signer)?;
                Ok((prepared.slot(), self.write(head.nid, prepared, txn.take())))
            })
        });
        match queued {
            Ok((in_line, written)) => {
                let sent = written.await;
                drop(in_line);
                sent
            }
            // The first request may have been allowed when this repetition is not: the sender left in between.
            Err(refused) => self.answer_of(txn).await?.ok_or(refused),
        }
    }

    /// The head of the room, and what of its state allows the draft: from memory where that is known there, else from a snapshot.
    async fn judge(&self, room: &RoomId, draft: &Draft) -> Result<(Arc<RoomHead>, AuthState), RoomError> {
        let shared = self.store.heads().get(room);
        if let Some(head) = &shared
            && let Some(auth) = Prepared::judge(draft, head, None)?
        {
            return Ok((head.clone(), auth));
        }
        let (room, draft) = (room.to_owned(), draft.clone());
        self.store
            .read(move |snapshot| {
                let head = if let Some(head) = shared {
                    head
                } else {
                    let nid = snapshot.room_nid(&room)?.ok_or_else(RoomError::not_in_room)?;
                    snapshot.stored_head(nid)?.ok_or_else(RoomError::not_in_room)?.into()
                };
                let auth =
                    Prepared::judge(&draft, &head, Some(snapshot))?.ok_or_else(RoomError::not_in_room)?;
                Ok((head, auth))
            })
            .await
    }

    /// Puts an event on its way to the writer.
    fn write(
        &self,
        nid: RoomNid,
        prepared: Prepared,
        txn: Option<(TxnKey, Origin)>,
    ) -> impl Future<Output = Result<OwnedEventId, RoomError>> + std::marker::Send + use<> {
        let signer = self.signer.clone();
        let undo = if prepared.is_plain() { Undo::Batch } else { Undo::Command };
        self.store.write_with(undo, move |tx| {
            once(tx, txn.as_ref(), |tx, origin| {
                check_in_room(tx, nid, &prepared.draft)?;
                if let Some(unchanged) = unchanged(tx, nid, &prepared.draft)? {
                    return Ok(unchanged);
                }
                append::append_prepared(tx, nid, prepared, origin, &signer)
            })
        })
    }

    /// What the server demands of some kinds of events beyond the auth rules.
    fn refuse_early(send: &Send) -> Result<(), RoomError> {
        match (send.kind.as_str(), &send.state_key) {
            ("m.room.create", Some(_)) => Err(RoomError::InvalidParam("A room is created once.".into())),
            ("m.room.tombstone", _) if send.content.text("replacement_room") == Some(send.room.as_str()) => {
                Err(RoomError::InvalidParam("A room cannot be its own successor.".into()))
            }
            _ => Ok(()),
        }
    }

    async fn answer_of(&self, txn: Option<(TxnKey, Origin)>) -> Result<Option<OwnedEventId>, RoomError> {
        let Some((key, _)) = txn else { return Ok(None) };
        let answer = self.store.read::<_, RoomError, _>(move |snapshot| Ok(snapshot.answered(&key)?)).await?;
        Ok(answer.and_then(|id| OwnedEventId::try_from(id).ok()))
    }

    async fn send_redaction(&self, send: Send) -> Result<OwnedEventId, RoomError> {
        let signer = self.signer.clone();
        self.store
            .write(move |tx| {
                let Send { room, sender, kind, content, txn, .. } = send;
                once(tx, txn.as_ref(), |tx, origin| {
                    let nid = tx.room_nid(&room)?.ok_or_else(RoomError::not_in_room)?;
                    let redaction = redact::draft(tx, nid, draft(room, sender, kind, None, content))?;
                    append::append(tx, nid, redaction, origin, &signer)
                })
            })
            .await
    }
}

/// What the server demands of an event that the room's rules allow, by what is so at the moment it is added.
fn check_in_room(tx: &Tx<'_>, nid: RoomNid, draft: &Draft) -> Result<(), RoomError> {
    if let ("m.room.canonical_alias", Some(_), Some(room)) =
        (draft.kind.as_str(), &draft.state_key, &draft.room_id)
    {
        directory::check_canonical(tx, nid, room, &draft.content)?;
    }
    Ok(())
}

/// Runs `effect` unless the request was answered before, and remembers its answer in the same transaction.
fn once(
    tx: &mut Tx<'_>,
    txn: Option<&(TxnKey, Origin)>,
    effect: impl FnOnce(&mut Tx<'_>, Option<&Origin>) -> Result<OwnedEventId, RoomError>,
) -> Result<OwnedEventId, RoomError> {
    let Some((key, origin)) = txn else { return effect(tx, None) };
    if let Some(answer) = tx.answered(key)?
        && let Ok(event_id) = OwnedEventId::try_from(answer)
    {
        return Ok(event_id);
    }
    let event_id = effect(tx, Some(origin))?;
    tx.remember_answer(key, event_id.as_str(), clock::now_ms())?;
    Ok(event_id)
}

/// The event already in force, if this state event would change nothing.
fn unchanged(tx: &mut Tx<'_>, room: RoomNid, draft: &Draft) -> Result<Option<OwnedEventId>, RoomError> {
    let Some(state_key) = &draft.state_key else { return Ok(None) };
    let Some(head) = tx.head(room)? else { return Ok(None) };
    let kind = StateEventType::from(draft.kind.as_str());
    let snapshot: &Snapshot<'_> = tx;
    let current = snapshot.auth_event(room, &head.room_id, &kind, state_key)?;
    let same =
        current.filter(|event| event.sender == draft.sender && event.content.get() == draft.content.json());
    Ok(same.map(|event| event.event_id.clone()))
}
