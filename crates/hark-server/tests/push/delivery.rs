//! Devices are woken through their gateway.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::FutureExt as _;
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, Reply, pusher, subscribe},
    support::{House, Person, unique},
};

struct Scene {
    house: House,
    gateway: Gateway,
    alice: Person,
    bob: Person,
    room: String,
}

/// Alice, who is woken through a gateway, and Bob in a room of theirs.
async fn scene() -> Scene {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let room = alice.create_room(json!({ "preset": "public_chat", "name": "Kitchen" })).await;
    bob.join(&room).await.ok();
    name(&bob, "Bob").await;
    let gateway = Gateway::open().await;
    subscribe(&alice, &gateway, "key").await;
    Scene { house, gateway, alice, bob, room }
}

async fn name(person: &Person, name: &str) {
    let path = format!("profile/{}/displayname", person.id);
    person.put(&path, json!({ "displayname": name })).await.ok();
}

async fn send(person: &Person, room: &str, kind: &str, content: Value) -> String {
    let sent = person.put(&format!("rooms/{room}/send/{kind}/{}", unique()), content).await;
    sent.ok()["event_id"].as_str().unwrap().to_owned()
}

async fn keys(person: &Person) -> usize {
    person.get("pushers").await.ok()["pushers"].as_array().unwrap().len()
}

/// A message wakes the device of whoever it is for, with what the specification says a gateway is told.
#[tokio::test]
async fn a_message_wakes_a_device() {
    let Scene { house, mut gateway, alice, bob, room } = scene().await;
    let event = bob.say(&room, "dinner").await;
    let told = gateway.next().await;
    assert_eq!(
        (&told["event_id"], &told["id"], &told["room_id"]),
        (&json!(event), &json!(event), &json!(room))
    );
    assert_eq!((&told["type"], &told["sender"]), (&json!("m.room.message"), &json!(bob.id)));
    assert_eq!(told["content"]["body"], "dinner");
    assert_eq!(told["sender_display_name"], "Bob");
    assert_eq!((&told["room_name"], &told["user_is_target"]), (&json!("Kitchen"), &json!(false)));
    assert_eq!((&told["counts"], &told["prio"]), (&json!({ "unread": 1 }), &json!("high")));
    let device = &told["devices"][0];
    assert_eq!(told["devices"].as_array().unwrap().len(), 1);
    assert_eq!((&device["app_id"], &device["pushkey"]), (&json!("org.example.app"), &json!("key")));
    assert_eq!(device["data"], json!({ "brand": "example" }), "the gateway knows its own url");
    assert!(device["pushkey_ts"].as_i64().unwrap() > 1_600_000_000, "seconds, {device}");
    assert!(device["pushkey_ts"].as_i64().unwrap() < 100_000_000_000, "seconds, {device}");
    assert_eq!(device["tweaks"]["sound"], "default", "there are two of them in the room");
    alice.say(&room, "coming").await;
    let read = gateway.next().await;
    assert_eq!(read["counts"], json!({ "unread": 0 }), "by answering she has read it");
    assert_eq!(read.get("event_id"), None);
    house.server.shutdown().await;
}

/// With the format `event_id_only` the gateway is told neither who nor what.
#[tokio::test]
async fn a_gateway_is_told_no_more_than_the_format_says() {
    let Scene { house, mut gateway, alice, bob, room } = scene().await;
    let mut quiet = pusher(&gateway.url, "key");
    quiet["data"]["format"] = json!("event_id_only");
    alice.post("pushers/set", quiet).await.ok();
    let event = bob.say(&room, "secret").await;
    let told = gateway.next().await;
    let mut names: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["counts", "devices", "event_id", "prio", "room_id"]);
    assert_eq!(told["event_id"], json!(event));
    assert_eq!(told["devices"][0]["data"], json!({ "brand": "example", "format": "event_id_only" }));
    assert_eq!(told["devices"][0].get("tweaks"), None);
    house.server.shutdown().await;
}

/// What the rules do not notify of wakes nobody; what they notify of comes in the order it was sent, with the tweaks of its rule.
#[tokio::test]
async fn the_rules_say_what_wakes_a_device() {
    let Scene { house, mut gateway, alice, bob, room } = scene().await;
    let quiet = bob.create_room(json!({ "preset": "public_chat" })).await;
    alice.join(&quiet).await.ok();
    alice.put(&format!("pushrules/global/room/{quiet}"), json!({ "actions": [] })).await.ok();
    let cake = json!({ "pattern": "cake", "actions": ["notify", { "set_tweak": "highlight" }] });
    alice.put("pushrules/global/content/cake", cake).await.ok();
    bob.say(&quiet, "not a word").await;
    send(&bob, &room, "m.room.message", json!({ "msgtype": "m.notice", "body": "a bot" })).await;
    send(
        &bob,
        &room,
        "m.reaction",
        json!({ "m.relates_to": { "rel_type": "m.annotation", "event_id": "$e", "key": "x" } }),
    )
    .await;
    name(&bob, "Robert").await;
    let one = bob.say(&room, "one").await;
    let two = bob.say(&quiet, "there is cake").await;
    let called = json!({ "msgtype": "m.text", "body": "you", "m.mentions": { "user_ids": [alice.id] } });
    let three = send(&bob, &quiet, "m.room.message", called).await;
    let encrypted =
        send(&bob, &room, "m.room.encrypted", json!({ "algorithm": "x", "ciphertext": "y" })).await;
    for (event, highlight) in [(one, false), (two, true), (three, true), (encrypted, false)] {
        let told = gateway.next_event().await;
        assert_eq!(told["event_id"], json!(event));
        assert_eq!(told["devices"][0]["tweaks"]["highlight"] == json!(true), highlight, "{told}");
        assert_eq!(told["prio"], "high");
    }
    house.server.shutdown().await;
}

/// An invitation wakes whoever is invited, and says that it is about them.
#[tokio::test]
async fn an_invitation_wakes_a_device() {
    let Scene { house, mut gateway, alice, bob, .. } = scene().await;
    let secret = bob.create_room(json!({ "preset": "private_chat", "name": "Cellar" })).await;
    bob.say(&secret, "before").await;
    bob.invite(&secret, &alice).await.ok();
    let told = gateway.next().await;
    assert_eq!((&told["type"], &told["room_id"]), (&json!("m.room.member"), &json!(secret)));
    assert_eq!((&told["content"]["membership"], &told["user_is_target"]), (&json!("invite"), &json!(true)));
    assert_eq!((&told["room_name"], &told["sender_display_name"]), (&json!("Cellar"), &json!("Bob")));
    bob.say(&secret, "not for those outside").await;
    alice.join(&secret).await.ok();
    let welcome = bob.say(&secret, "welcome").await;
    assert_eq!(gateway.next_event().await["event_id"], json!(welcome));
    house.server.shutdown().await;
}

/// When what waited was read, devices are told so without an event.
#[tokio::test]
async fn reading_takes_the_number_back() {
    let Scene { house, mut gateway, alice, bob, room } = scene().await;
    bob.say(&room, "one").await;
    assert_eq!(gateway.next().await["counts"]["unread"], 1);
    let two = bob.say(&room, "two").await;
    assert_eq!(gateway.next().await["counts"]["unread"], 2);
    alice.post(&format!("rooms/{room}/receipt/m.read.private/{two}"), json!({})).await.ok();
    let told = gateway.next().await;
    assert_eq!(told["counts"], json!({ "unread": 0 }));
    assert_eq!(told["devices"][0]["pushkey"], "key");
    assert_eq!(told.get("event_id"), None);
    let three = bob.say(&room, "three").await;
    let told = gateway.next().await;
    assert_eq!((&told["event_id"], &told["counts"]["unread"]), (&json!(three), &json!(1)));
    house.server.shutdown().await;
}

/// A gateway that fails is told again, in order; one that sends the server elsewhere is not followed.
#[tokio::test]
async fn a_gateway_that_failed_is_told_again() {
    let Scene { house, mut gateway, bob, room, .. } = scene().await;
    let trap = Gateway::open().await;
    gateway.answer([Reply::Fail, Reply::Redirect(trap.url.clone())]);
    let one = bob.say(&room, "one").await;
    for attempt in 0..3 {
        assert_eq!(gateway.next().await["event_id"], json!(one), "attempt {attempt}");
    }
    let two = bob.say(&room, "two").await;
    assert_eq!(gateway.next().await["event_id"], json!(two));
    assert!(trap.is_untold());
    house.server.shutdown().await;
}

/// One gateway that fails does not hold up another.
#[tokio::test]
async fn each_pusher_is_told_for_itself() {
    let Scene { house, mut gateway, alice, bob, room } = scene().await;
    let mut other = Gateway::open().await;
    subscribe(&alice, &other, "other").await;
    gateway.answer(vec![Reply::Fail; 20]);
    for text in ["one", "two", "three"] {
        let event = bob.say(&room, text).await;
        assert_eq!(other.next().await["event_id"], json!(event));
    }
    gateway.next().await;
    house.server.shutdown().await;
}

/// What was not accepted before the server ended is told after it started again, and nothing twice that was.
#[tokio::test]
async fn a_restart_loses_nothing() {
    let Scene { house, mut gateway, bob, room, .. } = scene().await;
    bob.say(&room, "one").await;
    gateway.next().await;
    let two = bob.say(&room, "two").await;
    assert_eq!(gateway.next().await["event_id"], json!(two));
    gateway.answer(vec![Reply::Fail; 2]);
    let three = bob.say(&room, "three").await;
    assert_eq!(gateway.next().await["event_id"], json!(three));
    let house = house.restart().await;
    let bob = house.again(&bob);
    let four = bob.say(&room, "four").await;
    let mut told = Vec::new();
    while told.last() != Some(&json!(four)) {
        told.push(gateway.next_event().await["event_id"].clone());
    }
    told.dedup();
    assert_eq!(told, [json!(three), json!(four)]);
    house.server.shutdown().await;
}

/// A gateway that says a pushkey is nobody's any more is believed.
#[tokio::test]
async fn a_rejected_pusher_is_removed() {
    let Scene { house, mut gateway, alice, bob, room } = scene().await;
    let mut other = Gateway::open().await;
    subscribe(&alice, &other, "other").await;
    gateway.answer([Reply::Reject(vec!["unknown".to_owned()]), Reply::Reject(vec!["key".to_owned()])]);
    bob.say(&room, "one").await;
    gateway.next().await;
    assert_eq!(keys(&alice).await, 2, "another key was rejected");
    other.next().await;
    bob.say(&room, "two").await;
    gateway.next().await;
    other.next().await;
    let three = bob.say(&room, "three").await;
    assert_eq!(other.next().await["event_id"], json!(three));
    assert_eq!(keys(&alice).await, 1);
    assert!(gateway.is_untold());
    house.server.shutdown().await;
}

/// Addresses of this computer and its networks are not spoken to, however they are written, unless the operator permits it.
#[tokio::test]
async fn gateways_inside_are_not_spoken_to() {
    let permitted = Arc::new(AtomicBool::new(false));
    let permit = permitted.clone();
    let house = House::open_with(move |config| {
        config.push_gateways.retain(|_| permit.load(Ordering::SeqCst));
    })
    .await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let room = alice.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let inside = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let place = format!("{}/_matrix/push/v1/notify", inside.local_addr().unwrap().port());
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "2130706433", "0x7f.1"] {
        let url = format!("https://{host}:{place}");
        let refused = alice.post("pushers/set", pusher(&url, "key")).await;
        assert_eq!(refused.refusal(), (400, "M_INVALID_PARAM"), "{host}");
    }
    // What a name leads to is known only when it is spoken to.
    alice.post("pushers/set", pusher(&format!("https://localhost:{place}"), "key")).await.ok();
    bob.say(&room, "one").await;
    bob.say(&room, "two").await;
    permitted.store(true, Ordering::SeqCst);
    assert!(inside.accept().now_or_never().is_none(), "somebody knocks");
    let house = house.restart().await;
    inside.accept().await.unwrap();
    house.server.shutdown().await;
}

/// A pusher that is set anew, with another gateway, does not wait for the end of the patience with the old one.
#[tokio::test]
async fn a_pusher_that_is_set_anew_is_told_at_once() {
    let Scene { house, mut gateway, alice, bob, room } = scene().await;
    gateway.answer(vec![Reply::Fail; 50]);
    let event = bob.say(&room, "one").await;
    for _ in 0..3 {
        assert_eq!(gateway.next().await["event_id"], json!(event));
    }
    let mut moved = Gateway::open().await;
    subscribe(&alice, &moved, "key").await;
    assert_eq!(moved.next().await["event_id"], json!(event));
    house.server.shutdown().await;
}

/// A pusher set now tells of nothing that was before it.
#[tokio::test]
async fn a_new_pusher_does_not_tell_of_the_past() {
    let Scene { house, mut gateway, alice, bob, room } = scene().await;
    bob.say(&room, "past").await;
    gateway.next().await;
    let mut other = Gateway::open().await;
    subscribe(&alice, &other, "other").await;
    let now = bob.say(&room, "now").await;
    let told = other.next().await;
    assert_eq!((&told["event_id"], &told["counts"]["unread"]), (&json!(now), &json!(2)));
    house.server.shutdown().await;
}
