//! Where the bytes are: `media/<first two>/<rest of the hash>`, `media/thumbnails/`, and `media/tmp/` for what is arriving.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{platform, random};

/// The folder of all files.
#[derive(Clone, Debug)]
pub(super) struct Files {
    folder: PathBuf,
}

/// A file that is arriving. It is gone with this value unless it is kept.
#[derive(Debug)]
pub(super) struct Arriving {
    path: PathBuf,
}

impl Arriving {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        // Gone already when it was kept; what cannot be removed now goes at the next start.
        let _gone = fs::remove_file(&self.path);
    }
}

impl Files {
    /// Makes the folders, and clears what arrived only in part before a crash.
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        let files = Self { folder };
        let arriving = files.folder.join("tmp");
        if arriving.exists() {
            fs::remove_dir_all(&arriving)?;
        }
        platform::create_private_dir(&arriving)?;
        platform::create_private_dir(&files.folder.join("thumbnails"))?;
        Ok(files)
    }

    /// A place for a file that is arriving.
    pub(super) fn arriving(&self) -> Arriving {
        Arriving { path: self.folder.join("tmp").join(random::url_safe::<18>()) }
    }

    /// Where the content of this hash is.
    pub(super) fn content(&self, hash: &str) -> PathBuf {
        let (first, rest) = hash.split_at(2);
        self.folder.join(first).join(rest)
    }

    /// Where a thumbnail of the content is.
    pub(super) fn thumbnail(&self, hash: &str, name: &str) -> PathBuf {
        self.folder.join("thumbnails").join(format!("{hash}-{name}"))
    }

    /// Moves a written and synced file to its place, durably. Content that is there already stays.
    pub(super) fn keep(&self, arrived: &Arriving, hash: &str) -> io::Result<()> {
        let place = self.content(hash);
        if place.exists() {
            return Ok(());
        }
        let parent = place.parent().unwrap_or(&self.folder);
        if !parent.exists() {
            platform::create_private_dir(parent)?;
            platform::sync_dir(&self.folder)?;
        }
        fs::rename(&arrived.path, &place)?;
        platform::sync_dir(parent)
    }
}
