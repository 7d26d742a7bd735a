//! The data folder: everything a server keeps, held by one process at a time.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::{
    StartError, platform,
    store::{Store, StoreError},
};

/// A data folder this process holds. The lock ends with it.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be, and takes it for this process.
    pub(crate) fn take(path: &Path) -> Result<Self, StartError> {
        let unusable = |reason| StartError::Folder { path: path.to_owned(), reason };
        platform::create_private_dir(path).map_err(unusable)?;
        let path = fs::canonicalize(path).map_err(unusable)?;
        let lock = platform::open_private_file(&path.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StartError::FolderInUse { path }),
            Err(TryLockError::Error(reason)) => Err(unusable(reason)),
        }
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where uploads are kept.
    pub(crate) fn media(&self) -> PathBuf {
        self.path.join("media")
    }

    /// Opens the database in the folder.
    pub(crate) fn open_store(&self) -> Result<Store, StartError> {
        let file = self.path.join("hark.db");
        // Made here so that the database and the files beside it are the owner's alone.
        platform::open_private_file(&file)
            .map_err(|reason| StartError::Folder { path: self.path.clone(), reason })?;
        Store::open(&file).map_err(|error| self.explain(file, error))
    }

    /// A failure of the store, as whoever starts the server needs to hear it.
    pub(crate) fn explain(&self, file: PathBuf, error: StoreError) -> StartError {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, ReadOnly};
        let path = self.path.clone();
        match error {
            StoreError::Full => StartError::DiskFull { path },
            StoreError::TooNew { .. } => StartError::TooNew { path },
            StoreError::Damaged { .. } => StartError::Damaged { path: file },
            StoreError::Sqlite(ref inner) => match inner.sqlite_error_code() {
                Some(DatabaseCorrupt | NotADatabase) => StartError::Damaged { path: file },
                Some(ReadOnly) => {
                    StartError::Folder { path, reason: io::Error::from(io::ErrorKind::PermissionDenied) }
                }
                _ => StartError::Database { path: file, reason: error },
            },
            StoreError::Closed | StoreError::Undone => StartError::Database { path: file, reason: error },
        }
    }
}
