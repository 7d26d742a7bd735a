//! How events are written, wherever they are read.

use serde_json::{Value, json};

use crate::support::{House, token, unique};

/// Every event in an answer, those in other events' `unsigned` among them.
fn events<'v>(answer: &'v Value, found: &mut Vec<&'v Value>) {
    match answer {
        Value::Object(members) => {
            if members.contains_key("content") && members.contains_key("type") {
                found.push(answer);
            }
            // What people wrote is theirs.
            let ours = members.iter().filter(|(name, _)| *name != "content");
            ours.for_each(|(_, value)| events(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| events(item, found)),
        _ => {}
    }
}

fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.iter().any(|(name, value)| name != "content" && holds_null(value)),
        Value::Array(items) => items.iter().any(holds_null),
        _ => false,
    }
}

/// What is not there is left out, never `null`: not in an event, nor in what goes with it. Above all there is no `prev_content`
/// where there was none.
#[tokio::test]
async fn what_an_event_does_not_have_is_left_out() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    let start = ann.sync("").await;
    bob.join(&room).await.ok();
    for topic in ["first", "second"] {
        ann.set_state(&room, "m.room.topic", json!({ "topic": topic })).await.ok();
    }
    let named = ann.set_state(&room, "m.room.name", json!({ "name": "gone" })).await.ok();
    ann.redact(&room, named["event_id"].as_str().unwrap()).await.ok();
    let root = bob.say(&room, "a root").await;
    for relation in [
        json!({ "rel_type": "m.thread", "event_id": root }),
        json!({ "rel_type": "m.annotation", "event_id": root, "key": "x" }),
        json!({ "rel_type": "m.replace", "event_id": root }),
    ] {
        let content =
            json!({ "body": "a child", "m.new_content": { "body": "new" }, "m.relates_to": relation });
        bob.put(&format!("rooms/{room}/send/m.room.message/{}", unique()), content).await.ok();
    }
    ann.post(&format!("rooms/{room}/kick"), json!({ "user_id": bob.id })).await.ok();
    ann.invite(&room, &bob).await.ok();

    let criteria = json!({ "search_term": "root", "event_context": {}, "include_state": true });
    let search = json!({ "search_categories": { "room_events": criteria } });
    let mut answers = vec![ann.sync("").await, ann.sync_since(&start).await, bob.sync("").await];
    answers.push(
        ann.sync(&format!("timeout=0&since={}&org.matrix.msc4222.use_state_after=true", token(&start))).await,
    );
    answers.push(ann.post("search", search).await.ok());
    for path in [
        "initialSync".to_owned(),
        format!("rooms/{room}/messages?dir=b&limit=100"),
        format!("rooms/{room}/context/{root}?limit=100"),
        format!("rooms/{room}/event/{root}"),
        format!("rooms/{room}/state"),
        format!("rooms/{room}/state/m.room.topic?format=event"),
        format!("rooms/{room}/members"),
        format!("rooms/{room}/initialSync"),
        format!("../v1/rooms/{room}/relations/{root}"),
        format!("../v1/rooms/{room}/threads"),
    ] {
        answers.push(ann.get(&path).await.ok());
    }
    for answer in &answers {
        let mut found = Vec::new();
        events(answer, &mut found);
        assert!(!found.is_empty(), "{answer}");
        for event in found {
            assert!(!holds_null(event), "{event}");
            let before = event["unsigned"].get("prev_content");
            assert!(
                before.is_none_or(|before| before.as_object().is_some_and(|it| !it.is_empty())),
                "{event}"
            );
        }
    }
}
