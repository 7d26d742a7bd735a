//! The worker: the one owner of what is being recorded.
//!
//! It wakes for commands, and every 10 ms while the microphone is open to bring samples from the ring to the recordings,
//! watch the device and tell the level. There is one recording at a time; those that were just finished take the same
//! samples until their last 150 ms are in, so that the next begins at once and no word falls between two.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::capture::Capture;
use super::device::{Answer, Device, Maker};
use super::message::Made;
use super::meter::{self, Meter};
use super::take::Take;
use super::{Command, RecorderEvent};
use crate::clock;
use crate::listeners::Listeners;

/// Between two looks at the ring.
const TICK: Duration = Duration::from_millis(10);

/// What is still recorded after the last word.
const TAIL: Duration = Duration::from_millis(150);

/// A tail that is not in by then never will be.
const TAIL_PATIENCE: Duration = Duration::from_secs(2);

/// How long an unused microphone stays open: the next word may follow.
const KEEP_OPEN: Duration = Duration::from_secs(5);

/// How long a recording waits for a microphone that went.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two attempts to open it again.
const RETRY: Duration = Duration::from_millis(250);

/// Between two looks whether the device is still there, where its stream may have wandered to another.
const LOOK: Duration = Duration::from_millis(300);

const LOST: &str =
    "The microphone was lost. What you said so far is kept. Connect it again, or choose another, and go on.";
const HUNG: &str = "The sound system of this computer does not answer. Try again, or restart the computer.";

/// What the current recording is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Waits for the first sample, for the first time or after a pause.
    Opening { again: bool },
    /// Every sample is kept.
    Recording,
    /// The microphone went.
    Lost { since: Instant },
    /// Held.
    Paused,
}

struct Current {
    take: Take,
    phase: Phase,
    silent: bool,
}

/// A recording whose last samples are still coming.
struct Ending {
    take: Take,
    left: Duration,
    until: Instant,
}

pub(super) struct Worker {
    commands: Receiver<Command>,
    own: Sender<Command>,
    listeners: Listeners<RecorderEvent>,
    device: Device,
    chosen: Option<String>,
    capture: Option<Capture>,
    meter: Meter,
    current: Option<Current>,
    ending: Vec<Ending>,
    monitor: bool,
    even: bool,
    /// Which microphone each message in the making came from, and the gain that fitted each microphone.
    made_by: HashMap<String, String>,
    gains: HashMap<String, f64>,
    used_at: Instant,
    tried_at: Instant,
    looked_at: Instant,
}

impl Worker {
    pub(super) fn new(commands: Receiver<Command>, own: Sender<Command>, maker: Maker) -> Self {
        let now = clock::now();
        Self {
            commands,
            device: Device::new(maker, own.clone()),
            own,
            listeners: Listeners::default(),
            chosen: None,
            capture: None,
            meter: Meter::new(1),
            current: None,
            ending: Vec::new(),
            monitor: false,
            even: true,
            made_by: HashMap::new(),
            gains: HashMap::new(),
            used_at: now,
            tried_at: now,
            looked_at: now,
        }
    }

    /// Until the last handle is gone; what is recorded then is kept on disk.
    pub(super) fn run(mut self) {
        loop {
            let command = if self.capture.is_some() || self.device.is_opening() || self.is_wanted() {
                self.commands.recv_timeout(TICK)
            } else {
                self.commands.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match command {
                Ok(Command::End) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(command) => self.obey(command, clock::now()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.tick(clock::now());
        }
        self.device.close();
        if let Some(current) = self.current.take() {
            current.take.abandon();
        }
        self.ending.drain(..).for_each(|ending| ending.take.abandon());
    }

    fn obey(&mut self, command: Command, now: Instant) {
        match command {
            Command::Listen(listener) => self.listeners.add(listener),
            Command::Choose(input) => self.choose(input, now),
            Command::SetEvenLoudness(even) => self.even = even,
            Command::Begin { id, wav } => self.begin(id, wav, now),
            Command::Pause => {
                self.drain(now);
                self.hold(None);
            }
            Command::Resume => self.resume(now),
            Command::Finish => self.finish(now),
            Command::Abandon => self.abandon(now),
            Command::Monitor => {
                self.monitor = true;
                self.want_open(now);
            }
            Command::Close => self.monitor = false,
            Command::Device(answer) => self.hear(answer, now),
            Command::Made(made) => self.made(made),
            Command::End => {}
        }
    }

    fn is_wanted(&self) -> bool {
        let recording = self.current.as_ref().is_some_and(|current| current.phase != Phase::Paused);
        self.monitor || recording || !self.ending.is_empty()
    }

    fn choose(&mut self, input: Option<String>, now: Instant) {
        if self.chosen == input {
            return;
        }
        self.chosen = input;
        if self.capture.is_some() || self.device.is_opening() {
            self.drain(now);
            self.part_from_device(now);
            if self.is_wanted() {
                self.want_open(now);
            } else {
                self.device.close();
            }
        }
    }

    fn begin(&mut self, id: String, wav: PathBuf, now: Instant) {
        self.abandon(now);
        // What waits in the ring was said before.
        self.drain(now);
        self.want_open(now);
        let gain = self.capture.as_ref().and_then(|capture| self.gains.get(&capture.label.id).copied());
        match Take::begin(id.clone(), wav, self.even, gain, self.own.clone()) {
            Ok(take) => {
                let phase = Phase::Opening { again: false };
                self.current = Some(Current { take, phase, silent: false });
            }
            Err(error) => {
                let reason = format!(
                    "Hark cannot make a file for the recording ({error}). Make room on the disk and try again."
                );
                self.tell(RecorderEvent::Failed { id: Some(id), reason });
            }
        }
    }

    fn resume(&mut self, now: Instant) {
        if self.current.as_ref().is_none_or(|current| current.phase != Phase::Paused) {
            return;
        }
        self.drain(now);
        self.want_open(now);
        let Some(current) = &mut self.current else { return };
        current.phase = Phase::Opening { again: true };
        if let Err(stop) = current.take.go_on() {
            self.hold(Some(stop.sentence()));
        }
    }

    fn finish(&mut self, now: Instant) {
        self.drain(now);
        let Some(Current { take, phase, .. }) = self.current.take() else { return };
        if phase == Phase::Recording {
            // What is still on its way was said before.
            let left = TAIL + self.capture.as_ref().map(|capture| capture.lag(now)).unwrap_or_default();
            self.ending.push(Ending { take, left, until: now + left + TAIL_PATIENCE });
        } else {
            take.finish();
        }
    }

    fn abandon(&mut self, now: Instant) {
        self.drain(now);
        let Some(Current { take, .. }) = self.current.take() else { return };
        let (id, duration_ms, waveform) = (take.id.clone(), take.duration_ms(), take.waveform());
        self.made_by.remove(&id);
        take.abandon();
        self.tell(RecorderEvent::Abandoned { id, duration_ms, waveform });
    }

    /// Holds the current recording, asked for or because of a problem.
    fn hold(&mut self, problem: Option<String>) {
        let Some(current) = &mut self.current else { return };
        if current.phase == Phase::Paused {
            return;
        }
        current.phase = Phase::Paused;
        let stop = current.take.hold().err().map(|stop| stop.sentence());
        let event = RecorderEvent::Paused {
            id: current.take.id.clone(),
            duration_ms: current.take.duration_ms(),
            waveform: current.take.waveform(),
            problem: problem.or(stop),
        };
        self.tell(event);
    }

    fn want_open(&mut self, now: Instant) {
        self.used_at = now;
        if self.capture.as_mut().is_some_and(|capture| capture.is_dead(now)) {
            self.lose(now);
        }
        if self.capture.is_none() && !self.device.is_opening() {
            self.tried_at = now;
            self.device.open(self.chosen.clone(), now);
        }
    }

    fn hear(&mut self, answer: Answer, now: Instant) {
        if !self.device.counts(&answer) {
            return;
        }
        match answer {
            Answer::Opened { opened: Ok(capture), .. } => {
                let label = capture.label.clone();
                self.meter = Meter::new(capture.rate);
                self.capture = Some(*capture);
                (self.used_at, self.looked_at) = (now, now);
                self.tell(RecorderEvent::Opened { device: label.name, notice: label.notice });
            }
            Answer::Opened { opened: Err(reason), .. } => self.cannot_open(reason),
            Answer::Gone { .. } => self.lose(now),
        }
    }

    /// A recording that waits for a lost microphone goes on waiting.
    fn cannot_open(&mut self, reason: String) {
        match self.current.as_ref().map(|current| current.phase) {
            Some(Phase::Opening { again: true }) => self.hold(Some(reason.clone())),
            Some(Phase::Opening { again: false }) => {
                if let Some(Current { take, .. }) = self.current.take() {
                    let id = Some(take.id.clone());
                    take.undo();
                    self.tell(RecorderEvent::Failed { id, reason: reason.clone() });
                }
            }
            Some(Phase::Recording | Phase::Lost { .. } | Phase::Paused) | None => {}
        }
        if std::mem::take(&mut self.monitor) {
            self.tell(RecorderEvent::Failed { id: None, reason });
        }
    }

    fn made(&mut self, made: Made) {
        if let (Some(device), Some(gain)) = (self.made_by.remove(&made.id), made.gain) {
            self.gains.insert(device, gain);
        }
        let id = made.id;
        self.tell(match made.clip {
            Ok(clip) => RecorderEvent::Finished { id, clip },
            Err(error) => RecorderEvent::Failed { id: Some(id), reason: error.to_string() },
        });
    }

    fn tick(&mut self, now: Instant) {
        self.drain(now);
        if self.capture.as_mut().is_some_and(|capture| capture.is_dead(now)) {
            self.lose(now);
        }
        if self.device.was_hung(now) {
            self.cannot_open(HUNG.to_owned());
        }
        self.ending.extract_if(.., |ending| ending.until <= now).for_each(|ending| ending.take.finish());
        match self.current.as_ref().map(|current| current.phase) {
            Some(Phase::Lost { since }) if now.saturating_duration_since(since) > PATIENCE => {
                self.hold(Some(LOST.to_owned()));
            }
            Some(Phase::Lost { .. }) if now.saturating_duration_since(self.tried_at) >= RETRY => {
                self.want_open(now);
            }
            _ => {}
        }
        self.watch_device(now);
    }

    fn watch_device(&mut self, now: Instant) {
        let Some(capture) = &self.capture else { return };
        if self.is_wanted() {
            self.used_at = now;
            if capture.label.wanders && now.saturating_duration_since(self.looked_at) >= LOOK {
                self.looked_at = now;
                self.device.look();
            }
        } else if now.saturating_duration_since(self.used_at) > KEEP_OPEN {
            self.capture = None;
            self.device.close();
        }
    }

    /// The microphone is gone: what has come is kept, and one that comes back within two seconds goes on.
    fn lose(&mut self, now: Instant) {
        self.drain(now);
        self.part_from_device(now);
        if self.is_wanted() {
            self.tried_at = now;
            self.device.open(self.chosen.clone(), now);
        } else {
            self.device.close();
        }
    }

    fn part_from_device(&mut self, now: Instant) {
        self.capture = None;
        self.device.close();
        self.ending.drain(..).for_each(|ending| ending.take.finish());
        if let Some(current) = &mut self.current
            && current.phase == Phase::Recording
        {
            current.phase = Phase::Lost { since: now };
        }
    }

    /// Brings what has come to whom it concerns.
    fn drain(&mut self, now: Instant) {
        let Some(capture) = &mut self.capture else { return };
        let mut samples = Vec::new();
        capture.drain(&mut samples, now);
        if samples.is_empty() {
            return;
        }
        let rate = capture.rate;
        let mut strength = None;
        self.meter.push(&samples, |newest| strength = Some(newest));
        self.end_with(&samples, rate);
        self.keep(&samples, rate, now);
        if let Some(strength) = strength.filter(|_| self.is_wanted()) {
            let recording = self.current.as_mut().filter(|current| current.phase == Phase::Recording);
            let (bars, duration_ms) = recording
                .map(|current| (current.take.drawing.new_bars(), current.take.duration_ms()))
                .unwrap_or_default();
            self.tell(RecorderEvent::Level { level: meter::level(strength), bars, duration_ms });
        }
    }

    fn end_with(&mut self, samples: &[f32], rate: u32) {
        let per_second = f64::from(rate);
        for ending in &mut self.ending {
            let left = (ending.left.as_secs_f64() * per_second).round() as usize;
            let last = &samples[..left.min(samples.len())];
            ending.left = ending.left.saturating_sub(Duration::from_secs_f64(last.len() as f64 / per_second));
            if last.len() == left {
                ending.left = Duration::ZERO;
            }
            if let Err(stop) = ending.take.push(last, rate) {
                stop.log_at_the_end();
            }
        }
        let whole = self.ending.extract_if(.., |ending| ending.left.is_zero());
        whole.for_each(|ending| ending.take.finish());
    }

    fn keep(&mut self, samples: &[f32], rate: u32, now: Instant) {
        let Some(capture) = &self.capture else { return };
        let Some(current) = self.current.as_mut().filter(|current| current.phase != Phase::Paused) else {
            return;
        };
        let kept = current.take.push(samples, rate);
        let id = current.take.id.clone();
        let mut events = Vec::new();
        if current.phase != Phase::Recording {
            current.phase = Phase::Recording;
            self.made_by.insert(id.clone(), capture.label.id.clone());
            events.push(RecorderEvent::Recording {
                id: id.clone(),
                device: capture.label.name.clone(),
                duration_ms: current.take.duration_ms(),
                waveform: current.take.drawing.newest_bars(),
            });
        }
        let silent = current.take.is_silent();
        if std::mem::replace(&mut current.silent, silent) != silent {
            events.push(RecorderEvent::Silent { id, silent });
        }
        self.used_at = now;
        for event in events {
            self.tell(event);
        }
        if let Err(stop) = kept {
            self.hold(Some(stop.sentence()));
        }
    }

    fn tell(&mut self, event: RecorderEvent) {
        self.listeners.tell(&event);
    }
}
