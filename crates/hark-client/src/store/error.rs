//! What a store can answer instead of rows.

use rusqlite::ErrorCode;

use crate::Error;

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// Why a transaction was rolled back. Nothing of it is in the store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// No room on the disk.
    #[error("the disk is full")]
    Full,
    /// The engine is closing.
    #[error("the store is closed")]
    Closed,
    /// The file is not what was written.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// SQLite says no.
    #[error("{0}")]
    Sql(rusqlite::Error),
    /// A stored value is not what this version writes.
    #[error("a stored value cannot be read: {0}")]
    Value(#[from] serde_json::Error),
    /// The transaction itself decided against it.
    #[error("{0}")]
    Because(#[from] Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Sql(error),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::DiskFull,
            StoreError::Closed => Self::Closed,
            StoreError::Because(error) => error,
            StoreError::Damaged(_) | StoreError::Sql(_) | StoreError::Value(_) => {
                Self::Internal(error.to_string())
            }
        }
    }
}
