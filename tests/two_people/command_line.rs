//! The command line as scripts use it: two data folders on one server are two people.

use std::path::PathBuf;

use hark_testkit::{Person, Program, Running, Server};
use serde_json::Value;
use tempfile::TempDir;

use crate::voice::wav;

const PASSWORD: &str = hark_testkit::PASSWORD;

#[tokio::test]
async fn two_folders_are_two_people_and_listen_prints_each_message_at_once() {
    let (server, alice, bob) = two_folders().await;
    let mut listen = listen(&bob).await;
    let event = hark(&alice).args(["send", "@bob:hark.test", "hello"]).run().await.ok();
    assert!(event.starts_with('$') && !event.contains(char::is_whitespace), "{event:?}");
    let invite = object(&mut listen, "invite").await;
    assert_eq!(invite["sender"], "@alice:hark.test");
    // A second command works while `listen` holds the folder.
    let room = hark(&bob).args(["dm", "@alice:hark.test"]).run().await.ok();
    assert_eq!(invite["room_id"], room.as_str());
    let first = object(&mut listen, "message").await;
    assert_eq!(first["body"], "hello");
    assert_eq!(first["event_id"], event.as_str());

    let event = hark(&alice).args(["send", "@bob:hark.test", "how are you?"]).run().await.ok();
    let second = object(&mut listen, "message").await;
    let expected = [
        ("type", "message"),
        ("room_id", &room),
        ("event_id", &event),
        ("sender", "@alice:hark.test"),
        ("kind", "text"),
        ("body", "how are you?"),
        ("state", "sent"),
    ];
    for (field, value) in expected {
        assert_eq!(second[field], value, "{field} of {second}");
    }
    assert!(second["timestamp"].as_u64().is_some_and(|time| time > 1_600_000_000_000), "{second}");
    assert_eq!(second["encrypted"], false);

    // And Bob answers from the folder `listen` holds.
    hark(&bob).args(["send", "@alice:hark.test", "well!"]).run().await.ok();
    let read = hark(&alice).args(["read", "@bob:hark.test", "--json"]).run().await.ok();
    assert_eq!(bodies(&read), ["hello", "how are you?", "well!"]);
    listen.kill().await;
    drop(server);
}

#[tokio::test]
async fn twenty_sends_by_command_use_one_room_and_both_have_it_in_m_direct() {
    let (server, alice, bob) = two_folders().await;
    hark(&alice).args(["send", "@bob:hark.test", "hello"]).run().await.ok();
    let room = hark(&bob).args(["dm", "@alice:hark.test"]).run().await.ok();
    for n in 0..10 {
        hark(&alice).args(["send", "@bob:hark.test", &format!("a{n}")]).run().await.ok();
        hark(&bob).args(["send", "@alice:hark.test", &format!("b{n}")]).run().await.ok();
    }
    let on_alice = Person::login(&server.url(), "alice").await;
    let on_bob = Person::login(&server.url(), "bob").await;
    assert_eq!(on_alice.joined_rooms().await, std::slice::from_ref(&room));
    assert_eq!(on_bob.joined_rooms().await, std::slice::from_ref(&room));
    assert_eq!(on_alice.account_data("m.direct").await["@bob:hark.test"], serde_json::json!([room]));
    assert_eq!(on_bob.account_data("m.direct").await["@alice:hark.test"], serde_json::json!([room]));
    let mut expected = vec!["hello".to_owned()];
    expected.extend((0..10).flat_map(|n| [format!("a{n}"), format!("b{n}")]));
    assert_eq!(on_bob.bodies(&room).await, expected);
    let limited = hark(&bob).args(["read", "@alice:hark.test", "--limit", "3", "--json"]).run().await.ok();
    assert_eq!(bodies(&limited), ["b8", "a9", "b9"]);
}

#[tokio::test]
async fn voice_is_sent_from_a_file_and_read_with_its_length() {
    let (server, alice, bob) = two_folders().await;
    let file = alice.join("clip.wav");
    std::fs::write(&file, wav(1500)).unwrap();
    let event = hark(&alice).args(["voice", "@bob:hark.test"]).arg(&file).run().await.ok();
    assert!(event.starts_with('$'), "{event}");
    hark(&bob).args(["dm", "@alice:hark.test"]).run().await.ok();
    let read = hark(&bob).args(["read", "@alice:hark.test", "--json"]).run().await.ok();
    let messages = objects(&read);
    let voice = messages.iter().find(|message| message["kind"] == "voice").expect("a voice message");
    assert_eq!(voice["event_id"], event.as_str());
    assert!(voice["duration_ms"].as_u64().is_some_and(|length| length.abs_diff(1500) <= 40), "{voice}");
    drop(server);
}

#[tokio::test]
async fn list_and_search_speak_json_and_plain() {
    let (server, alice, _bob) = two_folders().await;
    hark(&alice).args(["send", "@bob:hark.test", "the plums are ripe"]).run().await.ok();
    let list = hark(&alice).args(["list", "--json"]).run().await.ok();
    assert!(objects(&list).iter().any(|line| line.to_string().contains("@bob:hark.test")), "{list}");
    let plain = hark(&alice).arg("list").run().await.ok();
    assert!(plain.contains("bob"), "{plain}");
    let found = hark(&alice).args(["search", "plum", "--json"]).run().await.ok();
    assert!(found.contains("the plums are ripe"), "{found}");
    let nothing = hark(&alice).args(["search", "pears", "--json"]).run().await.ok();
    assert!(!nothing.contains("ripe"), "{nothing}");
    drop(server);
}

#[tokio::test]
async fn refusals_are_one_sentence_with_exit_code_1_and_wrong_usage_is_2() {
    let (server, alice, _bob) = two_folders().await;
    for refused in [
        ["send", "!nowhere:hark.test", "hi"].as_slice(),
        &["read", "@nobody:hark.test"],
        &["dm", "#no:hark.test"],
    ] {
        assert_sentence(&hark(&alice).args(refused).run().await.refused());
    }
    let nobody = TempDir::new().unwrap();
    assert_sentence(&Program::hark(nobody.path()).arg("list").run().await.refused());
    for wrong in [
        vec!["sned"],
        vec!["send"],
        vec!["send", "@bob:hark.test"],
        vec!["read", "@bob:hark.test", "--limit", "many"],
    ] {
        let finished = hark(&alice).args(&wrong).run().await;
        assert_eq!(finished.code, Some(2), "{wrong:?}: {finished:?}");
    }
    drop(server);
}

#[tokio::test]
async fn doctor_says_where_the_key_is_and_that_the_server_answers() {
    let (server, alice, _bob) = two_folders().await;
    let said = hark(&alice).arg("doctor").run().await;
    let said = said.stdout;
    assert!(said.contains(&server.url()) || said.contains("hark.test"), "{said}");
    assert!(said.to_lowercase().contains("key"), "{said}");
    drop(server);
}

/// A server and the folders of Alice and Bob, signed in by command.
async fn two_folders() -> (Server, Folder, Folder) {
    let server = Server::start().await;
    let (alice, bob) = (Folder::new(), Folder::new());
    for (folder, name) in [(&alice, "alice"), (&bob, "bob")] {
        hark(folder)
            .args(["login", "--homeserver", &server.url(), "--user", name, "--register"])
            .input(&format!("{PASSWORD}\n"))
            .run()
            .await
            .ok();
    }
    (server, alice, bob)
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn hark(folder: &Folder) -> Program {
    Program::hark(folder.0.path())
}

/// `hark listen --json`, holding the folder.
async fn listen(folder: &Folder) -> Running {
    let mut running = hark(folder).args(["listen", "--json"]).start().await;
    // It is connected from here on.
    running.line_where(|line| line.contains("\"connection\"")).await;
    running
}

/// The next line of a type.
async fn object(listen: &mut Running, kind: &str) -> Value {
    let wanted = format!("\"type\":\"{kind}\"");
    serde_json::from_str(&listen.line_where(|line| line.contains(&wanted)).await).unwrap()
}

/// JSON lines.
fn objects(output: &str) -> Vec<Value> {
    output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn bodies(output: &str) -> Vec<String> {
    let messages = objects(output).into_iter().filter(|object| object["type"] == "message");
    messages.filter_map(|message| message["body"].as_str().map(str::to_owned)).collect()
}

/// One line a person understands: no debug output, no error type, no panic.
#[track_caller]
fn assert_sentence(said: &str) {
    assert_eq!(said.lines().count(), 1, "{said}");
    // A sentence, or one that ends with the command to type.
    assert!(said.ends_with('.') || said.contains(": hark "), "{said}");
    for machine in ["{", "::", "panicked", "Error(", "Os {"] {
        assert!(!said.contains(machine), "{said}");
    }
}
