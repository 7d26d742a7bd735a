//! The task: what plays, and the buttons of that.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use hark_client::Engine;
use hark_client::model::{Content, Message};
use hark_voice::{Player, PlayerEvent, Sound};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::playing::{At, Playing, What};
use super::{Ask, load};
use crate::api::{Event, PlayerState, ReviewState, Settings};
use crate::app::earcon;
use crate::app::head::Head;
use crate::app::next_voice::next_unheard;
use crate::app::recorder::Trial;

/// What counts as heard (VO4).
const HEARD_MS: u64 = 1_000;

/// A sound that was fetched and decoded, or why not.
struct Loaded {
    id: i64,
    from_ms: u64,
    sound: Result<Sound, String>,
}

pub(super) struct Desk {
    engine: Engine,
    player: Player,
    events: broadcast::Sender<Event>,
    state: watch::Sender<PlayerState>,
    trial: Trial,
    settings: watch::Receiver<Settings>,
    tasks: TaskTracker,
    loaded: mpsc::Sender<Loaded>,
    loads: mpsc::Receiver<Loaded>,
    current: Option<Playing>,
    /// The number the last sound got that is no message.
    last_own: i64,
    /// Where messages were left in the middle, so that they go on from there.
    left_at: HashMap<i64, u64>,
    /// And recordings.
    left_reviews: HashMap<String, u64>,
}

impl Desk {
    pub(super) fn new(
        engine: Engine,
        player: Player,
        events: broadcast::Sender<Event>,
        state: watch::Sender<PlayerState>,
        trial: Trial,
        settings: watch::Receiver<Settings>,
        tasks: TaskTracker,
    ) -> Self {
        let (loaded, loads) = mpsc::channel(4);
        Self {
            engine,
            player,
            events,
            state,
            trial,
            settings,
            tasks,
            loaded,
            loads,
            current: None,
            last_own: 0,
            left_at: HashMap::new(),
            left_reviews: HashMap::new(),
        }
    }

    pub(super) async fn work(
        mut self,
        mut asked: mpsc::Receiver<Ask>,
        mut sounds: mpsc::Receiver<PlayerEvent>,
        stopping: CancellationToken,
    ) {
        self.set_up();
        loop {
            tokio::select! {
                () = stopping.cancelled() => break,
                Some(ask) = asked.recv() => self.asked(ask),
                Some(loaded) = self.loads.recv() => self.loaded(loaded),
                Some(event) = sounds.recv() => self.sounded(event).await,
                Ok(()) = self.settings.changed() => self.set_up(),
            }
        }
        self.player.stop();
    }

    /// The chosen loudspeaker, as loud as is set.
    fn set_up(&mut self) {
        let settings = self.settings.borrow_and_update().clone();
        self.player.choose(settings.output);
        self.player.set_volume(settings.volume);
    }

    fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Play { message, from_ms } => self.play(&message, from_ms),
            Ask::Review { recording, wav, from_ms } => self.review(recording, wav, from_ms),
            Ask::Test { wav } => {
                let id = self.begin(What::Test, 0);
                self.load(id, 0, load::recording(wav));
            }
            Ask::Sample => {
                let id = self.begin(What::Sample, 0);
                self.player.play(id, Arc::new(earcon::chime()), 0);
            }
            Ask::Pause => self.player.pause(),
            Ask::PauseReview if self.plays(|what| matches!(what, What::Review { .. })) => self.player.pause(),
            Ask::Resume => self.player.resume(),
            Ask::Seek(position_ms) => self.player.seek(position_ms),
            Ask::Speed(speed) => self.player.set_speed(speed),
            Ask::Stop => self.stop(),
            Ask::StopReview(id) => {
                self.left_reviews.remove(&id);
                if self.plays(|what| matches!(what, What::Review { recording } if *recording == id)) {
                    self.stop();
                    self.left_reviews.remove(&id);
                }
            }
            Ask::StopTest if self.plays(|what| matches!(what, What::Test)) => self.stop(),
            Ask::PauseReview | Ask::StopTest => {}
        }
    }

    fn plays(&self, which: impl FnOnce(&What) -> bool) -> bool {
        self.current.as_ref().is_some_and(|current| which(&current.what))
    }

    fn play(&mut self, message: &Message, from_ms: Option<u64>) {
        let Content::Voice { source, played, .. } = &message.content else { return };
        let what =
            What::Message { conversation: message.conversation.clone(), unheard: !message.mine && !played };
        // From one message to the next the window is not told of a silence.
        if let Some(before) = self.leave().filter(|before| !matches!(before, What::Message { .. })) {
            self.show_over(&before);
        }
        let from_ms = from_ms.or_else(|| self.left_at.remove(&message.key)).unwrap_or(0);
        self.player.stop();
        self.take_up(message.key, what, from_ms);
        self.show(PlayerState::Loading { key: message.key });
        let (engine, source) = (self.engine.clone(), source.clone());
        self.load(message.key, from_ms, async move { load::message(&engine, &source).await });
    }

    /// Its file may have grown since it was heard last, so it is read anew.
    fn review(&mut self, recording: String, wav: PathBuf, from_ms: Option<u64>) {
        // Where it is heard already, it goes on from where it stands.
        if self.plays(|what| matches!(what, What::Review { recording: of } if *of == recording)) {
            self.leave();
        }
        let from_ms = from_ms.or_else(|| self.left_reviews.remove(&recording)).unwrap_or(0);
        let id = self.begin(What::Review { recording }, from_ms);
        self.load(id, from_ms, load::recording(wav));
    }

    /// Something that is no message takes the place of what plays.
    fn begin(&mut self, what: What, from_ms: u64) -> i64 {
        self.stop();
        self.last_own -= 1;
        self.take_up(self.last_own, what, from_ms);
        self.last_own
    }

    fn take_up(&mut self, id: i64, what: What, from_ms: u64) {
        self.current = Some(Playing { id, what, head: Head::at(from_ms), duration_ms: 0 });
    }

    fn load(
        &self,
        id: i64,
        from_ms: u64,
        sound: impl Future<Output = Result<Sound, String>> + Send + 'static,
    ) {
        let loaded = self.loaded.clone();
        self.tasks.spawn(async move {
            let sound = sound.await;
            // Closed only when the app stops.
            let _ = loaded.send(Loaded { id, from_ms, sound }).await;
        });
    }

    fn stop(&mut self) {
        match self.leave() {
            Some(what) => self.show_over(&what),
            // A message that failed is forgotten by the same button.
            None if *self.state.borrow() != PlayerState::Idle => self.show(PlayerState::Idle),
            None => {}
        }
        self.player.stop();
    }

    /// Remembers where the current sound was left.
    fn leave(&mut self) -> Option<What> {
        let current = self.current.take()?;
        let left_at = current.head.left_at(current.duration_ms);
        match &current.what {
            What::Message { .. } => self.left_at.extend(left_at.map(|at| (current.id, at))),
            What::Review { recording } => {
                self.left_reviews.extend(left_at.map(|at| (recording.clone(), at)));
            }
            What::Test | What::Sample => {}
        }
        Some(current.what)
    }

    fn loaded(&mut self, loaded: Loaded) {
        if !self.is_current(loaded.id) {
            return;
        }
        match loaded.sound {
            Ok(sound) => self.player.play(loaded.id, sound, loaded.from_ms),
            Err(reason) => self.fail(reason),
        }
    }

    async fn sounded(&mut self, event: PlayerEvent) {
        match event {
            PlayerEvent::Playing { id, position_ms, duration_ms, speed } => {
                self.moved(id, At { sounds: true, position_ms, duration_ms, speed });
                self.tell_heard(HEARD_MS).await;
            }
            PlayerEvent::Paused { id, position_ms, duration_ms, speed } => {
                self.moved(id, At { sounds: false, position_ms, duration_ms, speed });
            }
            PlayerEvent::Finished { id } if self.is_current(id) => {
                // A message shorter than a second is heard at its end.
                self.tell_heard(0).await;
                self.go_on().await;
            }
            PlayerEvent::Failed { id, reason } if self.is_current(id) => self.fail(reason),
            PlayerEvent::SoundLost { reason, .. } => tracing::warn!(reason, "the loudspeaker is gone"),
            PlayerEvent::SoundBack { .. } => tracing::info!("the loudspeaker is back"),
            // Of a sound that was stopped or replaced meanwhile.
            PlayerEvent::Finished { .. } | PlayerEvent::Stopped { .. } | PlayerEvent::Failed { .. } => {}
        }
    }

    fn moved(&mut self, id: i64, at: At) {
        let Some(current) = self.current.as_mut().filter(|current| current.id == id) else { return };
        current.duration_ms = at.duration_ms;
        let news = if at.sounds {
            current.head.sounds(at.position_ms, at.speed)
        } else {
            current.head.stands(at.position_ms);
            true
        };
        if !news {
            return;
        }
        match &current.what {
            What::Message { .. } => self.show(at.of_message(id)),
            What::Review { recording } => {
                let review = at.of_review(recording);
                self.tell(Event::Review { review });
            }
            What::Test => self.trial.heard(Some(at.position_ms)),
            What::Sample => {}
        }
    }

    fn is_current(&self, id: i64) -> bool {
        self.current.as_ref().is_some_and(|current| current.id == id)
    }

    async fn tell_heard(&mut self, after_ms: u64) {
        let Some(Playing { id, what: What::Message { unheard, .. }, head, .. }) = &mut self.current else {
            return;
        };
        if *unheard && head.heard_ms() >= after_ms {
            *unheard = false;
            if let Err(error) = self.engine.mark_played(*id).await {
                tracing::warn!(%error, "could not mark a voice message as heard");
            }
        }
    }

    /// The sound is over: after a message the next one nobody has heard, where that is wanted, or silence.
    async fn go_on(&mut self) {
        let Some(current) = self.current.take() else { return };
        let What::Message { conversation, .. } = &current.what else {
            return self.show_over(&current.what);
        };
        self.left_at.remove(&current.id);
        let play_on = self.settings.borrow().play_on;
        if !play_on {
            return self.show(PlayerState::Idle);
        }
        match next_unheard(&self.engine, conversation, current.id).await {
            Ok(Some(next)) => self.play(&next, None),
            Ok(None) => self.show(PlayerState::Idle),
            Err(error) => {
                tracing::warn!(%error, "could not look for the next voice message");
                self.show(PlayerState::Idle);
            }
        }
    }

    fn fail(&mut self, reason: String) {
        let Some(current) = self.current.take() else { return };
        if let What::Message { .. } = current.what {
            return self.show(PlayerState::Failed { key: current.id, reason });
        }
        tracing::warn!(reason, "a sound of this computer cannot be played");
        self.show_over(&current.what);
    }

    fn show_over(&self, what: &What) {
        match what {
            What::Message { .. } => self.show(PlayerState::Idle),
            What::Review { .. } => self.tell(Event::Review { review: ReviewState::Idle }),
            What::Test => self.trial.heard(None),
            What::Sample => {}
        }
    }

    fn show(&self, state: PlayerState) {
        self.state.send_replace(state.clone());
        self.tell(Event::Player { player: state });
    }

    fn tell(&self, event: Event) {
        // No listener is no error: nobody has a window open.
        let _ = self.events.send(event);
    }
}
