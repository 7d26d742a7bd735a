//! Voice messages as the window plays them, on a sound server without hardware.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use hark_testkit::{Program, Running, within};
use serde_json::{Value, json};
use support::page::{Page, Visitor};

/// A sound server of this test's own that plays into nothing.
struct Card {
    folder: tempfile::TempDir,
    server: Option<Child>,
}

impl Card {
    /// Nothing to play to.
    fn absent() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("alsa.conf"), "pcm.!default { type hw card 7 }\n").unwrap();
        Self { folder, server: None }
    }

    async fn plugged_in() -> Self {
        let mut card = Self::absent();
        let socket = card.socket();
        let server = Command::new("pulseaudio")
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--log-level=error"])
            .args(["-L", &format!("module-native-protocol-unix auth-anonymous=1 socket={socket}")])
            .args(["-L", "module-null-sink sink_name=loop norewinds=1 rate=48000 channels=2"])
            .envs(card.environment())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        card.server = Some(server.expect("pulseaudio; `cargo xtask test` installs it"));
        within("the sound server", async {
            while tokio::net::UnixStream::connect(&socket).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        card
    }

    fn socket(&self) -> String {
        self.folder.path().join("socket").to_str().unwrap().to_owned()
    }

    fn environment(&self) -> [(&'static str, String); 4] {
        let folder = self.folder.path().to_str().unwrap();
        [
            ("PULSE_SERVER", format!("unix:{}", self.socket())),
            ("ALSA_CONFIG_PATH", format!("{folder}/alsa.conf")),
            ("XDG_RUNTIME_DIR", folder.to_owned()),
            ("HOME", folder.to_owned()),
        ]
    }

    /// `hark browser --try` with its sound on this card.
    fn hark(&self, folder: &Path) -> Program {
        let hark = support::hark(folder).args(["browser", "--try", "--no-open", "--listen", "127.0.0.1:0"]);
        self.environment().into_iter().fold(hark, |hark, (name, value)| hark.env(name, value))
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// A window on somebody who has sent voice messages of these lengths to the echo contact and got them back.
struct Listener {
    page: Page,
    /// Keys of the answers, in order.
    answers: Vec<i64>,
    _running: Running,
    _folder: tempfile::TempDir,
}

impl Listener {
    async fn with_voice(card: &Card, lengths_ms: &[u32]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut running = card.hark(folder.path()).start().await;
        let visitor = Visitor::with_link(&running.line().await);
        let (cookie, origin) = (visitor.cookie().await, visitor.origin());
        let mut page = visitor.socket(&[("cookie", &cookie), ("origin", &origin)]).await.unwrap();
        let echo = page.run("conversations", json!({ "filter": "" })).await[0]["id"].take();
        let mut answers = Vec::new();
        for length_ms in lengths_ms {
            let uploaded = visitor.upload(&cookie, support::tone(*length_ms)).await;
            let upload = uploaded.json::<Value>().await.unwrap()["id"].take();
            page.run("send_voice_file", json!({ "conversation": echo, "upload": upload })).await;
            let answer = page
                .event("the same voice", |event| {
                    let message = &event["message"];
                    event["live"] == true && message["content"]["kind"] == "voice" && message["mine"] == false
                })
                .await;
            answers.push(answer["message"]["key"].as_i64().unwrap());
        }
        Self { page, answers, _running: running, _folder: folder }
    }

    async fn player(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let event =
            self.page.event(what, |event| event["type"] == "player" && wanted(&event["player"])).await;
        event["player"].clone()
    }

    async fn heard(&mut self, key: i64) {
        self.page
            .event("the message is marked as heard", |event| {
                event["message"]["key"] == key && event["message"]["content"]["played"] == true
            })
            .await;
    }
}

#[expect(clippy::disallowed_methods, reason = "this test holds the player against the clock")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test]
async fn a_voice_message_is_heard_and_the_next_unheard_one_follows() {
    let card = Card::plugged_in().await;
    let mut listener = Listener::with_voice(&card, &[1_500, 400]).await;
    let [first, second] = listener.answers[..] else { panic!("two answers") };
    listener.page.run("play", json!({ "key": first, "from_ms": null })).await;
    listener.player("it loads", |player| player["player"] == "loading" && player["key"] == first).await;
    let playing = listener.player("it sounds", |player| player["player"] == "playing").await;
    assert_eq!(playing["key"], first);
    let duration = playing["duration_ms"].as_i64().unwrap();
    assert!((1_480..=1_520).contains(&duration), "{playing}");
    listener.heard(first).await;
    let next = listener
        .player("the next one", |player| player["key"] == second && player["player"] == "playing")
        .await;
    assert_eq!(next["key"], second);
    listener.heard(second).await;
    // The player may have fallen silent before the store had noted it.
    if listener.page.run("status", json!({})).await["player"]["player"] != "idle" {
        listener.player("silence", |player| player["player"] == "idle").await;
    }
}

#[tokio::test]
async fn a_message_is_held_moved_and_left_where_it_goes_on_later() {
    let card = Card::plugged_in().await;
    let mut listener = Listener::with_voice(&card, &[20_000]).await;
    let key = listener.answers[0];
    listener.page.run("play", json!({ "key": key, "from_ms": 5_000 })).await;
    let at = |player: &Value| player["position_ms"].as_u64().unwrap_or(0);
    let playing = listener.player("it sounds", |player| player["player"] == "playing").await;
    assert!((5_000..6_000).contains(&at(&playing)), "{playing}");
    listener.page.run("set_speed", json!({ "speed": 1.5 })).await;
    listener.player("faster", |player| player["speed"] == 1.5).await;
    listener.page.run("seek", json!({ "position_ms": 12_000 })).await;
    listener.player("it moved", |player| player["player"] == "playing" && at(player) >= 12_000).await;
    listener.page.run("pause", json!({})).await;
    let held = listener.player("it is held", |player| player["player"] == "paused").await;
    listener.page.run("stop", json!({})).await;
    listener.player("silence", |player| player["player"] == "idle").await;
    let asked = now();
    listener.page.run("play", json!({ "key": key, "from_ms": null })).await;
    let again = listener.player("it goes on", |player| player["player"] == "playing").await;
    // A busy machine hears of it late: it may be as far as it can have played since, and no further.
    let played = u64::try_from(asked.elapsed().as_millis()).unwrap() * 3 / 2;
    assert!((at(&held)..at(&held) + played + 500).contains(&at(&again)), "{held} {again} after {played}");
}

#[tokio::test]
async fn without_a_loudspeaker_the_window_says_so() {
    let card = Card::absent();
    let mut listener = Listener::with_voice(&card, &[400]).await;
    let key = listener.answers[0];
    listener.page.run("status", json!({})).await;
    let play = json!({ "id": 90, "name": "play", "args": { "key": key, "from_ms": null } });
    let refused = listener.page.ask(&play.to_string()).await;
    // The first try may find out only while it begins to play; then the player says it.
    if refused.get("ok").is_some() {
        let failed = listener.player("it fails", |player| player["player"] == "failed").await;
        assert!(failed["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{failed}");
    } else {
        assert_eq!(refused["error"]["code"], "no_device", "{refused}");
    }
    let status = listener.page.run("status", json!({})).await;
    assert!(status["sound_problem"].is_string(), "{status}");
}
