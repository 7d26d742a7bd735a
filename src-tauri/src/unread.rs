//! What the tray says of the inbox: kept from the rows as they change, so that no change asks the store.

use std::collections::HashMap;

use hark_app::api::model::{Conversation, ConversationId, Membership};

/// Unread messages by conversation.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    rows: HashMap<ConversationId, u32>,
}

impl Unread {
    /// All rows anew.
    pub(crate) fn replace(&mut self, rows: Vec<Conversation>) {
        self.rows.clear();
        for row in &rows {
            self.put(row);
        }
    }

    /// One row. An invitation is something unread.
    pub(crate) fn put(&mut self, row: &Conversation) {
        let unread = match row.membership {
            Membership::Joined => row.unread,
            Membership::Invited => 1,
            Membership::Left => 0,
        };
        if unread == 0 {
            self.rows.remove(&row.id);
        } else {
            self.rows.insert(row.id.clone(), unread);
        }
    }

    /// A row is gone.
    pub(crate) fn remove(&mut self, id: &ConversationId) {
        self.rows.remove(id);
    }

    /// All of it.
    pub(crate) fn count(&self) -> u32 {
        self.rows.values().sum()
    }
}
