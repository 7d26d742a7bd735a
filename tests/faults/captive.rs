//! Something answers that is not the homeserver, or nothing does: that is offline, never a refusal (SY4, SE4).

use hark_testkit::{Fault, Person, Proxy, ServerProgram};
use tempfile::TempDir;

use crate::support::{ALICE, BOB, Someone, assert_sentence, begin, texts, two_people};

#[tokio::test]
async fn a_captive_portal_counts_as_offline_and_the_message_is_delivered_when_it_is_gone() {
    for page in [Fault::Html(200), Fault::Html(403), Fault::Html(502)] {
        let data = TempDir::new().unwrap();
        let server = ServerProgram::start(data.path()).await;
        let proxy = Proxy::before(server.address()).await;
        let alice = Someone::registered(&proxy.url(), "alice").await;
        let bob = Someone::registered(&server.url(), "bob").await;
        begin(&alice, &bob).await;
        proxy.fault("", page.clone());
        let mut listen = alice.listen().await;
        listen.line_where(|line| line.contains("offline")).await;
        alice.write(BOB, "from the hotel").await;
        let waiting = alice.read(BOB).await;
        assert_eq!(texts(&waiting), ["hello", "from the hotel"], "{page:?}");
        assert_eq!(waiting[1].state, "sending", "{page:?}");
        proxy.heal();
        let delivered = alice.read_until(&mut listen, BOB, "it is sent", |all| all[1].state == "sent").await;
        assert_eq!(texts(&delivered), ["hello", "from the hotel"]);
        let on_bob = Person::login(&server.url(), "bob").await;
        assert_eq!(on_bob.bodies(&on_bob.joined_rooms().await[0]).await, ["hello", "from the hotel"]);
        listen.kill().await;
    }
}

#[tokio::test]
async fn signing_in_through_a_captive_portal_says_that_no_matrix_server_answers() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let proxy = Proxy::before(server.address()).await;
    proxy.fault("", Fault::Html(200));
    let said = Someone::nobody().login(&proxy.url(), "alice", "secret password", true).await.refused();
    assert_sentence(&said);
    assert!(said.contains("server"), "{said}");
}

#[tokio::test]
async fn without_a_server_the_store_is_shown_and_what_is_written_waits() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let address = server.address();
    let (alice, bob) = two_people(&server).await;
    server.kill().await;

    let list = alice.hark(&["list"]).run().await;
    assert_eq!(list.code, Some(0), "{list:?}");
    assert!(list.stdout.contains("bob"), "{list:?}");
    assert!(list.stderr.contains("cannot be reached"), "{list:?}");
    assert_eq!(texts(&alice.read(BOB).await), ["hello"]);
    let found = alice.hark(&["search", "hello"]).run().await.ok();
    assert!(found.contains("hello"), "{found}");
    alice.write(BOB, "written in the dark").await;
    assert_eq!(alice.read(BOB).await[1].state, "sending");

    let server = ServerProgram::start_at(data.path(), address).await;
    let mut listen = alice.listen().await;
    alice.read_until(&mut listen, BOB, "it is sent", |all| all[1].state == "sent").await;
    listen.kill().await;
    let mut listen = bob.listen().await;
    let heard = bob.read_until(&mut listen, ALICE, "Bob has it", |all| all.len() == 2).await;
    assert_eq!(texts(&heard), ["hello", "written in the dark"]);
    listen.kill().await;
    server.kill().await;
}

#[tokio::test]
async fn a_waiting_send_without_a_server_says_that_the_message_is_kept() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let (alice, _bob) = two_people(&server).await;
    server.kill().await;
    let said = alice.hark(&["send", BOB, "are you there?"]).run().await.refused();
    assert_sentence(&said);
    assert_eq!(texts(&alice.read(BOB).await), ["hello", "are you there?"]);
}
