//! Who is talked to where: one room for two, found without a scan (DM1–DM5, DM7, DM9).

use hark_client::model::{ConversationId, Membership};
use hark_testkit::{Fault, Person, Resident, Server};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Talk, body, kind_of, talking};

const SEND: &str = "/send/m.room.message/";
const DIRECT: &str = "/account_data/m.direct";

#[tokio::test]
async fn a_first_message_makes_the_room_and_a_second_one_reuses_it_without_a_scan() {
    let server = Server::start().await;
    let proxy = server.proxy().await;
    let (alice, bob) = (Resident::register(&proxy.url(), "alice").await, server.engine("bob").await);

    proxy.forget();
    alice.says(&bob, "first").await;
    proxy.saw(&Method::PUT, DIRECT, 1).await;
    assert_eq!(proxy.count(&Method::POST, "/createRoom"), 1);
    assert_eq!(proxy.count(&Method::PUT, SEND), 1);
    assert_eq!(proxy.count(&Method::PUT, DIRECT), 1);

    // Bob is there, so that everything the first message set in motion is over.
    bob.accepts(&alice).await;
    bob.says(&alice, "welcome").await;
    alice.hears(&bob, "welcome").await;
    proxy.forget();
    alice.says(&bob, "second").await;
    let hit: Vec<_> = proxy.requests().into_iter().filter(|seen| !seen.path.contains("/sync")).collect();
    assert_eq!(hit.len(), 1, "a hit is one call: {hit:?}");
    assert!(hit[0].method == Method::PUT && hit[0].path.contains(SEND), "{hit:?}");
}

#[tokio::test]
async fn twenty_sends_in_both_directions_use_one_room_and_both_have_it_in_m_direct() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    for n in 0..10 {
        alice.says(&bob, &format!("alice {n}")).await;
        bob.says(&alice, &format!("bob {n}")).await;
    }
    let (on_alice, on_bob) = (other_client(&server, "alice").await, other_client(&server, "bob").await);
    let rooms = on_alice.joined_rooms().await;
    assert_eq!(rooms.len(), 1, "{rooms:?}");
    assert_eq!(on_bob.joined_rooms().await, rooms);
    assert_eq!(on_alice.account_data("m.direct").await, json!({ bob.user_id(): rooms }));
    assert_eq!(on_bob.account_data("m.direct").await, json!({ alice.user_id(): rooms }));
    assert_eq!(on_alice.bodies(&rooms[0]).await.len(), 21);
}

#[tokio::test]
async fn an_invitation_from_a_stranger_waits_and_one_from_a_contact_is_joined() {
    let server = Server::start().await;
    let (alice, bob) = (server.engine("alice").await, server.engine("bob").await);
    alice.says(&bob, "may I?").await;
    bob.until("the request", async |_| {
        bob.with(&alice).await.filter(|found| found.membership == Membership::Invited)
    })
    .await;
    // Nothing is joined until Bob says so. A message to a third person shows that his engine is at work meanwhile.
    let carol = server.engine("carol").await;
    bob.says(&carol, "someone wrote to me").await;
    let on_bob = other_client(&server, "bob").await;
    let with_carol = bob.with(&carol).await.unwrap().room_id.unwrap();
    assert_eq!(on_bob.joined_rooms().await, [with_carol]);
    bob.open_conversation(&alice.user_id()).await.unwrap();
    bob.hears(&alice, "may I?").await;

    // From now on Alice is a contact: a group she makes is joined by itself.
    let on_alice = other_client(&server, "alice").await;
    let garden = on_alice.create_room(json!({ "name": "Garden", "invite": [bob.user_id()] })).await;
    let garden = ConversationId(garden);
    bob.until("the garden joined", async |engine| {
        let found = engine.conversation(&garden).await.unwrap()?;
        (found.membership == Membership::Joined).then_some(())
    })
    .await;
    assert_eq!(on_bob.joined_rooms().await.len(), 3);
}

#[tokio::test]
async fn a_room_i_was_removed_from_is_replaced_and_the_message_goes_there_once() {
    let server = Server::start().await;
    let (alice, bob) = (server.engine("alice").await, server.engine("bob").await);
    let (on_bob, old) = room_of_bob(&server, &alice, &bob).await;
    kick(&on_bob, &old, &alice).await;
    alice.says(&bob, "are you there?").await;
    bob.hears(&alice, "are you there?").await;
    let new = alice.with(&bob).await.unwrap().room_id.unwrap();
    assert_ne!(new, old);
    assert_eq!(on_bob.bodies(&new).await, ["are you there?"]);
    assert_eq!(on_bob.bodies(&old).await, ["hello"]);
}

#[tokio::test]
async fn a_removal_learnt_only_by_a_refused_send_moves_the_message_too() {
    let server = Server::start().await;
    let proxy = server.proxy().await;
    let (alice, bob) = (Resident::register(&proxy.url(), "alice").await, server.engine("bob").await);
    let (on_bob, old) = room_of_bob(&server, &alice, &bob).await;
    // Every sync hangs from now on, so that only the send can tell Alice.
    proxy.forget();
    proxy.fault("/sync", Fault::Hold);
    alice.retry_connection().await;
    proxy.saw(&Method::GET, "/sync", 1).await;
    kick(&on_bob, &old, &alice).await;
    proxy.forget();
    alice.says(&bob, "still there?").await;
    assert_eq!(proxy.count(&Method::PUT, SEND), 2, "one refused, one in the new room");
    proxy.heal();
    bob.hears(&alice, "still there?").await;
    let mut copies = 0;
    for room in on_bob.joined_rooms().await {
        copies += on_bob.bodies(&room).await.iter().filter(|body| *body == "still there?").count();
    }
    assert_eq!(copies, 1);
    assert_eq!(bob.texts_with(&alice).await.iter().filter(|text| *text == "still there?").count(), 1);
}

#[tokio::test]
async fn a_failing_m_direct_write_does_not_fail_the_message_and_is_made_up_for() {
    let server = Server::start().await;
    let proxy = server.proxy().await;
    let (alice, bob) = (Resident::register(&proxy.url(), "alice").await, server.engine("bob").await);
    let sick = json!({ "errcode": "M_UNKNOWN", "error": "The server is not well" }).to_string();
    proxy.fault(DIRECT, Fault::Refuse(500, sick));
    let sent = alice.says(&bob, "hello").await;
    assert_eq!(kind_of(&sent.state), "sent");
    // It is read, merged and written: the first of these is where it fails.
    proxy.saw(&Method::GET, DIRECT, 1).await;
    let on_alice = other_client(&server, "alice").await;
    assert_eq!(on_alice.account_data("m.direct").await, Value::Null);
    proxy.heal();
    alice.retry_connection().await;
    let expected = json!({ bob.user_id(): [sent.room_id] });
    let is_written = |answer: &Value| {
        let events = answer["account_data"]["events"].as_array();
        events.is_some_and(|all| {
            all.iter().any(|event| event["type"] == "m.direct" && event["content"] == expected)
        })
    };
    on_alice.sync_until(&mut None, "m.direct is written at last", is_written).await;
}

#[tokio::test]
async fn what_another_client_wrote_into_m_direct_is_kept() {
    let server = Server::start().await;
    let (alice, bob) = (server.engine("alice").await, server.engine("bob").await);
    let on_alice = other_client(&server, "alice").await;
    let path = format!("/_matrix/client/v3/user/{}{DIRECT}", alice.user_id());
    let other = json!(["!elsewhere:hark.test"]);
    on_alice.put(&path, json!({ "@carol:hark.test": other })).await.ok();
    let room = alice.says(&bob, "hello").await.room_id;
    let is_merged = |answer: &Value| {
        let events = answer["account_data"]["events"].as_array();
        let merged = json!({ "@carol:hark.test": other, bob.user_id(): [room] });
        events.is_some_and(|all| {
            all.iter().any(|event| event["type"] == "m.direct" && event["content"] == merged)
        })
    };
    on_alice.sync_until(&mut None, "both in m.direct", is_merged).await;
}

#[tokio::test]
async fn the_rooms_of_one_contact_are_one_conversation() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    // Another client of Bob's did not know the room and made a second one.
    let on_bob = other_client(&server, "bob").await;
    let second = on_bob.direct_room_with(&alice.user_id()).await;
    on_bob.send_text(&second, "over here").await;
    let heard = alice.hears(&bob, "over here").await;
    assert_eq!(heard.room_id, second);
    let inbox = alice.conversations("").await.unwrap();
    assert_eq!(inbox.len(), 1, "{inbox:?}");
    assert_eq!(inbox[0].last.as_ref().and_then(body), Some("over here"));
    assert_eq!(alice.texts_with(&bob).await, ["hello", "over here"]);
}

/// What this account has on the server, as another client sees it.
async fn other_client(server: &Server, name: &str) -> Person {
    Person::login(&server.url(), name).await
}

/// A direct room Bob made with another client, in which he may remove Alice; she has accepted and said "hello".
async fn room_of_bob(server: &Server, alice: &Resident, bob: &Resident) -> (Person, String) {
    let on_bob = other_client(server, "bob").await;
    let invite = json!({ "is_direct": true, "preset": "private_chat", "invite": [alice.user_id()] });
    let room = on_bob.create_room(invite).await;
    let path = format!("/_matrix/client/v3/user/{}{DIRECT}", bob.user_id());
    on_bob.put(&path, json!({ alice.user_id(): [room] })).await.ok();
    alice.accepts(bob).await;
    assert_eq!(alice.says(bob, "hello").await.room_id, room);
    bob.hears(alice, "hello").await;
    (on_bob, room)
}

async fn kick(who: &Person, room: &str, whom: &Resident) {
    let path = format!("/_matrix/client/v3/rooms/{room}/kick");
    who.post(&path, json!({ "user_id": whom.user_id() })).await.ok();
}
