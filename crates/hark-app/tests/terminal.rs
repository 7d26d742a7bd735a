//! The `hark` program on real servers, as scripts use it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use std::path::Path;

use hark_testkit::{PASSWORD, Program, Running, Server};
use serde_json::Value;
use support::hark;

/// A person at a terminal: one data folder.
struct Terminal {
    folder: tempfile::TempDir,
    user_id: String,
}

impl Terminal {
    /// Makes an account.
    async fn register(server: &Server, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let login = login(folder.path(), &server.url(), name).arg("--register");
        let user_id = login.input(PASSWORD).run().await.ok();
        Self { folder, user_id }
    }

    fn hark(&self, command: &str) -> Program {
        hark(self.folder.path()).arg(command)
    }

    async fn send(&self, to: &Self, text: &str) -> String {
        self.hark("send").arg(&to.user_id).arg(text).run().await.ok()
    }

    async fn dm(&self, with: &Self) -> String {
        self.hark("dm").arg(&with.user_id).run().await.ok()
    }

    async fn listen(&self) -> Running {
        let mut running = self.hark("listen").arg("--json").start().await;
        running.line_where(|line| line.contains(r#""state":"online""#)).await;
        running
    }

    /// What `read --json` gives of the conversation with somebody.
    async fn read(&self, with: &Self) -> Vec<Value> {
        objects(&self.hark("read").arg(&with.user_id).args(["--limit", "500", "--json"]).run().await.ok())
    }
}

fn login(folder: &Path, homeserver: &str, name: &str) -> Program {
    hark(folder).args(["login", "--homeserver", homeserver, "--user", name])
}

fn objects(lines: &str) -> Vec<Value> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

fn bodies(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["body"].as_str().unwrap()).collect()
}

async fn message(running: &mut Running, body: &str) -> Value {
    let line = running.line_where(|line| line.contains(r#""type":"message""#) && line.contains(body)).await;
    serde_json::from_str(&line).unwrap()
}

/// Two people who have a room together.
async fn two(server: &Server) -> (Terminal, Terminal) {
    let (alice, bob) = (Terminal::register(server, "alice").await, Terminal::register(server, "bob").await);
    assert_eq!(alice.dm(&bob).await, bob.dm(&alice).await);
    (alice, bob)
}

#[tokio::test]
async fn two_people_talk_in_one_room_and_hear_each_message_once() {
    let server = Server::start().await;
    let (alice, bob) = two(&server).await;
    let mut listening = bob.listen().await;

    let event_id = alice.send(&bob, "hello").await;
    assert!(event_id.starts_with('$'), "{event_id}");
    let heard = message(&mut listening, "hello").await;
    assert_eq!(heard["event_id"], event_id.as_str());
    assert_eq!(
        (heard["sender"].as_str(), heard["kind"].as_str()),
        (Some(alice.user_id.as_str()), Some("text"))
    );

    // Bob's terminal is held by his listener: these are handed to it.
    bob.send(&alice, "hello yourself").await;
    alice.send(&bob, "how are you").await;
    let next = message(&mut listening, "how are you").await;
    assert_eq!(next["room_id"], heard["room_id"]);

    let read = alice.read(&bob).await;
    assert_eq!(bodies(&read), ["hello", "hello yourself", "how are you"]);
    assert!(read.iter().all(|message| message["room_id"] == heard["room_id"]));
    assert_eq!(bodies(&bob.read(&alice).await), bodies(&read));
    server.stop().await;
}

#[tokio::test]
async fn a_message_of_mine_is_shown_with_each_state_it_reaches() {
    let server = Server::start().await;
    let (alice, bob) = two(&server).await;
    let mut listening = alice.listen().await;
    let event_id = alice.send(&bob, "watch me").await;
    let sent =
        listening.line_where(|line| line.contains("watch me") && line.contains(r#""state":"sent""#)).await;
    assert!(sent.contains(&event_id), "{sent}");
    server.stop().await;
}

#[tokio::test]
async fn a_voice_message_arrives_as_ogg_opus_with_its_length_and_shape() {
    let server = Server::start().await;
    let (alice, bob) = two(&server).await;
    let file = alice.folder.path().join("tone.wav");
    std::fs::write(&file, support::tone(1_000)).unwrap();
    let event_id = alice.hark("voice").arg(&bob.user_id).arg(&file).run().await.ok();
    let read = bob.read(&alice).await;
    assert_eq!(
        (read[0]["kind"].as_str(), read[0]["event_id"].as_str()),
        (Some("voice"), Some(event_id.as_str()))
    );
    let duration = read[0]["duration_ms"].as_u64().unwrap();
    assert!((990..=1_010).contains(&duration), "{duration}");
    assert!(read[0]["waveform"].as_array().is_some_and(|waveform| !waveform.is_empty()));
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_sound_is_refused_before_anything_is_sent() {
    let server = Server::start().await;
    let (alice, bob) = two(&server).await;
    let file = alice.folder.path().join("not.wav");
    std::fs::write(&file, "RIFF of nothing").unwrap();
    let said = alice.hark("voice").arg(&bob.user_id).arg(&file).run().await.refused();
    assert!(said.lines().count() == 1 && said.contains("Choose"), "{said}");
    let missing = alice.hark("voice").arg(&bob.user_id).arg("nowhere.wav").run().await.refused();
    assert!(missing.contains("nowhere.wav"), "{missing}");
    assert!(alice.read(&bob).await.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_address_without_a_server_are_one_sentence_each() {
    let server = Server::start().await;
    let alice = Terminal::register(&server, "alice").await;
    let folder = tempfile::tempdir().unwrap();

    let wrong = login(folder.path(), &server.url(), "alice").input("wrong").run().await.refused();
    assert!(wrong.lines().count() == 1 && wrong.contains("password"), "{wrong}");
    let taken =
        login(folder.path(), &server.url(), "alice").arg("--register").input(PASSWORD).run().await.refused();
    assert!(taken.contains("taken"), "{taken}");
    let nobody = login(folder.path(), "http://127.0.0.1:9", "alice").input(PASSWORD).run().await.refused();
    assert!(nobody.lines().count() == 1, "{nobody}");
    let empty = login(folder.path(), &server.url(), "alice").input("\n").run().await.refused();
    assert!(empty.contains("password"), "{empty}");

    // None of that stands in the way of the right one.
    assert_eq!(login(folder.path(), &server.url(), "alice").input(PASSWORD).run().await.ok(), alice.user_id);
    server.stop().await;
}

#[tokio::test]
async fn wrong_usage_ends_with_two_and_signed_out_with_one() {
    let folder = tempfile::tempdir().unwrap();
    for wrong in [&["send", "bob", "hi"][..], &["send", "@bob:hark.test"], &["fly"], &["read"], &[]] {
        assert_eq!(hark(folder.path()).args(wrong).run().await.code, Some(2), "{wrong:?}");
    }
    for command in
        [&["send", "@bob:hark.test", "hi"][..], &["list"], &["read", "@bob:hark.test"], &["search", "hi"]]
    {
        let said = hark(folder.path()).args(command).run().await.refused();
        assert!(said.contains("not signed in"), "{command:?}: {said}");
    }
}

#[tokio::test]
async fn a_message_kept_while_offline_goes_out_once_when_hark_runs_again() {
    let server = Server::start().await;
    let (alice, bob) = two(&server).await;
    let proxied = server.proxy().await;
    let away = tempfile::tempdir().unwrap();
    login(away.path(), &proxied.url(), "alice").input(PASSWORD).run().await.ok();
    hark(away.path()).args(["read", &bob.user_id]).run().await.ok();

    proxied.cut();
    let kept =
        hark(away.path()).args(["send", &bob.user_id, "from the tunnel", "--no-wait"]).run().await.ok();
    assert!(!kept.is_empty() && !kept.starts_with('$'), "{kept}");
    assert!(bob.read(&alice).await.is_empty());

    proxied.heal();
    let mut listening = hark(away.path()).args(["listen", "--json"]).start().await;
    listening.line_where(|line| line.contains("from the tunnel") && line.contains(r#""state":"sent""#)).await;
    assert_eq!(bodies(&bob.read(&alice).await), ["from the tunnel"]);
    server.stop().await;
}

#[tokio::test]
async fn search_finds_words_in_what_was_said() {
    let server = Server::start().await;
    let (alice, bob) = two(&server).await;
    alice.send(&bob, "the blue bicycle is in the cellar").await;
    alice.send(&bob, "nothing to see").await;
    let found = objects(&bob.hark("search").args(["bicy", "--json"]).run().await.ok());
    assert_eq!(bodies(&found), ["the blue bicycle is in the cellar"]);
    assert!(bob.hark("search").arg("zeppelin").run().await.ok().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn the_inbox_is_listed_with_what_is_unread() {
    let server = Server::start().await;
    let (alice, bob) = two(&server).await;
    alice.send(&bob, "one").await;
    alice.send(&bob, "two").await;
    let list = objects(&bob.hark("list").arg("--json").run().await.ok());
    assert_eq!(list.len(), 1);
    assert_eq!((list[0]["id"].as_str(), list[0]["unread"].as_u64()), (Some(alice.user_id.as_str()), Some(2)));
    assert_eq!(list[0]["last"]["body"], "two");
    server.stop().await;
}

#[tokio::test]
async fn the_doctor_finds_a_working_account_well_and_a_lost_server_not() {
    let server = Server::start().await;
    let alice = Terminal::register(&server, "alice").await;
    let checks = objects(&alice.hark("doctor").arg("--json").run().await.ok());
    let state =
        |name: &str| checks.iter().find(|check| check["name"] == name).map(|check| check["state"].clone());
    for name in ["folder", "owner", "store", "account", "server"] {
        assert_eq!(state(name), Some(Value::from("ok")), "{name}: {checks:?}");
    }
    assert_eq!(state("key"), Some(Value::from("warn")));
    server.stop().await;
    let ill = alice.hark("doctor").run().await;
    assert_eq!(ill.code, Some(1), "{}", ill.stdout);
    assert!(ill.stdout.lines().any(|line| line.starts_with("fail  server")), "{}", ill.stdout);
}
