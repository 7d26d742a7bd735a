//! The server's memory: one `SQLite` file in WAL mode, one writer, many readers, one log.
//!
//! * [`Store::write`] sends a closure to the one writer thread ([`writer`]). Everything that waited while the previous commit was
//!   in fsync is committed together; the answer comes strictly after the fsync.
//! * [`Store::read`] runs a closure on a read-only connection inside one snapshot, so that a response never mixes two states.
//! * Every durable change takes the next [`Position`] of the one log ([`log`]); that position is the sync token.
//!
//! SQL lives in this folder only, one file per table family: reads are methods of [`Snapshot`], writes are methods of [`Tx`]
//! (a `Tx` derefs to a `Snapshot`, so what is written can be read back inside the same transaction). Statements are cached, and
//! parameters are written `$1`, `$2`, … in the order of their first appearance ([`Snapshot::prepare`] checks it).

mod account_data;
mod accounts;
mod aliases;
mod audit;
mod cards;
mod checkpoint;
mod copy;
mod cross_signing;
pub(crate) mod dehydrated;
mod device_keys;
mod device_lists;
pub(crate) mod devices;
mod directory;
mod error;
mod events;
mod filters;
mod heads;
pub(crate) mod key_backups;
mod lists;
pub(crate) mod log;
pub(crate) mod media;
mod media_promises;
mod media_refs;
mod memberships;
mod migrations;
#[cfg(debug_assertions)]
mod plan;
pub(crate) mod played;
mod profiles;
mod purge;
mod pushers;
mod readers;
mod receipts;
mod registration_tokens;
mod relations;
mod reports;
mod rooms;
mod search;
mod settings;
mod slow;
mod snapshot;
mod state;
mod timing;
pub(crate) mod to_device;
pub(crate) mod tokens;
pub(crate) mod txns;
mod unread;
mod writer;

use std::{
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::sync::watch;

pub(crate) use self::{
    account_data::AccountData,
    audit::audit,
    cards::{Card, CardField},
    copy::{copy, renew_epoch},
    cross_signing::{CrossSigningKey, KeySignature, Usage},
    device_keys::PublishedKey,
    device_lists::Sharing,
    events::{Counted, NewRow, StoredEvent},
    heads::{AuthEvent, JudgedBy, KnownState, RoomHead, SharedHeads, Slot, StateKey},
    log::{Batch, LogEntry, LogKind, Position, RoomNid},
    memberships::Membership,
    pushers::{Pusher, PusherKey},
    receipts::{NewReceipt, Receipt},
    relations::{Child, Place},
    reports::{Report, Reported},
    rooms::Room,
    search::{Hit, Unindexed},
    slow::slow_statements,
    snapshot::{Snapshot, to_json_error},
    state::Members,
    timing::Timing,
    txns::TxnKey,
    unread::{Highlight, ThreadHead},
    writer::{Tx, Undo},
};
pub use self::{
    error::StoreError,
    lists::{RoomEntry, TokenEntry, UserEntry, UserState},
};
use self::{readers::Readers, writer::Writer};

/// What is called by the writer thread after each commit and before its commands are answered. It must be quick and never block.
pub(crate) type CommitHook = Box<dyn Fn(&Batch) + Send + Sync>;

/// A cheap, clonable handle of the database.
#[derive(Clone)]
pub(crate) struct Store(Arc<Inner>);

struct Inner {
    writer: Writer,
    readers: Readers,
    committed: watch::Receiver<Position>,
    epoch: String,
    heads: SharedHeads,
    hook: Arc<OnceLock<CommitHook>>,
    timing: Arc<Timing>,
}

impl Store {
    /// Opens (or creates) the database at `path` and brings its tables up to date. One process at a time: the caller holds the
    /// data folder's lock.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = readers::open_for_writing(path)?;
        migrations::apply(&mut connection)?;
        let epoch = log::epoch(&connection)?;
        let head = Snapshot::over(&connection).position()?;
        let (committed_sender, committed) = watch::channel(head);
        let hook: Arc<OnceLock<CommitHook>> = Arc::default();
        let heads = SharedHeads::default();
        let timing = Arc::new(Timing::begin());
        let writer = Writer::start(
            connection,
            path,
            head,
            committed_sender,
            hook.clone(),
            heads.clone(),
            timing.clone(),
        )?;
        let readers = Readers::new(path);
        Ok(Self(Arc::new(Inner { writer, readers, committed, epoch, heads, hook, timing })))
    }

    /// Runs `change` in the writer's next batch: an `Err` undoes this change alone. It takes its place in the queue at once, before
    /// what is returned is awaited; that ends after the commit is on disk. `change` must not block on anything but the database.
    pub(crate) fn write<T, E, F>(&self, change: F) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.write_with(Undo::Command, change)
    }

    /// As [`Self::write`], with a choice of what an `Err` undoes.
    pub(crate) fn write_with<T, E, F>(
        &self,
        undo: Undo,
        change: F,
    ) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.0.writer.submit(undo, change)
    }

    /// Runs `look` on a blocking thread over one snapshot of the database.
    pub(crate) async fn read<T, E, F>(&self, look: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Snapshot<'_>) -> Result<T, E> + Send + 'static,
    {
        self.0.readers.run(look).await
    }

    /// The position of the last durable change.
    pub(crate) fn committed(&self) -> Position {
        *self.0.committed.borrow()
    }

    /// How long ago a committed change was asked for.
    pub(crate) fn age(&self, pos: Position) -> Duration {
        self.0.timing.age(pos, self.committed())
    }

    /// How long changes take.
    pub(crate) fn timing(&self) -> &Timing {
        &self.0.timing
    }

    /// Follows [`Self::committed`].
    pub(crate) fn commits(&self) -> watch::Receiver<Position> {
        self.0.committed.clone()
    }

    /// Names this database in sync tokens, so that a token of another one is refused.
    pub(crate) fn epoch(&self) -> &str {
        &self.0.epoch
    }

    /// The heads of rooms written to lately.
    pub(crate) fn heads(&self) -> &SharedHeads {
        &self.0.heads
    }

    /// Installs what is told of every commit. Only the first call counts.
    pub(crate) fn on_commit(&self, hook: CommitHook) {
        let _already_set = self.0.hook.set(hook);
    }

    /// Ends the writer after what was accepted so far is committed, and waits for it. Later writes answer `Closed`.
    pub(crate) async fn close(&self) {
        self.0.writer.close().await;
    }
}

#[cfg(test)]
mod tests;
