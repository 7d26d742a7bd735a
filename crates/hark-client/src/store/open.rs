//! Opening the file: key, pragmas, migrations, and what happens to a damaged one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use super::{Result, StoreError};
use crate::{OpenError, random};

/// Numbered, applied once each, in order; `user_version` counts them.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_store.sql"),
    include_str!("../../migrations/0002_push_levels.sql"),
    include_str!("../../migrations/0003_played.sql"),
];

/// A file ready for a [`super::Store`].
pub(crate) struct Opened {
    pub(super) path: PathBuf,
    pub(super) key: Zeroizing<[u8; 32]>,
    pub(super) connection: Connection,
    /// Where a damaged predecessor was put, if there was one.
    pub(crate) kept_aside: Option<PathBuf>,
}

/// Opens the store, or makes it. A damaged one is renamed and a new one begun: the server has its content.
pub(crate) fn open(
    path: &Path,
    key: &Zeroizing<[u8; 32]>,
    now: i64,
) -> std::result::Result<Opened, OpenError> {
    let mut kept_aside = None;
    if marker(path).exists() {
        kept_aside = Some(put_aside(path, now)?);
    }
    let connection = match prepare(path, key) {
        Err(StoreError::Damaged(reason)) if path.exists() => {
            tracing::error!(reason, "the store is damaged; keeping it aside and beginning a new one");
            kept_aside = Some(put_aside(path, now)?);
            prepare(path, key)
        }
        other => other,
    }
    .map_err(open_error)?;
    Ok(Opened { path: path.to_owned(), key: key.clone(), connection, kept_aside })
}

/// Notes that the running store turned out damaged, so that the next start puts it aside.
pub(crate) fn mark_damaged(path: &Path) {
    if let Err(error) = std::fs::write(marker(path), b"") {
        tracing::error!(%error, "cannot note that the store is damaged");
    }
}

fn open_error(error: StoreError) -> OpenError {
    match error {
        StoreError::Full => OpenError::DiskFull,
        StoreError::Because(_) => OpenError::Newer,
        other => OpenError::Store(other.to_string()),
    }
}

fn prepare(path: &Path, key: &[u8; 32]) -> Result<Connection> {
    let mut connection = keyed(path, key, OpenFlags::default())?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 1000)?;
    // Of the one connection that writes: a response of a busy account touches pages all over the file, and each page
    // that does not stay is decrypted and authenticated again.
    connection.pragma_update(None, "cache_size", -24_000)?;
    migrate(&mut connection, MIGRATIONS)?;
    Ok(connection)
}

/// Applies what the file lacks, each step in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<()> {
    let done: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(done).unwrap_or(0);
    if done > steps.len() {
        return Err(crate::Error::Internal("a newer version made this store".to_owned()).into());
    }
    for (number, sql) in steps.iter().enumerate().skip(done) {
        let tx = connection.transaction()?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", i64::try_from(number + 1).unwrap_or(i64::MAX))?;
        tx.commit()?;
    }
    Ok(())
}

/// A connection that cannot write.
pub(super) fn reader(path: &Path, key: &[u8; 32]) -> Result<Connection> {
    let connection = keyed(path, key, OpenFlags::default())?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Opens with a raw key (no derivation, so a connection costs microseconds) and proves it by reading.
pub(super) fn keyed(path: &Path, key: &[u8; 32], flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    // What is wrong is told by the error, not on a person's terminal.
    connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
    let pragma = Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", random::hex(key)));
    connection.execute_batch(&pragma)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(128);
    // Wiping every freed page costs a quarter of the time and hides nothing from who cannot read the key.
    connection.execute_batch(
        "PRAGMA cipher_memory_security = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000;",
    )?;
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0))?;
    Ok(connection)
}

fn marker(path: &Path) -> PathBuf {
    with_suffix(path, ".damaged")
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn put_aside(path: &Path, now: i64) -> std::result::Result<PathBuf, OpenError> {
    let aside = with_suffix(path, &format!(".damaged-{now}"));
    let folder =
        |error: std::io::Error| OpenError::Folder { path: path.to_owned(), reason: error.to_string() };
    for suffix in ["", "-wal", "-shm"] {
        let from = with_suffix(path, suffix);
        if from.exists() {
            std::fs::rename(&from, with_suffix(&aside, suffix)).map_err(folder)?;
        }
    }
    match std::fs::remove_file(marker(path)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(folder(error)),
        _ => Ok(aside),
    }
}
