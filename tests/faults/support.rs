//! Processes of two people, and what they print.

use std::path::Path;

use hark_testkit::{Finished, PASSWORD, Program, Running, ServerProgram, within};
use serde_json::Value;
use tempfile::TempDir;

use crate::history::Read;

pub(crate) const ALICE: &str = "@alice:hark.test";
pub(crate) const BOB: &str = "@bob:hark.test";

/// Someone at a command line: a data folder.
pub(crate) struct Someone {
    folder: TempDir,
}

impl Someone {
    /// A folder with nobody in it.
    pub(crate) fn nobody() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// Registers on a homeserver, which may be a proxy before one.
    pub(crate) async fn registered(url: &str, name: &str) -> Self {
        let someone = Self::nobody();
        someone.login(url, name, PASSWORD, true).await.ok();
        someone
    }

    /// `hark login`
    pub(crate) async fn login(&self, url: &str, name: &str, password: &str, register: bool) -> Finished {
        let mut login = self.hark(&["login", "--homeserver", url, "--user", name]);
        if register {
            login = login.arg("--register");
        }
        login.input(&format!("{password}\n")).run().await
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `hark …` on this folder.
    pub(crate) fn hark(&self, arguments: &[&str]) -> Program {
        Program::hark(self.folder()).args(arguments)
    }

    /// `hark send`, until the server has it; the event id.
    pub(crate) async fn send(&self, who: &str, text: &str) -> String {
        self.hark(&["send", who, text]).run().await.ok()
    }

    /// `hark send --no-wait`: durable in the outbox, no more.
    pub(crate) async fn write(&self, who: &str, text: &str) {
        self.hark(&["send", "--no-wait", who, text]).run().await.ok();
    }

    /// `hark listen --json`, from its first word on.
    pub(crate) async fn listen(&self) -> Running {
        let mut listen = self.hark(&["listen", "--json"]).start().await;
        listen.line().await;
        listen
    }

    /// Every text with someone as this folder holds it, oldest first.
    pub(crate) async fn read(&self, who: &str) -> Vec<Message> {
        let lines = self.hark(&["read", who, "--limit", "100000", "--json"]).run().await.ok();
        let objects = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON lines"));
        let messages = objects.filter(|object| object["type"] == "message" && object["kind"] == "text");
        messages.map(|object| Message::of(&object)).collect()
    }

    /// Reads again after each thing `listen` prints, until it is as wanted.
    pub(crate) async fn read_until(
        &self,
        listen: &mut Running,
        who: &str,
        what: &str,
        wanted: impl Fn(&[Message]) -> bool,
    ) -> Vec<Message> {
        within(what, async {
            loop {
                let messages = self.read(who).await;
                if wanted(&messages) {
                    return messages;
                }
                listen.line().await;
            }
        })
        .await
    }
}

/// A text as `hark read --json` prints it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) state: String,
    pub(crate) read: Read,
}

impl Message {
    fn of(object: &Value) -> Self {
        let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        Self {
            state: text("state"),
            read: Read { event_id: text("event_id"), sender: text("sender"), text: text("body") },
        }
    }
}

/// The words of messages.
pub(crate) fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.read.text.as_str()).collect()
}

/// A server process and two people on it who have each other as contacts, after "hello".
pub(crate) async fn two_people(server: &ServerProgram) -> (Someone, Someone) {
    let alice = Someone::registered(&server.url(), "alice").await;
    let bob = Someone::registered(&server.url(), "bob").await;
    begin(&alice, &bob).await;
    (alice, bob)
}

/// Alice says "hello" and Bob accepts.
pub(crate) async fn begin(alice: &Someone, bob: &Someone) {
    alice.send(BOB, "hello").await;
    bob.hark(&["dm", ALICE]).run().await.ok();
}

/// One line a person understands: it says what to do, and holds no debug output.
#[track_caller]
pub(crate) fn assert_sentence(said: &str) {
    assert_eq!(said.lines().count(), 1, "{said}");
    // A sentence, or one that ends with the command to type.
    assert!(said.ends_with('.') || said.contains(": hark "), "{said}");
    for machine in ["{", "::", "panicked", "Error(", "Os {", "Some(", "None"] {
        assert!(!said.contains(machine), "{said}");
    }
}
