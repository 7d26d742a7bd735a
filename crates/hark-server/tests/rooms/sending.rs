//! Sending: once, within limits, in real events.

use serde_json::{Value, json};

use crate::support::{House, token, unique};

#[tokio::test]
async fn a_retry_with_the_same_transaction_id_returns_the_same_event() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let other = ann.create_room(json!({})).await;
    let send = |room: &str, body: &str| {
        let (ann, room, body) = (ann.clone(), room.to_owned(), json!({ "msgtype": "m.text", "body": body }));
        async move { ann.put(&format!("rooms/{room}/send/m.room.message/t1"), body).await.ok() }
    };
    let first = send(&room, "one").await;
    assert_eq!(send(&room, "another body").await, first);
    assert_ne!(send(&other, "one").await, first, "the same id in another room is another request");

    let house = house.restart().await;
    let again = house.again(&ann);
    let path = format!("rooms/{room}/send/m.room.message/t1");
    assert_eq!(again.put(&path, json!({ "body": "one" })).await.ok(), first, "also after a restart");
    again.leave(&room).await.ok();
    assert_eq!(
        again.put(&path, json!({ "body": "one" })).await.ok(),
        first,
        "also when it would be refused now"
    );
    assert_eq!(
        again.put(&format!("rooms/{room}/send/m.x/t2"), json!({})).await.refusal(),
        (403, "M_FORBIDDEN")
    );
}

#[tokio::test]
async fn only_the_sending_device_sees_its_transaction_id() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let tablet = house.another_device("ann").await;
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    ann.put(&format!("rooms/{room}/send/m.room.message/t7"), json!({ "body": "x" })).await.ok();
    let last = |sync: Value| {
        sync["rooms"]["join"][&room]["timeline"]["events"].as_array().unwrap().last().unwrap()["unsigned"]
            .clone()
    };
    assert_eq!(last(ann.sync("").await)["transaction_id"], "t7");
    assert_eq!(last(tablet.sync("").await)["transaction_id"], Value::Null);
    assert_eq!(last(bob.sync("").await)["transaction_id"], Value::Null);
}

#[tokio::test]
async fn what_no_room_could_sign_is_refused_and_nothing_is_stored() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let start = ann.sync("").await;
    for (content, expected) in [
        (json!({ "body": 1.5 }), (400, "M_BAD_JSON")),
        (json!({ "body": 9_007_199_254_740_992_u64 }), (400, "M_BAD_JSON")),
        (json!({ "body": "\u{0}" }), (400, "M_BAD_JSON")),
        (json!({ "body": "x".repeat(66_000) }), (413, "M_TOO_LARGE")),
        (json!({ "body": "x".repeat(65_200) }), (413, "M_TOO_LARGE")),
    ] {
        let answer = ann.put(&format!("rooms/{room}/send/m.room.message/{}", unique()), content).await;
        assert_eq!(answer.refusal(), expected, "{answer:?}");
    }
    let long = "x".repeat(256);
    assert_eq!(ann.set_state(&room, &long, json!({})).await.refusal(), (413, "M_TOO_LARGE"));
    assert_eq!(ann.sync_since(&start).await["rooms"]["join"], json!({}));
}

#[tokio::test]
async fn the_same_state_twice_is_one_event() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({ "name": "first" })).await;
    let named = ann.set_state(&room, "m.room.topic", json!({ "topic": "x" })).await.ok();
    assert_eq!(ann.set_state(&room, "m.room.topic", json!({ "topic": "x" })).await.ok(), named);
    assert_ne!(ann.set_state(&room, "m.room.topic", json!({ "topic": "y" })).await.ok(), named);
}

#[tokio::test]
async fn a_state_key_may_be_empty_with_and_without_a_slash_and_hold_anything() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    ann.put(&format!("rooms/{room}/state/m.room.name"), json!({ "name": "n" })).await.ok();
    for path in ["m.room.name", "m.room.name/"] {
        assert_eq!(ann.get(&format!("rooms/{room}/state/{path}")).await.ok(), json!({ "name": "n" }));
    }
    ann.put(&format!("rooms/{room}/state/org.x/a%2Fb%20c"), json!({ "v": 1 })).await.ok();
    let event = ann.get(&format!("rooms/{room}/state/org.x/a%2Fb%20c?format=event")).await.ok();
    assert_eq!((&event["state_key"], &event["content"]), (&json!("a/b c"), &json!({ "v": 1 })));
    assert_eq!(ann.get(&format!("rooms/{room}/state/org.x/none")).await.refusal(), (404, "M_NOT_FOUND"));
}

#[tokio::test]
async fn a_redaction_empties_the_event_everywhere() {
    for version in ["10", "11", "12"] {
        let house = House::open().await;
        let (ann, bob) = (house.person("ann").await, house.person("bob").await);
        let room = ann.create_room(json!({ "preset": "public_chat", "room_version": version })).await;
        bob.join(&room).await.ok();
        let event = bob.say(&room, "secret").await;
        let start = bob.sync("").await;
        let stranger_event = ann.say(&room, "kept").await;
        assert_eq!(bob.redact(&room, &stranger_event).await.refusal(), (403, "M_FORBIDDEN"));
        let redaction = ann.redact(&room, &event).await.ok();
        let read = bob.get(&format!("rooms/{room}/event/{event}")).await.ok();
        assert_eq!(read["content"], json!({}));
        assert_eq!(read["unsigned"]["redacted_because"]["event_id"], redaction["event_id"]);
        assert_eq!(read["unsigned"]["redacted_because"]["sender"], ann.id.as_str());
        let told = bob.sync_since(&start).await;
        let events = told["rooms"]["join"][&room]["timeline"]["events"].clone();
        let shown =
            events.as_array().unwrap().iter().find(|event| event["type"] == "m.room.redaction").unwrap();
        assert_eq!(
            (&shown["redacts"], &shown["content"]["redacts"]),
            (&json!(event), &json!(event)),
            "v{version}"
        );
        let unknown = ann.redact(&room, "$nothing").await;
        assert_eq!(unknown.refusal(), (404, "M_NOT_FOUND"));
    }
}

#[tokio::test]
async fn a_second_identical_reaction_is_refused_but_its_retry_is_not() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let event = ann.say(&room, "x").await;
    let reaction = json!({ "m.relates_to": { "rel_type": "m.annotation", "event_id": event, "key": "👍" } });
    let path = |txn: &str| format!("rooms/{room}/send/m.reaction/{txn}");
    let first = ann.put(&path("r1"), reaction.clone()).await.ok();
    assert_eq!(ann.put(&path("r1"), reaction.clone()).await.ok(), first);
    assert_eq!(ann.put(&path("r2"), reaction.clone()).await.refusal(), (400, "M_DUPLICATE_ANNOTATION"));
    ann.redact(&room, first["event_id"].as_str().unwrap()).await.ok();
    ann.put(&path("r3"), reaction).await.ok();
}

#[tokio::test]
async fn many_senders_at_once_make_one_chain_without_gaps() {
    let house = House::open().await;
    let people = [house.person("a").await, house.person("b").await, house.person("c").await];
    let room = people[0].create_room(json!({ "preset": "public_chat" })).await;
    for person in &people[1..] {
        person.join(&room).await.ok();
    }
    let start = people[0].sync("").await;
    let sends = people.iter().flat_map(|person| (0..10).map(move |n| (person.clone(), n)));
    let tasks: Vec<_> = sends
        .map(|(person, n)| {
            let room = room.clone();
            tokio::spawn(async move { person.say(&room, &format!("{} {n}", person.id)).await })
        })
        .collect();
    let mut sent = Vec::new();
    for task in tasks {
        sent.push(task.await.unwrap());
    }
    let filter = r#"{"room":{"timeline":{"limit":100}},"event_format":"federation"}"#;
    let query = format!("timeout=0&since={}&filter={}", token(&start), urlencoding(filter));
    let sync = people[0].sync(&query).await;
    let events = sync["rooms"]["join"][&room]["timeline"]["events"].as_array().unwrap().clone();
    assert_eq!(events.len(), 30);
    let depths: Vec<i64> = events.iter().map(|event| event["depth"].as_i64().unwrap()).collect();
    assert!(depths.windows(2).all(|pair| pair[1] == pair[0] + 1), "{depths:?}");
    assert!(events.windows(2).all(|pair| pair[1]["prev_events"].as_array().unwrap().len() == 1));
    let mut prevs: Vec<_> = events.iter().map(|event| event["prev_events"][0].as_str().unwrap()).collect();
    prevs.sort_unstable();
    prevs.dedup();
    assert_eq!(prevs.len(), 30, "no two events follow the same one");
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), 30);
}

pub(crate) fn urlencoding(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"))
}

/// Transaction ids belong to a device and an address: signed in again as the same device the first answer is given again, another
/// device and another address make another event.
#[tokio::test]
async fn a_transaction_id_belongs_to_a_device_and_an_address() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let path = |kind: &str| format!("rooms/{room}/send/{kind}/same");
    let body = json!({ "msgtype": "m.text", "body": "first" });
    let first = ann.put(&path("m.room.message"), body.clone()).await.ok();
    let event = ann.get(&format!("rooms/{room}/event/{}", first["event_id"].as_str().unwrap())).await.ok();
    assert_eq!(event["unsigned"]["transaction_id"], "same");

    let again = house.same_device(&ann).await;
    assert_eq!(again.put(&path("m.room.message"), body.clone()).await.ok(), first);
    let shown = again.sync("").await["rooms"]["join"][&room]["timeline"]["events"].clone();
    assert_eq!(shown.as_array().unwrap().last().unwrap()["unsigned"]["transaction_id"], "same");

    let tablet = house.another_device("ann").await;
    assert_ne!(tablet.put(&path("m.room.message"), body.clone()).await.ok(), first);
    assert_ne!(again.put(&path("org.other"), body).await.ok(), first);
    let target = first["event_id"].as_str().unwrap();
    let redacted = again.put(&format!("rooms/{room}/redact/{target}/same"), json!({})).await.ok();
    assert_ne!(redacted, first);
}
