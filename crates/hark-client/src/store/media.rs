//! Bytes fetched from the server, in a file of their own under the same key, with a bound. Losing it costs a download.
//!
//! One connection stays open: opening one for each file would cost more than reading it. Nothing in here is worth waiting
//! for the disk, so a commit does not; a file that comes out damaged is begun anew.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use zeroize::Zeroizing;

use super::{Result, StoreError, open};
use crate::{MediaKind, MediaSpace};

/// What the cache may hold where nobody said otherwise.
const LIMIT: i64 = 512 << 20;
/// Larger files are not kept.
const LARGEST: usize = 64 << 20;

const SCHEMA: &[&str] = &[
    "CREATE TABLE files (
    mxc TEXT NOT NULL PRIMARY KEY,             -- address
    size INTEGER NOT NULL,                     -- bytes
    used INTEGER NOT NULL,                     -- last read, for eviction
    bytes BLOB NOT NULL                        -- content
) STRICT;
CREATE INDEX files_by_use ON files (used, size);",
    // What was fetched before is told by its first bytes: Ogg is what voice messages are.
    "ALTER TABLE files ADD COLUMN voice INTEGER NOT NULL DEFAULT 0; -- 1: a voice message
UPDATE files SET voice = 1 WHERE substr(bytes, 1, 4) = x'4F676753';
CREATE INDEX files_by_kind ON files (voice, size);",
];

/// A handle of the cache.
#[derive(Clone)]
pub(crate) struct MediaCache {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    key: Zeroizing<[u8; 32]>,
    limit: AtomicI64,
    /// Opened when first needed.
    connection: Mutex<Option<Connection>>,
}

impl MediaCache {
    pub(crate) fn new(path: &Path, key: &Zeroizing<[u8; 32]>) -> Self {
        Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                key: key.clone(),
                limit: AtomicI64::new(LIMIT),
                connection: Mutex::new(None),
            }),
        }
    }

    pub(crate) async fn get(&self, mxc: String, now: i64) -> Result<Option<Vec<u8>>> {
        self.with(move |connection, _| {
            let bytes = connection
                .prepare_cached("SELECT bytes FROM files WHERE mxc = ?1")?
                .query_row([&mxc], |row| row.get(0))
                .optional()?;
            if bytes.is_some() {
                connection
                    .prepare_cached("UPDATE files SET used = ?2 WHERE mxc = ?1")?
                    .execute(params![mxc, now])?;
            }
            Ok(bytes)
        })
        .await
    }

    /// Whether it is here, without reading it.
    pub(crate) async fn has(&self, mxc: String) -> Result<bool> {
        self.with(move |connection, _| {
            Ok(connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM files WHERE mxc = ?1)")?
                .query_row([&mxc], |row| row.get(0))?)
        })
        .await
    }

    pub(crate) async fn put(&self, mxc: String, kind: MediaKind, bytes: Vec<u8>, now: i64) -> Result<()> {
        if bytes.len() > LARGEST {
            return Ok(());
        }
        self.with(move |connection, limit| {
            let tx = connection.transaction()?;
            let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
            tx.prepare_cached(
                "INSERT OR REPLACE INTO files (mxc, size, used, bytes, voice) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![mxc, size, now, bytes, kind == MediaKind::Voice])?;
            make_room(&tx, limit)?;
            tx.commit()?;
            Ok(())
        })
        .await
    }

    /// Bytes kept, by kind.
    pub(crate) async fn space(&self) -> Result<MediaSpace> {
        self.with(|connection, _| {
            let of = |voice: bool| -> Result<u64> {
                let size: i64 = connection
                    .prepare_cached("SELECT coalesce(sum(size), 0) FROM files WHERE voice = ?1")?
                    .query_row([voice], |row| row.get(0))?;
                Ok(size.max(0).unsigned_abs())
            };
            Ok(MediaSpace { voice: of(true)?, other: of(false)? })
        })
        .await
    }

    /// Keeps no more than this from now on.
    pub(crate) async fn set_limit(&self, bytes: u64) -> Result<()> {
        let limit = i64::try_from(bytes).unwrap_or(i64::MAX);
        if self.inner.limit.swap(limit, Ordering::Relaxed) <= limit {
            return Ok(());
        }
        self.with(|connection, limit| {
            let tx = connection.transaction()?;
            make_room(&tx, limit)?;
            tx.commit()?;
            Ok(())
        })
        .await
    }

    /// Forgets everything and gives the space back to the disk.
    pub(crate) async fn clear(&self) -> Result<()> {
        self.with(|connection, _| {
            connection.execute("DELETE FROM files", [])?;
            connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")?;
            Ok(())
        })
        .await
    }

    /// Closes the file; whoever asks later opens it again.
    pub(crate) async fn close(&self) {
        let inner = Arc::clone(&self.inner);
        // Only a panic could stop it, and then the connection is gone with it.
        let _ = tokio::task::spawn_blocking(move || drop(inner.take())).await;
    }

    /// Runs `work` with the connection and the limit, where blocking is allowed.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, i64) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.run(work)).await.map_err(|_| StoreError::Closed)?
    }
}

impl Inner {
    fn run<T>(&self, work: impl FnOnce(&mut Connection, i64) -> Result<T>) -> Result<T> {
        let mut slot = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match &mut *slot {
            Some(connection) => connection,
            None => slot.insert(self.connect()?),
        };
        let outcome = work(connection, self.limit.load(Ordering::Relaxed));
        if let Err(StoreError::Damaged(_)) = &outcome {
            // A cache that cannot be read is worth nothing: the next one who asks begins again.
            *slot = None;
            self.remove();
        }
        outcome
    }

    fn connect(&self) -> Result<Connection> {
        let attempt = || {
            let mut connection = open::keyed(&self.path, &self.key, OpenFlags::default())?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            open::migrate(&mut connection, SCHEMA)?;
            Ok(connection)
        };
        match attempt() {
            Err(StoreError::Damaged(_)) => {
                self.remove();
                attempt()
            }
            other => other,
        }
    }

    fn take(&self) -> Option<Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What cannot be removed shows at the next attempt.
    fn remove(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(open::with_suffix(&self.path, suffix));
        }
    }
}

/// Lets go of what was not used for longest until the rest is within the limit.
fn make_room(connection: &Connection, limit: i64) -> Result<()> {
    loop {
        let total: i64 = connection
            .prepare_cached("SELECT coalesce(sum(size), 0) FROM files")?
            .query_row([], |row| row.get(0))?;
        let gone = total > limit
            && connection
                .prepare_cached(
                    "DELETE FROM files WHERE mxc = (SELECT mxc FROM files ORDER BY used LIMIT 1)",
                )?
                .execute([])?
                > 0;
        if !gone {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(dir: &tempfile::TempDir) -> MediaCache {
        MediaCache::new(&dir.path().join("media.db"), &Zeroizing::new([1; 32]))
    }

    #[tokio::test]
    async fn voice_and_other_media_are_counted_apart_and_forgotten_together() {
        let dir = tempfile::tempdir().expect("a folder");
        let cache = cache(&dir);
        cache.put("mxc://x/1".into(), MediaKind::Voice, vec![1; 1_000], 1).await.expect("kept");
        cache.put("mxc://x/2".into(), MediaKind::Other, vec![2; 500], 2).await.expect("kept");
        assert_eq!(cache.space().await.expect("counted"), MediaSpace { voice: 1_000, other: 500 });
        assert!(cache.has("mxc://x/1".into()).await.expect("looked"));
        cache.clear().await.expect("cleared");
        assert_eq!(cache.space().await.expect("counted"), MediaSpace { voice: 0, other: 0 });
    }

    #[tokio::test]
    async fn a_smaller_limit_lets_go_of_what_was_not_used_for_longest() {
        let dir = tempfile::tempdir().expect("a folder");
        let cache = cache(&dir);
        for n in 0..4_i64 {
            cache.put(format!("mxc://x/{n}"), MediaKind::Voice, vec![0; 100], n).await.expect("kept");
        }
        cache.get("mxc://x/0".into(), 9).await.expect("read");
        cache.set_limit(250).await.expect("set");
        let mut left = Vec::new();
        for n in 0..4 {
            left.push(cache.has(format!("mxc://x/{n}")).await.expect("looked"));
        }
        assert_eq!(left, [true, false, false, true]);
    }

    #[tokio::test]
    async fn media_of_an_older_version_stay_and_voice_is_known_among_them() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("media.db");
        let mut old = open::keyed(&path, &[1; 32], OpenFlags::default()).expect("a file");
        open::migrate(&mut old, &SCHEMA[..1]).expect("as it was");
        old.execute_batch(
            "INSERT INTO files VALUES ('mxc://x/v', 8, 1, CAST('OggS....' AS BLOB)), ('mxc://x/p', 3, 1, x'FFD8FF')",
        )
        .expect("two files");
        drop(old);
        assert_eq!(cache(&dir).space().await.expect("counted"), MediaSpace { voice: 8, other: 3 });
    }
}
