//! Fetches what came before somebody asks for it, so that a click sounds at once.
//!
//! Follows the engine's news. The newest comes first; what waits is bounded, and what falls out is fetched when somebody
//! asks. Nothing is tried while the server cannot be reached.

use std::collections::VecDeque;

use hark_client::model::{Connection, Content, Message};
use hark_client::{Change, Engine, MediaKind};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::api::{Fetch, Settings};

/// Addresses that wait; the oldest falls out.
const WAITING: usize = 64;

/// Fetched at once.
const AT_ONCE: usize = 3;

/// Follows `changes` until the app stops.
pub(super) async fn prefetch(
    engine: Engine,
    mut changes: broadcast::Receiver<Change>,
    settings: watch::Receiver<Settings>,
    stopping: CancellationToken,
) {
    let mut link = engine.connection();
    let mut waiting: VecDeque<(String, MediaKind)> = VecDeque::new();
    let mut under_way = JoinSet::new();
    loop {
        while under_way.len() < AT_ONCE && is_up(&link) {
            let Some((address, kind)) = waiting.pop_back() else { break };
            under_way.spawn(fetch(engine.clone(), address, kind));
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            change = changes.recv() => match change {
                Ok(Change::Message { message, live: true }) => {
                    let fetch = settings.borrow().fetch;
                    waiting.extend(wanted(&message, fetch));
                    if waiting.len() > WAITING {
                        waiting.pop_front();
                    }
                }
                // What was missed is fetched when somebody asks.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            Some(_) = under_way.join_next() => {}
            // The link changed: what waits may go on.
            Ok(()) = link.changed() => {}
        }
    }
}

/// A sync that brought a message proves the link before it is told of.
fn is_up(link: &watch::Receiver<Connection>) -> bool {
    matches!(*link.borrow(), Connection::Online | Connection::Connecting)
}

/// What is to be fetched of a message.
fn wanted(message: &Message, fetch: Fetch) -> Option<(String, MediaKind)> {
    if message.mine {
        return None;
    }
    let (source, kind) = match (&message.content, fetch) {
        (Content::Voice { source, .. }, Fetch::Voice | Fetch::Everything) => (source, MediaKind::Voice),
        (Content::Attachment { source, .. }, Fetch::Everything) => (source, MediaKind::Other),
        _ => return None,
    };
    (!source.is_empty()).then(|| (source.clone(), kind))
}

async fn fetch(engine: Engine, address: String, kind: MediaKind) {
    if engine.has_media(&address).await {
        return;
    }
    if let Err(error) = engine.media(&address, kind).await {
        // It is asked for again when somebody wants to hear it.
        tracing::debug!(%error, "a file was not fetched ahead");
    }
}
