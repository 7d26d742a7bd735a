//! Notifications on the desktop (NO1): who wrote, while the person looks elsewhere.
//!
//! One task owns what is shown. What the engine tells, what the person sets and where they look goes into the pure
//! [`decide::Desk`], which answers what to show, replace and withdraw; [`desktop`] is the only part that knows how this
//! system does it, and hears what becomes of a notification: a click goes to the window as [`Event::Show`].
//!
//! Nothing is kept on the disk. The engine tells of each message once, when it is new ([`Change::Alert`]), so a restart,
//! fetched history or an edit shows nothing again. Where no notification service runs nothing happens but a line in the
//! log, and `hark doctor` says so.

mod decide;
#[cfg_attr(any(windows, target_os = "macos"), path = "desktop/toast.rs")]
#[cfg_attr(all(unix, not(target_os = "macos")), path = "desktop/dbus.rs")]
mod desktop;
#[cfg(all(test, unix, not(target_os = "macos")))]
mod tests;
mod words;

use std::sync::{Mutex, PoisonError};

use hark_client::{Change, Engine};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::api::{Attention, Event, Settings};
use crate::app::App;
use crate::clock;
use decide::{Desk, News, Out};
use desktop::{Desktop, Heard};

pub(crate) use desktop::service;

/// Who wants notifications: the task runs while there is anybody.
#[derive(Default)]
pub(crate) struct Wanted(Mutex<(usize, CancellationToken)>);

/// While this is held, new messages are told of on the desktop. With the last one everything shown is withdrawn.
pub struct Notifying {
    app: App,
}

impl Drop for Notifying {
    fn drop(&mut self) {
        let mut wanted = self.app.notifying().0.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.0 -= 1;
        if wanted.0 == 0 {
            wanted.1.cancel();
        }
    }
}

/// Begins to tell of new messages, where nobody asked for that yet.
pub(crate) fn start(app: &App) -> Notifying {
    let mut wanted = app.notifying().0.lock().unwrap_or_else(PoisonError::into_inner);
    wanted.0 += 1;
    if wanted.0 == 1 {
        wanted.1 = app.stopping().child_token();
        app.tasks().spawn(run(
            app.engine().clone(),
            app.engine().changes(),
            Desktop::of_this_session(),
            Watched { settings: app.settings(), attention: app.attention().subscribe() },
            app.events_out(),
            wanted.1.clone(),
        ));
    }
    Notifying { app: app.clone() }
}

/// What is looked at beside the engine.
struct Watched {
    settings: watch::Receiver<Settings>,
    attention: watch::Receiver<Attention>,
}

async fn run(
    engine: Engine,
    mut changes: broadcast::Receiver<Change>,
    mut desktop: Desktop,
    mut watched: Watched,
    events: broadcast::Sender<Event>,
    stopping: CancellationToken,
) {
    let mut desk = Desk::new(&watched.settings.borrow_and_update(), &watched.attention.borrow_and_update());
    for line in engine.conversations("").await.unwrap_or_default() {
        desk.knows(&line);
    }
    loop {
        let news = tokio::select! {
            biased;
            () = stopping.cancelled() => News::End,
            Ok(()) = watched.settings.changed() => News::Settings(watched.settings.borrow_and_update().clone()),
            Ok(()) = watched.attention.changed() => News::Attention(watched.attention.borrow_and_update().clone()),
            heard = desktop.heard() => match heard {
                Heard::Clicked(conversation) => News::Clicked(conversation),
                Heard::Dismissed(conversation) => News::Dismissed(conversation),
            },
            change = changes.recv() => match change {
                Ok(change) => match news_of(change) {
                    Some(news) => news,
                    None => continue,
                },
                // What was missed is in the store.
                Err(RecvError::Lagged(_)) => News::Inbox(engine.conversations("").await.unwrap_or_default()),
                Err(RecvError::Closed) => News::End,
            },
            () = until(desk.due()) => News::Time,
        };
        let over = matches!(news, News::End);
        for out in desk.handle(news, clock::now()) {
            match out {
                Out::Show(note) => desktop.show(&note).await,
                Out::Withdraw(conversation) => desktop.withdraw(&conversation).await,
                Out::Open { conversation, key } => {
                    // No listener is no error: nobody has a window open.
                    let _ = events.send(Event::Show { conversation, key });
                }
            }
        }
        if over {
            return;
        }
    }
}

fn news_of(change: Change) -> Option<News> {
    Some(match change {
        Change::Alert(message) => News::Alert(message),
        Change::Message { message, .. } => News::Changed(message),
        Change::MessageRemoved { conversation, key } => News::Removed { conversation, key },
        Change::Conversation(line) => News::Line(line),
        Change::ConversationRemoved(id) => News::LineGone(id),
        Change::Account(None) => News::SignedOut,
        // Someone I talk with is joined without asking; any other invitation is a request, which waits in silence (RQ1).
        Change::Invite { .. }
        | Change::Account(Some(_))
        | Change::Connection(_)
        | Change::Receipt { .. }
        | Change::Typing { .. } => return None,
    })
}

async fn until(when: Option<std::time::Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}
