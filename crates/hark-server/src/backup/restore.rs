//! A backup becomes a folder that a server can run on.

use std::{fs, path::Path};

use super::{BackupError, DATABASE, MANIFEST, MEDIA, at, bring_key, private_file, put_together, tree};
use crate::store;

/// Makes the new folder `data` out of the backup `from`. Accounts, devices and access tokens are as they were; sync tokens are
/// refused, so that clients load anew what may be older than they know.
pub fn restore(from: &Path, data: &Path) -> Result<(), BackupError> {
    if !from.join(MANIFEST).is_file() {
        return Err(BackupError::NotABackup { path: from.to_owned() });
    }
    let damaged = |fault| BackupError::Damaged { path: from.to_owned(), fault };
    let found = store::audit(&from.join(DATABASE)).map_err(|error| damaged(error.to_string()))?;
    if let Some(fault) = found.faults.into_iter().next() {
        return Err(damaged(fault));
    }
    // An empty folder that somebody made beforehand is as good as none.
    if data.is_dir() && fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_none()) {
        fs::remove_dir(data).map_err(at(data))?;
    }
    put_together(data, |folder| {
        let database = folder.join(DATABASE);
        private_file(&database)?;
        store::copy(&from.join(DATABASE), &database)?;
        store::renew_epoch(&database)?;
        tree::bring(&from.join(MEDIA), &folder.join(MEDIA))?;
        bring_key(from, folder)
    })
}
