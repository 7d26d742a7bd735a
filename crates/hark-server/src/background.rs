//! A server without a terminal: how it tells the program that started it, and where its log goes.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{StartError, platform};

/// A log larger than this is put aside, in place of the one put aside before.
const LARGEST: u64 = 4 << 20;

/// What `hark-server serve --background` says once, as one line of JSON on its standard output.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Started {
    /// It answers requests.
    Ready,
    /// Something else has its port.
    PortInUse {
        /// Which.
        port: u16,
    },
    /// Another server has its folder.
    FolderInUse,
    /// There is no room for what it keeps.
    DiskFull {
        /// One sentence with a remedy.
        sentence: String,
    },
    /// Anything else.
    Failed {
        /// One sentence with a remedy.
        sentence: String,
    },
}

impl From<&StartError> for Started {
    fn from(error: &StartError) -> Self {
        let sentence = error.to_string();
        match error {
            StartError::PortInUse { address } => Self::PortInUse { port: address.port() },
            StartError::FolderInUse { .. } => Self::FolderInUse,
            StartError::DiskFull { .. } => Self::DiskFull { sentence },
            _ => Self::Failed { sentence },
        }
    }
}

/// `server.log` in the data folder, for its owner alone, and `server.log.1` with what was before it.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    written: u64,
    largest: u64,
}

impl LogFile {
    /// Opens it for more lines at its end, making the folder if need be.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        platform::create_private_dir(data_dir)?;
        Self::with_bound(data_dir.join("server.log"), LARGEST)
    }

    fn with_bound(path: PathBuf, largest: u64) -> io::Result<Self> {
        let file = platform::open_private_log(&path)?;
        let written = file.metadata()?.len();
        Ok(Self { path, file, written, largest })
    }

    fn put_aside(&mut self) -> io::Result<()> {
        fs::rename(&self.path, self.path.with_extension("log.1"))?;
        self.file = platform::open_private_log(&self.path)?;
        self.written = 0;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.written > 0 && self.written + line.len() as u64 > self.largest {
            self.put_aside()?;
        }
        let count = self.file.write(line)?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_never_holds_more_than_twice_its_bound_and_keeps_the_newest_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.log");
        let mut log = LogFile::with_bound(path.clone(), 100).unwrap();
        for n in 0..50 {
            writeln!(log, "line number {n}").unwrap();
        }
        drop(log);
        let mut log = LogFile::with_bound(path.clone(), 100).unwrap();
        writeln!(log, "after a restart").unwrap();
        let (now, before) = (fs::read(&path).unwrap(), fs::read(path.with_extension("log.1")).unwrap());
        assert!(now.len() <= 100 && before.len() <= 100, "{} and {}", now.len(), before.len());
        let all = String::from_utf8([before, now].concat()).unwrap();
        assert!(all.ends_with("line number 49\nafter a restart\n"), "{all}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_the_log() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        LogFile::open(&folder.path().join("data")).unwrap();
        let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("data"), mode("data/server.log")), (0o700, 0o600));
    }
}
