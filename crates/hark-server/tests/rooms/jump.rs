//! From a date to an event.

use serde_json::{Value, json};

use crate::support::House;

/// `GET …/timestamp_to_event`: the nearest event either way, 404 beyond the ends, 403 for outsiders.
#[tokio::test]
async fn a_moment_leads_to_the_nearest_event_either_way() {
    let house = House::open().await;
    let (ann, eve) = (house.person("ann").await, house.person("eve").await);
    let room = ann.create_room(json!({})).await;
    let mut sent: Vec<(String, i64)> = Vec::new();
    for n in 0..4 {
        let id = ann.say(&room, &n.to_string()).await;
        let read = ann.get(&format!("rooms/{room}/event/{id}")).await.ok();
        sent.push((id, read["origin_server_ts"].as_i64().unwrap()));
    }
    let jump = |ts: i64, dir: &str| {
        let (ann, path) = (ann.clone(), format!("rooms/{room}/timestamp_to_event?ts={ts}&dir={dir}"));
        async move { ann.get(&format!("../v1/{path}")).await }
    };
    let found = |answer: Value| answer["event_id"].as_str().unwrap().to_owned();
    // Several may bear the same millisecond: the first of them forwards, the last backwards.
    let ts = sent[2].1;
    let first = sent.iter().find(|(_, at)| *at >= ts).unwrap();
    let last = sent.iter().rfind(|(_, at)| *at <= ts).unwrap();
    let answer = jump(ts, "f").await.ok();
    assert_eq!((&answer["event_id"], &answer["origin_server_ts"]), (&json!(first.0), &json!(first.1)));
    assert_eq!(found(jump(ts, "b").await.ok()), last.0);
    let end = sent[3].1;
    assert_eq!(found(jump(end + 100_000, "b").await.ok()), sent[3].0);
    assert_eq!(jump(end + 100_000, "f").await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(jump(0, "b").await.refusal(), (404, "M_NOT_FOUND"));
    let create = found(jump(0, "f").await.ok());
    let create = ann.get(&format!("rooms/{room}/event/{create}")).await.ok();
    assert_eq!(create["type"], "m.room.create");
    let old = format!("../unstable/org.matrix.msc3030/rooms/{room}/timestamp_to_event?ts=0&dir=f");
    assert_eq!(ann.get(&old).await.status, 200);
    assert_eq!(eve.get(&old).await.refusal(), (403, "M_FORBIDDEN"));
    let bad = ann.get(&format!("../v1/rooms/{room}/timestamp_to_event?ts=x&dir=f")).await;
    assert_eq!(bad.refusal(), (400, "M_INVALID_PARAM"));
}

#[tokio::test]
async fn a_moment_never_leads_to_what_may_not_be_seen() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let hidden =
        json!([{ "type": "m.room.history_visibility", "content": { "history_visibility": "joined" } }]);
    let room = ann.create_room(json!({ "preset": "public_chat", "initial_state": hidden })).await;
    for _ in 0..20 {
        ann.say(&room, "before").await;
    }
    let hidden = ann.say(&room, "before").await;
    let ts = ann.get(&format!("rooms/{room}/event/{hidden}")).await.ok()["origin_server_ts"].clone();
    bob.join(&room).await.ok();
    let answer = bob.get(&format!("../v1/rooms/{room}/timestamp_to_event?ts={ts}&dir=f")).await.ok();
    let id = answer["event_id"].as_str().unwrap();
    let event = bob.get(&format!("rooms/{room}/event/{id}")).await.ok();
    assert_eq!((&event["type"], &event["state_key"]), (&json!("m.room.member"), &json!(bob.id)));
}
