//! Reading the past.

use serde_json::{Value, json};

use crate::support::{House, Person, bodies, token};

async fn page(person: &Person, room: &str, query: &str) -> Value {
    person.get(&format!("rooms/{room}/messages?{query}")).await.ok()
}

#[tokio::test]
async fn a_limited_timeline_continues_backwards_from_its_prev_batch() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let start = ann.sync("").await;
    for n in 0..25 {
        ann.say(&room, &n.to_string()).await;
    }
    let sync = ann.sync_since(&start).await;
    let timeline = &sync["rooms"]["join"][&room]["timeline"];
    assert_eq!(bodies(&timeline["events"]), ["15", "16", "17", "18", "19", "20", "21", "22", "23", "24"]);
    assert_eq!(timeline["limited"], true);

    let mut from = timeline["prev_batch"].as_str().unwrap().to_owned();
    let mut seen = Vec::new();
    loop {
        let page = page(&ann, &room, &format!("dir=b&limit=4&from={from}")).await;
        assert_eq!(page["start"], from);
        seen.extend(bodies(&page["chunk"]).into_iter().map(ToOwned::to_owned));
        match page["end"].as_str() {
            Some(end) => from = end.to_owned(),
            None => break,
        }
    }
    let expected: Vec<String> = (0..15).rev().map(|n| n.to_string()).collect();
    assert_eq!(seen, expected);

    let forwards = page(&ann, &room, &format!("dir=f&limit=100&from={}", token(&start))).await;
    assert_eq!(bodies(&forwards["chunk"]).len(), 25);
    assert_eq!(forwards.get("end"), None);
    let between = page(&ann, &room, &format!("dir=b&from={}&to={}", token(&sync), token(&start))).await;
    assert_eq!(bodies(&between["chunk"]).len(), 10);
    let empty = page(&ann, &room, "dir=b&limit=0").await;
    assert_eq!((empty["chunk"].clone(), empty["end"].is_string()), (json!([]), true));
    assert_eq!(bodies(&page(&ann, &room, "dir=f&limit=100000").await["chunk"]).len(), 25);
}

#[tokio::test]
async fn a_page_that_shows_nothing_still_says_that_there_is_more() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let hidden =
        json!([{ "type": "m.room.history_visibility", "content": { "history_visibility": "joined" } }]);
    let room = ann.create_room(json!({ "preset": "public_chat", "initial_state": hidden })).await;
    bob.join(&room).await.ok();
    bob.say(&room, "old and seen").await;
    bob.leave(&room).await.ok();
    for _ in 0..60 {
        ann.say(&room, "unseen").await;
    }
    bob.join(&room).await.ok();
    let start = bob.sync("").await;
    let timeline = &start["rooms"]["join"][&room]["timeline"];
    let mut from = timeline["prev_batch"].as_str().unwrap().to_owned();
    let mut found = bodies(&timeline["events"]).len();
    for _ in 0..100 {
        let page = page(&bob, &room, &format!("dir=b&limit=5&from={from}")).await;
        assert!(!bodies(&page["chunk"]).contains(&"unseen"));
        found += bodies(&page["chunk"]).len();
        match page["end"].as_str() {
            Some(end) => from = end.to_owned(),
            None => break,
        }
    }
    assert_eq!(found, 1, "what was seen before leaving is found again");
}

#[tokio::test]
async fn context_stands_around_an_event_and_leads_on() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let mut ids = Vec::new();
    for n in 0..9 {
        ids.push(ann.say(&room, &n.to_string()).await);
    }
    let around = ann.get(&format!("rooms/{room}/context/{}?limit=4", ids[4])).await.ok();
    assert_eq!(around["event"]["event_id"], ids[4].as_str());
    assert_eq!(bodies(&around["events_before"]), ["3", "2"]);
    assert_eq!(bodies(&around["events_after"]), ["5", "6"]);
    assert!(around["state"].as_array().unwrap().iter().any(|event| event["type"] == "m.room.create"));
    let text = |name: &str| around[name].as_str().unwrap().to_owned();
    let back = page(&ann, &room, &format!("dir=b&limit=2&from={}", text("start"))).await;
    assert_eq!(bodies(&back["chunk"]), ["1", "0"]);
    let on = page(&ann, &room, &format!("dir=f&limit=2&from={}", text("end"))).await;
    assert_eq!(bodies(&on["chunk"]), ["7", "8"]);
}

#[tokio::test]
async fn members_can_be_asked_for_as_they_were() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    let alone = ann.sync("").await;
    bob.join(&room).await.ok();
    let count = |query: String| {
        let (ann, path) = (ann.clone(), format!("rooms/{room}/members?{query}"));
        async move { ann.get(&path).await.ok()["chunk"].as_array().unwrap().len() }
    };
    assert_eq!(count(String::new()).await, 2);
    assert_eq!(count(format!("at={}", token(&alone))).await, 1);
    bob.leave(&room).await.ok();
    assert_eq!(count("membership=leave".into()).await, 1);
    assert_eq!(count("not_membership=leave".into()).await, 1);
}

#[tokio::test]
async fn an_unknown_token_is_refused_and_never_a_new_beginning() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    for since in ["nonsense", "h00000000.1", "s72594_4483_1934"] {
        assert_eq!(ann.get(&format!("sync?since={since}")).await.refusal(), (400, "M_INVALID_PARAM"));
        let page = ann.get(&format!("rooms/{room}/messages?dir=b&from={since}")).await;
        assert_eq!(page.refusal(), (400, "M_INVALID_PARAM"));
    }
}
