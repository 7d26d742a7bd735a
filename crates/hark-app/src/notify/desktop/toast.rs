//! Notifications of Windows and macOS, as far as notify-rust carries them.
//!
//! Windows reports a click on one thread per notification, which ends with it; there are never more than [`WAITING`].
//! What is shown there fades into the list of notifications by itself and cannot be withdrawn or replaced. macOS shows
//! and reports nothing back.

use hark_client::model::ConversationId;
use notify_rust::Notification;
use tokio::sync::mpsc;

use super::decide::Note;

/// Notifications whose click is waited for at once; those beyond are only shown.
const WAITING: usize = 16;

/// What became of a notification.
pub(super) enum Heard {
    Clicked(ConversationId),
    Dismissed(ConversationId),
}

/// Shows notifications and hears of them.
pub(super) struct Desktop {
    heard: mpsc::Receiver<Heard>,
    tell: mpsc::Sender<Heard>,
}

impl Desktop {
    pub(super) fn of_this_session() -> Self {
        let (tell, heard) = mpsc::channel(WAITING);
        Self { heard, tell }
    }

    /// Shows a notification. One that only corrects what is shown would ask for attention again.
    #[expect(clippy::unused_async, reason = "as the other desktop has it")]
    pub(super) async fn show(&mut self, note: &Note) {
        if note.quiet {
            return;
        }
        let mut notification = Notification::new();
        notification.appname("Hark").summary(&note.title).body(&note.body);
        wait(notification, note.conversation.clone(), &self.tell);
    }

    #[expect(clippy::unused_async, reason = "as the other desktop has it")]
    pub(super) async fn withdraw(&mut self, _: &ConversationId) {}

    pub(super) async fn heard(&mut self) -> Heard {
        match self.heard.recv().await {
            Some(heard) => heard,
            None => std::future::pending().await,
        }
    }
}

#[cfg(windows)]
fn wait(notification: Notification, conversation: ConversationId, tell: &mpsc::Sender<Heard>) {
    use notify_rust::{CloseReason, NotificationResponse};

    // The place in the channel is the thread's: what it has to say always fits.
    let place = tell.clone().try_reserve_owned();
    let shown = std::thread::Builder::new().name("hark-notification".to_owned()).spawn(move || {
        let handle = match notification.show() {
            Ok(handle) => handle,
            Err(error) => return tracing::info!(%error, "a notification cannot be shown"),
        };
        let Ok(place) = place else { return };
        let answered = handle.wait_for_response(move |response: &NotificationResponse| match response {
            NotificationResponse::Default => drop(place.send(Heard::Clicked(conversation))),
            NotificationResponse::Closed(CloseReason::Dismissed) => {
                drop(place.send(Heard::Dismissed(conversation)));
            }
            _ => {}
        });
        if let Err(error) = answered {
            tracing::debug!(%error, "what became of a notification is not told");
        }
    });
    if let Err(error) = shown {
        tracing::info!(%error, "a notification cannot be shown");
    }
}

#[cfg(target_os = "macos")]
fn wait(notification: Notification, _: ConversationId, _: &mpsc::Sender<Heard>) {
    if let Err(error) = notification.show() {
        tracing::info!(%error, "a notification cannot be shown");
    }
}

/// The name of the notification service, for the doctor: a part of the system here.
#[expect(clippy::unused_async, reason = "as the other desktop has it")]
pub(crate) async fn service() -> Result<String, String> {
    Ok(if cfg!(windows) { "Windows" } else { "macOS" }.to_owned())
}
