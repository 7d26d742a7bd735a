//! The page's socket: carries a [`link`].

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_util::sync::CancellationToken;

use super::serve::Site;
use crate::api::ApiError;
use crate::app::App;
use crate::link::{self, Commands, Frames, MAX_COMMAND};

/// Read buffer of a socket; the library's own would be 128 KiB.
const READ_BUFFER: usize = 16 << 10;

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
    let (commands, frames) = link::open(&app);
    let (sink, stream) = socket.split();
    tokio::select! {
        () = write(sink, frames, stop) => {}
        () = read(stream, commands) => {}
    }
}

/// Everything that goes to the page goes through here, one after the other.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut frames: Frames, stop: CancellationToken) {
    loop {
        let text = tokio::select! {
            () = stop.cancelled() => {
                let bye = CloseFrame { code: close_code::AWAY, reason: "Hark is closing".into() };
                // The page may be gone already.
                let _ = sink.send(Message::Close(Some(bye))).await;
                return;
            }
            text = frames.next() => match text {
                Some(text) => text,
                None => return,
            },
        };
        if sink.send(Message::Text(text.into())).await.is_err() {
            return;
        }
    }
}

async fn read(mut stream: SplitStream<WebSocket>, commands: Commands) {
    while let Some(Ok(frame)) = stream.next().await {
        match frame {
            Message::Text(text) => commands.take(&text).await,
            Message::Binary(_) => {
                let error = ApiError::bad_request("Commands are JSON text. Put sound files to /upload.");
                commands.refuse(error).await;
            }
            Message::Close(_) => return,
            Message::Ping(_) | Message::Pong(_) => {}
        }
    }
}
