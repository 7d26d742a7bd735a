//! Who owns a data folder.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::api::{ApiError, ErrorCode};
use crate::platform;

/// The folder is this process's until this is dropped, or the process dies.
#[derive(Debug)]
pub struct Ownership {
    folder: PathBuf,
    _lock: File,
}

impl Ownership {
    /// Takes the folder, making it where it is not there; `None` where another process has it.
    pub fn take(folder: &Path) -> Result<Option<Self>, ApiError> {
        platform::private_folder(folder).map_err(|error| unusable(folder, &error))?;
        let path = folder.join("owner.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| unusable(folder, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { folder: folder.to_owned(), _lock: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(unusable(folder, &error)),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn unusable(folder: &Path, error: &io::Error) -> ApiError {
    let shown = folder.display();
    if error.kind() == io::ErrorKind::StorageFull {
        return ApiError::new(
            ErrorCode::DiskFull,
            "The disk is full. Make room and start again; nothing is lost.",
        );
    }
    ApiError::new(
        ErrorCode::Internal,
        format!(
            "The folder {shown} cannot be used: {error}. Check its permissions, or name another with --data."
        ),
    )
}

/// How the owner is reached; a file in the folder.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Door {
    pub(super) pid: u32,
    pub(super) address: String,
    pub(super) secret: String,
}

impl Door {
    fn path(folder: &Path) -> PathBuf {
        folder.join("owner.json")
    }

    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(Self::path(folder))?)?)
    }

    /// Replaces the file as a whole, so that a reader never sees half of it.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let new = folder.join("owner.json.new");
        serde_json::to_writer(platform::private_file(&new)?, self)?;
        std::fs::rename(new, Self::path(folder))
    }

    pub(super) fn remove(folder: &Path) {
        // Left over, it names a dead owner, which callers cope with.
        let _ = std::fs::remove_file(Self::path(folder));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Ownership::take(folder.path()).unwrap();
        assert!(first.is_some());
        assert!(Ownership::take(folder.path()).unwrap().is_none());
        drop(first);
        assert!(Ownership::take(folder.path()).unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_enter_a_new_folder() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("new");
        let _owner = Ownership::take(&folder).unwrap();
        assert_eq!(std::fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
