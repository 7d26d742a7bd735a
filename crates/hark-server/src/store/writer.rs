//! The one writer: a thread that owns the only connection that may write.
//!
//! Commands queue in a bounded channel. The thread takes all that waited while it was in fsync (at most [`BATCH`]), opens one
//! transaction, runs each command, commits, announces the batch, then answers. A command that may fail after it has written runs in
//! a savepoint of its own; one that fails only with the disk needs none, since the batch then fails with it. Nobody is told of
//! anything that is not on disk. A failed fsync or write ends the process: memory can no longer be trusted to match the file, and
//! what was not acknowledged will be sent again. A full disk does not, and a damaged page neither: the batch is undone, and each of
//! its commands is answered with a [`Refusal`].

use std::{
    collections::VecDeque,
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, OnceLock},
    thread,
    time::Instant,
};

use rusqlite::Connection;
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot, watch,
};

use super::{
    Batch, CommitHook, Position, SharedHeads, Snapshot, StoreError, checkpoint::Checkpointer,
    heads::HeadCache, log::Logged, timing::Timing,
};
use crate::clock;

/// Commands of one commit.
const BATCH: usize = 512;
/// Commands that may wait; more wait in their callers.
const QUEUE: usize = 4096;

/// What a command does, and how it went.
type Run = dyn FnOnce(Result<&mut Tx<'_>, Refusal>) -> Done + Send;

/// A change on its way into a batch.
struct Command {
    undo: Undo,
    asked: Instant,
    /// Runs in the transaction; without one (the batch failed before it) it is refused for that reason.
    run: Box<Run>,
}

/// What happens when a command fails that has written already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undo {
    /// It alone is undone. A savepoint keeps a copy of every page the command writes to.
    Command,
    /// The whole batch is undone and refused.
    Batch,
}

/// Tells a caller how its command ended.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What a command left behind: whether its changes stay, and how to tell its caller once that is certain.
struct Done {
    keep: bool,
    answer: Answer,
}

/// Why a whole batch was undone.
#[derive(Clone, Copy)]
enum Refusal {
    /// There was no room for it.
    Full,
    /// A command met a damaged page, after which `SQLite` commits nothing of its transaction.
    Damaged,
    /// A command failed that has no savepoint.
    Undone,
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Full => Self::Full,
            Refusal::Undone => Self::Undone,
            Refusal::Damaged => Self::Damaged { what: "page", reason: "it cannot be read".to_owned() },
        }
    }
}

/// The caller's side of the writer.
pub(super) struct Writer {
    commands: mpsc::Sender<Message>,
}

enum Message {
    Run(Command),
    Stop(oneshot::Sender<()>),
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        path: &Path,
        head: Position,
        committed: watch::Sender<Position>,
        hook: Arc<OnceLock<CommitHook>>,
        heads: SharedHeads,
        timing: Arc<Timing>,
    ) -> Result<Self, StoreError> {
        let (commands, inbox) = mpsc::channel(QUEUE);
        let checkpointer = Checkpointer::start(path, &connection)?;
        let pending = Pending { head, entries: Vec::new(), heads: HeadCache::sharing(heads.clone()) };
        let task = WriterThread { connection, pending, heads, committed, hook, timing, checkpointer };
        thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || task.run(inbox))
            .map_err(|error| StoreError::Damaged { what: "writer thread", reason: error.to_string() })?;
        Ok(Self { commands })
    }

    /// Puts `change` into the queue at once if there is room, and gives what it will come to.
    pub(super) fn submit<T, E, F>(
        &self,
        undo: Undo,
        change: F,
    ) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let asked = clock::instant();
        let run = Box::new(move |tx: Result<&mut Tx<'_>, Refusal>| {
            let outcome = tx.map_err(|refusal| StoreError::from(refusal).into()).and_then(change);
            let keep = outcome.is_ok();
            let answer: Answer = Box::new(move |committed| {
                let outcome = match committed {
                    Ok(()) => outcome,
                    Err(error) => outcome.and(Err(error.into())),
                };
                // A caller that went away (a dropped connection) needs no answer; the change stands.
                let _gone = sender.send(outcome);
            });
            Done { keep, answer }
        });
        let queued = self.commands.try_send(Message::Run(Command { undo, asked, run }));
        let commands = self.commands.clone();
        async move {
            match queued {
                Ok(()) => {}
                Err(TrySendError::Full(command)) => {
                    commands.send(command).await.map_err(|_| StoreError::Closed)?;
                }
                Err(TrySendError::Closed(_)) => return Err(StoreError::Closed.into()),
            }
            receiver.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
        }
    }

    pub(super) async fn close(&self) {
        let (sender, stopped) = oneshot::channel();
        if self.commands.send(Message::Stop(sender)).await.is_ok() {
            let _already_gone = stopped.await;
        }
    }
}

/// What the open transaction has changed so far outside the database file.
pub(super) struct Pending {
    /// The last position handed out.
    pub(super) head: Position,
    /// The changes since the last commit.
    pub(super) entries: Vec<Logged>,
    /// The rooms' heads with those changes.
    pub(super) heads: HeadCache,
}

/// A command's hold on the open transaction. Table families add their writes to it; reads come from [`Snapshot`].
pub(crate) struct Tx<'a> {
    snapshot: Snapshot<'a>,
    pub(super) pending: &'a mut Pending,
}

impl<'a> Deref for Tx<'a> {
    type Target = Snapshot<'a>;

    fn deref(&self) -> &Snapshot<'a> {
        &self.snapshot
    }
}

struct WriterThread {
    connection: Connection,
    pending: Pending,
    heads: SharedHeads,
    committed: watch::Sender<Position>,
    hook: Arc<OnceLock<CommitHook>>,
    timing: Arc<Timing>,
    checkpointer: Checkpointer,
}

impl WriterThread {
    fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut batch = VecDeque::with_capacity(BATCH);
        let mut stop = None;
        while stop.is_none() {
            let Some(first) = inbox.blocking_recv() else { break };
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Run(command) => batch.push_back(command),
                    Message::Stop(sender) => stop = Some(sender),
                }
                next = if batch.len() < BATCH && stop.is_none() { inbox.try_recv().ok() } else { None };
            }
            self.commit(&mut batch);
        }
        let Self { connection, checkpointer, .. } = self;
        checkpointer.finish(&connection);
        drop(connection);
        if let Some(sender) = stop {
            let _caller_left = sender.send(());
        }
    }

    /// Runs and commits one batch, then answers it.
    fn commit(&mut self, batch: &mut VecDeque<Command>) {
        if batch.is_empty() {
            return;
        }
        let from = self.pending.head;
        let mut answers = Vec::with_capacity(batch.len());
        let result = self.run_batch(batch, &mut answers);
        match result {
            Ok(()) => {
                self.announce();
                for answer in answers {
                    answer(Ok(()));
                }
            }
            Err(error) => {
                let refusal = self.undo(from, &error);
                answers.extend(batch.drain(..).map(|unreached| (unreached.run)(Err(refusal)).answer));
                for answer in answers {
                    answer(Err(refusal.into()));
                }
            }
        }
        self.checkpointer.after_commit(&self.connection);
    }

    fn run_batch(
        &mut self,
        batch: &mut VecDeque<Command>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), StoreError> {
        let began = clock::instant();
        execute(&self.connection, "BEGIN IMMEDIATE")?;
        while let Some(command) = batch.pop_front() {
            let Command { undo, asked, run } = command;
            let before = (self.pending.head, self.pending.entries.len(), self.pending.heads.mark());
            let changes = self.connection.total_changes();
            if undo == Undo::Command {
                execute(&self.connection, "SAVEPOINT command")?;
            }
            let mut tx = Tx { snapshot: Snapshot::over(&self.connection), pending: &mut self.pending };
            let done = catch_unwind(AssertUnwindSafe(|| run(Ok(&mut tx))));
            // A full disk or a failed write may have ended the whole transaction under the command.
            if self.connection.is_autocommit() {
                answers.extend(done.ok().map(|done| done.answer));
                return Err(StoreError::Full);
            }
            let keep = done.as_ref().is_ok_and(|done| done.keep);
            // A panicking command drops its answer, which its caller sees as `Closed`.
            answers.extend(done.ok().map(|done| done.answer));
            if !keep {
                self.pending.head = before.0;
                self.pending.entries.truncate(before.1);
                self.pending.heads.undo_to(before.2);
            }
            self.timing.note(before.0, self.pending.head, asked);
            match undo {
                Undo::Command => {
                    if !keep {
                        execute(&self.connection, "ROLLBACK TO command")?;
                    }
                    execute(&self.connection, "RELEASE command")?;
                }
                Undo::Batch if !keep && self.connection.total_changes() != changes => {
                    return Err(StoreError::Undone);
                }
                Undo::Batch => {}
            }
        }
        self.pending.heads.store(&self.connection)?;
        execute(&self.connection, "COMMIT")?;
        self.timing.commits.observe(began.elapsed());
        Ok(())
    }

    fn announce(&mut self) {
        self.pending.heads.committed();
        let batch = Batch { to: self.pending.head, entries: std::mem::take(&mut self.pending.entries) };
        if batch.entries.is_empty() {
            return;
        }
        self.committed.send_replace(batch.to);
        if let Some(hook) = self.hook.get() {
            hook(&batch);
        }
    }

    /// Puts memory back to the last commit, or ends the process if the file cannot be trusted.
    fn undo(&mut self, from: Position, error: &StoreError) -> Refusal {
        let refusal = if matches!(error, StoreError::Full) {
            tracing::warn!(%error, "a batch was not committed");
            Refusal::Full
        } else if matches!(error, StoreError::Undone) {
            tracing::error!("a change failed after it had written, and its whole batch with it");
            Refusal::Undone
        } else if error.is_of_one_place() {
            tracing::error!(
                %error,
                "the database is damaged: look with `hark-server check`, bring back a backup with `hark-server restore`"
            );
            Refusal::Damaged
        } else {
            tracing::error!(%error, "the database could not be written: ending");
            std::process::abort();
        };
        if !self.connection.is_autocommit()
            && let Err(error) = execute(&self.connection, "ROLLBACK")
        {
            tracing::error!(%error, "a failed batch could not be undone: ending");
            std::process::abort();
        }
        self.pending =
            Pending { head: from, entries: Vec::new(), heads: HeadCache::sharing(self.heads.clone()) };
        refusal
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute(())?;
    Ok(())
}
