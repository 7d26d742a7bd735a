//! What is hosted here, kept across restarts in `host.json`.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::answers::replace;

/// What to bring up again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The loopback port, the same every time: it is part of the address the account is signed in at. 0 until the first
    /// start has chosen one.
    pub(super) port: u16,
    /// Whether the echo contact lives here too.
    pub(super) echo: bool,
    /// The server's name, once it is known.
    #[serde(default)]
    pub(super) server_name: Option<String>,
    /// Whether it goes on when the app ends (SV9). Absent in what older versions wrote: there the one with the echo
    /// contact did not.
    #[serde(default)]
    pub(super) lasting: Option<bool>,
    /// Whether the person has stopped it.
    #[serde(default)]
    pub(super) stopped: bool,
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

    /// Nothing is hosted here after all.
    pub(super) fn remove(data_dir: &Path) -> io::Result<()> {
        match std::fs::remove_file(Self::path(data_dir)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// A server for this person and others, whatever there was before.
    pub(super) fn for_others(former: Option<Self>) -> Self {
        Self { lasting: Some(true), stopped: false, ..former.unwrap_or_default() }
    }

    /// A server to try Hark on; one for others stays one.
    pub(super) fn to_try(former: Option<Self>) -> Self {
        let lasting = former.as_ref().is_some_and(Self::is_lasting);
        Self { echo: true, lasting: Some(lasting), stopped: false, ..former.unwrap_or_default() }
    }

    /// Whether the server goes on when the app ends.
    pub(super) fn is_lasting(&self) -> bool {
        self.lasting.unwrap_or(!self.echo)
    }

    /// Where the server answers.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_an_older_version(json: &str) -> Record {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_an_older_version_hosted_for_others_lasts_and_what_was_tried_does_not() {
        assert!(of_an_older_version(r#"{"port":4000,"echo":false}"#).is_lasting());
        assert!(!of_an_older_version(r#"{"port":4000,"echo":true}"#).is_lasting());
    }

    #[test]
    fn a_server_for_others_stays_one_when_somebody_tries_hark_on_it() {
        let family = Record::for_others(None);
        assert!(Record::to_try(Some(family)).is_lasting());
        assert!(!Record::to_try(None).is_lasting());
        assert!(Record::for_others(Some(Record::to_try(None))).is_lasting());
    }
}
