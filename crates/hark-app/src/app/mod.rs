//! One data folder at work, behind a cheap handle.
//!
//! Commands come in by [`App::run`], one function each, grouped as the table of [`api`](crate::api) groups them. What
//! changes goes out by [`App::events`]; a listener that is too slow is told to read everything again. Nothing here holds
//! messages: the engine's store does.

pub(crate) mod account;
mod earcon;
mod events;
mod head;
pub(crate) mod hosting;
pub(crate) mod inbox;
mod next_voice;
mod picture;
mod playback;
mod preferences;
mod prefetch;
pub(crate) mod recorder;
pub(crate) mod recording;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod sound;
pub(crate) mod storage;
pub(crate) mod thread;
mod uploads;
pub(crate) mod voice;
mod window;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hark_client::{Engine, Options};
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::{ApiError, Attention, Command, Event, Settings};
use crate::browser::Browsers;
use crate::hosting::Host;
use crate::notify::{self, Notifying, Wanted};

pub use picture::Media;
use playback::Playback;
use preferences::Preferences;
use recorder::{Recorder, Trial};
use uploads::Uploads;
pub(crate) use uploads::{MAX_UPLOAD, too_large};
use window::Door;
pub use window::Raise;

/// Events a listener may fall behind before it is told to read everything again.
const EVENT_BACKLOG: usize = 1024;

/// One data folder at work. Clones are handles of the same.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    data_dir: PathBuf,
    engine: Engine,
    playback: Playback,
    recorder: Recorder,
    preferences: Preferences,
    host: Host,
    uploads: Uploads,
    browsers: Browsers,
    window: Door,
    attention: watch::Sender<Attention>,
    notifying: Wanted,
    events: broadcast::Sender<Event>,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl App {
    /// Opens a data folder: a server hosted here first, then the engine, which resumes sync and outbox.
    ///
    /// The caller holds the folder's [`Ownership`](crate::owner::Ownership), so that no two processes come this far.
    pub async fn open(options: Options) -> Result<Self, ApiError> {
        let data_dir = options.data_dir.clone();
        let host = Host::resume(&options).await;
        let engine = match Engine::open(options).await {
            Ok(engine) => engine,
            Err(error) => {
                host.close().await;
                return Err(error.into());
            }
        };
        if let Some(aside) = engine.recovered_from() {
            tracing::warn!(folder = %aside.display(), "the message store was damaged and is being rebuilt from the server");
        }
        let (events, _) = broadcast::channel(EVENT_BACKLOG);
        let stopping = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(events::forward(engine.changes(), events.clone(), stopping.clone()));
        tasks.spawn(events::follow_hosting(host.hosting(), engine.clone(), events.clone(), stopping.clone()));
        let preferences = Preferences::open(&data_dir, events.clone());
        let set = || preferences.watch();
        tasks.spawn(preferences::limit_media(engine.clone(), set(), stopping.clone()));
        tasks.spawn(prefetch::prefetch(engine.clone(), engine.changes(), set(), stopping.clone()));
        let trial = Trial::new(events.clone());
        let playback =
            Playback::start(engine.clone(), events.clone(), set(), trial.clone(), &tasks, stopping.clone());
        let recorder = Recorder::start(
            recorder::Around { data_dir: &data_dir, engine: &engine, playback: &playback, tasks: &tasks },
            trial,
            set(),
            events.clone(),
            stopping.clone(),
        );
        Ok(Self {
            inner: Arc::new(Inner {
                data_dir,
                engine,
                playback,
                recorder,
                preferences,
                host,
                uploads: Uploads::default(),
                browsers: Browsers::default(),
                window: Door::default(),
                attention: watch::Sender::default(),
                notifying: Wanted::default(),
                events,
                stopping,
                tasks,
            }),
        })
    }

    /// Does one command of the window.
    pub async fn run(&self, command: Command) -> Result<Value, ApiError> {
        crate::api::dispatch(self, command).await
    }

    /// Everything that changes from now on. A receiver that lags must read everything again ([`Event::Reload`]).
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// The engine under it.
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// The folder everything lives in.
    pub fn data_dir(&self) -> &Path {
        &self.inner.data_dir
    }

    /// Cancelled when the app closes; long-lived listeners end with it.
    pub fn stopping(&self) -> &CancellationToken {
        &self.inner.stopping
    }

    /// Stops in order: microphone, pages, sound, engine, and a server that is only tried last, so that what is under way
    /// still gets its answer. What did not go out stays in the outbox; what was being recorded is a draft; a server for
    /// others goes on.
    pub async fn close(&self) {
        self.inner.recorder.close().await;
        self.inner.stopping.cancel();
        self.inner.engine.close().await;
        self.inner.host.close().await;
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// Keeps the bytes of a sound file until `send_voice_file` names them by the id given here.
    pub fn upload(&self, bytes: &[u8]) -> Result<String, ApiError> {
        self.uploads().put(bytes)
    }

    /// Tells of new messages on the desktop while what it answers is held (NO1). Several holders are told once.
    pub fn start_notifications(&self) -> Notifying {
        notify::start(self)
    }

    /// Where the person looks.
    pub(crate) fn attention(&self) -> &watch::Sender<Attention> {
        &self.inner.attention
    }

    pub(crate) fn notifying(&self) -> &Wanted {
        &self.inner.notifying
    }

    /// Where events are told.
    pub(crate) fn events_out(&self) -> broadcast::Sender<Event> {
        self.inner.events.clone()
    }

    /// What this computer is set to, as it changes.
    pub fn settings(&self) -> watch::Receiver<Settings> {
        self.inner.preferences.watch()
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.inner.recorder
    }

    pub(crate) fn host(&self) -> &Host {
        &self.inner.host
    }

    pub(crate) fn browsers(&self) -> &Browsers {
        &self.inner.browsers
    }

    pub(crate) fn window(&self) -> &Door {
        &self.inner.window
    }

    pub(crate) fn uploads(&self) -> &Uploads {
        &self.inner.uploads
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.inner.tasks
    }
}

/// Wraps the outcome of the command `id` as the window reads it.
pub(crate) fn answer(id: &Value, outcome: Result<Value, ApiError>) -> Value {
    match outcome {
        Ok(ok) => json!({ "id": id, "ok": ok }),
        Err(error) => json!({ "id": id, "error": error }),
    }
}
