//! Remembers what is done: a file in target/setup holding a digest of what it was done from.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::repo;

/// One thing that need not be done twice.
pub(crate) struct Stamp {
    file: PathBuf,
    digest: String,
}

impl Stamp {
    /// The stamp `name`, for these inputs: files, folders (all they hold), and words.
    pub(crate) fn new(name: &str, paths: &[&Path], words: &[&str]) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        words.hash(&mut hasher);
        for path in paths {
            digest(path, &mut hasher)?;
        }
        let file = repo::target().join("setup").join(name);
        Ok(Self { file, digest: format!("{:016x}", hasher.finish()) })
    }

    /// Whether it was done with these very inputs.
    pub(crate) fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text == self.digest)
    }

    /// It is done.
    pub(crate) fn set(&self) -> Result<()> {
        let folder = self.file.parent().context("a stamp lies in a folder")?;
        fs::create_dir_all(folder)?;
        Ok(fs::write(&self.file, &self.digest)?)
    }
}

fn digest(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    path.file_name().hash(hasher);
    if path.is_dir() {
        let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| digest(entry, hasher));
    }
    fs::read(path).with_context(|| path.display().to_string())?.hash(hasher);
    Ok(())
}
