//! Plays voice messages, one at a time.
//!
//! One task owns the loudspeaker's handle and what is known of the message that plays. It is asked by channel, fetches
//! and decodes beside itself, hears from the audio thread what really sounds, tells the window, marks a message heard
//! after its first second, and goes on to the next one nobody has heard yet (VO4).

use std::collections::HashMap;
use std::sync::Arc;

use hark_client::Engine;
use hark_client::model::{Content, ConversationId, Message};
use hark_voice::{Limits, Pcm, Player, PlayerEvent};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::head::Head;
use super::next_voice::next_unheard;
use crate::api::{ApiError, ErrorCode, Event, PlayerState};

/// What counts as heard (VO4).
const HEARD_MS: u64 = 1_000;

/// What the window asks of the loudspeaker.
enum Ask {
    Play { message: Box<Message>, from_ms: Option<u64> },
    Pause,
    Resume,
    Stop,
    Seek(u64),
    Speed(f32),
}

/// Handle of the playing task.
pub(super) struct Playback {
    engine: Engine,
    player: Player,
    asks: mpsc::Sender<Ask>,
    state: watch::Receiver<PlayerState>,
}

impl Playback {
    pub(super) fn start(
        engine: Engine,
        events: broadcast::Sender<Event>,
        tasks: &TaskTracker,
        stopping: CancellationToken,
    ) -> Self {
        let player = Player::start();
        let (asks, asked) = mpsc::channel(64);
        let (state, watched) = watch::channel(PlayerState::Idle);
        let (loaded, loads) = mpsc::channel(4);
        let desk = Desk {
            engine: engine.clone(),
            player: player.clone(),
            events,
            state,
            loaded,
            tasks: tasks.clone(),
            current: None,
            left_at: HashMap::new(),
        };
        tasks.spawn(desk.work(asked, loads, sounds(&player), stopping));
        Self { engine, player, asks, state: watched }
    }

    pub(super) fn state(&self) -> PlayerState {
        self.state.borrow().clone()
    }

    pub(super) fn sound_problem(&self) -> Option<String> {
        self.player.sound_problem()
    }

    /// Starts to fetch and play; whether it sounds is told by events.
    pub(super) async fn play(&self, key: i64, from_ms: Option<u64>) -> Result<(), ApiError> {
        let message = self.engine.message(key).await?;
        let message = message.ok_or_else(|| ApiError::not_found("This message is no longer here."))?;
        match &message.content {
            Content::Voice { source, .. } if source.is_empty() => {
                return Err(ApiError::not_found(
                    "This message is still on its way. Play it when it is sent.",
                ));
            }
            Content::Voice { .. } => {}
            _ => return Err(ApiError::bad_request("This message has no sound.")),
        }
        // What the audio thread saw last may be old: look again before saying no.
        if self.player.sound_problem().is_some() {
            let problem =
                tokio::task::spawn_blocking(hark_voice::sound_problem).await.map_err(ApiError::internal)?;
            if let Some(sentence) = problem {
                return Err(ApiError::new(ErrorCode::NoDevice, sentence));
            }
        }
        self.ask(Ask::Play { message: Box::new(message), from_ms }).await;
        Ok(())
    }

    pub(super) async fn pause(&self) {
        self.ask(Ask::Pause).await;
    }

    pub(super) async fn resume(&self) {
        self.ask(Ask::Resume).await;
    }

    pub(super) async fn stop(&self) {
        self.ask(Ask::Stop).await;
    }

    pub(super) async fn seek(&self, position_ms: u64) {
        self.ask(Ask::Seek(position_ms)).await;
    }

    pub(super) async fn set_speed(&self, speed: f32) {
        self.ask(Ask::Speed(speed)).await;
    }

    async fn ask(&self, ask: Ask) {
        // The task ends only with the app; a button pressed then has nothing left to do.
        let _ = self.asks.send(ask).await;
    }
}

/// The audio thread's events on a channel that can be awaited.
fn sounds(player: &Player) -> mpsc::Receiver<PlayerEvent> {
    let events = player.events();
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

/// The message that plays, or is being fetched to be played.
struct Current {
    key: i64,
    conversation: ConversationId,
    /// Whether the other side waits to be told that I heard it.
    unheard: bool,
    head: Head,
}

/// A message that was fetched and decoded, or why not.
struct Loaded {
    key: i64,
    from_ms: u64,
    sound: Result<Arc<Pcm>, String>,
}

struct Desk {
    engine: Engine,
    player: Player,
    events: broadcast::Sender<Event>,
    state: watch::Sender<PlayerState>,
    loaded: mpsc::Sender<Loaded>,
    tasks: TaskTracker,
    current: Option<Current>,
    /// Where messages were left in the middle, so that they go on from there.
    left_at: HashMap<i64, u64>,
}

impl Desk {
    async fn work(
        mut self,
        mut asked: mpsc::Receiver<Ask>,
        mut loads: mpsc::Receiver<Loaded>,
        mut sounds: mpsc::Receiver<PlayerEvent>,
        stopping: CancellationToken,
    ) {
        loop {
            tokio::select! {
                () = stopping.cancelled() => break,
                Some(ask) = asked.recv() => self.asked(ask),
                Some(loaded) = loads.recv() => self.loaded(loaded),
                Some(event) = sounds.recv() => self.sounded(event).await,
            }
        }
        self.player.stop();
    }

    fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Play { message, from_ms } => self.play(&message, from_ms),
            Ask::Pause => self.player.pause(),
            Ask::Resume => self.player.resume(),
            Ask::Seek(position_ms) => self.player.seek(position_ms),
            Ask::Speed(speed) => self.player.set_speed(speed),
            Ask::Stop => {
                self.leave();
                self.player.stop();
                self.show(PlayerState::Idle);
            }
        }
    }

    fn play(&mut self, message: &Message, from_ms: Option<u64>) {
        let Content::Voice { source, played, .. } = &message.content else { return };
        self.leave();
        self.player.stop();
        let from_ms = from_ms.or_else(|| self.left_at.remove(&message.key)).unwrap_or(0);
        self.current = Some(Current {
            key: message.key,
            conversation: message.conversation.clone(),
            unheard: !message.mine && !played,
            head: Head::at(from_ms),
        });
        self.show(PlayerState::Loading { key: message.key });
        let (engine, loaded, key, source) =
            (self.engine.clone(), self.loaded.clone(), message.key, source.clone());
        self.tasks.spawn(async move {
            let sound = fetch(&engine, &source).await;
            // Closed only when the app stops.
            let _ = loaded.send(Loaded { key, from_ms, sound }).await;
        });
    }

    /// Remembers where the current message was left.
    fn leave(&mut self) {
        let Some(current) = self.current.take() else { return };
        if let PlayerState::Playing { duration_ms, .. } | PlayerState::Paused { duration_ms, .. } =
            *self.state.borrow()
            && let Some(position_ms) = current.head.left_at(duration_ms)
        {
            self.left_at.insert(current.key, position_ms);
        }
    }

    fn loaded(&mut self, loaded: Loaded) {
        if self.current.as_ref().is_none_or(|current| current.key != loaded.key) {
            return;
        }
        match loaded.sound {
            Ok(pcm) => self.player.play(loaded.key, pcm, loaded.from_ms),
            Err(reason) => self.fail(loaded.key, reason),
        }
    }

    async fn sounded(&mut self, event: PlayerEvent) {
        match event {
            PlayerEvent::Playing { id, position_ms, duration_ms, speed } => {
                let Some(current) = self.current.as_mut().filter(|current| current.key == id) else { return };
                if current.head.sounds(position_ms, speed) {
                    self.show(PlayerState::Playing { key: id, position_ms, duration_ms, speed });
                }
                self.tell_heard(HEARD_MS).await;
            }
            PlayerEvent::Paused { id, position_ms, duration_ms, speed } => {
                let Some(current) = self.current.as_mut().filter(|current| current.key == id) else { return };
                current.head.stands(position_ms);
                self.show(PlayerState::Paused { key: id, position_ms, duration_ms, speed });
            }
            PlayerEvent::Finished { id } if self.is_current(id) => {
                // A message shorter than a second is heard at its end.
                self.tell_heard(0).await;
                self.go_on().await;
            }
            PlayerEvent::Failed { id, reason } if self.is_current(id) => self.fail(id, reason),
            PlayerEvent::SoundLost { reason } => tracing::warn!(reason, "the loudspeaker is gone"),
            PlayerEvent::SoundBack => tracing::info!("the loudspeaker is back"),
            // Of a message that was stopped or replaced meanwhile.
            PlayerEvent::Finished { .. } | PlayerEvent::Stopped { .. } | PlayerEvent::Failed { .. } => {}
        }
    }

    fn is_current(&self, key: i64) -> bool {
        self.current.as_ref().is_some_and(|current| current.key == key)
    }

    async fn tell_heard(&mut self, after_ms: u64) {
        let Some(current) = &mut self.current else { return };
        if current.unheard && current.head.heard_ms() >= after_ms {
            current.unheard = false;
            if let Err(error) = self.engine.mark_played(current.key).await {
                tracing::warn!(%error, "could not mark a voice message as heard");
            }
        }
    }

    /// The message is over: the next one nobody has heard, or silence.
    async fn go_on(&mut self) {
        let Some(current) = self.current.take() else { return };
        self.left_at.remove(&current.key);
        match next_unheard(&self.engine, &current.conversation, current.key).await {
            Ok(Some(next)) => self.play(&next, None),
            Ok(None) => self.show(PlayerState::Idle),
            Err(error) => {
                tracing::warn!(%error, "could not look for the next voice message");
                self.show(PlayerState::Idle);
            }
        }
    }

    fn fail(&mut self, key: i64, reason: String) {
        self.current = None;
        self.show(PlayerState::Failed { key, reason });
    }

    fn show(&self, state: PlayerState) {
        self.state.send_replace(state.clone());
        // No listener is no error: nobody has a window open.
        let _ = self.events.send(Event::Player { player: state });
    }
}

/// The samples of a message, or one sentence why there are none.
async fn fetch(engine: &Engine, source: &str) -> Result<Arc<Pcm>, String> {
    let bytes =
        engine.media(source, hark_client::MediaKind::Voice).await.map_err(|error| error.to_string())?;
    tokio::task::spawn_blocking(move || hark_voice::decode(&bytes, &Limits::default()))
        .await
        .map_err(|error| ApiError::internal(error).message)?
        .map(Arc::new)
        .map_err(|error| error.to_string())
}
