//! The handle everything goes through. Its methods stand in the files named for what they are about.

mod conversations;
pub(crate) mod media;
mod open;
mod search;
mod send;
mod session;
mod thread;
mod who;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use crate::core::Core;
use crate::folder::Folder;
use crate::model::{Account, Connection};
use crate::{Change, KeyStorage};

/// One data folder at work. Clones are handles of the same.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    core: Arc<Core>,
    changes: broadcast::Sender<Change>,
    device_name: String,
    key_storage: KeyStorage,
    recovered_from: Option<PathBuf>,
    /// Taken by whoever closes.
    running: Mutex<Option<Running>>,
}

struct Running {
    tasks: Vec<JoinHandle<()>>,
    /// Held by every task too, until the last has ended.
    folder: Arc<Folder>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("account", &self.account()).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Dropped without `close`: the tasks end by themselves, and the folder with the last of them.
        self.core.closing.cancel();
    }
}

impl Engine {
    /// Stops every task in order; what is under way stays in the outbox. The folder is free afterwards.
    pub async fn close(&self) {
        self.inner.core.closing.cancel();
        let running = self.inner.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Running { tasks, folder }) = running else { return };
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task did not end well");
            }
        }
        self.inner.core.store.close().await;
        self.inner.core.media.close().await;
        drop(folder);
    }

    /// Who is signed in; also while the server no longer accepts the login.
    pub fn account(&self) -> Option<Account> {
        self.inner.core.login.borrow().as_ref().map(|login| login.account.clone())
    }

    /// The link to the homeserver, as it changes.
    pub fn connection(&self) -> watch::Receiver<Connection> {
        self.inner.core.link.subscribe()
    }

    /// Everything that changes from now on. A receiver that lags must read everything again.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.inner.changes.subscribe()
    }

    /// Does not wait for the back-off (SY4).
    #[expect(
        clippy::unused_async,
        reason = "part of the asynchronous face; may wait for the network one day"
    )]
    pub async fn retry_connection(&self) {
        self.inner.core.poke.notify_one();
    }

    /// Where the key of the store is kept.
    pub fn key_storage(&self) -> KeyStorage {
        self.inner.key_storage.clone()
    }

    /// Where a damaged store was put aside when this engine opened; its content comes again from the server.
    pub fn recovered_from(&self) -> Option<PathBuf> {
        self.inner.recovered_from.clone()
    }

    fn core(&self) -> &Arc<Core> {
        &self.inner.core
    }
}
