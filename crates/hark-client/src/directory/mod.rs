//! Owner of what direct messages need beyond the store: making rooms, joining them, and `m.direct` on the server.
//!
//! A hit in the directory never comes here. A miss does, one at a time: so two messages to a new contact make one room.
//! What the server has to learn waits in the store and is tried until the server has it (DM3).

mod ensure;
mod publish;

use std::sync::Arc;
use std::time::Duration;

use ruma::api::client::membership::{join_room_by_id_or_alias, leave_room};
use ruma::{RoomId, RoomOrAliasId};
use tokio::sync::{mpsc, oneshot};

use crate::core::{Core, Session};
use crate::error::Error;
use crate::random;
use crate::store::{DmRoom, StoreError, direct};
use crate::sync::Backoff;
use crate::transport::{Failure, LONG_PATIENCE};

/// Why there is no room.
#[derive(Debug)]
pub(crate) enum Trouble {
    Network(Failure),
    Store(Error),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Network(failure) => failure.into(),
            Trouble::Store(error) => error,
        }
    }
}

type Answer<T> = oneshot::Sender<Result<T, Trouble>>;

enum Command {
    Ensure { contact: String, done: Answer<DmRoom> },
    Join { room: String, done: Answer<String> },
    Leave { room_id: String, done: Answer<()> },
}

/// Asks for rooms.
#[derive(Clone)]
pub(crate) struct Handle {
    commands: mpsc::Sender<Command>,
    wake: Arc<tokio::sync::Notify>,
}

/// The receiving end, for the task.
pub(crate) struct Inbox {
    commands: mpsc::Receiver<Command>,
    wake: Arc<tokio::sync::Notify>,
}

pub(crate) fn channel() -> (Handle, Inbox) {
    let (sender, receiver) = mpsc::channel(64);
    let wake = Arc::new(tokio::sync::Notify::new());
    (Handle { commands: sender, wake: Arc::clone(&wake) }, Inbox { commands: receiver, wake })
}

impl Handle {
    /// The room of a contact: found, accepted or made.
    pub(crate) async fn ensure(&self, contact: String) -> Result<DmRoom, Trouble> {
        self.ask(|done| Command::Ensure { contact, done }).await
    }

    /// Joins a room by id or alias; an invitation to it is accepted. Answers its id.
    pub(crate) async fn join(&self, room: String) -> Result<String, Trouble> {
        self.ask(|done| Command::Join { room, done }).await
    }

    /// Leaves a room, or refuses an invitation.
    pub(crate) async fn leave(&self, room_id: String) -> Result<(), Trouble> {
        self.ask(|done| Command::Leave { room_id, done }).await
    }

    /// There may be something to join or to write.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Trouble> {
        let (done, answer) = oneshot::channel();
        self.commands.send(command(done)).await.map_err(|_| Trouble::Store(Error::Closed))?;
        answer.await.map_err(|_| Trouble::Store(Error::Closed))?
    }
}

/// Works until the engine closes.
pub(crate) async fn run(core: Arc<Core>, mut inbox: Inbox) {
    let mut backoff = Backoff::default();
    let mut wait = None;
    loop {
        let command = tokio::select! {
            biased;
            () = core.closing.cancelled() => return,
            command = inbox.commands.recv() => command,
            () = inbox.wake.notified() => None,
            () = retry(wait) => None,
        };
        let Ok(session) = core.session() else {
            refuse(command);
            wait = None;
            continue;
        };
        let done = async {
            if let Some(command) = command {
                obey(&core, &session, command).await;
            }
            chores(&core, &session).await
        };
        let outcome = tokio::select! {
            outcome = done => outcome,
            () = core.session_over(&session) => Ok(()),
        };
        wait = match outcome {
            Ok(()) => {
                backoff.reset();
                None
            }
            Err(error) => {
                tracing::debug!(%error, "the directory tries again later");
                Some(backoff.next(random::unit()))
            }
        };
    }
}

async fn retry(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

fn refuse(command: Option<Command>) {
    let no = || Trouble::Store(Error::SignedOut);
    match command {
        Some(Command::Ensure { done, .. }) => drop(done.send(Err(no()))),
        Some(Command::Join { done, .. }) => drop(done.send(Err(no()))),
        Some(Command::Leave { done, .. }) => drop(done.send(Err(no()))),
        None => {}
    }
}

async fn obey(core: &Core, session: &Session, command: Command) {
    match command {
        Command::Ensure { contact, done } => {
            let _ = done.send(ensure::ensure(core, session, &contact).await);
        }
        Command::Join { room, done } => {
            let _ = done.send(join(core, session, &room).await);
        }
        Command::Leave { room_id, done } => {
            let _ = done.send(leave(core, session, &room_id).await);
        }
    }
}

/// Invitations of contacts, then `m.direct`.
async fn chores(core: &Core, session: &Session) -> Result<(), Error> {
    for room_id in core.store.read(direct::invitations_to_join).await? {
        match join(core, session, &room_id).await {
            Ok(_) => {}
            Err(Trouble::Network(failure @ Failure::Matrix { status: 400..=404, .. })) => {
                // Withdrawn, or not for me: it stays a request a person may answer.
                tracing::info!(%failure, room_id, "an invitation of a contact cannot be joined");
                core.store.write(move |tx| tx.mark_unusable(&room_id)).await?;
            }
            Err(trouble) => return Err(trouble.into()),
        }
    }
    publish::write(core, session).await
}

/// Joins, and where it is a conversation of two writes it down on this side too (DM4).
async fn join(core: &Core, session: &Session, room: &str) -> Result<String, Trouble> {
    let name = <&RoomOrAliasId>::try_from(room)
        .map_err(|_| Trouble::Store(Error::NotFound(format!("The room {room}"))))?
        .to_owned();
    let answer = session
        .http
        .call(join_room_by_id_or_alias::v3::Request::new(name), LONG_PATIENCE)
        .await
        .map_err(Trouble::Network)?;
    let room_id = answer.room_id.to_string();
    let joined = room_id.clone();
    core.store
        .write(move |tx| {
            let before = tx.room(&joined)?;
            tx.set_membership(&joined, "join")?;
            if let Some(before) = before {
                if let Some(inviter) = before.inviter.as_deref().filter(|_| before.membership == "invite") {
                    tx.add_contact(inviter)?;
                }
                if let Some(contact) = &before.contact {
                    tx.enter_direct(contact, &joined)?;
                }
            }
            Ok(())
        })
        .await?;
    Ok(room_id)
}

async fn leave(core: &Core, session: &Session, room_id: &str) -> Result<(), Trouble> {
    let id =
        RoomId::parse(room_id).map_err(|_| Trouble::Store(Error::NotFound(format!("The room {room_id}"))))?;
    match session.http.call(leave_room::v3::Request::new(id), LONG_PATIENCE).await {
        // Not in it, or there is no such room any more: that is what was wanted.
        Ok(_) | Err(Failure::Matrix { status: 403 | 404, .. }) => {}
        Err(failure) => return Err(Trouble::Network(failure)),
    }
    let left = room_id.to_owned();
    core.store
        .write(move |tx| {
            tx.set_membership(&left, "leave")?;
            tx.hide_room(&left)
        })
        .await?;
    Ok(())
}
