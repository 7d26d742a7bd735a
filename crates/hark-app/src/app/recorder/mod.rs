//! Records voice messages: one at a time, for the app and not for a window.
//!
//! One task, the [`desk`], owns the microphone's handle (hark_voice::Recorder), the recording being made, and the ones that
//! wait for a decision. It is asked by channel and hears from the audio thread what really happens; [`RecorderState`] is
//! what it shows. The sound is on the disk while it is spoken ([`shelf`]); what is to be sent goes through the
//! [`post`], one after the other in the order they were ended, and is deleted here once it is durable in the outbox.
//!
//! Nothing is sent twice, whatever dies in between (VO2, SE1): the message's transaction id is the recording's id, and a
//! start deletes what the store knows by it. What was to be sent and is not known there is sent at the next start; what
//! was cut off is offered. Signing out deletes recordings with everything else of that account.

mod buttons;
mod desk;
mod heard;
mod kept;
mod post;
mod refusals;
mod shelf;
mod trial;

use std::path::{Path, PathBuf};
use std::time::Duration;

use hark_client::Engine;
use hark_client::model::{ConversationId, Message};
use hark_voice::RecorderEvent;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::playback::Playback;
use crate::api::{ApiError, Event, KeptRecording, MicrophoneTest, RecorderState, Settings};
use desk::Desk;
use shelf::Shelf;
pub(super) use trial::Trial;

/// Where a command waits for its outcome.
type Answer<T> = oneshot::Sender<Result<T, ApiError>>;

/// Longest wait for the microphone to let go when the app closes.
const PARTING: Duration = Duration::from_secs(5);

/// What is asked of the recorder.
enum Ask {
    Record { conversation: ConversationId, answer: Answer<()> },
    Pause { answer: Answer<()> },
    Resume { answer: Answer<()> },
    Send { answer: Answer<Message> },
    Cancel { answer: Answer<Option<String>> },
    Kept { answer: Answer<Vec<KeptRecording>> },
    Open { id: String, answer: Answer<()> },
    Keep { id: String, answer: Answer<()> },
    SendKept { id: String, answer: Answer<Message> },
    Delete { id: String, answer: Answer<()> },
    Sound { id: String, answer: Answer<PathBuf> },
    PutAside { id: String },
    OpenMicrophone { answer: Answer<MicrophoneTest> },
    TestMicrophone { answer: Answer<()> },
    CloseMicrophone { answer: Answer<()> },
    TestSound { answer: Answer<PathBuf> },
    Forget { answer: Answer<()> },
    Close { answer: Answer<()> },
}

/// What a recorder works with.
pub(super) struct Around<'a> {
    pub(super) data_dir: &'a Path,
    pub(super) engine: &'a Engine,
    pub(super) playback: &'a Playback,
    pub(super) tasks: &'a TaskTracker,
}

/// Handle of the recording task. Clones are handles of the same.
#[derive(Clone)]
pub(crate) struct Recorder {
    asks: mpsc::Sender<Ask>,
    state: watch::Receiver<RecorderState>,
    problem: watch::Receiver<Option<String>>,
    shelf: Shelf,
}

impl Recorder {
    pub(super) fn start(
        around: Around<'_>,
        trial: Trial,
        settings: watch::Receiver<Settings>,
        events: broadcast::Sender<Event>,
        stopping: CancellationToken,
    ) -> Self {
        let Around { data_dir, engine, playback, tasks } = around;
        let microphone = hark_voice::Recorder::start();
        let heard = hears(&microphone);
        let shelf = Shelf::in_folder(data_dir);
        let (asks, asked) = mpsc::channel(64);
        let (show, state) = watch::channel(RecorderState::Idle);
        let (trouble, problem) = watch::channel(None);
        tasks.spawn(watch_settings(microphone.clone(), settings, trouble.clone(), stopping));
        let desk = Desk::new(desk::Parts {
            engine: engine.clone(),
            microphone,
            playback: playback.clone(),
            shelf: shelf.clone(),
            trial,
            events,
            state: show,
            problem: trouble,
            tasks: tasks.clone(),
        });
        tasks.spawn(desk.work(asked, heard));
        Self { asks, state, problem, shelf }
    }

    /// As it is now, and as it changes.
    pub(crate) fn state(&self) -> watch::Receiver<RecorderState> {
        self.state.clone()
    }

    /// Why nothing can be recorded, as far as was seen.
    pub(super) fn problem(&self) -> Option<String> {
        self.problem.borrow().clone()
    }

    /// Bytes of recordings on the disk. Blocks.
    pub(super) fn bytes(&self) -> u64 {
        self.shelf.bytes()
    }

    /// Answers when the first sample is kept, or why none is.
    pub(crate) async fn record(&self, conversation: ConversationId) -> Result<(), ApiError> {
        self.ask(|answer| Ask::Record { conversation, answer }).await
    }

    pub(super) async fn pause(&self) -> Result<(), ApiError> {
        self.ask(|answer| Ask::Pause { answer }).await
    }

    pub(super) async fn resume(&self) -> Result<(), ApiError> {
        self.ask(|answer| Ask::Resume { answer }).await
    }

    /// Answers when the message is durable in the outbox.
    pub(crate) async fn send(&self) -> Result<Message, ApiError> {
        self.ask(|answer| Ask::Send { answer }).await
    }

    pub(super) async fn cancel(&self) -> Result<Option<String>, ApiError> {
        self.ask(|answer| Ask::Cancel { answer }).await
    }

    pub(super) async fn kept(&self) -> Result<Vec<KeptRecording>, ApiError> {
        self.ask(|answer| Ask::Kept { answer }).await
    }

    pub(super) async fn open(&self, id: String) -> Result<(), ApiError> {
        self.ask(|answer| Ask::Open { id, answer }).await
    }

    pub(super) async fn keep(&self, id: String) -> Result<(), ApiError> {
        self.ask(|answer| Ask::Keep { id, answer }).await
    }

    pub(super) async fn send_kept(&self, id: String) -> Result<Message, ApiError> {
        self.ask(|answer| Ask::SendKept { id, answer }).await
    }

    pub(super) async fn delete(&self, id: String) -> Result<(), ApiError> {
        self.ask(|answer| Ask::Delete { id, answer }).await
    }

    /// The file of a paused or kept recording, to hear it.
    pub(super) async fn sound(&self, id: String) -> Result<PathBuf, ApiError> {
        self.ask(|answer| Ask::Sound { id, answer }).await
    }

    /// Ends a recording where it is and keeps it as a draft, if it is still the one being made. Returns at once.
    pub(crate) fn put_aside(&self, id: String) {
        // Full or closed: the app is ending, which puts it aside as well.
        let _ = self.asks.try_send(Ask::PutAside { id });
    }

    pub(super) async fn open_microphone(&self) -> Result<MicrophoneTest, ApiError> {
        self.ask(|answer| Ask::OpenMicrophone { answer }).await
    }

    pub(super) async fn test_microphone(&self) -> Result<(), ApiError> {
        self.ask(|answer| Ask::TestMicrophone { answer }).await
    }

    pub(super) async fn close_microphone(&self) -> Result<(), ApiError> {
        self.ask(|answer| Ask::CloseMicrophone { answer }).await
    }

    /// The file the microphone test recorded.
    pub(super) async fn test_sound(&self) -> Result<PathBuf, ApiError> {
        self.ask(|answer| Ask::TestSound { answer }).await
    }

    /// Deletes every recording: the account is gone from this computer.
    pub(super) async fn forget(&self) -> Result<(), ApiError> {
        self.ask(|answer| Ask::Forget { answer }).await
    }

    /// Ends: what is being recorded becomes a draft, what was ended to be sent reaches the outbox.
    pub(super) async fn close(&self) {
        let parting = self.ask(|answer| Ask::Close { answer });
        if tokio::time::timeout(PARTING, parting).await.is_err() {
            tracing::warn!("the microphone does not let go; what was said is on the disk");
        }
    }

    async fn ask<T>(&self, ask: impl FnOnce(Answer<T>) -> Ask) -> Result<T, ApiError> {
        let (answer, outcome) = oneshot::channel();
        // In the order they are asked in: a caller that has to wait for room does so in a queue.
        self.asks.send(ask(answer)).await.map_err(|_| refusals::closing())?;
        outcome.await.map_err(|_| refusals::closing())?
    }
}

/// The audio thread's events on a channel that can be awaited.
fn hears(microphone: &hark_voice::Recorder) -> mpsc::Receiver<RecorderEvent> {
    let events = microphone.events();
    let (sender, receiver) = mpsc::channel(256);
    std::thread::spawn(move || {
        while let Ok(event) = events.recv() {
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Keeps the microphone as it is set, and looks whether there is one each time another is chosen.
async fn watch_settings(
    microphone: hark_voice::Recorder,
    mut settings: watch::Receiver<Settings>,
    problem: watch::Sender<Option<String>>,
    stopping: CancellationToken,
) {
    let mut chosen = None;
    loop {
        let now = settings.borrow_and_update().clone();
        microphone.set_even_loudness(now.even_loudness);
        if chosen.as_ref() != Some(&now.input) {
            microphone.choose(now.input.clone());
            chosen = Some(now.input.clone());
            let looked = tokio::task::spawn_blocking(move || {
                hark_voice::devices::microphone_problem(now.input.as_deref())
            });
            if let Ok(seen) = looked.await {
                problem.send_replace(seen);
            }
        }
        tokio::select! {
            changed = settings.changed() => if changed.is_err() { return },
            () = stopping.cancelled() => return,
        }
    }
}
