//! One transaction, and what it tells afterwards.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{Result, conversations, messages, meta};
use crate::Change;
use crate::model::{Content, ConversationId, Message};

/// A transaction at work. Its methods stand beside the tables they are about.
pub(crate) struct Tx<'a> {
    sql: Transaction<'a>,
    /// My user id; empty while nobody is signed in.
    pub(crate) me: String,
    /// The time it began.
    pub(crate) now: i64,
    /// Set for a first sync: thousands of rows of the past are no news, listeners get only the inbox.
    pub(crate) quiet: bool,
    /// Words to be indexed before this is committed, by their place in the index: in any other order than rising the
    /// index writes out what it has gathered so far, and a response goes back in time with every room.
    pub(super) words: RefCell<BTreeMap<i64, String>>,
    touched: BTreeSet<String>,
    rows: Vec<(i64, bool)>,
    told: Vec<Change>,
}

impl Tx<'_> {
    pub(super) fn db(&self) -> &Connection {
        &self.sql
    }

    /// The conversation's inbox line follows from its rooms and messages again before this is committed.
    pub(crate) fn touch(&mut self, conversation: &str) {
        if !self.touched.contains(conversation) {
            self.touched.insert(conversation.to_owned());
        }
    }

    /// A message row is new (`live`, if at the live end) or changed.
    pub(crate) fn row_changed(&mut self, key: i64, live: bool) {
        if self.quiet {
            return;
        }
        match self.rows.iter_mut().find(|(k, _)| *k == key) {
            Some((_, was_live)) => *was_live |= live,
            None => self.rows.push((key, live)),
        }
    }

    /// Something that is not a row of a message or the inbox.
    pub(crate) fn tell(&mut self, change: Change) {
        self.told.push(change);
    }

    pub(super) fn row_removed(&mut self, key: i64, conversation: &str) {
        self.rows.retain(|(k, _)| *k != key);
        self.told.push(Change::MessageRemoved { conversation: ConversationId(conversation.to_owned()), key });
    }

    /// The message as it stands in this transaction.
    pub(crate) fn message(&self, key: i64) -> Result<Option<Message>> {
        Ok(messages::by_key(self.db(), key)?)
    }

    /// My message under a transaction id, as it stands in this transaction.
    pub(crate) fn message_of_transaction(&self, txn_id: &str) -> Result<Option<Message>> {
        Ok(messages::by_transaction(self.db(), txn_id)?)
    }

    fn finish(&mut self) -> Result<Vec<Change>> {
        self.index_words()?;
        let mut told = Vec::new();
        for (key, live) in std::mem::take(&mut self.rows) {
            if let Some(message) = messages::by_key(self.db(), key)? {
                let alert = live && message.content != Content::Redacted && self.wants_alert(key)?;
                let alert = alert.then(|| Change::Alert(Box::new(message.clone())));
                told.push(Change::Message { message: Box::new(message), live });
                told.extend(alert);
            }
        }
        told.append(&mut self.told);
        for id in std::mem::take(&mut self.touched) {
            if let Some(change) = conversations::refresh(self, &id)? {
                told.push(change);
            }
        }
        Ok(told)
    }
}

/// Begins, works, finishes, commits.
pub(super) fn run<T>(
    connection: &mut Connection,
    now: i64,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T>,
) -> Result<(T, Vec<Change>)> {
    let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let me = meta::get(&sql, "me")?.unwrap_or_default();
    let mut tx = Tx {
        sql,
        me,
        now,
        quiet: false,
        words: RefCell::default(),
        touched: BTreeSet::new(),
        rows: Vec::new(),
        told: Vec::new(),
    };
    let value = work(&mut tx)?;
    let told = tx.finish()?;
    tx.sql.commit()?;
    Ok((value, told))
}
