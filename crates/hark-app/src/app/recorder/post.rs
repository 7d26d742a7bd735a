//! The way of an ended recording into the outbox.
//!
//! One after the other, in the order they were ended, so that fifty notes spoken back to back arrive in that order. A
//! recording leaves the disk here only after its message is durable in the outbox. One that cannot be sent goes back to
//! the desk.

use hark_client::model::{ConversationId, Message};
use hark_client::{Engine, VoiceClip};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::shelf::{SHORTEST_MS, Shelf};
use super::{Answer, refusals};
use crate::api::{ApiError, ErrorCode};
use crate::app::thread::clip_of;

/// A recording that is to be sent.
pub(super) struct Parcel {
    pub(super) id: String,
    pub(super) conversation: ConversationId,
    /// What the recorder made, or the file it is to be made from: a recording of a former start has no more.
    pub(super) clip: Option<VoiceClip>,
    /// The decision being written down beside this; the recording is not deleted before.
    pub(super) noted: Option<JoinHandle<()>>,
    pub(super) answer: Option<Answer<Message>>,
}

/// A recording that was not sent, and why.
pub(super) struct Returned {
    pub(super) id: String,
    pub(super) error: ApiError,
    /// Whether somebody pressed a button for it just now.
    pub(super) asked: bool,
}

/// Starts the task; it ends when nobody holds the sender any more.
pub(super) fn open(
    engine: Engine,
    shelf: Shelf,
    returned: mpsc::UnboundedSender<Returned>,
) -> (mpsc::UnboundedSender<Parcel>, impl Future<Output = ()> + Send) {
    // Not bounded: each parcel is a recording a person made and ended, and the desk must never wait here.
    let (sender, mut parcels) = mpsc::unbounded_channel();
    let work = async move {
        while let Some(parcel) = parcels.recv().await {
            send(&engine, &shelf, parcel, &returned).await;
        }
    };
    (sender, work)
}

async fn send(engine: &Engine, shelf: &Shelf, parcel: Parcel, returned: &mpsc::UnboundedSender<Returned>) {
    let Parcel { id, conversation, clip, noted, answer } = parcel;
    let outcome = enqueue(engine, shelf, &id, &conversation, clip).await;
    if let Err(error) = &outcome
        && error.code != ErrorCode::TooShort
    {
        // The desk ends only after this task.
        let _ = returned.send(Returned { id: id.clone(), error: error.clone(), asked: answer.is_some() });
    }
    let done = matches!(&outcome, Ok(_) | Err(ApiError { code: ErrorCode::TooShort, .. }));
    if let Some(answer) = answer {
        // The window may be gone; the message is not.
        let _ = answer.send(outcome);
    }
    if let Some(noted) = noted {
        let _ = noted.await;
    }
    if done {
        let shelf = shelf.clone();
        let _ = tokio::task::spawn_blocking(move || shelf.remove(&id)).await;
    }
}

async fn enqueue(
    engine: &Engine,
    shelf: &Shelf,
    id: &str,
    conversation: &ConversationId,
    clip: Option<VoiceClip>,
) -> Result<Message, ApiError> {
    let clip = match clip {
        Some(clip) => clip,
        None => from_disk(shelf, id).await?,
    };
    if clip.duration_ms < SHORTEST_MS {
        return Err(refusals::too_short());
    }
    Ok(engine.send_voice_as(conversation, clip, &transaction(id)).await?)
}

/// The voice message of a recording that is only on the disk.
async fn from_disk(shelf: &Shelf, id: &str) -> Result<VoiceClip, ApiError> {
    let wav = shelf.wav(id);
    let read = move || {
        hark_voice::wav::recover(&wav)?;
        std::fs::read(&wav)
    };
    let bytes = tokio::task::spawn_blocking(read).await.map_err(ApiError::internal)?;
    let bytes = bytes.map_err(|error| refusals::of_disk(&error))?;
    clip_of(move || hark_voice::prepare(&bytes)).await
}

/// The transaction id of a recording's message.
pub(super) fn transaction(id: &str) -> String {
    format!("hark-{id}")
}
