//! Moving the WAL into the database, off the path of commits.
//!
//! A thread copies pages in the background once the WAL has grown by [`PASSIVE_EVERY`]. Under an unbroken load that alone never
//! reaches the end of the WAL, so that it would grow for ever; past [`RESTART_AT`] the writer itself copies the little that is
//! left and starts the WAL anew.

use std::{
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use rusqlite::Connection;

use super::{StoreError, readers};

/// WAL bytes after which the background copy runs again.
const PASSIVE_EVERY: u64 = 4 << 20;
/// WAL bytes at which the writer restarts the WAL.
const RESTART_AT: u64 = 64 << 20;
/// How long the writer waits for readers when it restarts the WAL.
const PATIENCE: Duration = Duration::from_millis(50);
/// Commits between two looks at the size of the WAL.
const LOOK_EVERY: u32 = 32;

pub(super) struct Checkpointer {
    requests: mpsc::SyncSender<()>,
    wal: PathBuf,
    commits: u32,
    copied_at: u64,
}

impl Checkpointer {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
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
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        Ok(Self { requests, wal: wal.into(), commits: 0, copied_at: 0 })
    }

    pub(super) fn after_commit(&mut self, connection: &Connection) {
        self.commits += 1;
        if !self.commits.is_multiple_of(LOOK_EVERY) {
            return;
        }
        let size = std::fs::metadata(&self.wal).map_or(0, |file| file.len());
        if size >= RESTART_AT {
            // A reader in the way is not waited for long: the next look tries again.
            let patience = connection.busy_timeout(PATIENCE);
            checkpoint(connection, "TRUNCATE");
            let restored = connection.busy_timeout(readers::PATIENCE);
            if let Err(error) = patience.and(restored) {
                tracing::warn!(%error, "the patience of the writer could not be set");
            }
            self.copied_at = 0;
        } else if size >= self.copied_at + PASSIVE_EVERY {
            // A request that finds one waiting is the same request.
            let _one_waits = self.requests.try_send(());
            self.copied_at = size;
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
