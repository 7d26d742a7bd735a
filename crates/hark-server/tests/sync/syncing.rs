//! What /sync tells, and when.

use serde_json::{Value, json};

use crate::{
    support::{House, Person, bodies, token},
    types, urlencoding,
};

fn members(events: &Value) -> Vec<String> {
    let events = events.as_array().unwrap().iter().filter(|event| event["type"] == "m.room.member");
    let mut members: Vec<_> = events.map(|event| event["state_key"].as_str().unwrap().to_owned()).collect();
    members.sort();
    members
}

#[tokio::test]
async fn an_answer_has_every_member_clients_insist_on() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let sync = ann.sync("").await;
    assert_eq!(sync["device_one_time_keys_count"], json!({ "signed_curve25519": 0 }));
    assert_eq!(sync["device_unused_fallback_key_types"], json!([]));
    for member in ["rooms.invite", "rooms.leave", "rooms.knock", "presence.events", "to_device.events"] {
        let path = member.split('.').fold(&sync, |value, name| &value[name]);
        assert!(path.is_object() || path.is_array(), "{member} in {sync}");
    }
    let shown = &sync["rooms"]["join"][&room];
    for member in
        ["timeline.limited", "timeline.prev_batch", "state.events", "ephemeral.events", "account_data.events"]
    {
        assert!(!member.split('.').fold(shown, |value, name| &value[name]).is_null(), "{member}");
    }
    assert_eq!(shown["unread_notifications"], json!({ "highlight_count": 0, "notification_count": 0 }));
    assert!(
        sync["account_data"]["events"].as_array().unwrap().iter().any(|data| data["type"] == "m.push_rules")
    );
    assert!(shown["timeline"]["events"][0].get("room_id").is_none());
    assert_eq!(shown["timeline"]["events"][0]["unsigned"].get("prev_content"), None);
}

#[tokio::test]
async fn a_quiet_account_gets_an_empty_answer_when_its_time_is_over() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    ann.create_room(json!({})).await;
    let start = ann.sync("").await;
    let quiet = ann.sync(&format!("timeout=50&since={}", token(&start))).await;
    assert_eq!((&quiet["rooms"]["join"], &quiet["account_data"]["events"]), (&json!({}), &json!([])));
    assert_eq!(quiet["next_batch"], start["next_batch"]);
}

#[tokio::test]
async fn leaving_is_told_once_and_nothing_after_it_leaks() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let start = bob.sync("").await;
    ann.say(&room, "seen").await;
    bob.leave(&room).await.ok();
    ann.say(&room, "unseen").await;
    ann.set_state(&room, "m.room.name", json!({ "name": "unseen" })).await.ok();
    let told = bob.sync_since(&start).await;
    let left = &told["rooms"]["leave"][&room];
    assert_eq!(types(&left["timeline"]["events"]), ["m.room.message", "m.room.member"]);
    assert_eq!(left["state"]["events"], json!([]));
    assert_eq!(told["rooms"]["join"], json!({}));
    assert_eq!(bob.sync_since(&told).await["rooms"]["leave"], json!({}));
    assert_eq!(bob.sync("").await["rooms"]["leave"], json!({}), "what one left oneself is not listed");
}

#[tokio::test]
async fn coming_back_is_told_as_joining_anew() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat", "name": "N" })).await;
    bob.join(&room).await.ok();
    let start = bob.sync("").await;
    bob.leave(&room).await.ok();
    ann.set_state(&room, "m.room.name", json!({ "name": "M" })).await.ok();
    bob.join(&room).await.ok();
    ann.say(&room, "welcome back").await;
    let filter = urlencoding(r#"{"room":{"timeline":{"limit":2}}}"#);
    let told = bob.sync(&format!("timeout=0&since={}&filter={filter}", token(&start))).await;
    let room = &told["rooms"]["join"][&room];
    assert_eq!(room["timeline"]["limited"], true);
    assert_eq!(types(&room["timeline"]["events"]), ["m.room.member", "m.room.message"]);
    let state = room["state"]["events"].as_array().unwrap();
    assert!(state.iter().any(|event| event["type"] == "m.room.create"), "the whole state");
    assert!(state.iter().any(|event| event["content"]["name"] == "M"));
}

#[tokio::test]
async fn a_rejected_invitation_leaves() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "invite": [bob.id] })).await;
    let start = bob.sync("").await;
    assert!(start["rooms"]["invite"][&room].is_object());
    assert_eq!(bob.sync_since(&start).await["rooms"]["invite"], json!({}));
    bob.leave(&room).await.ok();
    let told = bob.sync_since(&start).await;
    assert_eq!(types(&told["rooms"]["leave"][&room]["timeline"]["events"]), ["m.room.member"]);
    ann.invite(&room, &bob).await.ok();
    assert!(bob.sync_since(&told).await["rooms"]["invite"][&room].is_object());
}

#[tokio::test]
async fn lazy_loading_gives_each_author_once() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({ "preset": "public_chat", "name": "many" })).await;
    let mut others = Vec::new();
    for name in ["bob", "cem", "dia"] {
        let other = house.person(name).await;
        other.join(&room).await.ok();
        others.push(other);
    }
    for n in 0..3 {
        others[0].say(&room, &n.to_string()).await;
    }
    let filter = urlencoding(r#"{"room":{"timeline":{"limit":2},"state":{"lazy_load_members":true}}}"#);
    let first = ann.sync(&format!("filter={filter}")).await;
    let state = |sync: &Value| sync["rooms"]["join"][&room]["state"]["events"].clone();
    let mut expected = vec![ann.id.clone(), others[0].id.clone()];
    expected.sort();
    assert_eq!(members(&state(&first)), expected);
    let next = |since: &Value| {
        let (ann, query) = (ann.clone(), format!("timeout=0&since={}&filter={filter}", token(since)));
        async move { ann.sync(&query).await }
    };
    others[0].say(&room, "known").await;
    let second = next(&first).await;
    assert_eq!(members(&state(&second)), Vec::<String>::new());
    others[1].say(&room, "new").await;
    let third = next(&second).await;
    assert_eq!(members(&state(&third)), [others[1].id.clone()]);
    assert_eq!(
        members(&state(&next(&second).await)),
        [others[1].id.clone()],
        "an answer that was lost comes again"
    );
    others[2].leave(&room).await.ok();
    for n in 0..3 {
        others[1].say(&room, &n.to_string()).await;
    }
    let limited = next(&third).await;
    assert_eq!(members(&state(&limited)), [others[2].id.clone()], "a silent member's leaving is not lost");
    let bad = urlencoding(r#"{"room":{"state":{"lazy_load_members":"true"}}}"#);
    assert_eq!(ann.get(&format!("sync?filter={bad}")).await.status, 400);
}

#[tokio::test]
async fn state_after_is_answered_under_the_name_it_was_asked_by() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({ "name": "one" })).await;
    let start = ann.sync("").await;
    ann.set_state(&room, "m.room.name", json!({ "name": "two" })).await.ok();
    for name in ["use_state_after", "org.matrix.msc4222.use_state_after"] {
        let sync = ann.sync(&format!("timeout=0&{name}=true&since={}", token(&start))).await;
        let shown = &sync["rooms"]["join"][&room];
        let member = name.replace("use_", "");
        assert_eq!(shown[&member]["events"][0]["content"]["name"], "two", "{name}");
        assert_eq!(shown.get("state"), None);
        assert_eq!(shown["timeline"]["events"][0]["content"]["name"], "two");
    }
}

#[tokio::test]
async fn state_that_a_filter_drops_from_the_timeline_is_in_the_state() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({ "name": "one" })).await;
    let start = ann.sync("").await;
    ann.say(&room, "x").await;
    ann.set_state(&room, "m.room.name", json!({ "name": "two" })).await.ok();
    ann.say(&room, "y").await;
    let filter = urlencoding(r#"{"room":{"timeline":{"types":["m.room.message"]}}}"#);
    let sync = ann.sync(&format!("timeout=0&filter={filter}&since={}", token(&start))).await;
    let shown = &sync["rooms"]["join"][&room];
    assert_eq!(bodies(&shown["timeline"]["events"]), ["x", "y"]);
    assert_eq!(shown["state"]["events"][0]["content"]["name"], "two");
}

#[tokio::test]
async fn filters_choose_rooms_kinds_and_members_of_events() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let (one, two) = (ann.create_room(json!({})).await, ann.create_room(json!({})).await);
    ann.say(&one, "x").await;
    let filter = json!({
        "event_fields": ["content.body", "type"],
        "account_data": { "types": [] },
        "org.unknown": 1,
        "room": { "not_rooms": [two], "timeline": { "types": ["m.room.message"], "limit": 1 }, "state": { "types": [] } },
    });
    let id = ann.post(&format!("user/{}/filter", ann.id), filter).await.ok()["filter_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let sync = ann.sync(&format!("filter={id}")).await;
    let expected = json!([{ "type": "m.room.message", "content": { "body": "x" } }]);
    assert_eq!(sync["rooms"]["join"].as_object().unwrap().keys().collect::<Vec<_>>(), [&one]);
    assert_eq!(sync["rooms"]["join"][&one]["timeline"]["events"], expected);
    assert_eq!(sync["rooms"]["join"][&one]["timeline"]["limited"], false, "no older one matches");
    assert_eq!(
        (&sync["rooms"]["join"][&one]["state"]["events"], &sync["account_data"]["events"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(ann.get("sync?filter=unknown").await.refusal(), (404, "M_NOT_FOUND"));
}

#[tokio::test]
async fn full_state_repeats_everything_but_the_timeline() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({ "name": "N" })).await;
    let start = ann.sync("").await;
    let full = ann.sync(&format!("full_state=true&timeout=30000&since={}", token(&start))).await;
    let shown = &full["rooms"]["join"][&room];
    assert_eq!(shown["timeline"]["events"], json!([]));
    assert!(types(&shown["state"]["events"]).contains(&"m.room.create".to_owned()));
}

#[tokio::test]
async fn the_summary_is_right_after_every_coming_and_going() {
    let house = House::open().await;
    let (ann, bob, cem) = (house.person("ann").await, house.person("bob").await, house.person("cem").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    let mut at = ann.sync("").await;
    let mut expect = async |joined: i64, invited: i64, heroes: &[&Person]| {
        at = ann.sync_since(&at).await;
        let summary = &at["rooms"]["join"][&room]["summary"];
        let ids: Vec<_> = heroes.iter().map(|hero| hero.id.clone()).collect();
        let expected = json!({
            "m.joined_member_count": joined, "m.invited_member_count": invited, "m.heroes": ids,
        });
        assert_eq!(*summary, expected);
    };
    bob.join(&room).await.ok();
    expect(2, 0, &[&bob]).await;
    ann.invite(&room, &cem).await.ok();
    expect(2, 1, &[&bob, &cem]).await;
    cem.join(&room).await.ok();
    expect(3, 0, &[&bob, &cem]).await;
    ann.post(&format!("rooms/{room}/ban"), json!({ "user_id": cem.id })).await.ok();
    expect(2, 0, &[&bob]).await;
    bob.leave(&room).await.ok();
    let sync = ann.sync("").await;
    let mut heroes = sync["rooms"]["join"][&room]["summary"]["m.heroes"].as_array().unwrap().clone();
    heroes.sort_by_key(ToString::to_string);
    assert_eq!(heroes, [json!(bob.id), json!(cem.id)], "those who were here");
    ann.set_state(&room, "m.room.name", json!({ "name": "N" })).await.ok();
    assert_eq!(ann.sync("").await["rooms"]["join"][&room]["summary"].get("m.heroes"), None);
}
