//! What the microphone tells, and what that means for the recording in hand.

use hark_client::VoiceClip;
use hark_voice::RecorderEvent;

use super::desk::{Desk, Phase, tell};
use super::refusals;
use super::trial::TEST;
use crate::api::{Event, RecorderState};

/// Bars of the waveform a window gets that comes in the middle.
const NEWEST_BARS: usize = 128;

impl Desk {
    pub(super) async fn heard(&mut self, event: RecorderEvent) {
        match event {
            RecorderEvent::Opened { device, notice } => {
                if let Some(notice) = notice {
                    tracing::warn!(notice, "another microphone than the chosen one is used");
                }
                self.problem.send_replace(None);
                self.trial_opened(device);
            }
            RecorderEvent::Level { level, bars, duration_ms } => self.level(level, bars, duration_ms),
            RecorderEvent::Recording { id, .. } if id == TEST => self.trial_recording(0),
            RecorderEvent::Recording { id, device, duration_ms, waveform } => {
                self.recording(&id, device, duration_ms, waveform);
            }
            RecorderEvent::Silent { id, silent } => self.silent(&id, silent),
            RecorderEvent::Paused { id, problem, .. } if id == TEST => {
                self.trial_failed(problem.unwrap_or_default());
            }
            RecorderEvent::Paused { id, duration_ms, waveform, problem } => {
                self.paused(&id, duration_ms, waveform, problem);
            }
            RecorderEvent::Finished { id, clip } => {
                let clip =
                    VoiceClip { ogg: clip.ogg, duration_ms: clip.duration_ms, waveform: clip.waveform };
                self.given_back(&id, Some(clip)).await;
            }
            RecorderEvent::Abandoned { id, duration_ms, waveform } if id == TEST => {
                self.trial_recorded(duration_ms, waveform);
            }
            RecorderEvent::Abandoned { id, .. } => self.given_back(&id, None).await,
            RecorderEvent::Failed { id: Some(id), reason } if id != TEST => self.failed(&id, reason).await,
            RecorderEvent::Failed { reason, .. } => self.trial_failed(reason),
        }
    }

    fn recording(&mut self, id: &str, device: String, duration_ms: u64, waveform: Vec<u16>) {
        let Some(current) = self.current.as_mut().filter(|current| current.id == id) else { return };
        current.phase = Phase::Recording;
        let waiting = std::mem::take(&mut current.waiting);
        let conversation = current.note.conversation.clone();
        self.problem.send_replace(None);
        let id = id.to_owned();
        self.show(RecorderState::Recording {
            id,
            conversation,
            duration_ms,
            device,
            waveform,
            silent: false,
        });
        for answer in waiting {
            tell(answer, Ok(()));
        }
    }

    /// Told as it comes, and kept for a window that asks later.
    fn level(&mut self, level: f32, bars: Vec<u16>, length_ms: u64) {
        if let Some(until_ms) = self.trial_grows(length_ms) {
            self.trial_recording(until_ms);
        }
        self.state.send_if_modified(|state| {
            let RecorderState::Recording { duration_ms, waveform, .. } = state else { return false };
            *duration_ms = length_ms;
            waveform.extend(&bars);
            let too_many = waveform.len().saturating_sub(NEWEST_BARS);
            waveform.drain(..too_many);
            true
        });
        self.tell(Event::Level { level, waveform: bars, duration_ms: length_ms });
    }

    fn silent(&mut self, id: &str, now: bool) {
        let mut state = self.state.borrow().clone();
        if let RecorderState::Recording { id: of, silent, .. } = &mut state
            && of == id
            && *silent != now
        {
            *silent = now;
            self.show(state);
        }
    }

    fn paused(&mut self, id: &str, duration_ms: u64, waveform: Vec<u16>, problem: Option<String>) {
        let Some(current) = self.current.as_mut().filter(|current| current.id == id) else { return };
        current.phase = Phase::Paused;
        let waiting = std::mem::take(&mut current.waiting);
        let conversation = current.note.conversation.clone();
        self.show(RecorderState::Paused { id: id.to_owned(), conversation, duration_ms, waveform, problem });
        for answer in waiting {
            tell(answer, Ok(()));
        }
    }

    /// It did not begin, or does not go on. What is on the disk of it already stays in hand.
    async fn failed(&mut self, id: &str, reason: String) {
        self.problem.send_replace(Some(reason.clone()));
        if self.leaving.contains_key(id) {
            return self.given_back(id, None).await;
        }
        if self.current.as_ref().is_none_or(|current| current.id != id) {
            return;
        }
        let on_disk = self.read_kept(id).await.ok();
        let Some(current) = &mut self.current else { return };
        for answer in current.waiting.drain(..) {
            tell(answer, Err(refusals::no_microphone(reason.clone())));
        }
        if let Some(kept) = on_disk {
            current.phase = Phase::Paused;
            current.loaded = false;
            return self.show(RecorderState::Paused {
                id: kept.id,
                conversation: kept.conversation,
                duration_ms: kept.duration_ms,
                waveform: kept.waveform,
                problem: Some(reason),
            });
        }
        self.current = None;
        self.show(RecorderState::Idle);
        self.remove(id).await;
    }
}
