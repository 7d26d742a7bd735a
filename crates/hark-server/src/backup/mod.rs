//! Copies of a server's folder: taken while it serves, looked over, and made into a folder again (OP2).
//!
//! A backup is a folder with the same names as the data folder: `hark.db` (one file, as of one instant), `media/` and
//! `signing.key`, and `backup.json`, which is written last. The key is not in the database, and is for the owner alone in the
//! backup too: who has it can write in the server's name. Everything is put together beside the target and renamed as a whole, so
//! that a backup of that name is a whole one, and what is there already is never replaced.

mod check;
mod restore;
mod tree;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub use self::{
    check::{Checked, check},
    restore::restore,
};
use crate::{StoreError, clock, platform, store};

const DATABASE: &str = "hark.db";
const KEY: &str = "signing.key";
const MEDIA: &str = "media";
const MANIFEST: &str = "backup.json";

/// What a backup is of; its presence says that the backup is whole.
#[derive(Debug, Deserialize, Serialize)]
struct Manifest {
    /// The version that took it.
    version: String,
    /// When, in milliseconds since 1970.
    taken_ms: i64,
    /// The last change in it.
    position: i64,
}

/// A copy that was not made, or not put back: why, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no server's folder.
    #[error("{} holds no server's data. Give the folder that hark-server serve was given with --data.", path.display())]
    NoServer {
        /// What was given.
        path: PathBuf,
    },
    /// Nothing is ever replaced.
    #[error("{} exists already and is not replaced. Give a name that is not taken.", path.display())]
    Exists {
        /// What was given.
        path: PathBuf,
    },
    /// Half a backup, or none.
    #[error("{} is not a whole backup: {MANIFEST} is missing in it. Give one that hark-server backup finished.", path.display())]
    NotABackup {
        /// What was given.
        path: PathBuf,
    },
    /// The backup itself is damaged.
    #[error("The backup {} is damaged ({fault}). Give another one.", path.display())]
    Damaged {
        /// What was given.
        path: PathBuf,
        /// The first thing that is wrong.
        fault: String,
    },
    /// The database could not be read or written.
    #[error("The database could not be copied ({0}). Check the disk and try again.")]
    Store(#[from] StoreError),
    /// A file could not be read or written.
    #[error("{} could not be written or read ({reason}). Check the disk and its permissions.", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
}

/// Copies the server's folder `data`, in use or not, to the new folder `to`. Everything that was acknowledged before is in it.
pub fn backup(data: &Path, to: &Path) -> Result<(), BackupError> {
    let database = data.join(DATABASE);
    if !database.is_file() {
        return Err(BackupError::NoServer { path: data.to_owned() });
    }
    put_together(to, |folder| {
        private_file(&folder.join(DATABASE))?;
        let position = store::copy(&database, &folder.join(DATABASE))?;
        // After the database: every file it names was there before its row was.
        tree::bring(&data.join(MEDIA), &folder.join(MEDIA))?;
        bring_key(data, folder)?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let manifest = Manifest { version, taken_ms: clock::now_ms(), position: position.0 };
        let manifest = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from);
        let path = folder.join(MANIFEST);
        manifest.and_then(|manifest| tree::write_private(&path, &manifest)).map_err(at(&path))
    })
}

/// Fills a folder beside `to` and renames it when it is whole; what is left of a failure is removed.
fn put_together(to: &Path, fill: impl FnOnce(&Path) -> Result<(), BackupError>) -> Result<(), BackupError> {
    if to.symlink_metadata().is_ok() {
        return Err(BackupError::Exists { path: to.to_owned() });
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(at(&partial))?;
    }
    platform::create_private_dir(&partial).map_err(at(&partial))?;
    let filled = fill(&partial)
        .and_then(|()| platform::sync_dir(&partial).and_then(|()| fs::rename(&partial, to)).map_err(at(to)));
    if filled.is_err() {
        // What was wrong matters, not that its remains could not be removed.
        let _remains = fs::remove_dir_all(&partial);
        return filled;
    }
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    platform::sync_dir(parent).map_err(at(parent))
}

/// The signing key, where there is one yet.
fn bring_key(from: &Path, to: &Path) -> Result<(), BackupError> {
    let key = from.join(KEY);
    match fs::read(&key) {
        Ok(bytes) => tree::write_private(&to.join(KEY), &bytes).map_err(at(&to.join(KEY))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at(&key)(error)),
    }
}

/// Made before the database is, so that it is the owner's alone from the first byte.
fn private_file(path: &Path) -> Result<(), BackupError> {
    platform::open_private_file(path).map(drop).map_err(at(path))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |reason| BackupError::File { path, reason }
}
