//! Every message once, in order, whatever the line does (SE1, SE4, SE6, SE8, SE11).

use hark_client::model::{Message, MessageState};
use hark_testkit::{Fault, Person, Resident, Server};
use reqwest::Method;
use serde_json::json;

use crate::support::{Talk, begin, body, kind_of, talking};

#[tokio::test]
async fn a_hundred_messages_sent_at_once_arrive_in_order_each_once() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    let texts: Vec<String> = (0..100).map(|n| format!("number {n}")).collect();
    let mut written = Vec::new();
    for text in &texts {
        // Durable in the outbox, not yet on the server: as fast as possible.
        written.push(alice.send_text(&bob.user_id(), text).await.unwrap());
    }
    for message in &written {
        alice.sent(message).await;
    }
    bob.hears(&alice, "number 99").await;
    let mut expected = vec!["hello".to_owned()];
    expected.extend(texts);
    assert_eq!(bob.texts_with(&alice).await, expected);
    assert_eq!(alice.texts_with(&bob).await, expected);
    let on_bob = Person::login(&server.url(), "bob").await;
    assert_eq!(on_bob.bodies(&written[0].room_id).await, expected);
}

#[tokio::test]
async fn messages_written_offline_wait_and_arrive_in_order_when_the_line_is_back() {
    let server = Server::start().await;
    let proxy = server.proxy().await;
    let (alice, bob) = (Resident::register(&proxy.url(), "alice").await, server.engine("bob").await);
    begin(&alice, &bob).await;
    proxy.cut();
    let mut written: Vec<Message> = Vec::new();
    for n in 0..5 {
        written.push(alice.send_text(&bob.user_id(), &format!("offline {n}")).await.unwrap());
    }
    let reason = alice.is_offline().await;
    assert!(!reason.is_empty());
    for message in &written {
        let now = alice.message(message.key).await.unwrap().unwrap();
        assert_eq!(kind_of(&now.state), "sending", "being offline uses up no try");
    }
    assert_eq!(alice.with(&bob).await.unwrap().waiting, 5);
    proxy.heal();
    alice.retry_connection().await;
    for message in &written {
        alice.sent(message).await;
    }
    bob.hears(&alice, "offline 4").await;
    let expected = ["hello", "offline 0", "offline 1", "offline 2", "offline 3", "offline 4"];
    assert_eq!(bob.texts_with(&alice).await, expected);
}

#[tokio::test]
async fn an_answer_that_got_lost_is_asked_for_again_and_the_message_is_there_once() {
    let server = Server::start().await;
    let proxy = server.proxy().await;
    let (alice, bob) = (Resident::register(&proxy.url(), "alice").await, server.engine("bob").await);
    begin(&alice, &bob).await;
    // Every sync hangs from now on, so that only a repeated send can bring the answer.
    proxy.forget();
    proxy.fault("/sync", Fault::Hold);
    alice.retry_connection().await;
    proxy.saw(&Method::GET, "/sync", 1).await;
    proxy.fault_times("/send/", Fault::LoseAnswer, 2);
    let sent = alice.says(&bob, "only once").await;
    assert_eq!(proxy.count(&Method::PUT, "/send/"), 3, "two lost answers and one that came");
    proxy.heal();
    let on_bob = Person::login(&server.url(), "bob").await;
    assert_eq!(on_bob.bodies(&sent.room_id).await, ["hello", "only once"]);
    let events = on_bob.history(&sent.room_id).await;
    assert_eq!(events.last().unwrap()["event_id"].as_str(), sent.event_id.as_deref());
    bob.says(&alice, "got it").await;
    alice.hears(&bob, "got it").await;
    assert_eq!(alice.texts_with(&bob).await, ["hello", "only once", "got it"]);
}

#[tokio::test]
async fn a_message_keeps_its_row_from_sending_to_sent() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    let written = alice.send_text(&bob.user_id(), "one row").await.unwrap();
    assert_eq!(kind_of(&written.state), "sending");
    let sent = alice.sent(&written).await;
    assert_eq!(sent.key, written.key);
    assert_eq!(sent.txn_id, written.txn_id);
    assert!(sent.event_id.is_some());
    // The echo by sync must not make a second row: Bob's answer comes after it.
    bob.hears(&alice, "one row").await;
    bob.says(&alice, "seen").await;
    alice.hears(&bob, "seen").await;
    assert_eq!(alice.texts_with(&bob).await, ["hello", "one row", "seen"]);
}

#[tokio::test]
async fn a_message_the_server_refuses_is_kept_as_failed_with_its_reason_and_can_be_tried_again() {
    let server = Server::start().await;
    let (alice, _bob) = talking(&server).await;
    let on_bob = Person::login(&server.url(), "bob").await;
    let room = on_bob
        .create_room(json!({
            "name": "Announcements", "invite": [alice.user_id()],
            "power_level_content_override": { "events_default": 50 },
        }))
        .await;
    alice.open_conversation(&room).await.unwrap();
    let written = alice.send_text(&room, "may I speak?").await.unwrap();
    let settled = alice.wait_settled(written.key).await.unwrap();
    let MessageState::Failed { reason, refused } = &settled.state else { panic!("{settled:?}") };
    assert!(*refused);
    assert!(!reason.is_empty());
    assert_eq!(on_bob.bodies(&room).await, Vec::<String>::new());
    // Allowed now: Retry sends the same row.
    let path = format!("/_matrix/client/v3/rooms/{room}/state/m.room.power_levels/");
    let mut levels = on_bob.get(&path).await.ok();
    levels["events_default"] = json!(0);
    on_bob.put(&path, levels).await.ok();
    alice.retry(written.key).await.unwrap();
    let sent = alice.sent(&written).await;
    assert_eq!(body(&sent), Some("may I speak?"));
    assert_eq!(on_bob.bodies(&room).await, ["may I speak?"]);
}

#[tokio::test]
async fn a_message_that_was_not_sent_can_be_deleted_and_is_never_sent() {
    let server = Server::start().await;
    let proxy = server.proxy().await;
    let (alice, bob) = (Resident::register(&proxy.url(), "alice").await, server.engine("bob").await);
    begin(&alice, &bob).await;
    proxy.fault("/send/", Fault::Cut);
    let regretted = alice.send_text(&bob.user_id(), "regretted").await.unwrap();
    // Not while it is on the wire; between two tries.
    alice.until("it can be deleted", async |engine| engine.discard(regretted.key).await.ok()).await;
    assert!(alice.message(regretted.key).await.unwrap().is_none());
    proxy.heal();
    alice.retry_connection().await;
    alice.says(&bob, "kept").await;
    bob.hears(&alice, "kept").await;
    assert_eq!(bob.texts_with(&alice).await, ["hello", "kept"]);
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_obeyed_without_losing_order() {
    let server = Server::start().await;
    let proxy = server.proxy().await;
    let (alice, bob) = (Resident::register(&proxy.url(), "alice").await, server.engine("bob").await);
    begin(&alice, &bob).await;
    let wait =
        json!({ "errcode": "M_LIMIT_EXCEEDED", "error": "Too fast", "retry_after_ms": 300 }).to_string();
    proxy.fault_times("/send/", Fault::Refuse(429, wait), 4);
    let mut written = Vec::new();
    for n in 0..10 {
        written.push(alice.send_text(&bob.user_id(), &format!("flood {n}")).await.unwrap());
    }
    for message in &written {
        alice.sent(message).await;
    }
    bob.hears(&alice, "flood 9").await;
    let mut expected = vec!["hello".to_owned()];
    expected.extend((0..10).map(|n| format!("flood {n}")));
    assert_eq!(bob.texts_with(&alice).await, expected);
}
