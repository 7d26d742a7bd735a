//! Bytes fetched from the server, in a file of their own under the same key, with a bound. Losing it costs a download.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use zeroize::Zeroizing;

use super::{Result, StoreError, open};

/// What the cache may hold.
const LIMIT: i64 = 512 << 20;
/// Larger files are not kept.
const LARGEST: usize = 64 << 20;

const SCHEMA: &[&str] = &["CREATE TABLE files (
    mxc TEXT NOT NULL PRIMARY KEY,             -- address
    size INTEGER NOT NULL,                     -- bytes
    used INTEGER NOT NULL,                     -- last read, for eviction
    bytes BLOB NOT NULL                        -- content
) STRICT;
CREATE INDEX files_by_use ON files (used, size);"];

/// A handle of the cache.
#[derive(Clone)]
pub(crate) struct MediaCache {
    path: PathBuf,
    key: Zeroizing<[u8; 32]>,
}

impl MediaCache {
    pub(crate) fn new(path: &Path, key: &Zeroizing<[u8; 32]>) -> Self {
        Self { path: path.to_owned(), key: key.clone() }
    }

    fn connect(&self) -> Result<Connection> {
        let attempt = || {
            let mut connection = open::keyed(&self.path, &self.key, OpenFlags::default())?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            open::migrate(&mut connection, SCHEMA)?;
            Ok(connection)
        };
        match attempt() {
            Err(StoreError::Damaged(_)) => {
                // A cache that cannot be read is worth nothing: begin again.
                let _ = std::fs::remove_file(&self.path);
                attempt()
            }
            other => other,
        }
    }

    pub(crate) async fn get(&self, mxc: String, now: i64) -> Result<Option<Vec<u8>>> {
        let this = self.clone();
        blocking(move || {
            let connection = this.connect()?;
            let bytes = connection
                .query_row("SELECT bytes FROM files WHERE mxc = ?1", [&mxc], |row| row.get(0))
                .optional()?;
            if bytes.is_some() {
                connection.execute("UPDATE files SET used = ?2 WHERE mxc = ?1", params![mxc, now])?;
            }
            Ok(bytes)
        })
        .await
    }

    pub(crate) async fn put(&self, mxc: String, bytes: Vec<u8>, now: i64) -> Result<()> {
        if bytes.len() > LARGEST {
            return Ok(());
        }
        let this = self.clone();
        blocking(move || {
            let mut connection = this.connect()?;
            let tx = connection.transaction()?;
            let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
            tx.execute(
                "INSERT OR REPLACE INTO files (mxc, size, used, bytes) VALUES (?1, ?2, ?3, ?4)",
                params![mxc, size, now, bytes],
            )?;
            loop {
                let total: i64 =
                    tx.query_row("SELECT coalesce(sum(size), 0) FROM files", [], |row| row.get(0))?;
                if total <= LIMIT {
                    break;
                }
                tx.execute(
                    "DELETE FROM files WHERE mxc = (SELECT mxc FROM files ORDER BY used LIMIT 1)",
                    [],
                )?;
            }
            tx.commit()?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn clear(&self) -> Result<()> {
        let this = self.clone();
        blocking(move || {
            this.connect()?.execute("DELETE FROM files", [])?;
            Ok(())
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)?
}
