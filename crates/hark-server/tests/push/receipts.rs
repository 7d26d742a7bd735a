//! Receipts for threads, and the fully read marker: which are taken.

use serde_json::{Value, json};

use crate::support::{House, Person, unique};

/// A message that relates to another event.
async fn relating(person: &Person, room: &str, rel_type: &str, target: &str) -> String {
    let content = json!({
        "msgtype": "m.text", "body": rel_type, "m.relates_to": { "rel_type": rel_type, "event_id": target },
    });
    let sent = person.put(&format!("rooms/{room}/send/m.room.message/{}", unique()), content).await;
    sent.ok()["event_id"].as_str().unwrap().to_owned()
}

async fn read(person: &Person, room: &str, event: &str, thread: Value) -> (u16, String) {
    let answer =
        person.post(&format!("rooms/{room}/receipt/m.read/{event}"), json!({ "thread_id": thread })).await;
    let (status, errcode) = answer.refusal();
    (status, errcode.to_owned())
}

/// A receipt for a thread is taken for the thread's messages, for its root and for what relates to the root, however it does; and
/// one for the main timeline only for what is there (spec: "Threaded read receipts"; MSC3771).
#[tokio::test]
async fn a_threaded_receipt_names_an_event_of_its_thread() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let elsewhere = ann.create_room(json!({})).await;
    let root = ann.say(&room, "root").await;
    let reply = relating(&ann, &room, "m.thread", &root).await;
    let edit_of_reply = relating(&ann, &room, "m.replace", &reply).await;
    let reference = relating(&ann, &room, "m.reference", &root).await;
    let second_hand = relating(&ann, &room, "m.annotation", &reference).await;
    let beside = ann.say(&room, "beside").await;
    let foreign = ann.say(&elsewhere, "foreign").await;

    let refused = (400, "M_INVALID_PARAM".to_owned());
    let taken = (200, "none".to_owned());
    for (event, thread, expected) in [
        (&root, &root, &taken),
        (&reply, &root, &taken),
        (&edit_of_reply, &root, &taken),
        (&reference, &root, &taken),
        (&second_hand, &root, &taken),
        (&beside, &root, &refused),
        (&reply, &reply, &refused),
        (&reply, &beside, &refused),
        (&beside, &foreign, &refused),
    ] {
        assert_eq!(&read(&ann, &room, event, json!(thread)).await, expected, "{event} in {thread}");
    }
    for (event, expected) in [
        (&root, &taken),
        (&reference, &taken),
        (&second_hand, &taken),
        (&beside, &taken),
        (&reply, &refused),
        (&edit_of_reply, &refused),
    ] {
        assert_eq!(&read(&ann, &room, event, json!("main")).await, expected, "{event} in main");
    }
    for thread in [json!(""), json!(7), json!({}), json!("odd"), json!("$unknown")] {
        assert_eq!(read(&ann, &room, &beside, thread).await, refused);
    }
}

/// The marker is for an event of the room and stays where it is when somebody sets it further back, unless they say that they mean
/// it (MSC4446).
#[tokio::test]
async fn the_fully_read_marker_moves_back_only_on_purpose() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let (first, second) = (ann.say(&room, "1").await, ann.say(&room, "2").await);
    let elsewhere = ann.create_room(json!({})).await;
    let foreign = ann.say(&elsewhere, "foreign").await;
    let marker = async || {
        let path = format!("user/{}/rooms/{room}/account_data/m.fully_read", ann.id);
        ann.get(&path).await.body["event_id"].as_str().map(ToOwned::to_owned)
    };
    let mark = async |body: Value| ann.post(&format!("rooms/{room}/read_markers"), body).await;

    for unknown in [&foreign, "$unknown"] {
        assert_eq!(mark(json!({ "m.fully_read": unknown })).await.refusal(), (404, "M_NOT_FOUND"));
        assert_eq!(marker().await, None);
    }
    mark(json!({ "m.fully_read": second })).await.ok();
    mark(json!({ "m.fully_read": first })).await.ok();
    ann.post(&format!("rooms/{room}/receipt/m.fully_read/{first}"), json!({})).await.ok();
    assert_eq!(marker().await.as_ref(), Some(&second));
    mark(json!({ "m.fully_read": first, "com.beeper.allow_backward": true })).await.ok();
    assert_eq!(marker().await.as_ref(), Some(&first));
}

/// Whoever changes their name has read nothing by it, though a member event of theirs appears in every room they are in.
#[tokio::test]
async fn a_new_name_reads_no_room() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    ann.say(&room, "before bob came").await;
    bob.join(&room).await.ok();
    ann.say(&room, "unread").await;
    bob.put(&format!("profile/{}/displayname", bob.id), json!({ "displayname": "Bobby" })).await.ok();
    let shown = bob.sync("").await["rooms"]["join"][&room].clone();
    assert_eq!(shown["timeline"]["events"].as_array().unwrap().last().unwrap()["type"], "m.room.member");
    assert_eq!(shown["unread_notifications"]["notification_count"], 1);
}

/// Where a user has a receipt for everything and one for a thread on the same event, clients are told the one for everything: an
/// event has place for one of them (MSC4102).
#[tokio::test]
async fn of_two_receipts_on_one_event_the_unthreaded_one_is_told() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let root = ann.say(&room, "root").await;
    for bodies in [[json!({}), json!({ "thread_id": root })], [json!({ "thread_id": root }), json!({})]] {
        let reply = relating(&ann, &room, "m.thread", &root).await;
        for body in bodies {
            ann.post(&format!("rooms/{room}/receipt/m.read/{reply}"), body).await.ok();
        }
        let shown = ann.sync("").await["rooms"]["join"][&room].clone();
        let receipt = shown["ephemeral"]["events"][0]["content"][&reply]["m.read"][&ann.id].clone();
        assert!(receipt["ts"].is_i64() && receipt.get("thread_id").is_none(), "{receipt}");
    }
}
