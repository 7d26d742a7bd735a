//! One end dies while a message is on the wire (SE1, SE4): whoever is left, or comes back, brings it there once.

use hark_testkit::{Fault, Person, Proxy, ServerProgram};
use reqwest::Method;
use tempfile::TempDir;

use crate::support::{ALICE, BOB, Someone, begin, texts};

/// A server process, a proxy before it that Alice uses, and Bob beside it.
struct Line {
    _data: TempDir,
    server: ServerProgram,
    proxy: Proxy,
    alice: Someone,
    bob: Someone,
}

impl Line {
    async fn new() -> Self {
        let data = TempDir::new().unwrap();
        let server = ServerProgram::start(data.path()).await;
        let proxy = Proxy::before(server.address()).await;
        let alice = Someone::registered(&proxy.url(), "alice").await;
        let bob = Someone::registered(&server.url(), "bob").await;
        begin(&alice, &bob).await;
        proxy.forget();
        Self { _data: data, server, proxy, alice, bob }
    }

    /// What the server holds, seen by another client of Bob's.
    async fn on_server(&self) -> Vec<String> {
        let bob = Person::login(&self.server.url(), "bob").await;
        bob.bodies(&bob.joined_rooms().await[0]).await
    }
}

#[tokio::test]
async fn a_message_is_there_once_when_the_server_is_killed_before_it_got_it() {
    let mut line = Line::new().await;
    line.proxy.fault("/send/", Fault::Hold);
    let mut send = line.alice.hark(&["send", BOB, "through the fall"]).start().await;
    line.proxy.saw(&Method::PUT, "/send/", 1).await;
    line.server = line.server.kill_and_restart().await;
    line.proxy.heal();
    let event = send.line().await;
    assert!(event.starts_with('$'), "{event}");
    assert_eq!(line.on_server().await, ["hello", "through the fall"]);
}

#[tokio::test]
async fn a_message_is_there_once_when_the_server_is_killed_after_it_was_applied() {
    let mut line = Line::new().await;
    // Applied, but Alice does not hear, not by sync either; then nothing gets through, the server dies and comes back.
    line.proxy.fault("/sync", Fault::Hold);
    line.proxy.fault_times("/send/", Fault::LoseAnswer, 1);
    line.proxy.fault("/send/", Fault::Hold);
    let mut send = line.alice.hark(&["send", BOB, "only once"]).start().await;
    line.proxy.saw(&Method::PUT, "/send/", 2).await;
    line.server = line.server.kill_and_restart().await;
    line.proxy.heal();
    let event = send.line().await;
    assert!(event.starts_with('$'), "{event}");
    assert_eq!(line.on_server().await, ["hello", "only once"]);
}

#[tokio::test]
async fn a_send_killed_in_mid_flight_is_sent_once_by_the_next_start() {
    let line = Line::new().await;
    line.proxy.fault("/send/", Fault::Hold);
    let send = line.alice.hark(&["send", BOB, "from the outbox"]).start().await;
    line.proxy.saw(&Method::PUT, "/send/", 1).await;
    send.kill().await;
    // What was held dies with its connection; the server never saw it.
    line.proxy.heal();
    let mut listen = line.alice.listen().await;
    let sent = |messages: &[crate::support::Message]| {
        messages.iter().all(|message| !message.read.event_id.is_empty())
    };
    let messages = line.alice.read_until(&mut listen, BOB, "the outbox is empty", sent).await;
    assert_eq!(texts(&messages), ["hello", "from the outbox"]);
    assert_eq!(line.on_server().await, ["hello", "from the outbox"]);
    listen.kill().await;
}

#[tokio::test]
async fn a_send_killed_after_the_server_applied_it_is_not_sent_twice_by_the_next_start() {
    let line = Line::new().await;
    line.proxy.fault("/sync", Fault::Hold);
    line.proxy.fault_times("/send/", Fault::LoseAnswer, 1);
    line.proxy.fault("/send/", Fault::Hold);
    let send = line.alice.hark(&["send", BOB, "applied already"]).start().await;
    line.proxy.saw(&Method::PUT, "/send/", 2).await;
    send.kill().await;
    assert_eq!(line.on_server().await, ["hello", "applied already"]);
    line.proxy.heal();
    line.alice.send(BOB, "and one more").await;
    assert_eq!(line.on_server().await, ["hello", "applied already", "and one more"]);
    let messages = line.alice.read(BOB).await;
    assert_eq!(texts(&messages), ["hello", "applied already", "and one more"]);
    line.bob.send(ALICE, "I have both").await;
    let mut listen = line.bob.listen().await;
    let all = line.bob.read_until(&mut listen, ALICE, "all four", |messages| messages.len() == 4).await;
    assert_eq!(texts(&all), ["hello", "applied already", "and one more", "I have both"]);
    listen.kill().await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_the_servers_death_at_that_instant() {
    let data = TempDir::new().unwrap();
    let mut server = ServerProgram::start(data.path()).await;
    let alice = Person::register(&server.url(), "alice").await;
    let room = alice.create_room(serde_json::json!({})).await;
    let mut expected = Vec::new();
    for n in 0..10 {
        let text = format!("acknowledged {n}");
        alice.send_text(&room, &text).await;
        // The very next instruction after the acknowledgement.
        server = server.kill_and_restart().await;
        expected.push(text);
    }
    assert_eq!(alice.bodies(&room).await, expected, "and the token still works");
}
