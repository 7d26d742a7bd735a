//! Single values: who I am, which login this is, where sync stands.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, Tx};
use crate::Error;

pub(crate) fn get(db: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// Where the next sync goes on; none before the first.
pub(crate) fn sync_token(db: &Connection) -> rusqlite::Result<Option<String>> {
    get(db, "sync_token")
}

impl Tx<'_> {
    fn set(&self, name: &str, value: &str) -> Result<()> {
        self.db()
            .prepare_cached(
                "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
            )?
            .execute(params![name, value])?;
        Ok(())
    }

    /// Begins the life of a login in this store. The same person signing in again keeps everything.
    pub(crate) fn begin_login(&mut self, me: &str, login: &str) -> Result<()> {
        me.clone_into(&mut self.me);
        self.set("me", me)?;
        self.set("login", login)
    }

    /// Refuses to go on where the login that asked is over: its answers are nobody's now.
    pub(crate) fn require_login(&self, login: &str) -> Result<()> {
        if get(self.db(), "login")?.as_deref() == Some(login) { Ok(()) } else { Err(Error::SignedOut.into()) }
    }

    /// Where the next sync goes on.
    pub(crate) fn set_sync_token(&self, token: &str) -> Result<()> {
        self.set("sync_token", token)
    }

    /// The next sync is a first one again; what is here stays.
    pub(crate) fn forget_sync_token(&self) -> Result<()> {
        self.db().execute("DELETE FROM meta WHERE name = 'sync_token'", [])?;
        Ok(())
    }

    /// Empties the store: the account is signed out.
    pub(crate) fn wipe(&mut self) -> Result<()> {
        for table in [
            "meta",
            "rooms",
            "members",
            "direct",
            "direct_pending",
            "contacts",
            "creating",
            "conversations",
            "messages",
            "hidden_events",
            "edits",
            "redactions",
            "gaps",
            "receipts",
            "receipts_early",
            "receipts_out",
            "outbox",
            "outgoing_media",
            "push_levels",
            "played_out",
            "played_early",
        ] {
            self.db().execute(&format!("DELETE FROM {table}"), [])?;
        }
        self.db().execute("INSERT INTO search (search) VALUES ('delete-all')", [])?;
        self.me.clear();
        Ok(())
    }
}
