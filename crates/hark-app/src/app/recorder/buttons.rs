//! The buttons of the recording in hand.

use hark_client::model::{ConversationId, Message};

use super::desk::{Current, Desk, GIVES_BACK_WITHIN, How, Leaving, Phase, tell};
use super::post::Parcel;
use super::shelf::{Fate, Note};
use super::{Answer, refusals};
use crate::api::{ApiError, RecorderState};
use crate::{clock, random};

/// What must be free on the disk to begin: half a minute of sound, and the message made of it.
const ROOM_TO_BEGIN: u64 = 4 << 20;

impl Desk {
    /// A recording that is only paused elsewhere makes room; one that is being made does not.
    pub(super) async fn record(&mut self, conversation: ConversationId, answer: Answer<()>) {
        match &mut self.current {
            Some(current) if current.note.conversation == conversation => match current.phase {
                Phase::Starting => return current.waiting.push(answer),
                Phase::Recording => return tell(answer, Ok(())),
                Phase::Paused => return self.resume(answer).await,
            },
            Some(current) if current.phase != Phase::Paused => {
                let other = current.note.conversation.clone();
                let name = self.name_of(&other).await;
                return tell(answer, Err(refusals::recording_elsewhere(&name)));
            }
            Some(_) => self.put_aside().await,
            None => {}
        }
        match self.begin(conversation).await {
            Ok(mut current) => {
                current.waiting.push(answer);
                self.show(RecorderState::Starting { conversation: current.note.conversation.clone() });
                self.current = Some(current);
            }
            Err(error) => tell(answer, Err(error)),
        }
    }

    async fn begin(&mut self, conversation: ConversationId) -> Result<Current, ApiError> {
        // Said before a word is spoken, not after.
        self.engine.may_send(&conversation).await?;
        let account = self.engine.account().map(|account| account.user_id).unwrap_or_default();
        let id = random::secret()?[..32].to_owned();
        let note = Note { account, conversation, started_at: clock::now_ms(), fate: Fate::Open };
        let kept = note.clone();
        let name = id.clone();
        self.on_disk(move |shelf| {
            if shelf.free()? < ROOM_TO_BEGIN {
                return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
            }
            shelf.write(&name, &kept)
        })
        .await?;
        self.quiet().await;
        self.microphone.begin(id.clone(), self.shelf.wav(&id));
        Ok(Current { id, note, phase: Phase::Starting, loaded: true, waiting: Vec::new() })
    }

    /// What plays is held, and the microphone test gives way.
    pub(super) async fn quiet(&mut self) {
        self.playback.pause().await;
        self.close_microphone().await;
    }

    pub(super) fn pause(&mut self, answer: Answer<()>) {
        match &mut self.current {
            None => tell(answer, Err(refusals::nothing_recorded())),
            Some(current) if current.phase == Phase::Paused => tell(answer, Ok(())),
            Some(current) => {
                current.waiting.push(answer);
                self.microphone.pause();
            }
        }
    }

    pub(super) async fn resume(&mut self, answer: Answer<()>) {
        let Some(current) = &self.current else { return tell(answer, Err(refusals::nothing_recorded())) };
        if current.phase == Phase::Recording {
            return tell(answer, Ok(()));
        }
        let id = current.id.clone();
        let ready = self.on_disk(move |shelf| {
            if shelf.free()? < ROOM_TO_BEGIN {
                return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
            }
            shelf.decide(&id, Fate::Open)
        });
        if let Err(error) = ready.await {
            return tell(answer, Err(error));
        }
        self.quiet().await;
        let Some(current) = &mut self.current else { return };
        current.waiting.push(answer);
        if current.phase == Phase::Starting {
            return;
        }
        current.phase = Phase::Starting;
        if current.loaded {
            self.microphone.resume();
        } else {
            current.loaded = true;
            self.microphone.begin(current.id.clone(), self.shelf.wav(&current.id));
        }
        let conversation = current.note.conversation.clone();
        self.show(RecorderState::Starting { conversation });
    }

    pub(super) fn send(&mut self, answer: Answer<Message>) {
        let Some(current) = self.leave() else { return tell(answer, Err(refusals::nothing_recorded())) };
        let Current { id, note, loaded, .. } = current;
        let noted = self.note_down(&id, Fate::Sending);
        if loaded {
            self.microphone.finish();
            let how = How::Sent { noted, answer: Some(answer) };
            self.leaving.insert(id, Leaving { note, how, until: clock::now() + GIVES_BACK_WITHIN });
        } else {
            self.post(Parcel {
                id,
                conversation: note.conversation,
                clip: None,
                noted: Some(noted),
                answer: Some(answer),
            });
        }
    }

    pub(super) async fn cancel(&mut self, answer: Answer<Option<String>>) {
        let Some(current) = self.leave() else { return tell(answer, Ok(None)) };
        let Current { id, note, loaded, .. } = current;
        if loaded {
            self.microphone.abandon();
            let how = How::Cancelled { answer };
            self.leaving.insert(id, Leaving { note, how, until: clock::now() + GIVES_BACK_WITHIN });
        } else {
            self.cancelled(id, note, answer).await;
        }
    }

    /// Ends the current recording where it is and keeps it as a draft.
    pub(super) async fn put_aside(&mut self) {
        let Some(current) = self.leave() else { return };
        let Current { id, note, loaded, .. } = current;
        if loaded {
            self.microphone.abandon();
            let how = How::PutAside;
            self.leaving.insert(id, Leaving { note, how, until: clock::now() + GIVES_BACK_WITHIN });
        } else {
            self.put_to_drafts(id, note).await;
        }
    }

    /// The current recording is no longer that: the window may begin another.
    pub(super) fn leave(&mut self) -> Option<Current> {
        let mut current = self.current.take()?;
        for answer in current.waiting.drain(..) {
            tell(answer, Err(refusals::ended_elsewhere()));
        }
        self.show(RecorderState::Idle);
        Some(current)
    }

    async fn name_of(&self, id: &ConversationId) -> String {
        let found = self.engine.conversation(id).await.ok().flatten();
        found.map_or_else(|| id.0.clone(), |conversation| conversation.name)
    }
}
