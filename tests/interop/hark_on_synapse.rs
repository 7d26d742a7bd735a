//! The `hark` program on a Synapse: two data folders, two people.

use std::path::PathBuf;

use hark_testkit::{PASSWORD, Person, Program, Running};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::speech;
use crate::synapse::Synapse;
use crate::venv;

/// One person: a data folder signed in on the Synapse.
struct Folder {
    folder: TempDir,
    id: String,
}

impl Folder {
    async fn register(synapse: &Synapse, name: &str) -> Self {
        let folder =
            Self { folder: tempfile::tempdir().expect("a temporary folder"), id: Synapse::user_id(name) };
        let login = ["login", "--homeserver", &synapse.url, "--user", name, "--register"];
        let said =
            Program::hark(folder.folder.path()).args(login).input(&format!("{PASSWORD}\n")).run().await.ok();
        assert!(said.contains(&folder.id), "login says who one is: {said}");
        folder
    }

    async fn hark(&self, arguments: &[&str]) -> String {
        Program::hark(self.folder.path()).args(arguments).run().await.ok()
    }

    async fn listen(&self) -> Running {
        Program::hark(self.folder.path()).args(["listen", "--json"]).start().await
    }

    /// What `hark read` prints of a conversation, messages only.
    async fn read(&self, who: &str) -> Vec<Value> {
        let said = self.hark(&["read", who, "--limit", "200", "--json"]).await;
        let objects =
            said.lines().map(|line| serde_json::from_str::<Value>(line).expect("one JSON object a line"));
        objects.filter(|object| object["kind"] == "text" || object["kind"] == "voice").collect()
    }
}

/// The next message of a listening `hark` that is as wanted.
async fn message(listening: &mut Running, wanted: impl Fn(&Value) -> bool) -> Value {
    let parse = |line: &str| serde_json::from_str::<Value>(line).expect("one JSON object a line");
    let line = listening.line_where(|line| {
        let object = parse(line);
        object["type"] == "message" && wanted(&object)
    });
    parse(&line.await)
}

fn bodies(messages: &[Value]) -> Vec<&str> {
    messages.iter().filter_map(|message| message["body"].as_str()).collect()
}

#[tokio::test]
async fn two_data_folders_on_synapse_talk_in_one_direct_room() {
    let synapse = Synapse::start().await;
    let (alice, bob) = (Folder::register(&synapse, "alice").await, Folder::register(&synapse, "bob").await);

    let first = alice.hark(&["send", &bob.id, "hello"]).await;
    assert!(first.starts_with('$'), "send prints the event id: {first}");
    let room = bob.hark(&["dm", &alice.id]).await;
    assert!(room.starts_with('!'), "dm prints the room: {room}");
    assert_eq!(alice.hark(&["dm", &bob.id]).await, room, "both mean the same room");

    let mut at_bob = bob.listen().await;
    let mut at_alice = alice.listen().await;
    for number in 0..10 {
        let (there, back) = (format!("there {number}"), format!("back {number}"));
        alice.hark(&["send", &bob.id, &there]).await;
        let got = message(&mut at_bob, |message| message["body"] == there.as_str()).await;
        assert_eq!((&got["room_id"], &got["sender"]), (&json!(room), &json!(alice.id)));
        bob.hark(&["send", &alice.id, &back]).await;
        message(&mut at_alice, |message| message["body"] == back.as_str()).await;
    }
    let (of_alice, of_bob) = (alice.read(&bob.id).await, bob.read(&alice.id).await);
    assert_eq!(of_alice.len(), 21, "everything once: {:?}", bodies(&of_alice));
    assert_eq!(bodies(&of_alice), bodies(&of_bob), "both read the same, in the same order");

    for (me, other) in [("alice", &bob.id), ("bob", &alice.id)] {
        let other_device = Person::login(&synapse.url, me).await;
        assert_eq!(other_device.joined_rooms().await, [room.as_str()], "{me} is in one room");
        assert_eq!(
            other_device.account_data("m.direct").await,
            json!({ other.as_str(): [room] }),
            "m.direct of {me}"
        );
    }
}

#[tokio::test]
async fn a_voice_message_of_hark_is_one_for_nio_and_one_of_nio_is_one_for_hark() {
    let synapse = Synapse::start().await;
    let alice = Folder::register(&synapse, "alice").await;
    let sounds = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| -> PathBuf { sounds.path().join(name) };
    let (spoken, foreign) = (file("spoken.wav"), file("foreign.m4a"));
    speech::wav(&spoken).await;
    speech::convert(&spoken, &foreign).await;
    let (spoken_ms, foreign_ms) = (speech::duration_ms(&spoken).await, speech::duration_ms(&foreign).await);

    let mut nio = venv::script("nio_on_synapse.py")
        .args([synapse.url.as_str(), &alice.id])
        .arg(&foreign)
        .arg(foreign_ms.to_string())
        .start()
        .await;
    let bob = nio.line().await;

    let mut at_alice = alice.listen().await;
    alice.hark(&["voice", &bob, &spoken.display().to_string()]).await;
    let heard: Value = serde_json::from_str(&nio.line().await).expect("what nio heard, as JSON");
    let close = |a: u64, b: u64| a.abs_diff(b) <= 60;
    let declared = heard["duration"].as_u64().expect("a duration");
    assert!(close(declared, spoken_ms), "declared {declared} ms, spoken {spoken_ms} ms");
    assert_eq!((&heard["voice"], &heard["mimetype"]), (&json!(true), &json!("audio/ogg")), "{heard}");
    let waveform = heard["waveform"].as_array().expect("a waveform");
    assert!(
        waveform.len() >= 30
            && waveform.iter().all(|value| value.as_u64().is_some_and(|value| value <= 1024))
    );
    assert!(waveform.iter().any(|value| value.as_u64() > Some(200)), "speech is not silence: {waveform:?}");
    let real = speech::duration_ms(&file("received.ogg")).await;
    assert!(close(real, spoken_ms), "the file plays {real} ms, spoken were {spoken_ms} ms");

    let event = nio.line().await;
    let got = message(&mut at_alice, |message| message["event_id"] == event.as_str()).await;
    assert_eq!((&got["kind"], &got["sender"]), (&json!("voice"), &json!(bob)), "{got}");
    let read = alice.read(&bob).await;
    let read = read.iter().find(|message| message["event_id"] == event.as_str()).expect("it is read back");
    let known = read["duration_ms"].as_u64().expect("a duration");
    assert!(close(known, foreign_ms), "hark says {known} ms, the file has {foreign_ms} ms");
}
