//! What is hosted here, kept across restarts in `host.json`.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::answers::replace;

/// What to bring up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The loopback port, the same every time: it is part of the address the account is signed in at.
    pub(super) port: u16,
    /// Whether the echo contact lives here too.
    pub(super) echo: bool,
}

impl Record {
    fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("host.json")
    }

    /// None where nothing is hosted.
    pub(super) fn read(data_dir: &Path) -> io::Result<Option<Self>> {
        match std::fs::read(Self::path(data_dir)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn write(&self, data_dir: &Path) -> io::Result<()> {
        replace(&Self::path(data_dir), &serde_json::to_vec(self)?)
    }
}
