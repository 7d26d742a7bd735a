//! The list of what a user was told of.

use serde_json::{Value, json};

use crate::support::{House, Person, bodies, unique};

struct Pair {
    house: House,
    alice: Person,
    bob: Person,
    room: String,
}

/// Alice and Bob in a room of theirs.
async fn pair() -> Pair {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let room = alice.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    Pair { house, alice, bob, room }
}

async fn listed(person: &Person, query: &str) -> Value {
    person.get(&format!("notifications{query}")).await.ok()
}

/// The bodies of the messages in the list.
fn said(list: &Value) -> Vec<String> {
    let events = list["notifications"].as_array().unwrap().iter().map(|one| one["event"].clone()).collect();
    bodies(&Value::Array(events)).into_iter().map(ToOwned::to_owned).collect()
}

async fn read(person: &Person, room: &str, event: &str) {
    person.post(&format!("rooms/{room}/receipt/m.read/{event}"), json!({})).await.ok();
}

async fn mention(from: &Person, room: &str, body: &str, mentions: Value) -> String {
    let content = json!({ "msgtype": "m.text", "body": body, "m.mentions": mentions });
    let sent = from.put(&format!("rooms/{room}/send/m.room.message/{}", unique()), content).await;
    sent.ok()["event_id"].as_str().unwrap().to_owned()
}

/// What notified is listed, the newest first, with all that the specification says of it, and goes once it was read.
#[tokio::test]
async fn what_notified_is_listed_until_it_was_read() {
    let Pair { house, alice, bob, room } = pair().await;
    alice
        .put("pushrules/global/content/anything", json!({ "pattern": "*", "actions": ["notify"] }))
        .await
        .ok();
    bob.say(&room, "one").await;
    let two = bob.say(&room, "two").await;
    alice.say(&room, "mine").await;
    let three = bob.say(&room, "three").await;
    let list = listed(&alice, "").await;
    assert_eq!(said(&list), ["three"], "sending is reading what was before it");
    let one = &list["notifications"][0];
    assert_eq!(one["actions"], json!(["notify"]));
    assert_eq!((&one["read"], &one["room_id"]), (&json!(false), &json!(room)));
    assert_eq!(one.get("profile_tag"), Some(&Value::Null));
    assert_eq!((&one["event"]["event_id"], &one["event"]["sender"]), (&json!(three), &json!(bob.id)));
    assert_eq!(one["ts"], one["event"]["origin_server_ts"]);
    assert_eq!(said(&listed(&bob, "").await), ["mine"; 0], "Bob has read it by answering");
    read(&alice, &room, &three).await;
    assert_eq!(said(&listed(&alice, "").await), [""; 0]);
    read(&alice, &room, &two).await;
    assert_eq!(said(&listed(&alice, "").await), [""; 0], "a receipt does not move back");
    house.server.shutdown().await;
}

/// Pages follow each other without a gap and without repetition, across rooms, and new events do not shift them.
#[tokio::test]
async fn pages_go_back_through_all_rooms_at_once() {
    let Pair { house, alice, bob, room } = pair().await;
    let other = bob.create_room(json!({ "preset": "public_chat" })).await;
    alice.join(&other).await.ok();
    let mut expected = Vec::new();
    for number in 0..50 {
        let body = format!("message {number}");
        bob.say(if number % 3 == 0 { &other } else { &room }, &body).await;
        expected.insert(0, body);
    }
    let (mut found, mut query) = (Vec::new(), "?limit=7".to_owned());
    loop {
        let list = listed(&alice, &query).await;
        assert!(said(&list).len() <= 7);
        found.extend(said(&list));
        let Some(next) = list["next_token"].as_str() else { break };
        query = format!("?limit=7&from={next}");
        bob.say(&room, "later").await;
    }
    assert_eq!(found, expected);
    assert_eq!(alice.get("notifications?from=nonsense").await.refusal(), (400, "M_INVALID_PARAM"));
    house.server.shutdown().await;
}

/// `only=highlight` lists mentions alone, and keeps listing them when they were read.
#[tokio::test]
async fn mentions_are_listed_alone_and_stay() {
    let Pair { house, alice, bob, room } = pair().await;
    bob.say(&room, "hello").await;
    let called = mention(&bob, &room, "called", json!({ "user_ids": [alice.id] })).await;
    mention(&bob, &room, "someone else", json!({ "user_ids": ["@carol:hark.test"] })).await;
    assert_eq!(said(&listed(&alice, "?only=highlight").await), ["called"]);
    assert_eq!(said(&listed(&alice, "").await), ["someone else", "called", "hello"]);
    let last = bob.say(&room, "bye").await;
    read(&alice, &room, &last).await;
    let list = listed(&alice, "?only=highlight").await;
    let one = &list["notifications"][0];
    assert_eq!((&one["event"]["event_id"], &one["read"]), (&json!(called), &json!(true)));
    assert_eq!(said(&listed(&alice, "").await), ["called"]);
    house.server.shutdown().await;
}

/// An invitation is listed; what the room says is not, and after leaving nothing of it is.
#[tokio::test]
async fn an_invitation_is_listed_and_nothing_else_of_a_room_one_is_not_in() {
    let Pair { house, alice, bob, room } = pair().await;
    let secret = bob.create_room(json!({ "preset": "private_chat" })).await;
    bob.say(&secret, "before").await;
    bob.invite(&secret, &alice).await.ok();
    bob.say(&secret, "after").await;
    let list = listed(&alice, "").await;
    assert_eq!(said(&list), [""; 0]);
    let one = &list["notifications"][0];
    assert_eq!(one["room_id"], json!(secret));
    assert_eq!(one["event"]["content"]["membership"], "invite");
    assert_eq!(list["notifications"].as_array().unwrap().len(), 1);
    alice.leave(&secret).await.ok();
    assert_eq!(listed(&alice, "").await["notifications"], json!([]));
    bob.say(&room, "here").await;
    alice.leave(&room).await.ok();
    bob.say(&room, "gone").await;
    assert_eq!(said(&listed(&alice, "").await), [""; 0]);
    house.server.shutdown().await;
}

/// What was redacted, what ignored people say and what the room said before one came is not listed.
#[tokio::test]
async fn what_one_should_not_hear_of_is_not_listed() {
    let Pair { house, alice, bob, room } = pair().await;
    let carol = house.person("carol").await;
    bob.say(&room, "before Carol").await;
    carol.join(&room).await.ok();
    let slip = bob.say(&room, "slip").await;
    alice.say(&room, "from Alice").await;
    bob.redact(&room, &slip).await.ok();
    let ignored = json!({ "ignored_users": { alice.id.clone(): {} } });
    assert_eq!(said(&listed(&carol, "").await), ["from Alice"]);
    carol.put(&format!("user/{}/account_data/m.ignored_user_list", carol.id), ignored).await.ok();
    assert_eq!(said(&listed(&carol, "").await), [""; 0]);
    house.server.shutdown().await;
}

/// Reading the main timeline does not read a thread, and the other way round.
#[tokio::test]
async fn threads_are_read_apart() {
    let Pair { house, alice, bob, room } = pair().await;
    let root = bob.say(&room, "root").await;
    let reply = json!({
        "msgtype": "m.text", "body": "reply", "m.relates_to": { "rel_type": "m.thread", "event_id": root },
    });
    let sent = bob.put(&format!("rooms/{room}/send/m.room.message/{}", unique()), reply).await.ok();
    let last = bob.say(&room, "last").await;
    assert_eq!(said(&listed(&alice, "").await), ["last", "reply", "root"]);
    let receipt = format!("rooms/{room}/receipt/m.read");
    alice.post(&format!("{receipt}/{last}"), json!({ "thread_id": "main" })).await.ok();
    assert_eq!(said(&listed(&alice, "").await), ["reply"]);
    let reply = sent["event_id"].as_str().unwrap();
    alice.post(&format!("{receipt}/{reply}"), json!({ "thread_id": root })).await.ok();
    assert_eq!(said(&listed(&alice, "").await), [""; 0]);
    house.server.shutdown().await;
}
