//! Plays one sound at a time: a voice message, a recording that is heard before it is sent, the microphone test, or the
//! sound a loudspeaker is tried with.
//!
//! One task, the [`desk`], owns the loudspeaker's handle and what is known of what plays. It is asked by channel, fetches
//! and decodes beside itself, hears from the audio thread what really sounds, tells the window, marks a message heard
//! after its first second, and goes on to the next one nobody has heard yet (VO4).
//!
//! A message is named by its key, which is positive; everything else gets a number below zero for each time it is played.

mod desk;
mod load;
mod playing;

use std::path::PathBuf;

use hark_client::Engine;
use hark_client::model::{Content, Message};
use hark_voice::{Player, PlayerEvent};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::recorder::Trial;
use crate::api::{ApiError, ErrorCode, Event, PlayerState, Settings};
use desk::Desk;

/// What is asked of the loudspeaker.
enum Ask {
    Play { message: Box<Message>, from_ms: Option<u64> },
    Review { recording: String, wav: PathBuf, from_ms: Option<u64> },
    Test { wav: PathBuf },
    Sample,
    Pause,
    PauseReview,
    Resume,
    Stop,
    StopReview(String),
    StopTest,
    Seek(u64),
    Speed(f32),
}

/// Handle of the playing task. Clones are handles of the same.
#[derive(Clone)]
pub(crate) struct Playback {
    engine: Engine,
    player: Player,
    asks: mpsc::Sender<Ask>,
    state: watch::Receiver<PlayerState>,
}

impl Playback {
    pub(super) fn start(
        engine: Engine,
        events: broadcast::Sender<Event>,
        settings: watch::Receiver<Settings>,
        trial: Trial,
        tasks: &TaskTracker,
        stopping: CancellationToken,
    ) -> Self {
        let player = Player::start();
        let (asks, asked) = mpsc::channel(64);
        let (state, watched) = watch::channel(PlayerState::Idle);
        let heard = sounds(&player);
        let desk = Desk::new(engine.clone(), player.clone(), events, state, trial, settings, tasks.clone());
        tasks.spawn(desk.work(asked, heard, stopping));
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
        self.needs_sound().await?;
        self.ask(Ask::Play { message: Box::new(message), from_ms }).await;
        Ok(())
    }

    /// Plays a recording before it is sent.
    pub(super) async fn review(
        &self,
        recording: String,
        wav: PathBuf,
        from_ms: Option<u64>,
    ) -> Result<(), ApiError> {
        self.needs_sound().await?;
        self.ask(Ask::Review { recording, wav, from_ms }).await;
        Ok(())
    }

    /// Plays what the microphone test recorded.
    pub(super) async fn test(&self, wav: PathBuf) -> Result<(), ApiError> {
        self.needs_sound().await?;
        self.ask(Ask::Test { wav }).await;
        Ok(())
    }

    /// Plays the sound a loudspeaker is tried with.
    pub(super) async fn sample(&self) -> Result<(), ApiError> {
        self.needs_sound().await?;
        self.ask(Ask::Sample).await;
        Ok(())
    }

    /// Holds whatever plays.
    pub(super) async fn pause(&self) {
        self.ask(Ask::Pause).await;
    }

    pub(super) async fn pause_review(&self) {
        self.ask(Ask::PauseReview).await;
    }

    pub(super) async fn resume(&self) {
        self.ask(Ask::Resume).await;
    }

    pub(super) async fn stop(&self) {
        self.ask(Ask::Stop).await;
    }

    /// Ends the review of a recording that goes away, if it is the one being heard.
    pub(super) async fn stop_review(&self, recording: &str) {
        self.ask(Ask::StopReview(recording.to_owned())).await;
    }

    pub(super) async fn stop_test(&self) {
        self.ask(Ask::StopTest).await;
    }

    pub(super) async fn seek(&self, position_ms: u64) {
        self.ask(Ask::Seek(position_ms)).await;
    }

    pub(super) async fn set_speed(&self, speed: f32) {
        self.ask(Ask::Speed(speed)).await;
    }

    /// What the audio thread saw last may be old: looks again before saying no.
    async fn needs_sound(&self) -> Result<(), ApiError> {
        if self.player.sound_problem().is_none() {
            return Ok(());
        }
        let problem =
            tokio::task::spawn_blocking(hark_voice::sound_problem).await.map_err(ApiError::internal)?;
        match problem {
            Some(sentence) => Err(ApiError::new(ErrorCode::NoDevice, sentence)),
            None => Ok(()),
        }
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
