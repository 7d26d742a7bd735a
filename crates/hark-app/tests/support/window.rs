//! A person's window on a sound card, and what they do there.

use std::path::PathBuf;

use hark_testkit::{Program, Running, SoundCard, sound, within};
use serde_json::{Value, json};

use super::page::{Page, Visitor};
use super::talkers::Talker;

/// A tone of 440 Hz that is loud enough to be levelled down.
pub(crate) fn tone_file(card_folder: &tempfile::TempDir, milliseconds: u32) -> PathBuf {
    let path = card_folder.path().join("tone.wav");
    sound::write_wav(&path, &sound::sine(440.0, 0.5, milliseconds));
    path
}

/// Somebody's window.
pub(crate) struct Window {
    pub(crate) page: Page,
    pub(crate) running: Running,
}

impl Window {
    pub(crate) async fn of(talker: &Talker, card: &SoundCard) -> Self {
        let program = talker.hark("browser").args(["--no-open", "--listen", "127.0.0.1:0"]);
        let mut running = card.on(program).start().await;
        let page = Visitor::with_link(&running.line().await).page().await;
        Self { page, running }
    }

    /// The newest voice message of a conversation, once there is one.
    pub(crate) async fn newest_voice(&mut self, with: &str) -> Value {
        let timeline = json!({ "conversation": with, "before": null, "limit": 20 });
        within("a voice message", async {
            loop {
                let page = self.page.run("timeline", timeline.clone()).await;
                let messages = page["messages"].as_array().unwrap();
                if let Some(voice) = messages.iter().rfind(|message| message["content"]["kind"] == "voice") {
                    return voice.clone();
                }
                self.page.event("a message", |event| event["type"] == "message").await;
            }
        })
        .await
    }

    pub(crate) async fn recorder(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let event =
            self.page.event(what, |event| event["type"] == "recorder" && wanted(&event["recorder"])).await;
        event["recorder"].clone()
    }

    /// Begins to record, and forgets what was told before that.
    pub(crate) async fn records(&mut self, conversation: &str) {
        self.page.run("record", json!({ "conversation": conversation })).await;
        self.recorder("it records", |state| state["recorder"] == "recording").await;
    }

    /// Waits until the recording is this long.
    pub(crate) async fn until_it_holds(&mut self, milliseconds: u64) {
        self.page
            .event("the recording grows", |event| {
                event["type"] == "level" && event["duration_ms"].as_u64() >= Some(milliseconds)
            })
            .await;
    }

    pub(crate) async fn refused(&mut self, name: &str, args: Value) -> Value {
        let answer = self.page.ask(&json!({ "id": 900, "name": name, "args": args }).to_string()).await;
        assert!(answer["error"].is_object(), "{name}: {answer}");
        answer["error"].clone()
    }
}

/// Presses Ctrl-C, and waits for the end: exit code and what was said on stderr.
pub(crate) async fn interrupt(running: Running) -> (Option<i32>, String) {
    let pid = running.id().to_string();
    Program::at(std::path::Path::new("/bin/kill")).args(["-INT", &pid]).run().await.ok();
    running.finished().await
}
