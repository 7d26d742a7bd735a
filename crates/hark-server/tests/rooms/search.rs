//! Searching for words.

use serde_json::{Value, json};

use crate::support::{House, Person};

async fn search(person: &Person, criteria: Value, next: Option<&str>) -> Value {
    let path = next.map_or_else(|| "search".to_owned(), |next| format!("search?next_batch={next}"));
    let answer = person.post(&path, json!({ "search_categories": { "room_events": criteria } })).await.ok();
    answer["search_categories"]["room_events"].clone()
}

async fn find(person: &Person, term: &str) -> Vec<String> {
    found(&search(person, json!({ "search_term": term, "order_by": "recent" }), None).await)
}

/// The texts found.
fn found(answer: &Value) -> Vec<String> {
    let results = answer["results"].as_array().unwrap().iter();
    results
        .map(|found| {
            let content = &found["result"]["content"];
            let text = ["body", "name", "topic"].iter().find_map(|name| content[name].as_str());
            text.unwrap().to_owned()
        })
        .collect()
}

/// Searching by body: the event, the count, the words to mark.
#[tokio::test]
async fn an_event_is_found_by_its_words() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({ "name": "Kitchen table", "topic": "Recipes" })).await;
    let event = ann.say(&room, "Hello, WORLD! Café au lait").await;
    let answer = search(&ann, json!({ "search_term": "hello world", "keys": ["content.body"] }), None).await;
    assert_eq!(answer["count"], 1);
    assert_eq!(answer["highlights"], json!(["hello", "world"]));
    let result = &answer["results"][0]["result"];
    assert_eq!((&result["event_id"], &result["room_id"]), (&json!(event), &json!(room)));
    assert!(answer["results"][0]["rank"].is_number());
    assert_eq!(find(&ann, "cafe").await.len(), 1, "accents do not matter");
    assert_eq!(find(&ann, "hello moon").await.len(), 0, "every word must be there");
    assert_eq!(find(&ann, "wor").await.len(), 0, "words are whole");
    assert_eq!(find(&ann, "kitchen").await, ["Kitchen table"]);
    assert_eq!(find(&ann, "recipes").await, ["Recipes"]);
    let bodies = json!({ "search_term": "kitchen", "keys": ["content.body"] });
    assert_eq!(search(&ann, bodies, None).await["count"], 0);
    for odd in ["", "!!!", "\"", "a\" OR b", "NEAR(", "text:x", "*", "\u{1f600}"] {
        assert_eq!(find(&ann, odd).await, Vec::<String>::new(), "{odd}");
    }
    let none = ann.post("search", json!({ "search_categories": {} })).await.ok();
    assert_eq!(none, json!({ "search_categories": {} }));
    assert_eq!(ann.post("search", json!({})).await.status, 400);
}

#[tokio::test]
async fn words_of_languages_without_spaces_are_found() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    ann.say(&room, "明日は東京で会いましょう").await;
    ann.say(&room, "京東").await;
    ann.say(&room, "สวัสดีครับ").await;
    assert_eq!(find(&ann, "東京").await, ["明日は東京で会いましょう"]);
    assert_eq!(find(&ann, "会").await.len(), 1);
    assert_eq!(find(&ann, "สวัสดี").await.len(), 1);
}

/// Two events before and two after a result, the nearest first; a full page has a `next_batch`.
#[tokio::test]
async fn results_stand_in_their_context() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    ann.put(&format!("profile/{}/displayname", ann.id), json!({ "displayname": "Ann" })).await.ok();
    let room = ann.create_room(json!({})).await;
    for n in 1..=7 {
        ann.say(&room, &format!("Message number {n}")).await;
    }
    let criteria = json!({ "search_term": "Message 4", "order_by": "recent", "filter": { "limit": 1, "rooms": [room] },
        "event_context": { "before_limit": 2, "after_limit": 2, "include_profile": true } });
    let answer = search(&ann, criteria, None).await;
    assert_eq!(answer["count"], 1);
    assert!(answer["next_batch"].is_string());
    let context = &answer["results"][0]["context"];
    let bodies = |name: &str| crate::support::bodies(&context[name]).join(",");
    assert_eq!(bodies("events_before"), "Message number 3,Message number 2");
    assert_eq!(bodies("events_after"), "Message number 5,Message number 6");
    assert_eq!(context["profile_info"][&ann.id]["displayname"], "Ann");
    let start = context["start"].as_str().unwrap();
    let earlier = ann.get(&format!("rooms/{room}/messages?dir=b&limit=1&from={start}")).await.ok();
    assert_eq!(crate::support::bodies(&earlier["chunk"]), ["Message number 1"]);
}

/// Twenty results in two pages of ten; the third page is empty and the last. What is said meanwhile does not move them.
#[tokio::test]
async fn results_come_in_pages_that_stand_still() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    for n in 0..20 {
        ann.say(&room, &format!("Message number {n}")).await;
    }
    for order in ["recent", "rank"] {
        let criteria = json!({ "search_term": "Message", "order_by": order, "filter": { "limit": 10, "rooms": [room] } });
        let first = search(&ann, criteria.clone(), None).await;
        assert_eq!((&first["count"], found(&first).len()), (&json!(20), 10));
        let later = ann.say(&room, "Message in between").await;
        let second = search(&ann, criteria.clone(), first["next_batch"].as_str()).await;
        let mut all = [found(&first), found(&second)].concat();
        if order == "recent" {
            let expected: Vec<String> = (0..20).rev().map(|n| format!("Message number {n}")).collect();
            assert_eq!(all, expected);
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 20, "{order}");
        let third = search(&ann, criteria.clone(), second["next_batch"].as_str()).await;
        assert_eq!((found(&third).len(), third.get("next_batch")), (0, None));
        let place = second["next_batch"].as_str().unwrap().rsplit_once('_').unwrap().0;
        let beyond = search(&ann, criteria, Some(&format!("{place}_{}", u64::MAX))).await;
        assert_eq!((found(&beyond).len(), beyond.get("next_batch")), (0, None));
        ann.redact(&room, &later).await.ok();
    }
    let bad = ann.post(
        "search?next_batch=x",
        json!({ "search_categories": { "room_events": { "search_term": "x" } } }),
    );
    assert_eq!(bad.await.refusal(), (400, "M_INVALID_PARAM"));
}

#[tokio::test]
async fn redacted_events_are_not_found_in_any_order() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let indexed = ann.say(&room, "this is going to be redacted").await;
    assert_eq!(find(&ann, "redacted").await.len(), 1);
    let unindexed = ann.say(&room, "this is going to be redacted too").await;
    ann.say(&room, "this is not going to be redacted").await;
    ann.redact(&room, &indexed).await.ok();
    ann.redact(&room, &unindexed).await.ok();
    for order in ["rank", "recent"] {
        let answer = search(&ann, json!({ "search_term": "redacted", "order_by": order }), None).await;
        assert_eq!(found(&answer), ["this is not going to be redacted"], "{order}");
        assert_eq!(answer["count"], 1);
    }
}

/// Each hit passes the gate: not what was said before joining or after leaving where that is hidden, nor in others' rooms.
#[tokio::test]
async fn nobody_finds_what_they_may_not_read() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    let hidden =
        json!([{ "type": "m.room.history_visibility", "content": { "history_visibility": "joined" } }]);
    let room = ann.create_room(json!({ "preset": "public_chat", "initial_state": hidden })).await;
    ann.say(&room, "treasure before").await;
    bob.join(&room).await.ok();
    ann.say(&room, "treasure between").await;
    bob.leave(&room).await.ok();
    ann.say(&room, "treasure after").await;
    assert_eq!(find(&ann, "treasure").await.len(), 3);
    assert_eq!(find(&bob, "treasure").await, ["treasure between"]);
    assert_eq!(find(&eve, "treasure").await.len(), 0);
    let asked = json!({ "search_term": "treasure", "filter": { "rooms": [room] } });
    let answer = search(&eve, asked, None).await;
    assert_eq!((&answer["count"], found(&answer).len()), (&json!(0), 0));
    bob.post(&format!("rooms/{room}/forget"), json!({})).await.ok();
    assert_eq!(find(&bob, "treasure").await.len(), 0, "forgotten");
}

#[tokio::test]
async fn a_room_is_searched_with_the_one_it_came_from() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let old = ann.create_room(json!({})).await;
    ann.say(&old, "words before the upgrade").await;
    let came_from = json!({ "predecessor": { "room_id": old, "event_id": "$x" } });
    let new = ann.create_room(json!({ "creation_content": came_from, "room_version": "11" })).await;
    ann.say(&new, "words after the upgrade").await;
    for rooms in [json!([old, new]), json!([new])] {
        let answer =
            search(&ann, json!({ "search_term": "upgrade", "filter": { "rooms": rooms } }), None).await;
        assert_eq!(answer["count"], 2);
    }
}

#[tokio::test]
async fn results_are_filtered_and_grouped_and_come_with_state() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    let other = ann.create_room(json!({})).await;
    bob.join(&room).await.ok();
    ann.say(&room, "apple one").await;
    bob.say(&room, "apple two").await;
    ann.say(&other, "apple three").await;
    let criteria = json!({ "search_term": "apple", "order_by": "recent", "include_state": true,
        "groupings": { "group_by": [{ "key": "room_id" }, { "key": "sender" }] } });
    let answer = search(&ann, criteria, None).await;
    assert_eq!(found(&answer), ["apple three", "apple two", "apple one"]);
    assert_eq!(answer["groups"]["room_id"][&room]["results"].as_array().unwrap().len(), 2);
    assert_eq!(answer["groups"]["room_id"][&other]["order"], 0);
    assert_eq!(answer["groups"]["sender"][&bob.id]["results"].as_array().unwrap().len(), 1);
    let state = answer["state"][&room].as_array().unwrap();
    assert!(state.iter().any(|event| event["type"] == "m.room.create"));
    for (filter, expected) in [
        (json!({ "senders": [bob.id] }), vec!["apple two"]),
        (json!({ "not_rooms": [room] }), vec!["apple three"]),
        (json!({ "types": ["m.room.name"] }), vec![]),
    ] {
        let answer = search(&ann, json!({ "search_term": "apple", "filter": filter }), None).await;
        assert_eq!(found(&answer), expected);
    }
}

#[tokio::test]
async fn the_index_survives_a_restart_without_twins_and_without_gaps() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    for n in 0..200 {
        ann.say(&room, &format!("pebble {n}")).await;
    }
    let answer = search(&ann, json!({ "search_term": "pebble" }), None).await;
    assert_eq!(answer["count"], 200);
    ann.say(&room, "pebble last").await;
    let house = house.restart().await;
    let ann = house.again(&ann);
    let answer = search(&ann, json!({ "search_term": "pebble" }), None).await;
    assert_eq!(answer["count"], 201);
}
