//! The loudspeaker: plays one message at a time.
//!
//! [`Player`] is a handle; the audio thread (`thread`) owns the device (`output`) and the sound being played (`track`).
//! The thread writes samples into a lock-free ring, the device's callback takes them out (`tap`).
//!
//! Devices come and go. A watchdog notices within half a second when one stops asking for sound, closes it and opens the
//! chosen or the default one as soon as there is one; a sound goes on where the listener last heard it.

mod output;
mod tap;
mod thread;
mod track;

use std::sync::{Arc, Mutex, PoisonError, mpsc};

use crate::Sound;

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
    /// The loudspeaker is gone, or there is none. What was playing is told to be paused, and goes on by itself when the
    /// loudspeaker is back within seconds.
    SoundLost {
        /// One plain sentence with a remedy.
        reason: String,
    },
    /// The loudspeaker is there again.
    SoundBack {
        /// Which one; empty where it was only looked for.
        device: String,
    },
}

/// Handle of the audio thread; clones share it, and the thread ends with the last of them.
///
/// Every method returns at once. What came of it is told by [`events`](Self::events).
#[derive(Clone, Debug)]
pub struct Player {
    commands: mpsc::Sender<Command>,
    problem: thread::Problem,
}

/// Speeds at which speech is still speech.
const SPEEDS: std::ops::RangeInclusive<f32> = 0.5..=3.0;

/// How many events may wait for a listener.
const WAITING_EVENTS: usize = 1_024;

/// What a handle asks of the thread.
#[derive(Debug)]
enum Command {
    Listen(mpsc::SyncSender<PlayerEvent>),
    Play { id: i64, sound: Sound, from_ms: u64 },
    Pause,
    Resume,
    Stop,
    Seek { position_ms: u64 },
    SetSpeed(f32),
    Choose(Option<String>),
    SetVolume(f32),
}

impl Player {
    /// Starts the audio thread. No device is opened before something plays.
    pub fn start() -> Self {
        let (commands, receiver) = mpsc::channel();
        let problem = Arc::new(Mutex::new(None));
        let thread = thread::AudioThread::new(receiver, Arc::clone(&problem));
        if let Err(error) = std::thread::Builder::new().name("hark-sound".into()).spawn(move || thread.run())
        {
            let reason =
                format!("Hark cannot play sound: {error}. Close some programs and start Hark again.");
            *problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
        }
        Self { commands, problem }
    }

    /// A channel of everything from now on, [`SoundLost`](PlayerEvent::SoundLost) first where that is so. A receiver that lets 1,024 events pile up is cut off.
    pub fn events(&self) -> mpsc::Receiver<PlayerEvent> {
        let (sender, receiver) = mpsc::sync_channel(WAITING_EVENTS);
        self.ask(Command::Listen(sender));
        receiver
    }

    /// Plays `sound`, whole samples or a [`Sound`] that is still decoded, from `from_ms`, in place of whatever is playing,
    /// at the speed set last.
    pub fn play(&self, id: i64, sound: impl Into<Sound>, from_ms: u64) {
        self.ask(Command::Play { id, sound: sound.into(), from_ms });
    }

    /// Holds what is playing.
    pub fn pause(&self) {
        self.ask(Command::Pause);
    }

    /// Goes on with what is held.
    pub fn resume(&self) {
        self.ask(Command::Resume);
    }

    /// Ends what is playing or held.
    pub fn stop(&self) {
        self.ask(Command::Stop);
    }

    /// Moves the head of what is playing or held.
    pub fn seek(&self, position_ms: u64) {
        self.ask(Command::Seek { position_ms });
    }

    /// Sets the speed, 0.5 to 3.0, without changing the pitch; stays for the sounds after.
    pub fn set_speed(&self, speed: f32) {
        let speed = if speed.is_nan() { 1.0 } else { speed.clamp(*SPEEDS.start(), *SPEEDS.end()) };
        self.ask(Command::SetSpeed(speed));
    }

    /// Plays on another loudspeaker, by its id, or on the system's default; what plays goes on there. Where the chosen one
    /// is gone the default is used.
    pub fn choose(&self, output: Option<String>) {
        self.ask(Command::Choose(output));
    }

    /// Sets the loudness of everything played, 0.0 to 1.0.
    pub fn set_volume(&self, volume: f32) {
        let volume = if volume.is_nan() { 1.0 } else { volume.clamp(0.0, 1.0) };
        self.ask(Command::SetVolume(volume));
    }

    /// What the audio thread saw last, as a sentence with a remedy; `None` where sound can be played, and in the first
    /// moments after the start.
    pub fn sound_problem(&self) -> Option<String> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn ask(&self, command: Command) {
        // Without its thread a player is silent, and `sound_problem` says why.
        drop(self.commands.send(command));
    }
}

/// Looks for a loudspeaker now: `None` where there is one, else a sentence with a remedy.
///
/// Asks the system, which may take two seconds: call it where blocking is allowed.
pub fn sound_problem() -> Option<String> {
    output::problem()
}
