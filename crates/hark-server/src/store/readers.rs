//! Connections: how they are opened, and the pool of read-only ones.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use super::{Snapshot, StoreError, migrations, slow};

/// Reads under way at once. More readers than processors only share the same cores, but one may wait for the disk.
const READERS: usize = 4;
/// Page cache of the writer and of each reader, in KiB. Bounds memory; the operating system caches the file anyway.
const WRITER_CACHE_KIB: i64 = 8 * 1024;
const READER_CACHE_KIB: i64 = 1024;
/// How long a connection waits for another one's lock.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Enough for every statement of this program.
const CACHED_STATEMENTS: usize = 256;

/// A lazily filled pool of threads, each with a read-only connection of its own.
///
/// A thread that has done its work goes on with the next that waits, without a wake-up in between: a thousand long polls that wake
/// at once are a thousand short reads.
pub(super) struct Readers {
    pool: Arc<Pool>,
}

/// Something to read. It is given the thread's connection, or opens it; what it takes and does not put back is closed.
type Job = Box<dyn FnOnce(&mut Option<Connection>) + Send>;

struct Pool {
    path: PathBuf,
    queue: Mutex<Queue>,
    /// Told of each new job, and of the end.
    more: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    threads: usize,
    /// Those of them that wait for a job.
    idle: usize,
    closed: bool,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        let pool = Pool { path: path.to_owned(), queue: Mutex::default(), more: Condvar::new() };
        Self { pool: Arc::new(pool) }
    }

    pub(super) async fn run<T, E, F>(&self, look: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Snapshot<'_>) -> Result<T, E> + Send + 'static,
    {
        let (sender, found) = oneshot::channel();
        let path = self.pool.path.clone();
        self.pool.submit(Box::new(move |connection| {
            // A panic goes on in the caller; the connection it may have left in mid-statement is closed.
            let read = catch_unwind(AssertUnwindSafe(|| read(&path, connection, look)));
            let _caller_left = sender.send(read);
        }))?;
        match found.await {
            Ok(Ok(found)) => found,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(StoreError::Closed.into()),
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.pool.lock().closed = true;
        self.pool.more.notify_all();
    }
}

impl Pool {
    fn submit(self: &Arc<Self>, job: Job) -> Result<(), StoreError> {
        let mut queue = self.lock();
        queue.jobs.push_back(job);
        if queue.jobs.len() > queue.idle && queue.threads < READERS {
            let pool = self.clone();
            let started = thread::Builder::new().name("store-reader".into()).spawn(move || pool.work());
            match started {
                Ok(_detached) => queue.threads += 1,
                // Those that are there do it.
                Err(_) if queue.threads > 0 => {}
                Err(_) => return Err(StoreError::Closed),
            }
        }
        drop(queue);
        self.more.notify_one();
        Ok(())
    }

    fn work(&self) {
        let mut connection = None;
        while let Some(job) = self.next() {
            job(&mut connection);
        }
    }

    /// The next job; `None` when there will be none any more.
    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            queue.idle += 1;
            queue = self.more.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads inside one snapshot. A connection that does not end it well is not put back, and so closed.
fn read<T, E: From<StoreError>>(
    path: &Path,
    idle: &mut Option<Connection>,
    look: impl FnOnce(&Snapshot<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let connection = idle.take().map_or_else(|| open_for_reading(path), Ok)?;
    connection.prepare_cached("BEGIN").and_then(|mut s| s.execute(())).map_err(StoreError::from)?;
    let found = look(&Snapshot::over(&connection));
    match connection.prepare_cached("COMMIT").and_then(|mut s| s.execute(())) {
        Ok(_) => *idle = Some(connection),
        // SQLite ends no transaction well that met a damaged page, not even one that only read. What was found elsewhere counts.
        Err(error) => tracing::warn!(%error, "a snapshot did not end well"),
    }
    found
}

/// The one connection that may write. Every commit is on disk when it returns (`synchronous = FULL`); checkpoints are not made
/// by commits but beside them (see the writer).
pub(super) fn open_for_writing(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    migrations::refuse_newer(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    slow::watch(&connection);
    Ok(connection)
}

/// The connection that moves pages from the WAL into the database while the writer goes on.
pub(super) fn open_for_checkpoints(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    Ok(connection)
}

fn open_for_reading(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    slow::watch(&connection);
    Ok(connection)
}
