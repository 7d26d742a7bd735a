//! Files and folders from one place to another.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use super::{BackupError, at};
use crate::platform;

/// What is arriving, and what can be made again.
const LEFT_OUT: [&str; 2] = ["tmp", "thumbnails"];

/// Brings every file below `from` to the same place below `to`. A file's name is the hash of what is in it, so it never changes
/// and a second name for it is as good as a copy; where that cannot be (another disk), it is copied.
pub(super) fn bring(from: &Path, to: &Path) -> Result<(), BackupError> {
    platform::create_private_dir(to).map_err(at(to))?;
    if !from.is_dir() {
        return Ok(());
    }
    for folder in entries(from)?.into_iter().filter(|entry| entry.path().is_dir()) {
        if LEFT_OUT.iter().any(|name| folder.file_name() == *name) {
            continue;
        }
        let target = to.join(folder.file_name());
        platform::create_private_dir(&target).map_err(at(&target))?;
        for file in entries(&folder.path())? {
            let (source, target) = (file.path(), target.join(file.file_name()));
            bring_file(&source, &target).map_err(at(&source))?;
        }
        platform::sync_dir(&target).map_err(at(&target))?;
    }
    platform::sync_dir(to).map_err(at(to))
}

fn bring_file(source: &Path, target: &Path) -> io::Result<()> {
    if fs::hard_link(source, target).is_ok() {
        return Ok(());
    }
    match fs::copy(source, target) {
        Ok(_) => fs::File::open(target)?.sync_all(),
        // Deleted between the look at the folder and now: nothing refers to it any more.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>, BackupError> {
    fs::read_dir(folder).and_then(Iterator::collect).map_err(at(folder))
}

/// Writes a file that only its owner may read, durably.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = platform::open_private_file(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
