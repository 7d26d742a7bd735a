//! `hark browser` and the desktop's notifications: shown while nobody looks, and the click reaches the page.
#![cfg(all(unix, not(target_os = "macos")))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use hark_testkit::{Desktop, PASSWORD, Person, Server, Shown};
use serde_json::json;
use support::hark;
use support::page::Visitor;

#[tokio::test]
async fn a_page_nobody_looks_at_is_brought_to_the_message_whose_notification_is_clicked() {
    let server = Server::start().await;
    let mut desktop = Desktop::start().await;
    let folder = tempfile::tempdir().unwrap();
    let login = ["login", "--homeserver", &server.url(), "--user", "me", "--register"];
    let me = hark(folder.path()).args(login).input(PASSWORD).run().await.ok();
    let anna: Person = server.person("anna").await;
    let room = anna.direct_room_with(&me).await;
    let program = || hark(folder.path()).env("DBUS_SESSION_BUS_ADDRESS", desktop.address());

    let doctor = program().args(["doctor", "--json"]).run().await.ok();
    let check = doctor.lines().find(|line| line.contains(r#""notifications""#)).unwrap();
    assert!(check.contains(r#""ok""#) && check.contains("Testkit"), "{check}");

    let mut browser = program().args(["browser", "--no-open", "--listen", "127.0.0.1:0"]).start().await;
    let url = browser.line_where(|line| line.starts_with("http://")).await;
    let mut page = Visitor::with_link(&url).page().await;
    page.run("open_conversation", json!({ "who": anna.user_id })).await;

    let look = |focused| json!({ "focused": focused, "conversation": anna.user_id });
    page.run("set_attention", look(true)).await;
    anna.send_text(&room, "seen in the window").await;
    page.event("it is in the inbox", |event| {
        event["type"] == "conversation"
            && event["conversation"]["last"]["content"]["body"] == "seen in the window"
    })
    .await;
    page.run("set_attention", look(false)).await;
    assert_eq!(desktop.so_far(), []);

    anna.send_text(&room, "are you there?").await;
    let Shown::Notify { id, title, body, .. } = desktop.next().await else { panic!("nothing is shown") };
    assert_eq!((title.as_str(), body.lines().last()), ("anna", Some("are you there?")));
    desktop.click(id).await;
    let show = page.event("the page is told", |event| event["type"] == "show").await;
    assert_eq!(show["conversation"], anna.user_id);
    assert!(show["key"].is_number(), "{show}");
    browser.kill().await;
    server.stop().await;
}
