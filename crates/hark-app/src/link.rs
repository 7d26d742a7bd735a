//! One window's link to the app: commands in, answers and events out, whatever carries them.
//!
//! [`open`] gives its two ends. A transport hands every text that comes in to [`Commands::take`] and sends out every text
//! that [`Frames::next`] gives; it knows nothing of what they say. The browser's socket and the desktop shell's bridge
//! are such transports.
//!
//! Commands are done side by side, but for lanes that keep their order: what is written into conversations, the buttons
//! of the loudspeaker (and where the person looks), and those of the microphone. A command that was read is finished even when the window is gone. A
//! window that reads too slowly is told to read everything again; nothing piles up for it.

use std::sync::Arc;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use serde::Deserialize as _;
use serde_json::{Value, json};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{Semaphore, mpsc};

use crate::api::{ApiError, Attention, Command, Event};
use crate::app::{App, answer};

/// Largest command, in bytes.
pub const MAX_COMMAND: usize = 256 << 10;

/// Commands of one window that may be under way side by side.
const SIDE_BY_SIDE: usize = 32;

/// Opens a link. Its events begin here, so that nothing falls between an answer and the events after it.
pub fn open(app: &App) -> (Commands, Frames) {
    let events = app.events();
    let (out, answers) = mpsc::channel(SIDE_BY_SIDE);
    let commands = Commands {
        app: app.clone(),
        writing: in_order(app, &out),
        playing: in_order(app, &out),
        recording: begun_in_order(app, &out),
        side_by_side: Arc::new(Semaphore::new(SIDE_BY_SIDE)),
        out,
    };
    (commands, Frames { answers, events })
}

/// What goes out to the window, one text after the other.
pub struct Frames {
    answers: mpsc::Receiver<Value>,
    events: broadcast::Receiver<Event>,
}

impl Frames {
    /// The next one; `None` when the other end of the link or the app is gone. Nothing is lost where this is dropped
    /// while it waits.
    pub async fn next(&mut self) -> Option<String> {
        let object = tokio::select! {
            answer = self.answers.recv() => answer?,
            event = self.events.recv() => match event {
                Ok(event) => json!({ "event": event }),
                Err(RecvError::Lagged(_)) => json!({ "event": Event::Reload }),
                Err(RecvError::Closed) => return None,
            },
        };
        Some(object.to_string())
    }

    /// Waits for one and gives all that are there, at most `most`; empty where [`Frames::next`] gives none.
    pub async fn next_few(&mut self, most: usize) -> Vec<String> {
        let mut few = Vec::from_iter(self.next().await);
        while !few.is_empty() && few.len() < most {
            match self.next().now_or_never().flatten() {
                Some(frame) => few.push(frame),
                None => break,
            }
        }
        few
    }
}

/// Where a window's commands are done.
pub struct Commands {
    app: App,
    out: mpsc::Sender<Value>,
    writing: mpsc::Sender<Call>,
    playing: mpsc::Sender<Call>,
    recording: mpsc::Sender<Call>,
    side_by_side: Arc<Semaphore>,
}

/// How a command keeps its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    Writing,
    Playing,
    Recording,
    SideBySide,
}

impl Commands {
    /// Takes one command as it arrived; waits where the window asks faster than it can be served.
    pub async fn take(&self, text: &str) {
        let call = match parse(text) {
            Ok(call) => call,
            Err((id, error)) => return self.put(answer(&id, Err(error))).await,
        };
        let lane = match lane_of(&call.command) {
            Lane::Writing => &self.writing,
            Lane::Playing => &self.playing,
            Lane::Recording => &self.recording,
            Lane::SideBySide => {
                // Never closed, so the permit is always given.
                let permit = self.side_by_side.clone().acquire_owned().await;
                let (app, out) = (self.app.clone(), self.out.clone());
                self.app.tasks().spawn(async move {
                    run(&app, call, &out).await;
                    drop(permit);
                });
                return;
            }
        };
        // A lane ends only with this link.
        let _ = lane.send(call).await;
    }

    /// Answers something that was no command at all.
    pub async fn refuse(&self, error: ApiError) {
        self.put(answer(&Value::Null, Err(error))).await;
    }

    /// Tells this window alone.
    pub async fn tell(&self, event: Event) {
        self.put(json!({ "event": event })).await;
    }

    async fn put(&self, object: Value) {
        // Nobody reads it where the window is gone.
        let _ = self.out.send(object).await;
    }
}

impl Drop for Commands {
    fn drop(&mut self) {
        // A window that is gone cannot say that nobody looks at it any more.
        self.app.attention().send_replace(Attention::default());
    }
}

fn lane_of(command: &Command) -> Lane {
    match command {
        Command::SendText(_) | Command::SendVoiceFile(_) | Command::SetDraft(_) | Command::SetTyping(_) => {
            Lane::Writing
        }
        Command::Play(_)
        | Command::Pause(_)
        | Command::Resume(_)
        | Command::Stop(_)
        | Command::Seek(_)
        | Command::SetSpeed(_)
        | Command::SetAttention(_)
        | Command::Review(_)
        | Command::PauseReview(_)
        | Command::PlayTest(_)
        | Command::PlaySample(_) => Lane::Playing,
        Command::Record(_)
        | Command::PauseRecording(_)
        | Command::ResumeRecording(_)
        | Command::SendRecording(_)
        | Command::CancelRecording(_)
        | Command::OpenRecording(_)
        | Command::KeepRecording(_)
        | Command::SendKeptRecording(_)
        | Command::DeleteRecording(_)
        | Command::OpenMicrophone(_)
        | Command::TestMicrophone(_)
        | Command::CloseMicrophone(_) => Lane::Recording,
        _ => Lane::SideBySide,
    }
}

/// A command with the number its answer carries.
struct Call {
    id: Value,
    command: Command,
}

/// Reads one command; a malformed one gives the number it has, if any.
fn parse(text: &str) -> Result<Call, (Value, ApiError)> {
    let object: Value = serde_json::from_str(text)
        .map_err(|error| (Value::Null, ApiError::bad_request(format!("This is not JSON: {error}."))))?;
    let id = object.get("id").filter(|id| id.is_number()).cloned().unwrap_or(Value::Null);
    match Command::deserialize(object) {
        Ok(command) => Ok(Call { id, command }),
        Err(error) => Err((id, ApiError::bad_request(format!("This command cannot be read: {error}.")))),
    }
}

/// A lane that does one command after the other, and those it was given even when the window is gone.
fn in_order(app: &App, out: &mpsc::Sender<Value>) -> mpsc::Sender<Call> {
    let (lane, mut calls) = mpsc::channel::<Call>(SIDE_BY_SIDE);
    let (running, out) = (app.clone(), out.clone());
    app.tasks().spawn(async move {
        while let Some(call) = calls.recv().await {
            run(&running, call, &out).await;
        }
    });
    lane
}

/// A lane that begins one command after the other and does not wait for its outcome: the recorder does what it was asked
/// in the order it was asked, and a button pressed again must not wait for the last note to be sent.
fn begun_in_order(app: &App, out: &mpsc::Sender<Value>) -> mpsc::Sender<Call> {
    let (lane, mut calls) = mpsc::channel::<Call>(SIDE_BY_SIDE);
    let (running, out) = (app.clone(), out.clone());
    app.tasks().spawn(async move {
        let mut under_way = FuturesUnordered::new();
        loop {
            let call = tokio::select! {
                biased;
                Some(()) = under_way.next() => continue,
                call = calls.recv(), if under_way.len() < SIDE_BY_SIDE => call,
            };
            let Some(call) = call else { break };
            let mut run = Box::pin(run(&running, call, &out));
            // The first step hands it to the recorder.
            if futures_util::poll!(&mut run).is_pending() {
                under_way.push(run);
            }
        }
        while under_way.next().await.is_some() {}
    });
    lane
}

async fn run(app: &App, call: Call, out: &mpsc::Sender<Value>) {
    let outcome = app.run(call.command).await;
    // Nobody reads it where the window is gone; the command was done all the same.
    let _ = out.send(answer(&call.id, outcome)).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ErrorCode;

    fn refused(text: &str) -> (Value, ApiError) {
        parse(text).err().expect("refused")
    }

    #[test]
    fn a_command_is_read_with_its_number() {
        let call = parse(r#"{"id":7,"name":"send_text","args":{"conversation":"@bob:here","text":"hi"}}"#)
            .ok()
            .unwrap();
        assert_eq!(call.id, json!(7));
        assert!(matches!(call.command, Command::SendText(args) if args.text == "hi"));
    }

    #[test]
    fn the_buttons_of_a_recording_keep_their_order() {
        for text in [
            r#"{"id":1,"name":"record","args":{"conversation":"@bob:here"}}"#,
            r#"{"id":2,"name":"pause_recording","args":{}}"#,
            r#"{"id":3,"name":"send_recording","args":{}}"#,
            r#"{"id":4,"name":"cancel_recording","args":{}}"#,
            r#"{"id":5,"name":"open_recording","args":{"id":"one"}}"#,
        ] {
            assert_eq!(lane_of(&parse(text).ok().unwrap().command), Lane::Recording, "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_a_bad_request_without_a_number() {
        let (id, error) = refused("{");
        assert_eq!((id, error.code), (Value::Null, ErrorCode::BadRequest));
    }

    #[test]
    fn an_unknown_command_or_a_missing_argument_is_a_bad_request_with_its_number() {
        for text in [
            r#"{"id":8,"name":"fly","args":{}}"#,
            r#"{"id":8,"name":"play","args":{}}"#,
            r#"{"id":8,"name":"play","args":{"key":"one"}}"#,
            r#"{"id":8}"#,
        ] {
            let (id, error) = refused(text);
            assert_eq!((id, error.code), (json!(8), ErrorCode::BadRequest), "{text}");
        }
    }
}
