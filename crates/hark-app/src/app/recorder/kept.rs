//! Recordings that wait for a decision: cut off, put aside, or just cancelled.

use std::time::{Duration, Instant};

use hark_client::model::Message;

use super::desk::{Current, Desk, Phase, tell};
use super::post::{Parcel, transaction};
use super::shelf::{Fate, Note, SHORTEST_MS, is_id};
use super::{Answer, refusals};
use crate::api::{ApiError, Event, KeptBecause, KeptRecording, RecorderState};
use crate::clock;

/// A cancelled recording shorter than this is not worth a way back.
const WORTH_REGRETTING_MS: u64 = 1_000;

/// How long a cancelled one can be had back: the ten seconds the window shows, and some for the way.
const REGRET: Duration = Duration::from_secs(15);

/// A recording that was just cancelled.
pub(super) struct Regretted {
    pub(super) kept: KeptRecording,
    /// When it is deleted for good.
    pub(super) until: Instant,
}

impl Desk {
    /// What a former run left: sent ones go, those to be sent are, the rest is offered.
    pub(super) async fn take_stock(&mut self) {
        let found = self.on_disk(|shelf| Ok(shelf.found())).await.unwrap_or_default();
        let me = self.engine.account().map(|account| account.user_id);
        for (id, note) in found {
            match self.engine.message_of_transaction(&transaction(&id)).await {
                // Durable in the outbox already: only the deleting is missing.
                Ok(Some(_)) => self.remove(&id).await,
                Ok(None) if me.as_ref() != Some(&note.account) || note.fate == Fate::Cancelled => {
                    self.remove(&id).await;
                }
                Ok(None) if note.fate == Fate::Sending => {
                    let Note { conversation, .. } = note;
                    self.post(Parcel { id, conversation, clip: None, noted: None, answer: None });
                }
                Ok(None) => self.offer(id, note).await,
                Err(error) => tracing::warn!(%error, "it cannot be seen whether a recording was sent"),
            }
        }
        if !self.kept.is_empty() {
            self.tell(Event::Recordings);
        }
    }

    async fn offer(&mut self, id: String, note: Note) {
        let (name, of) = (id.clone(), note);
        match self.on_disk(move |shelf| shelf.kept(&name, &of)).await {
            Ok(kept) if kept.duration_ms >= SHORTEST_MS => {
                self.kept.insert(id, kept);
            }
            Ok(_) => self.remove(&id).await,
            Err(error) => {
                // No sound was written, or none that can be read.
                tracing::info!(reason = error.message, "a recording holds nothing");
                if !self.shelf.wav(&id).exists() {
                    self.remove(&id).await;
                }
            }
        }
    }

    /// Oldest first.
    pub(super) fn list(&self) -> Vec<KeptRecording> {
        let mut kept: Vec<KeptRecording> = self.kept.values().cloned().collect();
        kept.sort_by(|a, b| (a.started_at, &a.id).cmp(&(b.started_at, &b.id)));
        kept
    }

    /// Takes a kept or just cancelled recording up again: it becomes the paused one.
    pub(super) async fn open(&mut self, id: &str) -> Result<(), ApiError> {
        if let Some(current) = &self.current {
            if current.id == id {
                return Ok(());
            }
            if current.phase != Phase::Paused {
                return Err(refusals::recording_now());
            }
        }
        let regretted = self.regretted.remove(id).map(|regretted| regretted.kept);
        let kept = regretted.or_else(|| self.kept.remove(id)).ok_or_else(refusals::no_such_recording)?;
        self.put_aside().await;
        if let Err(error) = self.note_down(id, Fate::Draft).await {
            tracing::warn!(%error, "a decision was not noted");
        }
        let note = Note {
            account: self.engine.account().map(|account| account.user_id).unwrap_or_default(),
            conversation: kept.conversation.clone(),
            started_at: kept.started_at,
            fate: Fate::Draft,
        };
        self.current = Some(Current {
            id: id.to_owned(),
            note,
            phase: Phase::Paused,
            loaded: false,
            waiting: Vec::new(),
        });
        self.show(RecorderState::Paused {
            id: kept.id,
            conversation: kept.conversation,
            duration_ms: kept.duration_ms,
            waveform: kept.waveform,
            problem: None,
        });
        self.tell(Event::Recordings);
        Ok(())
    }

    /// A cut-off recording becomes its conversation's draft.
    pub(super) async fn keep(&mut self, id: &str) -> Result<(), ApiError> {
        let name = id.to_owned();
        let kept = self.kept.get(id).ok_or_else(refusals::no_such_recording)?;
        if kept.why == KeptBecause::Draft {
            return Ok(());
        }
        self.on_disk(move |shelf| shelf.decide(&name, Fate::Draft)).await?;
        if let Some(kept) = self.kept.get_mut(id) {
            kept.why = KeptBecause::Draft;
        }
        self.tell(Event::Recordings);
        Ok(())
    }

    pub(super) fn send_kept(&mut self, id: &str, answer: Answer<Message>) {
        let Some(kept) = self.kept.remove(id) else {
            return tell(answer, Err(refusals::no_such_recording()));
        };
        let noted = Some(self.note_down(id, Fate::Sending));
        let KeptRecording { id, conversation, .. } = kept;
        self.post(Parcel { id, conversation, clip: None, noted, answer: Some(answer) });
        self.tell(Event::Recordings);
    }

    /// Deletes a kept or just cancelled recording for good.
    pub(super) async fn delete(&mut self, id: &str) -> Result<(), ApiError> {
        if self.kept.remove(id).is_none() && self.regretted.remove(id).is_none() {
            return Err(refusals::no_such_recording());
        }
        self.playback.stop_review(id).await;
        self.remove(id).await;
        self.tell(Event::Recordings);
        Ok(())
    }

    /// The file of a recording that can be heard: the paused one, or a kept one.
    pub(super) fn sound(&self, id: &str) -> Result<std::path::PathBuf, ApiError> {
        let in_hand = self.current.as_ref().is_some_and(|current| current.id == id);
        if in_hand && self.current.as_ref().is_some_and(|current| current.phase != Phase::Paused) {
            return Err(refusals::recording_now());
        }
        if is_id(id) && (in_hand || self.kept.contains_key(id)) {
            return Ok(self.shelf.wav(id));
        }
        Err(refusals::no_such_recording())
    }

    /// A cancelled recording is let go, or can be had back for a moment.
    pub(super) async fn cancelled(&mut self, id: String, note: Note, answer: Answer<Option<String>>) {
        self.playback.stop_review(&id).await;
        let (name, note) = (id.clone(), Note { fate: Fate::Cancelled, ..note });
        let kept = self.on_disk(move |shelf| {
            shelf.decide(&name, Fate::Cancelled)?;
            shelf.kept(&name, &note)
        });
        match kept.await {
            Ok(kept) if kept.duration_ms >= WORTH_REGRETTING_MS => {
                self.regretted.insert(id.clone(), Regretted { kept, until: clock::now() + REGRET });
                tell(answer, Ok(Some(id)));
            }
            // Nothing of it can be had back, so nothing of it stays.
            Ok(_) | Err(_) => {
                self.remove(&id).await;
                tell(answer, Ok(None));
            }
        }
    }

    /// A recording that was left in the middle waits as its conversation's draft, if it holds anything.
    pub(super) async fn put_to_drafts(&mut self, id: String, note: Note) {
        let (name, of) = (id.clone(), Note { fate: Fate::Draft, ..note });
        let kept = self.on_disk(move |shelf| {
            shelf.decide(&name, Fate::Draft)?;
            shelf.kept(&name, &of)
        });
        match kept.await {
            Ok(kept) if kept.duration_ms >= SHORTEST_MS => {
                self.kept.insert(id, kept);
            }
            Ok(_) => self.remove(&id).await,
            Err(error) => tracing::warn!(reason = error.message, "a recording stays for the next start"),
        }
        self.tell(Event::Recordings);
    }

    /// Deletes what was cancelled long enough ago.
    pub(super) async fn purge(&mut self, now: Instant) {
        let over: Vec<String> = self
            .regretted
            .iter()
            .filter(|(_, regretted)| regretted.until <= now)
            .map(|(id, _)| id.clone())
            .collect();
        for id in over {
            self.regretted.remove(&id);
            self.remove(&id).await;
        }
    }

    /// A recording as its files stand now.
    pub(super) async fn read_kept(&self, id: &str) -> Result<KeptRecording, ApiError> {
        let name = id.to_owned();
        self.on_disk(move |shelf| {
            let note = shelf.note(&name)?;
            shelf.kept(&name, &note)
        })
        .await
    }

    pub(super) async fn remove(&self, id: &str) {
        let name = id.to_owned();
        // What cannot be deleted is reported where it happens, and tried again at the next start.
        let _ = self
            .on_disk(move |shelf| {
                shelf.remove(&name);
                Ok(())
            })
            .await;
    }
}
