//! Receipts, unread counts, typing.

use serde_json::{Value, json};

use crate::support::{House, token};

#[tokio::test]
async fn unread_counts_follow_messages_receipts_and_own_words() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    ann.say(&room, "before bob came").await;
    bob.join(&room).await.ok();
    let counts = || async {
        let sync = bob.sync("").await;
        let counts = sync["rooms"]["join"][&room]["unread_notifications"].clone();
        (counts["notification_count"].as_i64().unwrap(), counts["highlight_count"].as_i64().unwrap())
    };
    assert_eq!(counts().await, (0, 0));
    let first = ann.say(&room, "one").await;
    let notice = json!({ "msgtype": "m.notice", "body": "does not count" });
    ann.put(&format!("rooms/{room}/send/m.room.message/n1"), notice).await.ok();
    let mention = json!({ "msgtype": "m.text", "body": "bob!", "m.mentions": { "user_ids": [bob.id] } });
    let second = ann.put(&format!("rooms/{room}/send/m.room.message/n2"), mention).await.ok();
    assert_eq!(counts().await, (2, 1));
    bob.post(&format!("rooms/{room}/receipt/m.read/{first}"), json!({})).await.ok();
    assert_eq!(counts().await, (1, 1));
    let second = second["event_id"].as_str().unwrap();
    bob.post(&format!("rooms/{room}/receipt/m.read.private/{second}"), json!({})).await.ok();
    assert_eq!(counts().await, (0, 0));
    bob.post(&format!("rooms/{room}/receipt/m.read/{first}"), json!({})).await.ok();
    assert_eq!(counts().await, (0, 0), "a receipt never moves back");
    ann.say(&room, "three").await;
    bob.say(&room, "I saw it").await;
    assert_eq!(counts().await, (0, 0), "who speaks has read");
    let everyone = json!({ "msgtype": "m.text", "body": "@room", "m.mentions": { "room": true } });
    ann.put(&format!("rooms/{room}/send/m.room.message/n3"), everyone).await.ok();
    assert_eq!(counts().await, (1, 1));
}

#[tokio::test]
async fn a_receipt_reaches_the_others_and_a_private_one_only_oneself() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let tablet = house.another_device("bob").await;
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let event = ann.say(&room, "x").await;
    let (ann_start, tablet_start) = (ann.sync("").await, tablet.sync("").await);
    let receipts = |sync: &Value| sync["rooms"]["join"][&room]["ephemeral"]["events"].clone();

    bob.post(&format!("rooms/{room}/receipt/m.read.private/{event}"), json!({})).await.ok();
    assert_eq!(receipts(&ann.sync_since(&ann_start).await), Value::Null);
    let own = tablet.sync_since(&tablet_start).await;
    assert!(receipts(&own)[0]["content"][&event]["m.read.private"][&bob.id]["ts"].is_i64());
    assert_eq!(own["rooms"]["join"][&room]["unread_notifications"]["notification_count"], 0);

    bob.call("POST", &format!("rooms/{room}/receipt/m.read/{event}"), None).await.ok();
    let told = ann.sync_since(&ann_start).await;
    assert!(receipts(&told)[0]["content"][&event]["m.read"][&bob.id]["ts"].is_i64());
}

#[tokio::test]
async fn hearing_a_message_is_told_of_that_one_alone_and_survives_a_restart() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let mut said = Vec::new();
    for words in ["one", "two", "three"] {
        said.push(ann.say(&room, words).await);
    }
    let start = ann.sync("").await;
    let heard = |person: &crate::support::Person, event: &str| {
        let (person, path) = (person.clone(), format!("rooms/{room}/receipt/app.hark.played/{event}"));
        async move { person.post(&path, json!({})).await }
    };
    let played = |sync: &Value| {
        let content = sync["rooms"]["join"][&room]["ephemeral"]["events"][0]["content"].clone();
        let content = content.as_object().cloned().unwrap_or_default();
        let of = |(event, kinds): (String, Value)| {
            kinds["app.hark.played"][&bob.id]["ts"].is_i64().then_some(event)
        };
        content.into_iter().filter_map(of).collect::<Vec<_>>()
    };
    heard(&bob, &said[1]).await.ok();
    let told = ann.sync_since(&start).await;
    assert_eq!(played(&told), [said[1].clone()]);
    let unread = bob.sync("").await["rooms"]["join"][&room]["unread_notifications"].clone();
    assert_eq!(unread["notification_count"], 3, "hearing is not reading");

    heard(&bob, &said[1]).await.ok();
    assert_eq!(ann.sync_since(&told).await["rooms"]["join"], json!({}), "a repetition is no news");
    heard(&bob, &said[0]).await.ok();
    assert_eq!(played(&ann.sync_since(&told).await), [said[0].clone()], "many in one room");

    heard(&ann, &said[2]).await.ok();
    assert_eq!(heard(&eve, &said[2]).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(heard(&bob, "$nothing").await.refusal(), (404, "M_NOT_FOUND"));
    let all = ann.sync("").await;
    let state = all["rooms"]["join"][&room]["timeline"]["events"][0]["event_id"].as_str().unwrap();
    assert_eq!(heard(&bob, state).await.refusal(), (400, "M_INVALID_PARAM"));

    let house = house.restart().await;
    let ann = house.again(&ann);
    let mut whole = played(&ann.sync("").await);
    whole.sort();
    let mut expected = said[..2].to_vec();
    expected.sort();
    assert_eq!(whole, expected);
    // Of messages that are not in the answer nothing is told.
    let short = ann.sync(r#"filter={"room":{"timeline":{"limit":2}}}"#).await;
    assert_eq!(played(&short), [said[1].clone()]);
}

#[tokio::test]
async fn read_markers_set_all_three_at_once() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let event = ann.say(&room, "x").await;
    let body = json!({ "m.fully_read": event, "m.read": event, "m.read.private": event });
    ann.post(&format!("rooms/{room}/read_markers"), body).await.ok();
    let sync = ann.sync("").await;
    let data = sync["rooms"]["join"][&room]["account_data"]["events"].clone();
    assert_eq!(data, json!([{ "type": "m.fully_read", "content": { "event_id": event } }]));
}

#[tokio::test]
async fn receipts_are_for_events_of_rooms_one_is_in() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let (room, other) = (ann.create_room(json!({})).await, ann.create_room(json!({})).await);
    let event = ann.say(&room, "x").await;
    let receipt = |person: &crate::support::Person, room: &str, kind: &str, body: Value| {
        let (person, path) = (person.clone(), format!("rooms/{room}/receipt/{kind}/{event}"));
        async move { person.post(&path, body).await }
    };
    assert_eq!(receipt(&bob, &room, "m.read", json!({})).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(receipt(&ann, &other, "m.read", json!({})).await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(receipt(&ann, &room, "m.odd", json!({})).await.refusal(), (400, "M_INVALID_PARAM"));
    for thread in [json!(7), json!("odd"), json!({})] {
        let answer = receipt(&ann, &room, "m.read", json!({ "thread_id": thread })).await;
        assert_eq!(answer.refusal(), (400, "M_INVALID_PARAM"));
    }
    receipt(&ann, &room, "m.read", json!({ "thread_id": "main" })).await.ok();
    assert_eq!(
        bob.put(&format!("rooms/{room}/typing/{}", bob.id), json!({ "typing": true })).await.refusal().0,
        403
    );
}

#[tokio::test]
async fn typing_wakes_the_others_and_is_told_once() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let start = ann.sync("").await;
    let waiting = {
        let (ann, query) = (ann.clone(), format!("timeout=30000&since={}", token(&start)));
        tokio::spawn(async move { ann.sync(&query).await })
    };
    let path = format!("rooms/{room}/typing/{}", bob.id);
    bob.put(&path, json!({ "typing": true, "timeout": 60_000 })).await.ok();
    let woken = waiting.await.unwrap();
    let typing = |sync: &Value| sync["rooms"]["join"][&room]["ephemeral"]["events"].clone();
    assert_eq!(typing(&woken), json!([{ "type": "m.typing", "content": { "user_ids": [bob.id] } }]));
    let quiet = ann.sync_since(&woken).await;
    assert_eq!(quiet["rooms"]["join"], json!({}), "not in a tight loop");
    bob.put(&path, json!({ "typing": false })).await.ok();
    let stopped = ann.sync_since(&woken).await;
    assert_eq!(typing(&stopped)[0]["content"]["user_ids"], json!([]));
    bob.put(&path, json!({ "typing": true, "timeout": 1 })).await.ok();
    let again = ann.sync(&format!("timeout=30000&since={}", token(&stopped))).await;
    let over = ann.sync(&format!("timeout=30000&since={}", token(&again))).await;
    let lists = [typing(&again), typing(&over)];
    assert!(lists.iter().any(|list| list[0]["content"]["user_ids"] == json!([])), "{lists:?}");
    let other = bob.put(&format!("rooms/{room}/typing/{}", ann.id), json!({ "typing": true })).await;
    assert_eq!(other.refusal(), (403, "M_FORBIDDEN"));
}
