//! The data folder: who holds it, and what is where in it.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use fs4::fs_std::FileExt;

use crate::{OpenError, platform};

/// A data folder held by this process, until this is dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder where it is absent, and takes its lock. The system gives the lock back when a process ends,
    /// however it ends.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        let failed =
            |error: std::io::Error| OpenError::Folder { path: path.to_owned(), reason: error.to_string() };
        platform::create_private_folder(path).map_err(failed)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(failed)?;
        if !FileExt::try_lock_exclusive(&lock).map_err(failed)? {
            return Err(OpenError::Held(path.to_owned()));
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path.join("store.db")
    }

    pub(crate) fn login(&self) -> PathBuf {
        self.path.join("login.db")
    }

    pub(crate) fn media(&self) -> PathBuf {
        self.path.join("media.db")
    }
}

#[cfg(test)]
mod tests {
    use super::Folder;
    use crate::OpenError;

    #[test]
    fn a_folder_has_one_holder_at_a_time() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("deep/inside");
        let first = Folder::take(&path).expect("free");
        assert_eq!(Folder::take(&path).err(), Some(OpenError::Held(path.clone())));
        drop(first);
        assert!(Folder::take(&path).is_ok());
    }
}
