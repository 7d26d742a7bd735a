//! A sender of the floor.

use anyhow::{Context as _, Result, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::server::{Ack, Send};
use crate::load::Link;

/// One WebSocket.
pub(crate) struct FloorLink {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    room: String,
    sender: String,
}

impl FloorLink {
    /// Connects sender `number`; two neighbours share a room.
    pub(crate) async fn connect(url: &str, number: usize) -> Result<Self> {
        let (socket, _) = connect_async_with_config(url, None, true).await?;
        Ok(Self {
            socket,
            room: format!("!room{}:floor", number / 2),
            sender: format!("@sender{number}:floor"),
        })
    }
}

impl Link for FloorLink {
    async fn send(&mut self, txn: &str, text: &str) -> Result<()> {
        let send =
            Send { room: self.room.clone(), sender: self.sender.clone(), txn: txn.into(), body: text.into() };
        self.socket.send(Message::Text(serde_json::to_string(&send)?.into())).await?;
        let answer = self.socket.next().await.context("the floor hung up")??;
        let ack: Ack = serde_json::from_str(answer.to_text()?)?;
        ensure!(ack.txn == txn, "ack of another message");
        Ok(())
    }
}
