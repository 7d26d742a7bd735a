//! The login, in a file of its own under the same key: it changes rarely, and a damaged store must not cost the login
//! that rebuilds it.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use zeroize::Zeroizing;

use super::{Result, open};
use crate::model::Account;

/// Someone signed in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    /// What others may know.
    pub(crate) account: Account,
    /// Never shown, never logged.
    pub(crate) access_token: String,
    /// Names this login in the store.
    pub(crate) id: String,
    /// The server ended it, saying why; signing in again goes on with it.
    pub(crate) ended: Option<String>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("account", &self.account)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// Reads and writes the login. Each call opens and closes: they are rare.
#[derive(Clone)]
pub(crate) struct LoginFile {
    path: PathBuf,
    key: Zeroizing<[u8; 32]>,
}

const SCHEMA: &[&str] = &["CREATE TABLE login (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), -- there is one
    id TEXT NOT NULL,                          -- names this login in the store
    user_id TEXT NOT NULL,                     -- mine
    display_name TEXT NOT NULL,                -- as others see me
    homeserver TEXT NOT NULL,                  -- base URL
    device_id TEXT NOT NULL,                   -- this device
    access_token TEXT NOT NULL,                -- secret
    ended TEXT                                 -- the server's reason, once it ended the login
) STRICT;"];

impl LoginFile {
    pub(crate) fn new(path: &Path, key: &Zeroizing<[u8; 32]>) -> Self {
        Self { path: path.to_owned(), key: key.clone() }
    }

    fn connect(&self) -> Result<Connection> {
        let mut connection = open::keyed(&self.path, &self.key, OpenFlags::default())?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        open::migrate(&mut connection, SCHEMA)?;
        Ok(connection)
    }

    pub(crate) fn load(&self) -> Result<Option<Login>> {
        let login = self
            .connect()?
            .query_row(
                "SELECT id, user_id, display_name, homeserver, device_id, access_token, ended FROM login",
                [],
                |row| {
                    Ok(Login {
                        id: row.get(0)?,
                        account: Account {
                            user_id: row.get(1)?,
                            display_name: row.get(2)?,
                            homeserver: row.get(3)?,
                            device_id: row.get(4)?,
                        },
                        access_token: row.get(5)?,
                        ended: row.get(6)?,
                    })
                },
            )
            .optional()?;
        Ok(login)
    }

    pub(crate) fn save(&self, login: &Login) -> Result<()> {
        let Account { user_id, display_name, homeserver, device_id } = &login.account;
        self.connect()?.execute(
            "INSERT OR REPLACE INTO login
                 (one, id, user_id, display_name, homeserver, device_id, access_token, ended)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![login.id, user_id, display_name, homeserver, device_id, login.access_token, login.ended],
        )?;
        Ok(())
    }

    pub(crate) fn clear(&self) -> Result<()> {
        self.connect()?.execute("DELETE FROM login", [])?;
        Ok(())
    }
}
