//! The audio thread: the one owner of the device and of what plays.
//!
//! It wakes for commands, and while something plays every 10 ms to feed the ring, watch the device and tell the position.
//! The device is open only while something plays and a moment after, so it is the right one, and an idle Hark
//! keeps no sound card awake.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::output::{self, Output};
use super::track::{State, Track};
use super::{Command, PlayerEvent};
use crate::clock;
use crate::listeners::Listeners;

/// Between two looks at a device that plays.
const TICK: Duration = Duration::from_millis(10);

/// Between two looks at a device that does not.
const IDLE_TICK: Duration = Duration::from_millis(250);

/// Between two position events.
const TELL: Duration = Duration::from_millis(50);

/// How long an unused device stays open.
const KEEP_OPEN: Duration = Duration::from_secs(3);

/// Between two attempts to open a device that went.
const RETRY: Duration = Duration::from_millis(500);

/// Between two looks for a device that nothing waits for.
const IDLE_RETRY: Duration = Duration::from_secs(5);

/// How long a sound waits for its device; later it would start to talk when nobody expects it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is wrong with playing sound; shared with the handles.
pub(super) type Problem = Arc<Mutex<Option<String>>>;

pub(super) struct AudioThread {
    commands: Receiver<Command>,
    listeners: Listeners<PlayerEvent>,
    problem: Problem,
    output: Option<Output>,
    track: Option<Track>,
    speed: f32,
    volume: f32,
    chosen: Option<String>,
    told_at: Instant,
    used_at: Instant,
    tried_at: Instant,
}

impl AudioThread {
    pub(super) fn new(commands: Receiver<Command>, problem: Problem) -> Self {
        let now = clock::now();
        Self {
            commands,
            listeners: Listeners::default(),
            problem,
            output: None,
            track: None,
            speed: 1.0,
            volume: 1.0,
            chosen: None,
            told_at: now,
            used_at: now,
            tried_at: now,
        }
    }

    /// Until the last handle is gone.
    pub(super) fn run(mut self) {
        self.set_problem(output::problem(), String::new());
        loop {
            match self.next_command() {
                Ok(command) => self.obey(command, clock::now()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while let Ok(command) = self.commands.try_recv() {
                self.obey(command, clock::now());
            }
            self.tick(clock::now());
        }
    }

    fn next_command(&self) -> Result<Command, RecvTimeoutError> {
        let wait = match (&self.track, &self.output) {
            (Some(Track { state: State::Playing, .. }), _) => TICK,
            (Some(Track { state: State::Waiting { .. }, .. }), _) | (_, Some(_)) => IDLE_TICK,
            _ if self.has_problem() => IDLE_RETRY,
            _ => return self.commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        self.commands.recv_timeout(wait)
    }

    fn obey(&mut self, command: Command, now: Instant) {
        match command {
            Command::Listen(listener) => self.listen(listener),
            Command::Play { id, sound, from_ms } => {
                self.stop();
                let mut track = Track::new(id, sound, from_ms, self.speed);
                // An output still open from an earlier sound has frames behind it that are not of this one.
                track.change_output(None, self.output.as_ref(), now);
                self.track = Some(track);
                self.resume(now);
            }
            Command::Pause => self.pause(now),
            Command::Resume => self.resume(now),
            Command::Stop => self.stop(),
            Command::Seek { position_ms } => {
                if let Some(track) = &mut self.track {
                    track.seek(position_ms, self.output.as_ref());
                    self.tell_position(now);
                }
            }
            Command::Choose(output) => self.choose(output, now),
            Command::SetVolume(volume) => {
                self.volume = volume;
                if let Some(output) = &self.output {
                    output.set_volume(volume);
                }
            }
            Command::SetSpeed(speed) => {
                self.speed = speed;
                if let Some(track) = &mut self.track {
                    track.set_speed(speed, self.output.as_ref(), now);
                    self.tell_position(now);
                }
            }
        }
    }

    /// A listener hears at once what it came too late for.
    fn listen(&mut self, listener: SyncSender<PlayerEvent>) {
        let problem = self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let heard = problem.is_none_or(|reason| listener.try_send(PlayerEvent::SoundLost { reason }).is_ok());
        if heard {
            self.listeners.add(listener);
        }
    }

    fn resume(&mut self, now: Instant) {
        let Some(track) = &mut self.track else { return };
        if track.state == State::Playing {
            return;
        }
        if self.output.as_mut().is_some_and(|output| output.is_dead(now)) {
            track.change_output(self.output.take().as_ref(), None, now);
        }
        if self.output.is_none()
            && let Err(reason) = self.open(now)
        {
            if let Some(track) = self.track.take() {
                self.tell(PlayerEvent::Failed { id: track.id, reason });
            }
            return;
        }
        if let Some(track) = &mut self.track {
            track.state = State::Playing;
        }
        self.used_at = now;
        if let Some(output) = &self.output {
            output.hold(false);
        }
        self.tell_position(now);
    }

    fn pause(&mut self, now: Instant) {
        let Some(track) = &mut self.track else { return };
        if track.state == State::Paused {
            return;
        }
        track.state = State::Paused;
        self.used_at = now;
        if let Some(output) = &self.output {
            output.hold(true);
        }
        self.tell_position(now);
    }

    fn stop(&mut self) {
        if let Some(track) = self.track.take() {
            if let Some(output) = &self.output {
                output.skip();
                output.hold(false);
            }
            self.tell(PlayerEvent::Stopped { id: track.id });
        }
    }

    /// What plays goes on, on the other device.
    fn choose(&mut self, output: Option<String>, now: Instant) {
        if std::mem::replace(&mut self.chosen, output.clone()) == output {
            return;
        }
        let Some(before) = self.output.take() else { return };
        let Some(track) = &mut self.track else { return };
        track.change_output(Some(&before), None, now);
        drop(before);
        if track.state == State::Playing {
            track.state = State::Paused;
            self.resume(now);
        }
    }

    /// Opens the chosen or the default device and brings the track to it.
    fn open(&mut self, now: Instant) -> Result<(), String> {
        self.tried_at = now;
        let opened = Output::open(self.chosen.as_deref(), now).and_then(|mut output| {
            output.set_volume(self.volume);
            if let Some(track) = &mut self.track {
                track.change_output(None, Some(&output), now);
                track.feed(&mut output);
            }
            output.start()?;
            Ok(output)
        });
        match opened {
            Ok(output) => {
                let device = output.name().to_owned();
                self.output = Some(output);
                self.set_problem(None, device);
                Ok(())
            }
            Err(error) => {
                let reason = output::sentence(&error);
                self.set_problem(Some(reason.clone()), String::new());
                Err(reason)
            }
        }
    }

    fn tick(&mut self, now: Instant) {
        if self.output.as_mut().is_some_and(|output| output.is_dead(now)) {
            self.lose(now);
        }
        match self.track.as_ref().map(|track| track.state) {
            Some(State::Playing) => self.play_on(now),
            Some(State::Waiting { since }) => self.wait_for_device(since, now),
            Some(State::Paused) | None => self.rest(now),
        }
    }

    fn play_on(&mut self, now: Instant) {
        self.used_at = now;
        let (Some(track), Some(output)) = (&mut self.track, &mut self.output) else { return };
        track.feed(output);
        if track.is_over(output, now) {
            let id = track.id;
            self.track = None;
            self.tell(PlayerEvent::Finished { id });
        } else if now.saturating_duration_since(self.told_at) >= TELL {
            self.tell_position(now);
        }
    }

    /// The device is gone: the head stays where the listener last heard it.
    fn lose(&mut self, now: Instant) {
        let gone = self.output.take();
        if let Some(track) = &mut self.track {
            track.change_output(gone.as_ref(), None, now);
            if track.state == State::Playing {
                track.state = State::Waiting { since: now };
            }
        }
        self.tried_at = now;
        let name =
            gone.as_ref().map_or_else(|| "The loudspeaker".to_owned(), |gone| format!("“{}”", gone.name()));
        drop(gone);
        self.set_problem(
            Some(format!("{name} stopped answering. Playing goes on when it is back.")),
            String::new(),
        );
        self.tell_position(now);
    }

    fn wait_for_device(&mut self, since: Instant, now: Instant) {
        if now.saturating_duration_since(since) > PATIENCE {
            self.pause(now);
        } else if now.saturating_duration_since(self.tried_at) >= RETRY && self.open(now).is_ok() {
            self.resume(now);
        }
    }

    fn rest(&mut self, now: Instant) {
        if self.output.is_some() {
            if now.saturating_duration_since(self.used_at) > KEEP_OPEN {
                let unused = self.output.take();
                if let Some(track) = &mut self.track {
                    track.change_output(unused.as_ref(), None, now);
                }
            }
        } else if self.has_problem() && now.saturating_duration_since(self.tried_at) >= IDLE_RETRY {
            self.tried_at = now;
            self.set_problem(output::problem(), String::new());
        }
    }

    fn tell_position(&mut self, now: Instant) {
        let Some(track) = &mut self.track else { return };
        let (id, duration_ms, speed) = (track.id, track.duration_ms(), track.speed());
        let position_ms = track.position_ms(self.output.as_ref(), now);
        let event = match track.state {
            State::Playing => PlayerEvent::Playing { id, position_ms, duration_ms, speed },
            State::Paused | State::Waiting { .. } => {
                PlayerEvent::Paused { id, position_ms, duration_ms, speed }
            }
        };
        self.told_at = now;
        self.tell(event);
    }

    fn tell(&mut self, event: PlayerEvent) {
        self.listeners.tell(&event);
    }

    fn has_problem(&self) -> bool {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Tells when the device went, or that `device` came back.
    fn set_problem(&mut self, problem: Option<String>, device: String) {
        let before = std::mem::replace(
            &mut *self.problem.lock().unwrap_or_else(PoisonError::into_inner),
            problem.clone(),
        );
        match (before, problem) {
            (None, Some(reason)) => self.tell(PlayerEvent::SoundLost { reason }),
            (Some(_), None) => self.tell(PlayerEvent::SoundBack { device }),
            _ => {}
        }
    }
}
