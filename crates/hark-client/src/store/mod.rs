//! Everything this device remembers, in one encrypted SQLite file.
//!
//! One thread owns the only connection that writes; others hold a [`Store`] and hand it closures. A closure gets a
//! [`Tx`], which is one transaction: what it says and the rows that follow from it (the inbox line of every touched
//! conversation) are committed together, and only then are the [`Change`]s told. Reads go to a few connections of
//! their own that cannot write. No SQL stands outside this folder.

mod accounts;
pub(crate) mod conversations;
pub(crate) mod direct;
mod edits;
mod error;
pub(crate) mod gaps;
pub(crate) mod index;
mod media;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod meta;
mod open;
pub(crate) mod outgoing;
mod place;
#[cfg(test)]
mod plans;
pub(crate) mod played;
mod push_levels;
mod readers;
pub(crate) mod receipts;
pub(crate) mod rooms;
mod tx;

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{broadcast, mpsc, oneshot};

pub(crate) use accounts::{Login, LoginFile};
pub(crate) use edits::Edit;
pub(crate) use error::{Result, StoreError};
pub(crate) use gaps::Gap;
pub(crate) use media::MediaCache;
pub(crate) use members::Member;
pub(crate) use messages::{Known, NewMessage, PageRow};
pub(crate) use open::{Opened, open};
pub(crate) use outgoing::{OutboxRow, OutgoingStep};
pub(crate) use place::Place;
pub(crate) use push_levels::{PushLevel, PushScope};
use readers::Readers;
pub(crate) use rooms::{DmRoom, Room};
pub(crate) use tx::Tx;

use crate::{Change, clock};

/// Closures waiting for the writer; more would only wait in another place.
const QUEUE: usize = 64;

enum Job {
    Work(Box<dyn FnOnce(&mut Connection) + Send>),
    Close(oneshot::Sender<()>),
}

/// A handle of the store.
#[derive(Clone)]
pub(crate) struct Store {
    jobs: mpsc::Sender<Job>,
    readers: Arc<Readers>,
    changes: broadcast::Sender<Change>,
}

impl Store {
    /// Starts the writer over an opened file.
    pub(crate) fn start(opened: Opened, changes: broadcast::Sender<Change>) -> std::io::Result<Self> {
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE);
        let readers = Arc::new(Readers::new(opened.path, opened.key));
        let mut connection = opened.connection;
        std::thread::Builder::new().name("hark-store".to_owned()).spawn(move || {
            let mut closed = None;
            while let Some(job) = queue.blocking_recv() {
                match job {
                    Job::Work(work) => work(&mut connection),
                    Job::Close(done) => {
                        closed = Some(done);
                        break;
                    }
                }
            }
            drop(connection);
            if let Some(done) = closed {
                let _ = done.send(());
            }
        })?;
        Ok(Self { jobs, readers, changes })
    }

    /// Runs `work` as one transaction; tells what changed once it is on disk.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (answer, done) = oneshot::channel();
        let changes = self.changes.clone();
        let path = self.readers.path().to_owned();
        let now = clock::now_ms();
        let job = Job::Work(Box::new(move |connection: &mut Connection| {
            let outcome = tx::run(connection, now, work);
            if let Err(StoreError::Damaged(reason)) = &outcome {
                tracing::error!(reason, "the store is damaged");
                open::mark_damaged(&path);
            }
            let outcome = outcome.map(|(value, told)| {
                for change in told {
                    // Nobody listening is no fault.
                    let _ = changes.send(change);
                }
                value
            });
            let _ = answer.send(outcome);
        }));
        self.jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        done.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs a query on a connection that cannot write.
    pub(crate) async fn read<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.readers.read(query).await
    }

    /// Ends the writer once everything handed over so far is done, and closes every connection. What comes later is
    /// answered with [`StoreError::Closed`].
    pub(crate) async fn close(&self) {
        let (answer, done) = oneshot::channel();
        if self.jobs.send(Job::Close(answer)).await.is_ok() {
            let _ = done.await;
        }
        self.readers.close();
    }

    /// Tells listeners something that is not a row.
    pub(crate) fn tell(&self, change: Change) {
        let _ = self.changes.send(change);
    }
}
