//! What the echo contact has answered, so that it answers each message once, whatever dies in between.
//!
//! It answers one message of a conversation after the other. Before an answer is handed to the engine, its message and
//! the newest message of its own are written down; after it is durable in the outbox, that the message is answered. A
//! start that finds the first without the second looks whether a newer message of its own is there: then the answer was
//! kept, and only the second note is missing.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(super) use crate::replace::replace;

/// The notes of all conversations, in a small file that is replaced as a whole.
pub(super) struct Answers {
    path: PathBuf,
    notes: HashMap<String, Note>,
}

/// How far one conversation has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    greeted: bool,
    /// Event id of the newest message that is answered.
    answered: Option<String>,
    pending: Option<Pending>,
}

/// An answer that is being handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Pending {
    to: Answered,
    /// Key of the newest message of our own before it; 0 where there was none.
    newest_mine: i64,
}

/// What an answer is an answer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answered {
    /// To being talked to for the first time.
    Beginning,
    /// To the message with this event id.
    Message(String),
}

impl Answers {
    pub(super) fn open(path: PathBuf) -> Self {
        let notes = std::fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self { path, notes }
    }

    pub(super) fn greeted(&self, conversation: &str) -> bool {
        self.notes.get(conversation).is_some_and(|note| note.greeted)
    }

    /// Event id of the newest answered message.
    pub(super) fn newest(&self, conversation: &str) -> Option<&str> {
        self.notes.get(conversation)?.answered.as_deref()
    }

    /// Notes that an answer is about to be handed over.
    pub(super) fn begin(
        &mut self,
        conversation: &str,
        to: Answered,
        newest_mine: i64,
    ) -> std::io::Result<()> {
        self.note(conversation).pending = Some(Pending { to, newest_mine });
        self.save()
    }

    /// Notes that it is durable in the outbox.
    pub(super) fn done(&mut self, conversation: &str) -> std::io::Result<()> {
        let note = self.note(conversation);
        match note.pending.take().map(|pending| pending.to) {
            Some(Answered::Beginning) => note.greeted = true,
            Some(Answered::Message(event_id)) => note.answered = Some(event_id),
            None => return Ok(()),
        }
        self.save()
    }

    /// Settles an answer a former process had begun. `newest_mine` is the newest message of our own now.
    pub(super) fn settle(&mut self, conversation: &str, newest_mine: i64) -> std::io::Result<()> {
        let note = self.note(conversation);
        match &note.pending {
            Some(pending) if newest_mine > pending.newest_mine => self.done(conversation),
            Some(_) => {
                note.pending = None;
                self.save()
            }
            None => Ok(()),
        }
    }

    fn note(&mut self, conversation: &str) -> &mut Note {
        self.notes.entry(conversation.to_owned()).or_default()
    }

    fn save(&self) -> std::io::Result<()> {
        let bytes = serde_json::to_vec(&self.notes)?;
        replace(&self.path, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITH: &str = "@me:here";

    fn message(id: &str) -> Answered {
        Answered::Message(id.to_owned())
    }

    #[test]
    fn an_answer_kept_before_the_crash_is_not_given_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.json");
        let mut answers = Answers::open(path.clone());
        answers.begin(WITH, message("$1"), 4).unwrap();
        drop(answers);

        let mut answers = Answers::open(path);
        answers.settle(WITH, 5).unwrap();
        assert_eq!(answers.newest(WITH), Some("$1"));
    }

    #[test]
    fn an_answer_lost_in_the_crash_is_given_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.json");
        let mut answers = Answers::open(path.clone());
        answers.begin(WITH, message("$1"), 4).unwrap();
        drop(answers);

        let mut answers = Answers::open(path);
        answers.settle(WITH, 4).unwrap();
        assert_eq!(answers.newest(WITH), None);
    }

    #[test]
    fn the_greeting_is_given_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.json");
        let mut answers = Answers::open(path.clone());
        answers.begin(WITH, Answered::Beginning, 0).unwrap();
        answers.done(WITH).unwrap();
        assert!(Answers::open(path).greeted(WITH));
    }
}
