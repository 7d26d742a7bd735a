//! What a redaction takes away, and what it leaves.

use serde_json::{Value, json};

use crate::support::{House, Person, unique};

async fn send(person: &Person, room: &str, kind: &str, content: Value) -> String {
    let sent = person.put(&format!("rooms/{room}/send/{kind}/{}", unique()), content).await;
    sent.ok()["event_id"].as_str().unwrap().to_owned()
}

fn related(rel_type: &str, parent: &str, body: &str) -> Value {
    json!({ "msgtype": "m.text", "body": body, "m.new_content": { "msgtype": "m.text", "body": body },
        "m.relates_to": { "rel_type": rel_type, "event_id": parent } })
}

async fn read(person: &Person, room: &str, event: &str) -> Value {
    person.get(&format!("rooms/{room}/event/{event}")).await.ok()
}

/// Children that were redacted count no more: an edit gives way to the one before, a thread loses a message and then ends.
#[tokio::test]
async fn a_redacted_child_relates_to_nothing_any_more() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let root = ann.say(&room, "one").await;
    let two = send(&ann, &room, "m.room.message", related("m.replace", &root, "two")).await;
    let three = send(&ann, &room, "m.room.message", related("m.replace", &root, "three")).await;
    let first = send(&ann, &room, "m.room.message", related("m.thread", &root, "a")).await;
    let second = send(&ann, &room, "m.room.message", related("m.thread", &root, "b")).await;
    let reference = send(&ann, &room, "m.room.message", related("m.reference", &root, "c")).await;
    let bundle = async || read(&ann, &room, &root).await["unsigned"]["m.relations"].clone();
    assert_eq!(bundle().await["m.replace"]["event_id"], three.as_str());
    ann.redact(&room, &three).await.ok();
    assert_eq!(bundle().await["m.replace"]["event_id"], two.as_str());
    ann.redact(&room, &two).await.ok();
    ann.redact(&room, &second).await.ok();
    ann.redact(&room, &reference).await.ok();
    let left = bundle().await;
    assert_eq!((left.get("m.replace"), left.get("m.reference")), (None, None));
    assert_eq!(left["m.thread"]["count"], 1);
    assert_eq!(left["m.thread"]["latest_event"]["event_id"], first.as_str());
    ann.redact(&room, &first).await.ok();
    assert_eq!(bundle().await, Value::Null);
    let listed = ann.get(&format!("../v1/rooms/{room}/relations/{root}")).await.ok();
    assert_eq!(listed["chunk"], json!([]));
    assert_eq!(ann.get(&format!("../v1/rooms/{room}/threads")).await.ok()["chunk"], json!([]));
}

#[tokio::test]
async fn a_redacted_root_keeps_its_thread_and_loses_its_edits() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let root = ann.say(&room, "one").await;
    send(&ann, &room, "m.room.message", related("m.replace", &root, "two")).await;
    send(&ann, &room, "m.room.message", related("m.reference", &root, "three")).await;
    send(&ann, &room, "m.room.message", related("m.thread", &root, "four")).await;
    ann.redact(&room, &root).await.ok();
    let shown = read(&ann, &room, &root).await;
    assert_eq!(shown["content"], json!({}));
    let relations = shown["unsigned"]["m.relations"].as_object().unwrap();
    assert_eq!(relations.keys().collect::<Vec<_>>(), ["m.thread"]);
    let threads = ann.get(&format!("../v1/rooms/{room}/threads")).await.ok();
    assert_eq!(threads["chunk"].as_array().unwrap().len(), 1);
}

/// `/send/m.room.redaction` does what `/redact` does, with the same rights, in every room version.
#[tokio::test]
async fn a_redaction_that_is_sent_as_an_event_has_the_same_rights() {
    let house = House::open().await;
    for version in ["10", "11", "12"] {
        let (ann, bob) =
            (house.person(&format!("ann{version}")).await, house.person(&format!("bob{version}")).await);
        let room = ann.create_room(json!({ "preset": "public_chat", "room_version": version })).await;
        bob.join(&room).await.ok();
        let (hers, his) = (ann.say(&room, "hers").await, bob.say(&room, "his").await);
        let path = |txn: &str| format!("rooms/{room}/send/m.room.redaction/{txn}");
        let refused = bob.put(&path("a"), json!({ "redacts": hers })).await;
        assert_eq!(refused.refusal(), (403, "M_FORBIDDEN"), "{version}");
        assert_eq!(read(&ann, &room, &hers).await["content"]["body"], "hers");
        bob.put(&path("b"), json!({ "redacts": his, "reason": "mine" })).await.ok();
        let shown = read(&ann, &room, &his).await;
        assert_eq!(shown["content"], json!({}));
        assert_eq!(shown["unsigned"]["redacted_because"]["content"]["reason"], "mine");
        ann.put(&path("c"), json!({ "redacts": hers })).await.ok();
        assert_eq!(read(&bob, &room, &hers).await["content"], json!({}));
        assert_eq!(ann.put(&path("d"), json!({})).await.status, 400);
    }
}

/// An event of another room is not touched, and the request is a bad one.
#[tokio::test]
async fn an_event_of_another_room_is_not_redacted() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let (room, other) = (ann.create_room(json!({})).await, bob.create_room(json!({})).await);
    let event = ann.say(&room, "kept").await;
    let refused = bob.redact(&other, &event).await;
    assert_eq!(refused.refusal(), (400, "M_INVALID_PARAM"));
    let sent = bob.put(&format!("rooms/{other}/send/m.room.redaction/x"), json!({ "redacts": event })).await;
    assert_eq!(sent.status, 400);
    assert_eq!(bob.redact(&room, &event).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(read(&ann, &room, &event).await["content"]["body"], "kept");
}

#[tokio::test]
async fn a_redacted_member_event_keeps_the_membership() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let path = format!("rooms/{room}/state/m.room.member/{}?format=event", bob.id);
    let member = ann.get(&path).await.ok();
    ann.redact(&room, member["event_id"].as_str().unwrap()).await.ok();
    let after = ann.get(&path).await.ok();
    assert_eq!(after["content"], json!({ "membership": "join" }));
    bob.say(&room, "still here").await;
}

/// A redaction can be redacted: what it emptied stays empty.
#[tokio::test]
async fn a_redacted_redaction_loses_its_reason_and_restores_nothing() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let event = ann.say(&room, "x").await;
    let path = format!("rooms/{room}/redact/{event}/r");
    let redaction = ann.put(&path, json!({ "reason": "unkind" })).await.ok();
    let redaction = redaction["event_id"].as_str().unwrap();
    ann.redact(&room, redaction).await.ok();
    assert_eq!(read(&ann, &room, redaction).await["content"].get("reason"), None);
    assert_eq!(read(&ann, &room, &event).await["content"], json!({}));
}
