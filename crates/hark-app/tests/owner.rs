//! Several processes on one data folder.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use std::path::Path;

use hark_testkit::{PASSWORD, Running, Server};
use serde_json::Value;
use support::hark;

async fn register(server: &Server, folder: &Path, name: &str) -> String {
    let arguments = ["login", "--homeserver", &server.url(), "--user", name, "--register"];
    hark(folder).args(arguments).input(PASSWORD).run().await.ok()
}

async fn listen(folder: &Path) -> Running {
    let mut running = hark(folder).args(["listen", "--json"]).start().await;
    running.line_where(|line| line.contains(r#""state":"online""#)).await;
    running
}

async fn read(folder: &Path, who: &str) -> Vec<Value> {
    let lines = hark(folder).args(["read", who, "--limit", "500", "--json"]).run().await.ok();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

struct Pair {
    server: Server,
    alice: tempfile::TempDir,
    bob: tempfile::TempDir,
    bob_id: String,
}

impl Pair {
    async fn start() -> Self {
        let server = Server::start().await;
        let (alice, bob) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let alice_id = register(&server, alice.path(), "alice").await;
        let bob_id = register(&server, bob.path(), "bob").await;
        hark(alice.path()).args(["dm", &bob_id]).run().await.ok();
        hark(bob.path()).args(["dm", &alice_id]).run().await.ok();
        Self { server, alice, bob, bob_id }
    }
}

#[tokio::test]
async fn commands_started_at_once_on_a_free_folder_are_all_done_once() {
    let pair = Pair::start().await;
    let texts: Vec<String> = (0..6).map(|n| format!("message {n}")).collect();
    let sends = texts.iter().map(|text| hark(pair.alice.path()).args(["send", &pair.bob_id, text]).run());
    for finished in futures_util::future::join_all(sends).await {
        assert!(finished.ok().starts_with('$'));
    }
    let read = read(pair.alice.path(), &pair.bob_id).await;
    let mut said: Vec<&str> = read.iter().map(|message| message["body"].as_str().unwrap()).collect();
    said.sort_unstable();
    assert_eq!(said, texts);
    assert!(read.iter().all(|message| message["room_id"] == read[0]["room_id"]));
    pair.server.stop().await;
}

#[tokio::test]
async fn a_killed_owner_leaves_a_folder_that_works() {
    let pair = Pair::start().await;
    listen(pair.alice.path()).await.kill().await;
    assert!(
        hark(pair.alice.path()).args(["send", &pair.bob_id, "still here"]).run().await.ok().starts_with('$')
    );
    pair.server.stop().await;
}

#[tokio::test]
async fn a_listener_takes_the_folder_over_when_its_owner_is_killed() {
    let pair = Pair::start().await;
    let owner = listen(pair.bob.path()).await;
    let mut other = listen(pair.bob.path()).await;
    owner.kill().await;
    other.line_where(|line| line.contains(r#""state":"online""#)).await;
    hark(pair.alice.path()).args(["send", &pair.bob_id, "do you hear me"]).run().await.ok();
    other.line_where(|line| line.contains("do you hear me")).await;
    pair.server.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_is_missed_when_the_owner_of_a_listener_ends() {
    let pair = Pair::start().await;
    let owner = listen(pair.bob.path()).await;
    let mut other = listen(pair.bob.path()).await;
    let texts: Vec<String> = (0..20).map(|n| format!("line {n}.")).collect();
    for (n, text) in texts.iter().enumerate() {
        hark(pair.alice.path()).args(["send", &pair.bob_id, text]).run().await.ok();
        if n == 10 {
            let status =
                tokio::process::Command::new("kill").args(["-TERM", &owner.id().to_string()]).status().await;
            assert!(status.unwrap().success());
        }
    }
    for text in &texts {
        let line = other.line_where(|line| line.contains(r#""type":"message""#)).await;
        assert!(line.contains(text), "{text}: {line}");
    }
    assert!(owner.ended().await.success());
    pair.server.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn an_owner_that_does_not_answer_is_named_in_a_sentence() {
    let pair = Pair::start().await;
    let owner = listen(pair.alice.path()).await;
    let signal = async |name: &str| {
        let status =
            tokio::process::Command::new("kill").args([name, &owner.id().to_string()]).status().await;
        assert!(status.unwrap().success());
    };
    signal("-STOP").await;
    let said = hark(pair.alice.path()).args(["send", &pair.bob_id, "anybody there"]).run().await.refused();
    assert!(said.lines().count() == 1 && said.contains("does not answer"), "{said}");
    assert!(said.contains(&owner.id().to_string()), "{said}");
    signal("-CONT").await;
    let bodies: Vec<Value> = read(pair.alice.path(), &pair.bob_id).await;
    assert!(bodies.is_empty(), "the refused command was done all the same: {bodies:?}");
    pair.server.stop().await;
}

#[tokio::test]
async fn a_folder_with_a_very_long_path_can_be_shared() {
    let server = Server::start().await;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("a-name-that-goes-on-and-on".repeat(5));
    register(&server, &folder, "alice").await;
    let _owner = listen(&folder).await;
    let said = hark(&folder).args(["doctor", "--json"]).run().await;
    assert!(said.stdout.contains("A running Hark"), "{}{}", said.stdout, said.stderr);
    server.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_folders_owner_can_read_how_to_command_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    register(&server, folder.path(), "alice").await;
    let _owner = listen(folder.path()).await;
    for name in ["owner.sock", "owner.json"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_window_asked_for_beside_a_listener_is_served_by_it() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    register(&server, folder.path(), "alice").await;
    let _owner = listen(folder.path()).await;
    let mut browser =
        hark(folder.path()).args(["browser", "--listen", "127.0.0.1:0", "--no-open"]).start().await;
    let url = browser.line().await;
    let page = reqwest::get(&url).await.unwrap();
    assert_eq!(page.url().path(), "/", "{url}");
    server.stop().await;
}
