//! Store to server: every message that waits is sent, once, in order, however often it takes.
//!
//! The rows in the store are the truth; [`machine`] decides what is sent when; [`deliver`] takes one message through its
//! steps: upload → room → seal → send → acknowledgement. This task owns the machine, runs the deliveries, and writes
//! down what becomes of them.

pub(crate) mod content;
mod deliver;
pub(crate) mod early;
mod machine;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::core::{Core, Session};
use crate::error::Error;
use crate::model::{MessageState, SendingStep};
use crate::store::outgoing;
use crate::{clock, random};
use deliver::{Outcome, deliver};
use machine::{Event, Machine, Out};

enum Command {
    Queued { key: i64, conversation: String },
    Settled(Vec<i64>),
    Link(bool),
    Retry { key: i64, done: oneshot::Sender<Result<(), Error>> },
    Discard { key: i64, done: oneshot::Sender<Result<(), Error>> },
}

/// Tells the outbox what happened elsewhere.
#[derive(Clone)]
pub(crate) struct Handle(mpsc::Sender<Command>);

/// The receiving end, for the task.
pub(crate) struct Inbox(mpsc::Receiver<Command>);

pub(crate) fn channel() -> (Handle, Inbox) {
    let (sender, receiver) = mpsc::channel(256);
    (Handle(sender), Inbox(receiver))
}

impl Handle {
    /// A row was committed.
    pub(crate) async fn queued(&self, key: i64, conversation: &str) {
        let _ = self.0.send(Command::Queued { key, conversation: conversation.to_owned() }).await;
    }

    /// The echo of these came, and their rows are gone.
    pub(crate) async fn settled(&self, keys: Vec<i64>) {
        if !keys.is_empty() {
            let _ = self.0.send(Command::Settled(keys)).await;
        }
    }

    /// Sync reached the server, or did not.
    pub(crate) async fn link(&self, up: bool) {
        let _ = self.0.send(Command::Link(up)).await;
    }

    /// Another try, now.
    pub(crate) async fn retry(&self, key: i64) -> Result<(), Error> {
        self.ask(|done| Command::Retry { key, done }).await
    }

    /// Deletes a message that is not being sent.
    pub(crate) async fn discard(&self, key: i64) -> Result<(), Error> {
        self.ask(|done| Command::Discard { key, done }).await
    }

    async fn ask(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<(), Error>>) -> Command,
    ) -> Result<(), Error> {
        let (done, answer) = oneshot::channel();
        self.0.send(command(done)).await.map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }
}

/// Sends for whoever is signed in, until the engine closes.
pub(crate) async fn run(core: Arc<Core>, mut inbox: Inbox) {
    while let Some(session) = next_session(&core, &mut inbox).await {
        let over = core.session_over(&session);
        let mut work = Work {
            core: &core,
            session: &session,
            machine: Machine::new(),
            deliveries: JoinSet::new(),
            regretted: HashMap::new(),
        };
        tokio::select! {
            () = work.run(&mut inbox) => {}
            () = over => {}
        }
        // What was under way is stopped where it is; its rows are as they were, and its transaction ids too.
        work.deliveries.shutdown().await;
    }
}

/// Waits for someone to be signed in; until then only deleting works.
async fn next_session(core: &Arc<Core>, inbox: &mut Inbox) -> Option<Arc<Session>> {
    loop {
        tokio::select! {
            session = core.next_session(None) => return session,
            command = inbox.0.recv() => match command? {
                Command::Retry { done, .. } => {
                    let _ = done.send(Err(Error::SignedOut));
                }
                Command::Discard { key, done } => {
                    let _ = done.send(discard(core, key).await);
                }
                Command::Queued { .. } | Command::Settled(_) | Command::Link(_) => {}
            },
        }
    }
}

struct Work<'a> {
    core: &'a Arc<Core>,
    session: &'a Arc<Session>,
    machine: Machine,
    deliveries: JoinSet<(i64, Outcome)>,
    /// Under way, but to be deleted if this try does not get through.
    regretted: HashMap<i64, oneshot::Sender<Result<(), Error>>>,
}

impl Work<'_> {
    async fn run(&mut self, inbox: &mut Inbox) {
        self.load().await;
        loop {
            let now = clock::now_ms();
            let wake =
                self.machine.next_wake(now).map(|at| Duration::from_millis((at - now).max(0).unsigned_abs()));
            tokio::select! {
                command = inbox.0.recv() => match command {
                    Some(command) => self.command(command).await,
                    None => return,
                },
                Some(finished) = self.deliveries.join_next() => {
                    if let Ok((key, outcome)) = finished {
                        self.finished(key, outcome).await;
                    }
                }
                () = sleep(wake) => self.event(Event::Tick).await,
            }
        }
    }

    /// Everything the last run left.
    async fn load(&mut self) {
        if let Err(error) = self
            .core
            .store
            .write(|tx| {
                tx.nothing_under_way()?;
                Ok(())
            })
            .await
        {
            tracing::warn!(%error, "the outbox cannot be tidied");
        }
        let rows = match self.core.store.read(outgoing::all).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read");
                return;
            }
        };
        for row in rows {
            self.event(Event::Queued {
                key: row.key,
                conversation: row.conversation,
                tries: row.tries,
                refused: row.refused,
            })
            .await;
        }
    }

    async fn command(&mut self, command: Command) {
        match command {
            Command::Queued { key, conversation } => {
                self.event(Event::Queued { key, conversation, tries: 0, refused: false }).await;
            }
            Command::Settled(keys) => {
                for key in keys {
                    self.event(Event::Settled { key }).await;
                }
            }
            Command::Link(up) => self.event(Event::Link { up }).await,
            Command::Retry { key, done } => {
                self.event(Event::Retry { key }).await;
                let _ = done.send(Ok(()));
            }
            Command::Discard { key, done } => {
                if self.machine.is_under_way(key) {
                    // Whether it gets through shows in a moment; only then is there something to delete.
                    self.regretted.insert(key, done);
                } else {
                    self.discard(key, done).await;
                }
            }
        }
    }

    async fn finished(&mut self, key: i64, outcome: Outcome) {
        let regretted = self.regretted.remove(&key);
        match outcome {
            Outcome::Sent => {
                self.event(Event::Settled { key }).await;
                if let Some(done) = regretted {
                    let _ = done.send(Err(Error::BadRequest("This message was sent already.".to_owned())));
                }
            }
            Outcome::NotSent(verdict) => match regretted {
                Some(done) => self.discard(key, done).await,
                None => self.event(Event::Failed { key, verdict }).await,
            },
            // The session's end ends this loop too; the row waits for the next.
            Outcome::LoginOver => {}
        }
    }

    async fn discard(&mut self, key: i64, done: oneshot::Sender<Result<(), Error>>) {
        let outcome = discard(self.core, key).await;
        if outcome.is_ok() {
            self.event(Event::Discarded { key }).await;
        }
        let _ = done.send(outcome);
    }

    async fn event(&mut self, event: Event) {
        for out in self.machine.handle(event, clock::now_ms(), random::unit()) {
            match out {
                Out::Start(key) => {
                    let (core, session) = (Arc::clone(self.core), Arc::clone(self.session));
                    self.deliveries.spawn(async move { (key, deliver(&core, &session, key).await) });
                }
                Out::Waiting { key, tries } => {
                    let state = MessageState::Sending { step: SendingStep::Waiting };
                    self.note(key, tries, false, state).await;
                }
                Out::Failed { key, tries, reason, refused } => {
                    self.note(key, tries, refused, MessageState::Failed { reason, refused }).await;
                }
            }
        }
    }

    async fn note(&self, key: i64, tries: u32, refused: bool, state: MessageState) {
        let noted = self.core.store.write(move |tx| {
            // Its echo may have come meanwhile.
            if tx.outgoing(key)?.is_some() {
                tx.set_tries(key, tries, refused)?;
                tx.set_state(key, &state)?;
            }
            Ok(())
        });
        if let Err(error) = noted.await {
            tracing::warn!(%error, key, "a message's state cannot be noted");
        }
    }
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

async fn discard(core: &Core, key: i64) -> Result<(), Error> {
    let found = core
        .store
        .write(move |tx| {
            let found = tx.dequeue(key)?;
            if found {
                tx.delete_message(key)?;
            }
            Ok(found)
        })
        .await?;
    if found { Ok(()) } else { Err(Error::NotFound("A message that could be deleted".to_owned())) }
}
