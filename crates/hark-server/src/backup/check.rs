//! Whether a data folder, or a backup, is whole.

use std::{fmt, path::Path};

use super::{BackupError, DATABASE, KEY, MEDIA};
use crate::store;

/// What was looked at, and what is wrong with it.
#[derive(Debug)]
pub struct Checked {
    events: u64,
    rooms: u64,
    files: usize,
    /// A sentence for each fault; none is what one wants.
    pub faults: Vec<String>,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, rooms, files, faults } = self;
        if faults.is_empty() {
            return write!(f, "All is well: {events} events in {rooms} rooms, {files} files.");
        }
        writeln!(
            f,
            "{} faults. Restore the newest backup that is whole (hark-server restore).",
            faults.len()
        )?;
        f.write_str(&faults.join("\n"))
    }
}

/// Looks at all of a server's folder, in use or not, or of a backup. Changes nothing.
pub fn check(data: &Path) -> Result<Checked, BackupError> {
    let database = data.join(DATABASE);
    if !database.is_file() {
        return Err(BackupError::NoServer { path: data.to_owned() });
    }
    // A file that cannot even be opened is a finding like others.
    let found = match store::audit(&database) {
        Ok(found) => found,
        Err(error) => {
            let faults = vec![format!("{}: {error}.", database.display())];
            return Ok(Checked { events: 0, rooms: 0, files: 0, faults });
        }
    };
    let mut faults = found.faults;
    let mut files = 0;
    for hash in &found.media {
        let (first, rest) = hash.split_at_checked(2).unwrap_or(("", hash));
        if data.join(MEDIA).join(first).join(rest).is_file() {
            files += 1;
        } else {
            faults.push(format!("The file {hash} of an upload is missing."));
        }
    }
    if !data.join(KEY).is_file() && found.events > 0 {
        faults.push("The signing key is missing: without it the server makes a new one.".to_owned());
    }
    Ok(Checked { events: found.events, rooms: found.rooms, files, faults })
}
