//! A desktop window at a data folder, beside the commands of the terminal.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use std::path::Path;

use hark_app::owner::{self, Owner, Ownership, take_or_show};
use hark_app::{App, program};
use hark_client::{KeyPolicy, Options};
use hark_testkit::{PASSWORD, Server};
use support::hark;

/// What a shell does before its window is there.
async fn open(ownership: &Ownership) -> (App, Owner) {
    program::start_up();
    let options = Options { key: KeyPolicy::File, ..Options::new(ownership.folder()) };
    let app = App::open(options).await.unwrap();
    let owner = owner::serve(ownership, &app).unwrap();
    (app, owner)
}

async fn register(server: &Server, folder: &Path, name: &str) -> String {
    let arguments = ["login", "--homeserver", &server.url(), "--user", name, "--register"];
    hark(folder).args(arguments).input(PASSWORD).run().await.ok()
}

#[tokio::test]
async fn a_second_window_on_a_folder_shows_the_first_with_its_link() {
    let folder = tempfile::tempdir().unwrap();
    let ownership = take_or_show(folder.path(), None).await.unwrap().unwrap();
    let (app, owner) = open(&ownership).await;
    let mut knocks = app.door_to_window();
    let link = "matrix:u/bob:oak.home.arpa".to_owned();
    assert!(take_or_show(folder.path(), Some(link.clone())).await.unwrap().is_none());
    assert_eq!(knocks.recv().await.unwrap().link, Some(link));
    let other = tempfile::tempdir().unwrap();
    assert!(take_or_show(other.path(), None).await.unwrap().is_some(), "another folder is another instance");
    owner.close(&app).await;
}

#[tokio::test]
async fn a_listener_hands_its_folder_to_a_window_and_goes_on_listening() {
    let server = Server::start().await;
    let (alice, bob) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let alice_id = register(&server, alice.path(), "alice").await;
    let bob_id = register(&server, bob.path(), "bob").await;
    hark(alice.path()).args(["dm", &bob_id]).run().await.ok();
    hark(bob.path()).args(["dm", &alice_id]).run().await.ok();
    let mut listener = hark(bob.path()).args(["listen", "--json"]).start().await;
    listener.line_where(|line| line.contains(r#""state":"online""#)).await;

    let ownership = take_or_show(bob.path(), None).await.unwrap().unwrap();
    let (app, owner) = open(&ownership).await;
    let _knocks = app.door_to_window();
    hark(alice.path()).args(["send", &bob_id, "do you hear me"]).run().await.ok();
    listener.line_where(|line| line.contains("do you hear me")).await;
    assert_eq!(app.engine().account().unwrap().user_id, bob_id);
    owner.close(&app).await;
    server.stop().await;
}
