//! The microphone test: its level, five seconds of it, and how they sound.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};

use super::desk::{Desk, Phase};
use super::refusals;
use crate::api::{ApiError, Event, MicrophoneTest};
use crate::clock;

/// What the microphone calls the recording of a test.
pub(super) const TEST: &str = "test";

/// How long a test records.
const LENGTH_MS: u64 = 5_000;

/// How long it may take to record that, device and all.
const GIVES_UP_AFTER: Duration = Duration::from_secs(15);

/// How often the window is told how long the test is already.
const STEP_MS: u64 = 200;

/// The state of the test, shared with the player, which tells where its head is.
#[derive(Clone)]
pub(crate) struct Trial {
    state: Arc<watch::Sender<MicrophoneTest>>,
    events: broadcast::Sender<Event>,
}

impl Trial {
    pub(crate) fn new(events: broadcast::Sender<Event>) -> Self {
        Self { state: Arc::new(watch::Sender::new(MicrophoneTest::Off)), events }
    }

    pub(super) fn state(&self) -> MicrophoneTest {
        self.state.borrow().clone()
    }

    fn show(&self, test: MicrophoneTest) {
        self.state.send_replace(test.clone());
        // No listener is no error: nobody has a window open.
        let _ = self.events.send(Event::MicrophoneTest { test });
    }

    /// Where the head is while what was recorded is heard; none when that is over.
    pub(crate) fn heard(&self, at_ms: Option<u64>) {
        let mut test = self.state();
        if let MicrophoneTest::Recorded { position_ms, .. } = &mut test
            && *position_ms != at_ms
        {
            *position_ms = at_ms;
            self.show(test);
        }
    }
}

impl Desk {
    pub(super) fn open_microphone(&mut self) -> Result<MicrophoneTest, ApiError> {
        if self.is_recording() {
            return Err(refusals::recording_now());
        }
        self.set_down();
        self.microphone.monitor();
        if matches!(self.trial.state(), MicrophoneTest::Off | MicrophoneTest::Failed { .. }) {
            // Its name comes with the first sound.
            self.trial.show(MicrophoneTest::Listening { device: String::new() });
        }
        Ok(self.trial.state())
    }

    pub(super) async fn test_microphone(&mut self) -> Result<(), ApiError> {
        if self.is_recording() {
            return Err(refusals::recording_now());
        }
        if matches!(self.trial.state(), MicrophoneTest::Recording { .. }) {
            return Ok(());
        }
        self.playback.stop_test().await;
        self.playback.pause().await;
        self.on_disk(|shelf| {
            shelf.make()?;
            shelf.remove_trial();
            Ok(())
        })
        .await?;
        self.set_down();
        self.microphone.begin(TEST.to_owned(), self.shelf.trial());
        self.trial_until = Some(clock::now() + GIVES_UP_AFTER);
        self.trial.show(MicrophoneTest::Recording { duration_ms: 0 });
        Ok(())
    }

    /// Ends level and test, and forgets what was recorded.
    pub(super) async fn close_microphone(&mut self) {
        let state = self.trial.state();
        if state == MicrophoneTest::Off {
            return;
        }
        self.trial_until = None;
        if matches!(state, MicrophoneTest::Recording { .. }) {
            self.microphone.abandon();
        }
        self.microphone.close();
        self.playback.stop_test().await;
        self.trial.show(MicrophoneTest::Off);
        // Where it cannot be deleted now, the next start does it.
        let _ = self
            .on_disk(|shelf| {
                shelf.remove_trial();
                Ok(())
            })
            .await;
    }

    /// The file a test recorded.
    pub(super) fn test_sound(&self) -> Result<PathBuf, ApiError> {
        match self.trial.state() {
            MicrophoneTest::Recorded { .. } => Ok(self.shelf.trial()),
            _ => Err(refusals::no_test()),
        }
    }

    pub(super) fn trial_opened(&self, device: String) {
        if matches!(self.trial.state(), MicrophoneTest::Listening { .. } | MicrophoneTest::Failed { .. }) {
            self.trial.show(MicrophoneTest::Listening { device });
        }
    }

    /// The test records, and is this long.
    pub(super) fn trial_recording(&mut self, duration_ms: u64) {
        let MicrophoneTest::Recording { duration_ms: told } = self.trial.state() else { return };
        if duration_ms >= LENGTH_MS {
            self.trial_is_over();
        } else if duration_ms == 0 || duration_ms >= told + STEP_MS {
            self.trial.show(MicrophoneTest::Recording { duration_ms });
        }
    }

    /// The length told with a level, where it is the test's.
    pub(super) fn trial_grows(&self, duration_ms: u64) -> Option<u64> {
        matches!(self.trial.state(), MicrophoneTest::Recording { .. }).then_some(duration_ms)
    }

    pub(super) fn trial_is_over(&mut self) {
        if self.trial_until.take().is_some() {
            self.microphone.abandon();
        }
    }

    pub(super) fn trial_recorded(&mut self, duration_ms: u64, waveform: Vec<u16>) {
        self.trial_until = None;
        if matches!(self.trial.state(), MicrophoneTest::Recording { .. }) {
            self.trial.show(MicrophoneTest::Recorded { waveform, duration_ms, position_ms: None });
            // The level goes on.
            self.microphone.monitor();
        }
    }

    pub(super) fn trial_failed(&mut self, reason: String) {
        self.trial_until = None;
        if self.trial.state() != MicrophoneTest::Off {
            self.trial.show(MicrophoneTest::Failed { reason });
        }
    }

    /// The microphone is needed for a test: a recording that is held in it stays on the disk, and goes on from there.
    fn set_down(&mut self) {
        if let Some(current) = self.current.as_mut().filter(|current| current.loaded) {
            current.loaded = false;
            self.microphone.abandon();
        }
    }

    fn is_recording(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.phase != Phase::Paused)
    }
}
