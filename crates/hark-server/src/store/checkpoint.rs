//! Moving the WAL into the database, off the path of commits.
//!
//! A thread copies pages in the background once the WAL has grown by [`PASSIVE_EVERY`]. Under an unbroken load that alone never
//! reaches the end of the WAL, so that it would grow for ever; past [`RESTART_AT`] the writer itself copies the little that is
//! left and begins at the front of the WAL again. The file keeps its size: writing over what is there costs the disk less than a file
//! that grows.

use std::{cell::Cell, path::Path, sync::mpsc, thread, time::Duration};

use rusqlite::Connection;

use super::{StoreError, readers};

/// Pages of the WAL after which the background copy runs again: 4 MiB.
const PASSIVE_EVERY: i32 = 1 << 10;
/// Pages of the WAL at which the writer begins at its front again: 32 MiB.
const RESTART_AT: i32 = 8 << 10;
/// How long the writer waits for readers when it restarts the WAL.
const PATIENCE: Duration = Duration::from_millis(50);

thread_local! {
    /// Pages in the WAL after this thread's last commit.
    static PAGES: Cell<i32> = const { Cell::new(0) };
}

pub(super) struct Checkpointer {
    requests: mpsc::SyncSender<()>,
    /// Pages in the WAL when the background copy was asked for last.
    copied_at: i32,
}

impl Checkpointer {
    /// For the commits of `writer`.
    pub(super) fn start(path: &Path, writer: &Connection) -> Result<Self, StoreError> {
        writer.wal_hook(Some(|_, pages| {
            PAGES.set(pages);
            Ok(())
        }));
        let connection = readers::open_for_checkpoints(path)?;
        let (requests, inbox) = mpsc::sync_channel::<()>(1);
        thread::Builder::new()
            .name("store-checkpoint".into())
            .spawn(move || {
                while inbox.recv().is_ok() {
                    checkpoint(&connection, "PASSIVE");
                }
            })
            .map_err(|error| StoreError::Damaged { what: "checkpoint thread", reason: error.to_string() })?;
        Ok(Self { requests, copied_at: 0 })
    }

    pub(super) fn after_commit(&mut self, connection: &Connection) {
        let pages = PAGES.get();
        // Fewer than before: the WAL was begun at its front.
        self.copied_at = self.copied_at.min(pages);
        if pages < self.copied_at + PASSIVE_EVERY {
            return;
        }
        self.copied_at = pages;
        if pages >= RESTART_AT {
            // A reader in the way is not waited for long: the next look tries again.
            let patience = connection.busy_timeout(PATIENCE);
            checkpoint(connection, "RESTART");
            let restored = connection.busy_timeout(readers::PATIENCE);
            if let Err(error) = patience.and(restored) {
                tracing::warn!(%error, "the patience of the writer could not be set");
            }
        } else {
            // A request that finds one waiting is the same request.
            let _one_waits = self.requests.try_send(());
        }
    }

    /// Leaves a short WAL behind for the next start.
    pub(super) fn finish(self, connection: &Connection) {
        drop(self);
        checkpoint(connection, "TRUNCATE");
    }
}

/// A checkpoint that finds the database busy does what it can; the next one does the rest. Its failure loses nothing: the WAL
/// still has every commit.
fn checkpoint(connection: &Connection, mode: &str) {
    if let Err(error) = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), (), |_| Ok(())) {
        tracing::warn!(%error, mode, "checkpoint failed");
    }
}
