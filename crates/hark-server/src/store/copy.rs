//! Copying a database that is in use, and giving a copy a name of its own in sync tokens.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, backup::Backup};

use super::{Position, Snapshot, StoreError, readers};

/// Pages between two pauses, in which others have the disk.
const PAGES: i32 = 256;
const PAUSE: Duration = Duration::from_millis(1);

/// Copies the database at `from`, as it is now, to the new file `to`, and returns the last position in it.
///
/// One snapshot is held all the while. In WAL mode that keeps no writer waiting: only the WAL is not shortened meanwhile.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<Position, StoreError> {
    let source = open_to_look(from)?;
    source.execute_batch("BEGIN")?;
    let position = Snapshot::over(&source).position()?;
    let mut target = Connection::open(to)?;
    Backup::new(&source, &mut target)?.run_to_completion(PAGES, PAUSE, None)?;
    source.execute_batch("COMMIT")?;
    // One file, whole by itself: without the log beside it that the original has.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    drop(target);
    std::fs::File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(|error| StoreError::Damaged { what: "copy of the database", reason: error.to_string() })?;
    Ok(position)
}

/// Gives the database at `path` a new epoch. Its log goes on from an older position than its clients know, so that their tokens
/// would name other changes than they did: now they are refused, and clients begin anew.
pub(crate) fn renew_epoch(path: &Path) -> Result<(), StoreError> {
    let connection = readers::open_for_writing(path)?;
    connection.execute("UPDATE meta SET value = lower(hex(randomblob(4))) WHERE key = 'epoch'", ())?;
    connection.pragma_update(None, "journal_mode", "DELETE")?;
    Ok(())
}

/// A connection that changes nothing, beside whatever else has the database open.
pub(super) fn open_to_look(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(readers::PATIENCE)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}
