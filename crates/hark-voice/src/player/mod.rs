//! The loudspeaker: plays one message at a time.

use std::sync::{Arc, mpsc};

use crate::Pcm;

/// What the player tells; `id` is what [`Player::play`] was given.
#[derive(Clone, Debug, PartialEq)]
pub enum PlayerEvent {
    /// Sounding; sent on start and about 20 times a second.
    Playing {
        /// Which sound.
        id: i64,
        /// What the listener hears now, buffers of the system accounted for.
        position_ms: u64,
        /// Length of the sound.
        duration_ms: u64,
        /// 1.0 = as spoken.
        speed: f32,
    },
    /// Held; [`Player::resume`] goes on.
    Paused {
        /// Which sound.
        id: i64,
        /// Where it stands.
        position_ms: u64,
        /// Length of the sound.
        duration_ms: u64,
        /// 1.0 = as spoken.
        speed: f32,
    },
    /// Heard to the end.
    Finished {
        /// Which sound.
        id: i64,
    },
    /// Stopped by [`Player::stop`] or by another [`Player::play`].
    Stopped {
        /// Which sound.
        id: i64,
    },
    /// Could not be played.
    Failed {
        /// Which sound.
        id: i64,
        /// One plain sentence with a remedy.
        reason: String,
    },
    /// The loudspeaker is gone. What was playing goes on by itself when it is back soon, else it is paused.
    SoundLost {
        /// One plain sentence with a remedy.
        reason: String,
    },
    /// The loudspeaker is there again.
    SoundBack,
}

/// Handle of the audio thread; clones share it, and the thread ends with the last of them.
///
/// Every method returns at once. What came of it is told by [`events`](Self::events).
#[derive(Clone, Debug)]
pub struct Player {}

impl Player {
    /// Starts the audio thread. No device is opened before something plays.
    pub fn start() -> Self {
        Self {}
    }

    /// A channel of everything from now on. A receiver that lets 1,024 events pile up is cut off.
    pub fn events(&self) -> mpsc::Receiver<PlayerEvent> {
        mpsc::channel().1
    }

    /// Plays `pcm` from `from_ms`, in place of whatever is playing, at the speed set last.
    pub fn play(&self, _id: i64, _pcm: Arc<Pcm>, _from_ms: u64) {}

    /// Holds what is playing.
    pub fn pause(&self) {}

    /// Goes on with what is held.
    pub fn resume(&self) {}

    /// Ends what is playing or held.
    pub fn stop(&self) {}

    /// Moves the head of what is playing or held.
    pub fn seek(&self, _position_ms: u64) {}

    /// Sets the speed, 0.5 to 3.0, without changing the pitch; stays for the sounds after.
    pub fn set_speed(&self, _speed: f32) {}

    /// What the audio thread saw last, as a sentence with a remedy; `None` where sound can be played.
    pub fn sound_problem(&self) -> Option<String> {
        None
    }
}

/// Looks for a loudspeaker now: `None` where there is one, else a sentence with a remedy.
///
/// Asks the system, which may take up to two seconds: call it where blocking is allowed.
pub fn sound_problem() -> Option<String> {
    None
}
