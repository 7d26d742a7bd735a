//! What can go wrong in the store, in terms of what the caller can do about it.

/// A failed read or write of the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing was written; reads go on. Answered as 503 until there is room again.
    #[error("the disk is full: free some space and try again")]
    Full,
    /// Another change of the same commit failed in a way that undid them all. The same request may well succeed.
    #[error("the change was undone together with another: try again")]
    Undone,
    /// The server is going down.
    #[error("the server is shutting down")]
    Closed,
    /// A stored value does not parse. Never caused by a client's input.
    #[error("a stored {what} is damaged: {reason}")]
    Damaged {
        /// What was being read.
        what: &'static str,
        /// What the parser said.
        reason: String,
    },
    /// The database was written by a newer program.
    #[error(
        "the data folder was written by a newer hark-server (layout {found}, this program knows {known}): use the newer program"
    )]
    TooNew {
        /// Layout number in the file.
        found: usize,
        /// The newest layout this program knows.
        known: usize,
    },
    /// Anything else `SQLite` said.
    #[error("database: {0}")]
    Sqlite(rusqlite::Error),
}

impl StoreError {
    /// True if what is stored in one place is to blame: a row, or the page it lies on. What lies elsewhere may well be read.
    pub(crate) fn is_of_one_place(&self) -> bool {
        use rusqlite::{Error as E, ErrorCode};
        match self {
            Self::Damaged { .. } => true,
            Self::Sqlite(
                E::FromSqlConversionFailure(..)
                | E::IntegralValueOutOfRange(..)
                | E::InvalidColumnType(..)
                | E::Utf8Error(..),
            ) => true,
            Self::Sqlite(error) => error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt),
            Self::Full | Self::Undone | Self::Closed | Self::TooNew { .. } => false,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Sqlite(error),
        }
    }
}
