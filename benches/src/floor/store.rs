//! One writer thread, one transaction for all that queued while the last commit was on its way to the disk.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::{Context as _, Result};
use rusqlite::{Connection, params};
use tokio::sync::oneshot;

/// Most messages of one commit.
const GROUP: usize = 1024;

/// A message on its way to the disk.
pub(super) struct Write {
    pub(super) room: String,
    pub(super) sender: String,
    pub(super) txn: String,
    pub(super) body: String,
    /// Told the position once it is on disk.
    pub(super) done: oneshot::Sender<i64>,
}

/// Opens the store and starts its writer.
pub(super) fn start(dir: &Path) -> Result<SyncSender<Write>> {
    let db = Connection::open(dir.join("floor.db"))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.execute_batch(
        "CREATE TABLE event (pos INTEGER PRIMARY KEY, room TEXT NOT NULL, sender TEXT NOT NULL, body TEXT NOT NULL) STRICT;
         CREATE TABLE txn (sender TEXT NOT NULL, txn TEXT NOT NULL, pos INTEGER NOT NULL, PRIMARY KEY (sender, txn))
             STRICT, WITHOUT ROWID;",
    )?;
    let (queue, writes) = sync_channel(4096);
    std::thread::Builder::new().name("writer".into()).spawn(move || {
        if let Err(error) = write_all(db, &writes) {
            eprintln!("floor: {error:#}");
            std::process::exit(1);
        }
    })?;
    Ok(queue)
}

fn write_all(mut db: Connection, writes: &Receiver<Write>) -> Result<()> {
    let mut group = Vec::with_capacity(GROUP);
    while let Ok(first) = writes.recv() {
        group.push(first);
        group.extend(writes.try_iter().take(GROUP - 1));
        let positions = commit(&mut db, &group).context("commit")?;
        for (write, position) in group.drain(..).zip(positions) {
            // A sender that hung up no longer wants its answer.
            let _ = write.done.send(position);
        }
    }
    Ok(())
}

fn commit(db: &mut Connection, group: &[Write]) -> rusqlite::Result<Vec<i64>> {
    let tx = db.transaction()?;
    let mut positions = Vec::with_capacity(group.len());
    {
        let mut event = tx.prepare_cached("INSERT INTO event (room, sender, body) VALUES (?1, ?2, ?3)")?;
        let mut txn = tx.prepare_cached("INSERT INTO txn (sender, txn, pos) VALUES (?1, ?2, ?3)")?;
        for write in group {
            event.execute(params![write.room, write.sender, write.body])?;
            let position = tx.last_insert_rowid();
            txn.execute(params![write.sender, write.txn, position])?;
            positions.push(position);
        }
    }
    tx.commit()?;
    Ok(positions)
}
