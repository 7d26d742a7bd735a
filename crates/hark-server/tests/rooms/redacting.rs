//! Who may empty which event.

use serde_json::{Value, json};

use crate::support::{House, unique};

/// One's own event and, with the power for it, anybody's; by either address; and nobody's in another room.
#[tokio::test]
async fn one_redacts_ones_own_or_with_power() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    for version in ["10", "11", "12"] {
        let room = ann.create_room(json!({ "preset": "public_chat", "room_version": version })).await;
        let other = eve.create_room(json!({})).await;
        bob.join(&room).await.ok();
        eve.join(&room).await.ok();
        let (first, second, third) =
            (bob.say(&room, "1").await, bob.say(&room, "2").await, bob.say(&room, "3").await);
        assert_eq!(eve.redact(&room, &first).await.refusal(), (403, "M_FORBIDDEN"));
        let path = format!("rooms/{room}/send/m.room.redaction/{}", unique());
        assert_eq!(eve.put(&path, json!({ "redacts": first })).await.refusal(), (403, "M_FORBIDDEN"));
        assert_eq!(eve.redact(&other, &first).await.refusal(), (400, "M_INVALID_PARAM"), "of another room");
        assert_eq!(ann.redact(&room, "$unknown").await.refusal(), (404, "M_NOT_FOUND"));
        bob.redact(&room, &first).await.ok();
        ann.redact(&room, &second).await.ok();
        let path = format!("rooms/{room}/send/m.room.redaction/{}", unique());
        bob.put(&path, json!({ "redacts": third, "reason": "mine" })).await.ok();
        for event in [first, second, third] {
            let read = eve.get(&format!("rooms/{room}/event/{event}")).await.ok();
            assert_eq!(read["content"], json!({}), "v{version}");
        }
        assert_eq!(ann.put(&format!("{path}x"), json!({})).await.refusal(), (400, "M_BAD_JSON"));
        bob.leave(&room).await.ok();
        let kept = ann.say(&room, "4").await;
        assert_eq!(bob.redact(&room, &kept).await.refusal(), (403, "M_FORBIDDEN"));
    }
}

/// Redacting needs the level for redaction events too, for one's own events as well.
#[tokio::test]
async fn redacting_needs_the_level_of_redaction_events() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let levels = json!({ "events": { "m.room.redaction": 50 } });
    let room =
        ann.create_room(json!({ "preset": "public_chat", "power_level_content_override": levels })).await;
    bob.join(&room).await.ok();
    let event = bob.say(&room, "x").await;
    assert_eq!(bob.redact(&room, &event).await.refusal(), (403, "M_FORBIDDEN"));
    ann.redact(&room, &event).await.ok();
}

/// The same transaction is one redaction, and another transaction another one. A redaction can be redacted: its reason goes.
#[tokio::test]
async fn a_redaction_is_made_once_and_can_be_redacted() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    for version in ["10", "11"] {
        let room = ann.create_room(json!({ "room_version": version })).await;
        let event = ann.say(&room, "pun").await;
        let path = format!("rooms/{room}/redact/{event}/same");
        let first = ann.put(&path, json!({ "reason": "bad pun" })).await.ok();
        assert_eq!(ann.put(&path, json!({ "reason": "other" })).await.ok(), first);
        let redaction = first["event_id"].as_str().unwrap();
        let read = || async { ann.get(&format!("rooms/{room}/event/{redaction}")).await.ok() };
        assert_eq!(read().await["content"]["reason"], "bad pun");
        ann.redact(&room, redaction).await.ok();
        assert_eq!(read().await["content"]["reason"], Value::Null);
        assert_ne!(ann.redact(&room, &event).await.ok(), first, "another transaction");
    }
}

/// A room lives on its create event, and an emptied list of servers lets none in: they stay.
#[tokio::test]
async fn what_a_room_lives_on_stays() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    for version in ["10", "11", "12"] {
        let acl = json!([{ "type": "m.room.server_acl", "content": { "allow": ["*"] } }]);
        let room =
            ann.create_room(json!({ "room_version": version, "initial_state": acl, "name": "N" })).await;
        for (kind, status) in [("m.room.create", 403), ("m.room.server_acl", 403), ("m.room.name", 200)] {
            let event = ann.get(&format!("rooms/{room}/state/{kind}?format=event")).await.ok();
            let answer = ann.redact(&room, event["event_id"].as_str().unwrap()).await;
            assert_eq!(answer.status, status, "{kind} {answer:?}");
        }
        assert_eq!(ann.get(&format!("rooms/{room}/state/m.room.name")).await.ok(), json!({}));
    }
}

/// What is left of a member event keeps its member where they are.
#[tokio::test]
async fn a_redacted_member_is_still_a_member() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.post(&format!("rooms/{room}/join"), json!({ "org.extra": 1 })).await.ok();
    let path = format!("rooms/{room}/state/m.room.member/{}", bob.id);
    let event = ann.get(&format!("{path}?format=event")).await.ok();
    ann.redact(&room, event["event_id"].as_str().unwrap()).await.ok();
    assert_eq!(ann.get(&path).await.ok(), json!({ "membership": "join" }));
    bob.say(&room, "still here").await;
}
