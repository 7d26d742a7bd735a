//! The WebSocket before the writer.

use std::path::Path;
use std::sync::mpsc::SyncSender;

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::any;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::store::{self, Write};

/// What a sender says.
#[derive(Serialize, Deserialize)]
pub(super) struct Send {
    pub(super) room: String,
    pub(super) sender: String,
    pub(super) txn: String,
    pub(super) body: String,
}

/// What it is answered.
#[derive(Serialize, Deserialize)]
pub(super) struct Ack {
    pub(super) txn: String,
    pub(super) position: i64,
}

/// Serves until killed; prints its URL first.
pub(crate) async fn serve(dir: &Path) -> Result<()> {
    let queue = store::start(dir)?;
    let app = Router::new().route("/", any(upgrade)).with_state(queue);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("ws://{}/", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn upgrade(
    State(queue): State<SyncSender<Write>>,
    socket: WebSocketUpgrade,
) -> axum::response::Response {
    socket.read_buffer_size(4096).on_upgrade(async move |socket| {
        // An error is a sender that hung up.
        let _ = talk(socket, queue).await;
    })
}

async fn talk(mut socket: WebSocket, queue: SyncSender<Write>) -> Result<()> {
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(text) = message else { continue };
        let Send { room, sender, txn, body } = serde_json::from_str(&text)?;
        let (done, acked) = oneshot::channel();
        queue.send(Write { room, sender, txn: txn.clone(), body, done })?;
        let ack = Ack { txn, position: acked.await? };
        socket.send(Message::Text(serde_json::to_string(&ack)?.into())).await?;
    }
    Ok(())
}
