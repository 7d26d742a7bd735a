//! Changes of the engine, as the window is told them.

use hark_client::{Change, Engine};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::api::{Event, Hosting, HostingState};

/// Passes every change on until the app stops.
pub(super) async fn forward(
    mut changes: broadcast::Receiver<Change>,
    events: broadcast::Sender<Event>,
    stopping: CancellationToken,
) {
    loop {
        let event = tokio::select! {
            () = stopping.cancelled() => return,
            change = changes.recv() => match change {
                Ok(change) => event_of(change),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "too many changes at once: the window reads everything again");
                    Some(Event::Reload)
                }
                Err(RecvError::Closed) => return,
            },
        };
        if let Some(event) = event {
            // No listener is no error: nobody has a window open.
            let _ = events.send(event);
        }
    }
}

/// Tells what becomes of the server of this computer, until the app stops. The engine need not wait when it is back.
pub(super) async fn follow_hosting(
    mut hosting: watch::Receiver<Option<Hosting>>,
    engine: Engine,
    events: broadcast::Sender<Event>,
    stopping: CancellationToken,
) {
    while let Some(Ok(())) = stopping.run_until_cancelled(hosting.changed()).await {
        let now = hosting.borrow_and_update().clone();
        let runs = now.as_ref().is_some_and(|hosting| hosting.state == HostingState::Running);
        // No listener is no error: nobody has a window open.
        let _ = events.send(Event::Hosting { hosting: now });
        if runs {
            engine.retry_connection().await;
        }
    }
}

/// Receipts, typing and invitations reach the window inside the rows they change; alerts are not its to show.
fn event_of(change: Change) -> Option<Event> {
    Some(match change {
        Change::Account(account) => Event::Account { account },
        Change::Connection(connection) => Event::Connection { connection },
        Change::Conversation(conversation) => Event::Conversation { conversation: *conversation },
        Change::ConversationRemoved(id) => Event::ConversationRemoved { id },
        Change::Message { message, live } => Event::Message { message: *message, live },
        Change::MessageRemoved { conversation, key } => Event::MessageRemoved { conversation, key },
        Change::Alert(_) | Change::Receipt { .. } | Change::Typing { .. } | Change::Invite { .. } => {
            return None;
        }
    })
}
