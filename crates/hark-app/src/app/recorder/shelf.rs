//! The recordings of a data folder: `recordings/<id>.wav`, and beside each a note that says for whom it is and what was
//! decided about it.
//!
//! The note is there before the sound, and goes after it: a sound whose note is missing was never spoken into. Both are
//! for their owner's eyes only. Everything here blocks; call it where blocking is allowed.

use std::io;
use std::path::{Path, PathBuf};

use hark_client::model::ConversationId;
use serde::{Deserialize, Serialize};

use crate::api::{KeptBecause, KeptRecording};
use crate::replace::replace;
use crate::{clock, platform};

/// Recordings shorter than this hold nothing anybody said.
pub(super) const SHORTEST_MS: u64 = 500;

/// A sound without a note that is larger than this is left alone, in case a person wants to look for it. Bytes.
const WORTH_KEEPING: u64 = 96_000;

/// What is known of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Whose it is.
    pub(super) account: String,
    /// For whom.
    pub(super) conversation: ConversationId,
    /// When it was begun, in milliseconds since 1970.
    pub(super) started_at: u64,
    /// What was decided.
    pub(super) fate: Fate,
}

/// What was decided about a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fate {
    /// Nothing: it is being made. Found at a start, it was cut off.
    Open,
    /// Put aside.
    Draft,
    /// To be sent. Found at a start, it still is.
    Sending,
    /// Thrown away, with a moment to regret it. Found at a start, that is over.
    Cancelled,
}

/// The folder. Clones are of the same.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    pub(super) fn in_folder(data_dir: &Path) -> Self {
        Self { folder: data_dir.join("recordings") }
    }

    /// Where a recording's sound is.
    pub(super) fn wav(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.wav"))
    }

    /// Where the microphone test records to.
    pub(super) fn trial(&self) -> PathBuf {
        self.folder.join("test.wav")
    }

    fn note_path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    /// Makes the folder.
    pub(super) fn make(&self) -> io::Result<()> {
        platform::private_folder(&self.folder)
    }

    pub(super) fn write(&self, id: &str, note: &Note) -> io::Result<()> {
        self.make()?;
        replace(&self.note_path(id), &serde_json::to_vec(note)?)
    }

    pub(super) fn note(&self, id: &str) -> io::Result<Note> {
        Ok(serde_json::from_slice(&std::fs::read(self.note_path(id))?)?)
    }

    /// Notes what was decided; nothing where the recording is gone.
    pub(super) fn decide(&self, id: &str, fate: Fate) -> io::Result<()> {
        match self.note(id) {
            Ok(note) if note.fate == fate => Ok(()),
            Ok(note) => self.write(id, &Note { fate, ..note }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes a recording for good.
    pub(super) fn remove(&self, id: &str) {
        for path in [self.wav(id), self.note_path(id)] {
            remove(&path);
        }
    }

    pub(super) fn remove_trial(&self) {
        remove(&self.trial());
    }

    /// Deletes all there is.
    pub(super) fn clear(&self) {
        for path in self.files() {
            remove(&path);
        }
    }

    /// Bytes on the disk.
    pub(super) fn bytes(&self) -> u64 {
        self.files().iter().filter_map(|path| path.metadata().ok()).map(|of| of.len()).sum()
    }

    /// What is free on that disk, in bytes.
    pub(super) fn free(&self) -> io::Result<u64> {
        self.make()?;
        fs4::available_space(&self.folder)
    }

    /// Every recording with a note, oldest first; clears away what is left of others.
    pub(super) fn found(&self) -> Vec<(String, Note)> {
        let mut found = Vec::new();
        for path in self.files() {
            let id = path.file_stem().and_then(|stem| stem.to_str()).filter(|stem| is_id(stem));
            let kind = path.extension().and_then(|kind| kind.to_str());
            match (id, kind) {
                (Some(id), Some("json")) => match self.note(id) {
                    Ok(note) => found.push((id.to_owned(), note)),
                    Err(error) => tracing::warn!(id, %error, "the note of a recording cannot be read"),
                },
                (Some(id), Some("wav")) if self.note_path(id).exists() => {}
                (Some(id), Some("wav")) if path.metadata().is_ok_and(|of| of.len() > WORTH_KEEPING) => {
                    tracing::warn!(id, "nobody knows for whom this recording was; it is left alone");
                }
                // Halves of a start or an end that a crash came between, and the microphone test.
                (Some(_), Some("wav" | "new")) => remove(&path),
                _ if path == self.trial() => remove(&path),
                _ => {}
            }
        }
        found.sort_by(|a, b| (a.1.started_at, &a.0).cmp(&(b.1.started_at, &b.0)));
        found
    }

    /// A recording as it stands on the disk, its length by what is really there.
    pub(super) fn kept(&self, id: &str, note: &Note) -> io::Result<KeptRecording> {
        let wav = self.wav(id);
        // Before it is repaired, which is a change too.
        let ended_at = clock::since_1970(wav.metadata()?.modified()?);
        let sound = hark_voice::wav::recover(&wav)?;
        Ok(KeptRecording {
            id: id.to_owned(),
            conversation: note.conversation.clone(),
            duration_ms: sound.duration_ms,
            waveform: sound.waveform,
            started_at: note.started_at,
            ended_at,
            why: if note.fate == Fate::Open { KeptBecause::CutOff } else { KeptBecause::Draft },
        })
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten();
        entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
    }
}

/// Whether this is a name we give: a window must not reach another file by it.
pub(super) fn is_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "a file of a recording cannot be deleted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    fn note(fate: Fate) -> Note {
        Note {
            account: "@me:here".to_owned(),
            conversation: ConversationId("@bob:here".to_owned()),
            started_at: 7,
            fate,
        }
    }

    #[test]
    fn what_was_decided_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::in_folder(folder.path());
        shelf.write(ID, &note(Fate::Open)).unwrap();
        shelf.decide(ID, Fate::Sending).unwrap();
        assert_eq!(shelf.found(), [(ID.to_owned(), note(Fate::Sending))]);
        shelf.remove(ID);
        shelf.decide(ID, Fate::Draft).unwrap();
        assert_eq!(shelf.found(), []);
    }

    #[test]
    fn the_halves_a_crash_leaves_are_cleared_away_and_a_long_sound_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::in_folder(folder.path());
        shelf.make().unwrap();
        let long = "f".repeat(32);
        std::fs::write(shelf.wav(ID), b"RIFF").unwrap();
        std::fs::write(shelf.note_path(ID).with_extension("new"), b"{").unwrap();
        std::fs::write(shelf.trial(), b"RIFF").unwrap();
        std::fs::write(shelf.wav(&long), vec![0; 200_000]).unwrap();
        assert_eq!(shelf.found(), []);
        assert_eq!(shelf.files(), [shelf.wav(&long)]);
    }

    #[test]
    fn a_window_reaches_no_other_file_by_a_name() {
        assert!(is_id(ID));
        for name in ["", "../owner", "test", "0123456789abcdef0123456789abcde/"] {
            assert!(!is_id(name), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_look() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::in_folder(folder.path());
        shelf.write(ID, &note(Fate::Open)).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&shelf.folder), 0o700);
        assert_eq!(mode(&shelf.note_path(ID)), 0o600);
    }
}
