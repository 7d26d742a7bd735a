//! The thread that owns the input stream.
//!
//! It opens, looks for and closes the microphone when the worker asks, and answers on the worker's channel. Every answer
//! carries the number of its question, since the worker may have changed its mind. A thread that does not answer, because
//! a sound server hangs, is left behind, and another takes its place.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::Command;
use super::capture::Capture;

/// Opening takes at most two seconds to reach a sound server and two to open a stream.
const HUNG: Duration = Duration::from_secs(5);

/// Where samples come from: the system's devices, or in tests any sound.
pub(super) trait Microphone {
    /// Opens the chosen device or else the default one, in place of what is open.
    fn open(&mut self, chosen: Option<&str>) -> Result<Capture, String>;

    /// Whether the device that is open is still there.
    fn is_there(&mut self) -> bool;

    /// Closes it, if one is open.
    fn close(&mut self);
}

/// Makes the microphone on the thread that will own it.
pub(super) type Maker = Arc<dyn Fn() -> Box<dyn Microphone> + Send + Sync>;

enum Ask {
    Open { ticket: u64, chosen: Option<String> },
    Look { ticket: u64 },
    Close,
}

/// What the thread answers.
#[derive(Debug)]
pub(super) enum Answer {
    Opened { ticket: u64, opened: Result<Box<Capture>, String> },
    Gone { ticket: u64 },
}

/// The worker's side of the thread.
pub(super) struct Device {
    maker: Maker,
    answers: Sender<Command>,
    asks: Sender<Ask>,
    ticket: u64,
    opening_since: Option<Instant>,
}

impl Device {
    pub(super) fn new(maker: Maker, answers: Sender<Command>) -> Self {
        let asks = spawn(&maker, &answers);
        Self { maker, answers, asks, ticket: 0, opening_since: None }
    }

    /// Opens a microphone; earlier answers no longer count.
    pub(super) fn open(&mut self, chosen: Option<String>, now: Instant) {
        self.ticket += 1;
        self.opening_since = Some(now);
        self.ask(Ask::Open { ticket: self.ticket, chosen });
    }

    pub(super) fn look(&self) {
        self.ask(Ask::Look { ticket: self.ticket });
    }

    pub(super) fn close(&mut self) {
        self.ticket += 1;
        self.opening_since = None;
        self.ask(Ask::Close);
    }

    pub(super) fn is_opening(&self) -> bool {
        self.opening_since.is_some()
    }

    /// Whether an answer is to the newest question.
    pub(super) fn counts(&mut self, answer: &Answer) -> bool {
        match answer {
            Answer::Opened { ticket, .. } if *ticket == self.ticket => self.opening_since.take().is_some(),
            Answer::Opened { .. } => false,
            Answer::Gone { ticket } => *ticket == self.ticket,
        }
    }

    /// Whether the thread had to be replaced because it does not answer.
    pub(super) fn was_hung(&mut self, now: Instant) -> bool {
        let hung = self.opening_since.is_some_and(|since| now.saturating_duration_since(since) > HUNG);
        if hung {
            self.ticket += 1;
            self.opening_since = None;
            self.asks = spawn(&self.maker, &self.answers);
        }
        hung
    }

    fn ask(&self, ask: Ask) {
        // Without its thread no question is answered, which is told as a hung one.
        drop(self.asks.send(ask));
    }
}

fn spawn(maker: &Maker, answers: &Sender<Command>) -> Sender<Ask> {
    let (asks, asked) = channel();
    let (maker, answers) = (maker.clone(), answers.clone());
    let thread = std::thread::Builder::new().name("hark-microphone".into());
    if let Err(error) = thread.spawn(move || serve(maker().as_mut(), &asked, &answers)) {
        tracing::warn!(%error, "no thread to open the microphone on");
    }
    asks
}

fn serve(microphone: &mut dyn Microphone, asked: &Receiver<Ask>, answers: &Sender<Command>) {
    for ask in asked {
        let answer = match ask {
            Ask::Open { ticket, chosen } => {
                Answer::Opened { ticket, opened: microphone.open(chosen.as_deref()).map(Box::new) }
            }
            Ask::Look { ticket } if !microphone.is_there() => Answer::Gone { ticket },
            Ask::Look { .. } => continue,
            Ask::Close => {
                microphone.close();
                continue;
            }
        };
        if answers.send(Command::Device(answer)).is_err() {
            return;
        }
    }
}
