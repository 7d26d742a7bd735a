//! The page's socket: commands in, answers and events out.
//!
//! Commands are done side by side, but for two lanes that keep their order: what is written into conversations, and the
//! buttons of the loudspeaker. A command that was read is finished even when the page is gone. A page that reads too
//! slowly is told to read everything again; nothing piles up for it.

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize as _;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::serve::Site;
use crate::api::{ApiError, Command, Event};
use crate::app::{App, answer};

/// Largest command, in bytes.
const MAX_COMMAND: usize = 256 << 10;

/// Read buffer of a socket; the library's own would be 128 KiB.
const READ_BUFFER: usize = 16 << 10;

/// Commands of one page that may be under way side by side.
const SIDE_BY_SIDE: usize = 32;

pub(super) async fn upgrade(
    State(site): State<Site>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    site.needs_session(&headers)?;
    Ok(upgrade
        .max_message_size(MAX_COMMAND)
        .max_frame_size(MAX_COMMAND)
        .read_buffer_size(READ_BUFFER)
        .on_upgrade(move |socket| talk(site.app, socket, site.stop)))
}

async fn talk(app: App, socket: WebSocket, stop: CancellationToken) {
    // From before the first command, so that nothing falls between an answer and the events after it.
    let events = app.events();
    let (sink, stream) = socket.split();
    let (answers, answered) = mpsc::channel(SIDE_BY_SIDE);
    tokio::select! {
        () = write(sink, answered, events, stop) => {}
        () = read(stream, &app, answers) => {}
    }
}

/// Everything that goes to the page goes through here, one after the other.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut answers: mpsc::Receiver<Value>,
    mut events: broadcast::Receiver<Event>,
    stop: CancellationToken,
) {
    loop {
        let object = tokio::select! {
            () = stop.cancelled() => {
                let bye = CloseFrame { code: close_code::AWAY, reason: "Hark is closing".into() };
                // The page may be gone already.
                let _ = sink.send(Message::Close(Some(bye))).await;
                return;
            }
            answer = answers.recv() => match answer {
                Some(answer) => answer,
                None => return,
            },
            event = events.recv() => match event {
                Ok(event) => json!({ "event": event }),
                Err(RecvError::Lagged(_)) => json!({ "event": Event::Reload }),
                Err(RecvError::Closed) => return,
            },
        };
        if sink.send(Message::Text(object.to_string().into())).await.is_err() {
            return;
        }
    }
}

async fn read(mut stream: SplitStream<WebSocket>, app: &App, answers: mpsc::Sender<Value>) {
    let lanes = Lanes::new(app, &answers);
    while let Some(Ok(frame)) = stream.next().await {
        match frame {
            Message::Text(text) => match parse(&text) {
                Ok(call) => lanes.take(call).await,
                Err((id, error)) => {
                    if answers.send(answer(&id, Err(error))).await.is_err() {
                        return;
                    }
                }
            },
            Message::Binary(_) => {
                let error = ApiError::bad_request("Commands are JSON text. Put sound files to /upload.");
                if answers.send(answer(&Value::Null, Err(error))).await.is_err() {
                    return;
                }
            }
            Message::Close(_) => return,
            Message::Ping(_) | Message::Pong(_) => {}
        }
    }
}

/// A command with the number its answer carries.
struct Call {
    id: Value,
    command: Command,
}

/// Reads one frame; a malformed one gives the number it has, if any.
fn parse(text: &str) -> Result<Call, (Value, ApiError)> {
    let object: Value = serde_json::from_str(text)
        .map_err(|error| (Value::Null, ApiError::bad_request(format!("This is not JSON: {error}."))))?;
    let id = object.get("id").filter(|id| id.is_number()).cloned().unwrap_or(Value::Null);
    match Command::deserialize(object) {
        Ok(command) => Ok(Call { id, command }),
        Err(error) => Err((id, ApiError::bad_request(format!("This command cannot be read: {error}.")))),
    }
}

/// Where commands are done.
struct Lanes {
    app: App,
    answers: mpsc::Sender<Value>,
    writing: mpsc::Sender<Call>,
    playing: mpsc::Sender<Call>,
    side_by_side: Arc<Semaphore>,
}

impl Lanes {
    fn new(app: &App, answers: &mpsc::Sender<Value>) -> Self {
        Self {
            app: app.clone(),
            answers: answers.clone(),
            writing: in_order(app, answers),
            playing: in_order(app, answers),
            side_by_side: Arc::new(Semaphore::new(SIDE_BY_SIDE)),
        }
    }

    /// Hands a command to its lane; waits where the page asks faster than it can be served.
    async fn take(&self, call: Call) {
        let lane = match &call.command {
            Command::SendText(_)
            | Command::SendVoiceFile(_)
            | Command::SetDraft(_)
            | Command::SetTyping(_) => &self.writing,
            Command::Play(_)
            | Command::Pause(_)
            | Command::Resume(_)
            | Command::Stop(_)
            | Command::Seek(_)
            | Command::SetSpeed(_) => &self.playing,
            _ => {
                // Never closed, so the permit is always given.
                let permit = self.side_by_side.clone().acquire_owned().await;
                let (app, answers) = (self.app.clone(), self.answers.clone());
                self.app.tasks().spawn(async move {
                    run(&app, call, &answers).await;
                    drop(permit);
                });
                return;
            }
        };
        // A lane ends only with this socket.
        let _ = lane.send(call).await;
    }
}

/// A lane that does one command after the other, and those it was given even when the page is gone.
fn in_order(app: &App, answers: &mpsc::Sender<Value>) -> mpsc::Sender<Call> {
    let (lane, mut calls) = mpsc::channel::<Call>(SIDE_BY_SIDE);
    let (running, answers) = (app.clone(), answers.clone());
    app.tasks().spawn(async move {
        while let Some(call) = calls.recv().await {
            run(&running, call, &answers).await;
        }
    });
    lane
}

async fn run(app: &App, call: Call, answers: &mpsc::Sender<Value>) {
    let outcome = app.run(call.command).await;
    // Nobody reads it where the page is gone; the command was done all the same.
    let _ = answers.send(answer(&call.id, outcome)).await;
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
