//! The task: what it holds, and how it comes to its end.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use hark_client::Engine;
use hark_client::model::Message;
use hark_voice::RecorderEvent;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use super::kept::Regretted;
use super::post::{self, Parcel, Returned};
use super::shelf::{Fate, Note, Shelf};
use super::trial::Trial;
use super::{Answer, Ask, refusals};
use crate::api::{ApiError, ErrorCode, Event, KeptRecording, RecorderState};
use crate::app::playback::Playback;
use crate::clock;

/// How long the microphone may take to give back what it recorded, before that is taken from the disk.
pub(super) const GIVES_BACK_WITHIN: Duration = Duration::from_secs(8);

/// What the task is made of.
pub(super) struct Parts {
    pub(super) engine: Engine,
    pub(super) microphone: hark_voice::Recorder,
    pub(super) playback: Playback,
    pub(super) shelf: Shelf,
    pub(super) trial: Trial,
    pub(super) events: broadcast::Sender<Event>,
    pub(super) state: watch::Sender<RecorderState>,
    pub(super) problem: watch::Sender<Option<String>>,
    pub(super) tasks: TaskTracker,
}

/// The recording being made.
pub(super) struct Current {
    pub(super) id: String,
    pub(super) note: Note,
    pub(super) phase: Phase,
    /// Whether the microphone's file is this one; else it is only on the disk.
    pub(super) loaded: bool,
    /// Commands that wait for the microphone.
    pub(super) waiting: Vec<Answer<()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Recording,
    Paused,
}

/// A recording that is no longer the current one, and that the microphone has not given back yet.
pub(super) struct Leaving {
    pub(super) note: Note,
    pub(super) how: How,
    /// When it is taken from the disk instead.
    pub(super) until: Instant,
}

/// What becomes of it then.
pub(super) enum How {
    Sent { noted: JoinHandle<()>, answer: Option<Answer<Message>> },
    Cancelled { answer: Answer<Option<String>> },
    PutAside,
}

pub(super) struct Desk {
    pub(super) engine: Engine,
    pub(super) microphone: hark_voice::Recorder,
    pub(super) playback: Playback,
    pub(super) shelf: Shelf,
    pub(super) trial: Trial,
    /// When the microphone test has its five seconds.
    pub(super) trial_until: Option<Instant>,
    events: broadcast::Sender<Event>,
    pub(super) state: watch::Sender<RecorderState>,
    pub(super) problem: watch::Sender<Option<String>>,
    tasks: TaskTracker,
    post: mpsc::UnboundedSender<Parcel>,
    returned: mpsc::UnboundedReceiver<Returned>,
    posting: JoinHandle<()>,
    pub(super) current: Option<Current>,
    pub(super) leaving: HashMap<String, Leaving>,
    /// What waits for a decision.
    pub(super) kept: BTreeMap<String, KeptRecording>,
    /// What was just cancelled.
    pub(super) regretted: HashMap<String, Regretted>,
}

impl Desk {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { engine, microphone, playback, shelf, trial, events, state, problem, tasks } = parts;
        let (back, returned) = mpsc::unbounded_channel();
        let (post, posting) = post::open(engine.clone(), shelf.clone(), back);
        let posting = tasks.spawn(posting);
        Self {
            engine,
            microphone,
            playback,
            shelf,
            trial,
            trial_until: None,
            events,
            state,
            problem,
            tasks,
            post,
            returned,
            posting,
            current: None,
            leaving: HashMap::new(),
            kept: BTreeMap::new(),
            regretted: HashMap::new(),
        }
    }

    pub(super) async fn work(
        mut self,
        mut asked: mpsc::Receiver<Ask>,
        mut heard: mpsc::Receiver<RecorderEvent>,
    ) {
        self.take_stock().await;
        let mut closing = None;
        loop {
            let due = self.next_due();
            tokio::select! {
                ask = asked.recv() => match ask {
                    Some(Ask::Close { answer }) => {
                        closing = Some(answer);
                        break;
                    }
                    Some(ask) => self.asked(ask).await,
                    None => break,
                },
                Some(event) = heard.recv() => self.heard(event).await,
                Some(back) = self.returned.recv() => self.came_back(back).await,
                () = due => self.overdue().await,
            }
        }
        self.close(&mut heard).await;
        if let Some(answer) = closing {
            // Whoever asked may have lost patience.
            let _ = answer.send(Ok(()));
        }
    }

    async fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Record { conversation, answer } => self.record(conversation, answer).await,
            Ask::Pause { answer } => self.pause(answer),
            Ask::Resume { answer } => self.resume(answer).await,
            Ask::Send { answer } => self.send(answer),
            Ask::Cancel { answer } => self.cancel(answer).await,
            Ask::Kept { answer } => tell(answer, Ok(self.list())),
            Ask::Open { id, answer } => tell(answer, self.open(&id).await),
            Ask::Keep { id, answer } => tell(answer, self.keep(&id).await),
            Ask::SendKept { id, answer } => self.send_kept(&id, answer),
            Ask::Delete { id, answer } => tell(answer, self.delete(&id).await),
            Ask::Sound { id, answer } => tell(answer, self.sound(&id)),
            Ask::PutAside { id } => {
                if self.current.as_ref().is_some_and(|current| current.id == id) {
                    self.put_aside().await;
                }
            }
            Ask::OpenMicrophone { answer } => tell(answer, self.open_microphone()),
            Ask::TestMicrophone { answer } => tell(answer, self.test_microphone().await),
            Ask::CloseMicrophone { answer } => {
                self.close_microphone().await;
                tell(answer, Ok(()));
            }
            Ask::TestSound { answer } => tell(answer, self.test_sound()),
            Ask::Forget { answer } => {
                self.forget().await;
                tell(answer, Ok(()));
            }
            // Taken by the loop.
            Ask::Close { answer } => tell(answer, Ok(())),
        }
    }

    /// Writes a decision down beside everything else; what it is about must not be deleted before.
    pub(super) fn note_down(&self, id: &str, fate: Fate) -> JoinHandle<()> {
        let (shelf, id) = (self.shelf.clone(), id.to_owned());
        self.tasks.spawn_blocking(move || {
            if let Err(error) = shelf.decide(&id, fate) {
                tracing::warn!(%error, "what was decided about a recording cannot be noted");
            }
        })
    }

    pub(super) fn post(&self, parcel: Parcel) {
        // Its task ends only with this one.
        let _ = self.post.send(parcel);
    }

    /// A recording that was not sent: the one in hand again where the hands are free, else a draft.
    async fn came_back(&mut self, back: Returned) {
        let Returned { id, error, asked } = back;
        let _ = self.note_down(&id, Fate::Draft).await;
        let Ok(kept) = self.read_kept(&id).await else { return };
        let note = Note {
            account: self.engine.account().map(|account| account.user_id).unwrap_or_default(),
            conversation: kept.conversation.clone(),
            started_at: kept.started_at,
            fate: Fate::Draft,
        };
        if !asked || self.current.is_some() || error.code == ErrorCode::SignedOut {
            self.kept.insert(id, kept);
            self.tell(Event::Recordings);
            return;
        }
        self.show(RecorderState::Paused {
            id: id.clone(),
            conversation: kept.conversation,
            duration_ms: kept.duration_ms,
            waveform: kept.waveform,
            problem: Some(error.message),
        });
        self.current = Some(Current { id, note, phase: Phase::Paused, loaded: false, waiting: Vec::new() });
    }

    /// The microphone took too long to give something back: what is on the disk counts.
    async fn overdue(&mut self) {
        let now = clock::now();
        let late: Vec<String> = self
            .leaving
            .iter()
            .filter(|(_, leaving)| leaving.until <= now)
            .map(|(id, _)| id.clone())
            .collect();
        for id in late {
            tracing::warn!(id, "the microphone does not give a recording back; it is taken from the disk");
            self.given_back(&id, None).await;
        }
        self.purge(now).await;
        if self.trial_until.is_some_and(|until| until <= now) {
            self.trial_is_over();
        }
    }

    /// The microphone is done with a recording that is no longer the current one.
    pub(super) async fn given_back(&mut self, id: &str, clip: Option<hark_client::VoiceClip>) {
        let Some(Leaving { note, how, .. }) = self.leaving.remove(id) else { return };
        let id = id.to_owned();
        match how {
            How::Sent { noted, answer } => {
                self.post(Parcel { id, conversation: note.conversation, clip, noted: Some(noted), answer });
            }
            How::Cancelled { answer } => self.cancelled(id, note, answer).await,
            How::PutAside => self.put_to_drafts(id, note).await,
        }
    }

    /// Resolves when [`overdue`](Self::overdue) has something to do.
    fn next_due(&self) -> impl Future<Output = ()> + use<> {
        let leaving = self.leaving.values().map(|leaving| leaving.until);
        let regretted = self.regretted.values().map(|regretted| regretted.until);
        let due = leaving.chain(regretted).chain(self.trial_until).min();
        async move {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        }
    }

    /// The app ends. Nothing that was said is lost where this does not come to its end: it is on the disk.
    async fn close(mut self, heard: &mut mpsc::Receiver<RecorderEvent>) {
        self.close_microphone().await;
        self.put_aside().await;
        while !self.leaving.is_empty() {
            let due = self.next_due();
            tokio::select! {
                Some(event) = heard.recv() => self.heard(event).await,
                () = due => self.overdue().await,
            }
        }
        let Self { post, posting, .. } = self;
        drop(post);
        // Only a panic could end it early; it is logged where it happens.
        let _ = posting.await;
    }

    /// Every recording of the account goes.
    async fn forget(&mut self) {
        self.close_microphone().await;
        if let Some(current) = self.leave()
            && current.loaded
        {
            self.microphone.abandon();
        }
        self.leaving.clear();
        self.kept.clear();
        self.regretted.clear();
        let cleared = self.on_disk(|shelf| {
            shelf.clear();
            Ok(())
        });
        // Clearing reports by itself what could not be deleted.
        let _ = cleared.await;
        self.tell(Event::Recordings);
    }

    /// Does something with the files where blocking is allowed.
    pub(super) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shelf) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        let shelf = self.shelf.clone();
        tokio::task::spawn_blocking(move || work(&shelf))
            .await
            .map_err(ApiError::internal)?
            .map_err(|error| refusals::of_disk(&error))
    }

    pub(super) fn show(&self, state: RecorderState) {
        self.state.send_replace(state.clone());
        self.tell(Event::Recorder { recorder: state });
    }

    pub(super) fn tell(&self, event: Event) {
        // No listener is no error: nobody has a window open.
        let _ = self.events.send(event);
    }
}

/// Gives a command its outcome. Whoever asked may be gone, and it was done all the same.
pub(super) fn tell<T>(answer: Answer<T>, outcome: Result<T, ApiError>) {
    let _ = answer.send(outcome);
}
