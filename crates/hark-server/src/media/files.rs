//! Where the bytes are: `media/<first two>/<rest of the hash>`, `media/thumbnails/` alike, and `media/tmp/` for what is arriving.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{hex::hex, platform, random};

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
        platform::create_private_dir(&files.thumbnails())?;
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

    /// Where a thumbnail of the content is. The folder may have to be made.
    pub(super) fn thumbnail(&self, hash: &str, name: &str) -> PathBuf {
        let (first, rest) = hash.split_at(2);
        self.thumbnails().join(first).join(format!("{rest}-{name}"))
    }

    fn thumbnails(&self) -> PathBuf {
        self.folder.join("thumbnails")
    }

    /// How many more bytes the disk takes.
    pub(super) fn free_space(&self) -> io::Result<u64> {
        fs4::available_space(&self.folder)
    }

    /// The hashes of all contents that begin with this byte.
    pub(super) fn hashes(&self, first: u8) -> io::Result<Vec<String>> {
        let first = hex(&[first]);
        let names = names(&self.folder.join(&first))?;
        Ok(names.into_iter().filter(|rest| rest.len() == 62).map(|rest| format!("{first}{rest}")).collect())
    }

    /// Removes a content and its thumbnails. Returns its size; `None` when it was gone.
    pub(super) fn remove(&self, hash: &str) -> io::Result<Option<u64>> {
        let place = self.content(hash);
        let (first, rest) = hash.split_at(2);
        let small = self.thumbnails().join(first);
        for name in names(&small)?.iter().filter(|name| name.starts_with(rest)) {
            fs::remove_file(small.join(name))?;
        }
        match fs::metadata(&place).and_then(|file| fs::remove_file(&place).map(|()| file.len())) {
            Ok(size) => Ok(Some(size)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
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

/// The names in a folder; none where there is no folder.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}
