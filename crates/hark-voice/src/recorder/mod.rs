//! The microphone: one voice message at a time, on disk and as a message from its first second on.
//!
//! [`Recorder`] is a handle; the worker (`worker`) owns what is being recorded. A thread of its own (`device`) owns the
//! input stream, because streams may not move between threads everywhere and opening one may take seconds: it is neither
//! the loudspeaker's thread, which may hang while it opens, nor the worker's, which has to answer meanwhile. The stream's
//! callback copies into a lock-free ring (`capture`), the worker takes from it.
//!
//! A recording (`take`) goes three ways at once: to the WAV file ([`wav`](crate::wav)), which is on disk within half a
//! second; to a thread that levels and encodes it (`message`), so that the Ogg is whole as soon as the last word is in
//! it; and to the meter, which draws it.
//!
//! Microphones come and go. A watchdog notices within half a second when one falls silent for good, closes it and opens
//! the default one if there is one within two seconds; else the recording is held with what was said.

mod capture;
mod device;
mod drawing;
mod input;
mod lag;
mod message;
mod meter;
#[cfg(target_os = "linux")]
mod pulse;
#[cfg(test)]
mod synthetic;
mod take;
mod worker;

use std::path::PathBuf;
use std::sync::{Arc, mpsc};

use crate::Clip;
use device::Maker;

/// What the recorder tells; `id` is what [`Recorder::begin`] was given.
#[derive(Clone, Debug, PartialEq)]
pub enum RecorderEvent {
    /// The microphone is open; also for [`Recorder::monitor`].
    Opened {
        /// Its name.
        device: String,
        /// One plain sentence where it is not the chosen one.
        notice: Option<String>,
    },
    /// The first sample after [`Recorder::begin`], [`Recorder::resume`] or a lost microphone's return is kept.
    Recording {
        /// Which recording.
        id: String,
        /// Name of the microphone.
        device: String,
        /// Length so far.
        duration_ms: u64,
        /// The newest bars of 0–1024, 25 a second, the last one newest; at most 128.
        waveform: Vec<u16>,
    },
    /// Sent 25 times a second while the microphone is open.
    Level {
        /// 0 = nothing, 1 = as loud as it gets, evenly for the ear.
        level: f32,
        /// Bars since the last event, 0–1024; only while recording.
        bars: Vec<u16>,
        /// Length of the recording.
        duration_ms: u64,
    },
    /// Two seconds of nothing, or the first sound after them.
    Silent {
        /// Which recording.
        id: String,
        /// Whether there is nothing to hear.
        silent: bool,
    },
    /// Held: asked for, or because of a problem. Everything up to here is in the file; [`Recorder::resume`] goes on.
    Paused {
        /// Which recording.
        id: String,
        /// Length.
        duration_ms: u64,
        /// The whole of it, 100 bars of 0–1024.
        waveform: Vec<u16>,
        /// Set where it was not asked for: one plain sentence with a remedy.
        problem: Option<String>,
    },
    /// Whole, 150 ms after [`Recorder::finish`]. The WAV file is closed.
    Finished {
        /// Which recording.
        id: String,
        /// The message.
        clip: Clip,
    },
    /// Ended by [`Recorder::abandon`]. The WAV file stays and is closed.
    Abandoned {
        /// Which recording.
        id: String,
        /// Length.
        duration_ms: u64,
        /// The whole of it, 100 bars of 0–1024.
        waveform: Vec<u16>,
    },
    /// Could not begin, or no message could be made of it.
    Failed {
        /// Which recording; none for [`Recorder::monitor`].
        id: Option<String>,
        /// One plain sentence with a remedy.
        reason: String,
    },
}

/// Handle of the recording threads; clones share them, and they end with the last.
///
/// Every method returns at once. What came of it is told by [`events`](Self::events).
#[derive(Clone, Debug)]
pub struct Recorder {
    handle: Arc<Handle>,
}

/// Ends the worker, which also holds a sender, with the last clone.
#[derive(Debug)]
struct Handle {
    commands: mpsc::Sender<Command>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        drop(self.commands.send(Command::End));
    }
}

/// How many events may wait for a listener.
const WAITING_EVENTS: usize = 1_024;

/// What the worker hears: from the handles, from the thread of the device, and from the threads of the messages.
#[derive(Debug)]
enum Command {
    Listen(mpsc::SyncSender<RecorderEvent>),
    Choose(Option<String>),
    SetEvenLoudness(bool),
    Begin { id: String, wav: PathBuf },
    Pause,
    Resume,
    Finish,
    Abandon,
    Monitor,
    Close,
    Device(device::Answer),
    Made(message::Made),
    End,
}

impl Recorder {
    /// Starts the threads. No device is opened before something asks for it.
    pub fn start() -> Self {
        Self::with(Arc::new(|| Box::<input::SystemMicrophone>::default()))
    }

    fn with(maker: Maker) -> Self {
        let (commands, asked) = mpsc::channel();
        let worker = worker::Worker::new(asked, commands.clone(), maker);
        if let Err(error) =
            std::thread::Builder::new().name("hark-recorder".into()).spawn(move || worker.run())
        {
            tracing::error!(%error, "no thread to record on");
        }
        Self { handle: Arc::new(Handle { commands }) }
    }

    /// A channel of everything from now on. A receiver that lets 1,024 events pile up is cut off.
    pub fn events(&self) -> mpsc::Receiver<RecorderEvent> {
        let (sender, receiver) = mpsc::sync_channel(WAITING_EVENTS);
        self.ask(Command::Listen(sender));
        receiver
    }

    /// Which microphone is used from the next opening on, by its id; `None` for the system's default. Where the chosen one
    /// is gone the default is used, and [`Opened`](RecorderEvent::Opened) says so.
    pub fn choose(&self, input: Option<String>) {
        self.ask(Command::Choose(input));
    }

    /// Whether recordings from the next on are brought to −16 LUFS; so they are at first.
    pub fn set_even_loudness(&self, even: bool) {
        self.ask(Command::SetEvenLoudness(even));
    }

    /// Records into `wav`: a new file that nobody else can read, or one that exists, after what it holds. One that is
    /// recording or held is abandoned; one that is being finished is not disturbed.
    pub fn begin(&self, id: String, wav: PathBuf) {
        self.ask(Command::Begin { id, wav });
    }

    /// Holds the recording.
    pub fn pause(&self) {
        self.ask(Command::Pause);
    }

    /// Goes on with what is held.
    pub fn resume(&self) {
        self.ask(Command::Resume);
    }

    /// Ends the recording 150 ms from now, since people let go with their last word; one that is held, at once.
    pub fn finish(&self) {
        self.ask(Command::Finish);
    }

    /// Ends the recording now and makes no message of it. The file stays.
    pub fn abandon(&self) {
        self.ask(Command::Abandon);
    }

    /// Opens the microphone for its level alone.
    pub fn monitor(&self) {
        self.ask(Command::Monitor);
    }

    /// Ends [`monitor`](Self::monitor).
    pub fn close(&self) {
        self.ask(Command::Close);
    }

    fn ask(&self, command: Command) {
        // Without its thread nothing is recorded, and whoever listens sees the channel end.
        drop(self.handle.commands.send(command));
    }
}
