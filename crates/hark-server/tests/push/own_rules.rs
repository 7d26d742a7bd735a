//! Unread counts of somebody who has changed their push rules.

use serde_json::{Value, json};

use crate::support::{House, Person, token, unique};

async fn send(person: &Person, room: &str, kind: &str, content: Value) -> String {
    let sent = person.put(&format!("rooms/{room}/send/{kind}/{}", unique()), content).await;
    sent.ok()["event_id"].as_str().unwrap().to_owned()
}

async fn set(person: &Person, rule: &str, body: Value) {
    person.put(&format!("pushrules/global/{rule}"), body).await.ok();
}

fn pair(sync: &Value, room: &str) -> (i64, i64) {
    let counts = &sync["rooms"]["join"][room]["unread_notifications"];
    (counts["notification_count"].as_i64().unwrap(), counts["highlight_count"].as_i64().unwrap())
}

async fn counts(person: &Person, room: &str) -> (i64, i64) {
    pair(&person.sync("").await, room)
}

async fn ann_bob_and_room() -> (House, Person, Person, String) {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    (house, ann, bob, room)
}

const LOUD: [&str; 1] = ["notify"];

/// A word of one's own counts where it is said, and stands out if the rule says so (spec: "Content-specific rules").
#[tokio::test]
async fn a_keyword_counts_as_its_rule_says() {
    let (house, ann, bob, room) = ann_bob_and_room().await;
    ann.say(&room, "before the rule: cake").await;
    let loud = json!([ "notify", { "set_tweak": "highlight" } ]);
    set(&bob, "content/cake", json!({ "pattern": "cake", "actions": loud })).await;
    assert_eq!(counts(&bob, &room).await, (1, 1), "rules are asked of what waits, whenever it was said");
    ann.say(&room, "Is there CAKE?").await;
    ann.say(&room, "cupcakes").await;
    assert_eq!(counts(&bob, &room).await, (3, 2));
    let eaten = ann.say(&room, "the cake is eaten").await;
    assert_eq!(counts(&bob, &room).await, (4, 3));
    ann.redact(&room, &eaten).await.ok();
    assert_eq!(counts(&bob, &room).await, (3, 2));
    bob.say(&room, "cake").await;
    assert_eq!(counts(&bob, &room).await, (0, 0));
    ann.say(&room, "cake").await;
    let house = house.restart().await;
    assert_eq!(counts(&house.again(&bob), &room).await, (1, 1));
}

/// Rules for a room, for a sender, and defaults that were changed, each in its place.
#[tokio::test]
async fn what_counts_is_what_the_rules_notify_of() {
    let (house, ann, bob, room) = ann_bob_and_room().await;
    let cid = house.person("cid").await;
    cid.join(&room).await.ok();
    let notice = json!({ "msgtype": "m.notice", "body": "x" });
    let mention = json!({ "msgtype": "m.text", "body": "x", "m.mentions": { "user_ids": [bob.id] } });
    ann.say(&room, "text").await;
    cid.say(&room, "text").await;
    send(&ann, &room, "m.room.message", notice).await;
    send(&ann, &room, "m.room.message", mention).await;
    ann.set_state(&room, "m.room.topic", json!({ "topic": "x" })).await.ok();
    assert_eq!(counts(&bob, &room).await, (3, 1));
    // Two texts, the mention and the topic; a notice is silenced before rules for rooms are looked at.
    set(&bob, &format!("room/{room}"), json!({ "actions": LOUD })).await;
    assert_eq!(counts(&bob, &room).await, (4, 1));
    set(&bob, "override/.m.rule.suppress_notices/enabled", json!({ "enabled": false })).await;
    assert_eq!(counts(&bob, &room).await, (5, 1));
    bob.call("DELETE", &format!("pushrules/global/room/{room}"), None).await.ok();
    assert_eq!(counts(&bob, &room).await, (4, 1));
    set(&bob, &format!("sender/{}", cid.id), json!({ "actions": [] })).await;
    assert_eq!(counts(&bob, &room).await, (3, 1));
    set(&bob, "underride/.m.rule.message/actions", json!({ "actions": [] })).await;
    assert_eq!(counts(&bob, &room).await, (1, 1));
    set(&bob, "override/.m.rule.is_user_mention/enabled", json!({ "enabled": false })).await;
    assert_eq!(counts(&bob, &room).await, (0, 0));
}

/// A muted room counts nothing, one for mentions only counts those.
#[tokio::test]
async fn a_room_is_muted_whole_or_but_for_mentions() {
    let (_house, ann, bob, room) = ann_bob_and_room().await;
    ann.say(&room, "text").await;
    let mention = json!({ "msgtype": "m.text", "body": "x", "m.mentions": { "user_ids": [bob.id] } });
    send(&ann, &room, "m.room.message", mention).await;
    set(&bob, &format!("room/{room}"), json!({ "actions": [] })).await;
    assert_eq!(counts(&bob, &room).await, (1, 1));
    let about = json!({ "kind": "event_match", "key": "room_id", "pattern": room });
    set(&bob, &format!("override/{room}"), json!({ "conditions": [about], "actions": [] })).await;
    assert_eq!(counts(&bob, &room).await, (0, 0));
}

/// Clients hear of other counts when the rules change, at once and in every room where something waits.
#[tokio::test]
async fn a_changed_rule_wakes_clients_with_the_counts_it_makes() {
    let (_house, ann, bob, room) = ann_bob_and_room().await;
    let quiet = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&quiet).await.ok();
    ann.say(&room, "text").await;
    let start = bob.sync("").await;
    assert_eq!(pair(&start, &room), (1, 0));
    let filter = r#"{"account_data":{"types":[]}}"#;
    let waiting = tokio::spawn({
        let (bob, since) = (bob.clone(), token(&start).to_owned());
        async move { bob.sync(&format!("timeout=30000&since={since}&filter={filter}")).await }
    });
    set(&bob, "underride/.m.rule.message/enabled", json!({ "enabled": false })).await;
    set(&bob, "underride/.m.rule.room_one_to_one/enabled", json!({ "enabled": false })).await;
    let mut told = waiting.await.unwrap();
    // Between the two changes there may have been an answer.
    if pair(&told, &room) != (0, 0) {
        told = bob.sync(&format!("timeout=30000&since={}&filter={filter}", token(&told))).await;
    }
    assert_eq!(pair(&told, &room), (0, 0));
    assert!(told["rooms"]["join"].get(&quiet).is_none(), "nothing waits there: {told}");
    set(&bob, "underride/.m.rule.message/enabled", json!({ "enabled": true })).await;
    assert_eq!(pair(&bob.sync_since(&told).await, &room), (1, 0));
}

/// With rules of one's own, threads count apart and are read apart all the same.
#[tokio::test]
async fn threads_count_apart_by_any_rules() {
    let (_house, ann, bob, room) = ann_bob_and_room().await;
    set(
        &bob,
        "content/cake",
        json!({ "pattern": "cake", "actions": ["notify", { "set_tweak": "highlight" }] }),
    )
    .await;
    let root = ann.say(&room, "root").await;
    let relation = json!({ "rel_type": "m.thread", "event_id": root });
    let reply = json!({ "msgtype": "m.text", "body": "cake", "m.relates_to": relation });
    let first = send(&ann, &room, "m.room.message", reply.clone()).await;
    send(&ann, &room, "m.room.message", reply).await;
    let filter = r#"{"room":{"timeline":{"unread_thread_notifications":true}}}"#;
    let apart = async || {
        let sync = bob.sync(&format!("filter={filter}")).await;
        let thread = sync["rooms"]["join"][&room]["unread_thread_notifications"][&root].clone();
        (pair(&sync, &room), thread["notification_count"].as_i64(), thread["highlight_count"].as_i64())
    };
    assert_eq!(apart().await, ((1, 0), Some(2), Some(2)));
    let path = format!("rooms/{room}/receipt/m.read/{first}");
    bob.post(&path, json!({ "thread_id": root })).await.ok();
    assert_eq!(apart().await, ((1, 0), Some(1), Some(1)));
    assert_eq!(counts(&bob, &room).await, (2, 1));
}
