//! People who have accounts and a conversation, each with a data folder.

use std::time::Duration;

use hark_testkit::{PASSWORD, Program, Running, Server, within};
use serde_json::Value;

use super::hark;

/// A person: a data folder.
pub(crate) struct Talker {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) user_id: String,
}

impl Talker {
    /// Makes an account.
    pub(crate) async fn register(server: &Server, name: &str) -> Self {
        Self::register_at(&server.url(), name).await
    }

    /// Makes an account at an address.
    pub(crate) async fn register_at(url: &str, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let login = hark(folder.path()).args(["login", "--homeserver", url, "--user", name, "--register"]);
        let user_id = login.input(PASSWORD).run().await.ok();
        Self { folder, user_id }
    }

    pub(crate) fn hark(&self, command: &str) -> Program {
        hark(self.folder.path()).arg(command)
    }

    pub(crate) async fn dm(&self, with: &Self) -> String {
        self.hark("dm").arg(&with.user_id).run().await.ok()
    }

    pub(crate) async fn listen(&self) -> Running {
        let mut running = self.hark("listen").arg("--json").start().await;
        running.line_where(|line| line.contains(r#""state":"online""#)).await;
        running
    }

    /// Messages of the conversation with somebody.
    async fn messages(&self, with: &Self) -> Vec<Value> {
        let lines = self.hark("read").arg(&with.user_id).args(["--limit", "500", "--json"]).run().await.ok();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// How many voice messages I sent to somebody, on the way or there.
    pub(crate) async fn voices_to(&self, with: &Self) -> usize {
        self.voices_of(with, &self.user_id).await
    }

    /// How many voice messages somebody's device has brought me, after a look at the server.
    pub(crate) async fn voices_from(&self, other: &Self) -> usize {
        // Its first word that it is online comes with everything there was.
        drop(self.listen().await);
        self.voices_of(other, &other.user_id).await
    }

    async fn voices_of(&self, with: &Self, sender: &str) -> usize {
        let messages = self.messages(with).await;
        messages.iter().filter(|message| message["kind"] == "voice" && message["sender"] == sender).count()
    }

    /// Waits until the outbox is empty.
    pub(crate) async fn until_nothing_waits(&self, listen: &mut Running) {
        within("the outbox is empty", async {
            loop {
                let rows = self.hark("list").arg("--json").run().await.ok();
                let waits = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
                if waits.into_iter().all(|row| row["waiting"].as_u64().unwrap_or(0) == 0) {
                    return;
                }
                listen.line().await;
            }
        })
        .await;
    }

    /// Files of recordings that are still on the disk.
    pub(crate) fn recordings_left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join("recordings")).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    /// Waits until no file of a recording is left on the disk.
    pub(crate) async fn until_no_recordings_are_left(&self) {
        within("no recording is left", async {
            while !self.recordings_left().is_empty() {
                // Nothing tells of a file that goes in another process.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    /// Waits until a recording is on the disk, and then a moment more: for a kill that comes at no point in particular.
    pub(crate) async fn on_disk_and_a_moment(&self, milliseconds: u64, moment_ms: u64) {
        self.until_on_disk(milliseconds).await;
        tokio::time::sleep(Duration::from_millis(moment_ms)).await;
    }

    /// Waits until a recording of this length is on the disk.
    pub(crate) async fn until_on_disk(&self, milliseconds: u64) {
        let enough = 96 * milliseconds;
        within("the recording is on the disk", async {
            loop {
                let files = std::fs::read_dir(self.folder.path().join("recordings")).into_iter().flatten();
                let largest = files.filter_map(|file| Some(file.ok()?.metadata().ok()?.len())).max();
                if largest >= Some(enough) {
                    return;
                }
                // Nothing tells of a file that grows in another process.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }
}

/// Two people who have a room together.
pub(crate) async fn two(server: &Server) -> (Talker, Talker) {
    let (alice, bob) = (Talker::register(server, "alice").await, Talker::register(server, "bob").await);
    assert_eq!(alice.dm(&bob).await, bob.dm(&alice).await);
    (alice, bob)
}
