//! What stands in a timeline, and what is said of the rest.

use serde_json::{Value, json};

use crate::{
    support::{House, Person, bodies, unique},
    syncs::{filtered, sees_in_timeline},
    types,
};

async fn send(person: &Person, room: &str, kind: &str) -> String {
    let sent = person.put(&format!("rooms/{room}/send/{kind}/{}", unique()), json!({})).await.ok();
    sent["event_id"].as_str().unwrap().to_owned()
}

/// A room joined inside the window shows its newest messages, those from before the joining too; and is limited unless they are all
/// there are (TestSync: "Newly joined room has correct timeline in incremental sync").
#[tokio::test]
async fn a_newly_joined_room_shows_what_was_said_before() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    let messages = json!({ "room": { "timeline": { "limit": 10, "types": ["m.room.message"] }, "state": { "types": [] } } });
    for n in 0..4 {
        ann.say(&room, &format!("early {n}")).await;
    }
    let start = filtered(&bob, None, messages.clone()).await;
    for n in 0..4 {
        ann.say(&room, &format!("late {n}")).await;
    }
    bob.join(&room).await.ok();
    let shown = filtered(&bob, Some(&start), messages).await["rooms"]["join"][&room]["timeline"].clone();
    assert_eq!(bodies(&shown["events"]).len(), 8);
    assert_eq!(shown["limited"], true, "what the client may hold of the room is not joined to this");
}

/// SyTest: "Syncing a new room with a large timeline limit isn't limited" and "A filtered timeline reaches its limit".
#[tokio::test]
async fn a_timeline_that_has_everything_is_not_limited() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let shown = filtered(&ann, None, json!({ "room": { "timeline": { "limit": 100 } } })).await;
    let shown = &shown["rooms"]["join"][&room];
    assert_eq!((&shown["timeline"]["limited"], &shown["state"]["events"]), (&json!(false), &json!([])));
    assert_eq!(shown["timeline"]["events"][0]["type"], "m.room.create");
    ann.say(&room, "the one").await;
    for _ in 0..12 {
        send(&ann, &room, "org.filler").await;
    }
    let one = json!({ "room": { "timeline": { "limit": 1, "types": ["m.room.message"] }, "state": { "types": [] } } });
    let shown = filtered(&ann, None, one).await["rooms"]["join"][&room]["timeline"].clone();
    assert_eq!((bodies(&shown["events"]), &shown["limited"]), (vec!["the one"], &json!(false)));
}

/// SyTest: "A full_state incremental update returns only recent timeline" and "… returns all state".
#[tokio::test]
async fn full_state_goes_with_a_recent_timeline_and_all_that_the_filter_wants() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    for key in ["changes", "stays"] {
        ann.put(&format!("rooms/{room}/state/org.made.up/{key}"), json!({ "n": 1 })).await.ok();
    }
    let filter = json!({ "room": { "timeline": { "limit": 2 }, "state": { "types": ["org.made.up"] } } });
    let start = filtered(&ann, None, filter.clone()).await;
    assert_eq!(start["rooms"]["join"][&room]["state"]["events"], json!([]), "both are in the timeline");
    ann.put(&format!("rooms/{room}/state/org.made.up/changes"), json!({ "n": 2 })).await.ok();
    for _ in 0..10 {
        send(&ann, &room, "org.filler").await;
    }
    let filter = crate::urlencoding(&filter.to_string());
    let full =
        ann.sync(&format!("since={}&full_state=true&filter={filter}", crate::support::token(&start))).await;
    let shown = &full["rooms"]["join"][&room];
    assert_eq!(types(&shown["timeline"]["events"]), ["org.filler", "org.filler"]);
    let mut state: Vec<_> = shown["state"]["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["state_key"].as_str().unwrap(), event["content"]["n"].as_i64().unwrap()))
        .collect();
    state.sort_unstable();
    assert_eq!(state, [("changes", 2), ("stays", 1)]);
}

/// With `full_state` rooms one has left and invitations that stand are told again, too, as in a first sync.
#[tokio::test]
async fn full_state_tells_again_of_invitations_and_of_rooms_one_left() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let left = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&left).await.ok();
    bob.leave(&left).await.ok();
    let invited = ann.create_room(json!({ "invite": [bob.id] })).await;
    let start = bob.sync("").await;
    let since = crate::support::token(&start);
    let filter = crate::urlencoding(r#"{"room":{"include_leave":true}}"#);
    let full = bob.sync(&format!("since={since}&full_state=true&filter={filter}")).await;
    assert!(
        full["rooms"]["leave"][&left].is_object() && full["rooms"]["invite"][&invited].is_object(),
        "{full}"
    );
    let full = bob.sync(&format!("since={since}&full_state=true")).await;
    assert_eq!(full["rooms"]["leave"], json!({}), "not asked for");
}

/// Members changed while one was away, in a room that hides its past: who is a member now is shown in the timeline all the same
/// (SyTest: "Current state appears in timeline in private history", with messages before and after).
#[tokio::test]
async fn the_state_in_force_is_in_the_timeline_of_a_room_that_hides_its_past() {
    let house = House::open().await;
    let (ann, bob, cem) = (house.person("ann").await, house.person("bob").await, house.person("cem").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    ann.set_state(&room, "m.room.history_visibility", json!({ "history_visibility": "joined" })).await.ok();
    ann.invite(&room, &cem).await.ok();
    let start = bob.sync("").await;
    for n in 0..20 {
        ann.say(&room, &format!("before {n}")).await;
    }
    bob.leave(&room).await.ok();
    ann.set_state(&room, "m.room.topic", json!({ "topic": "replaced" })).await.ok();
    cem.join(&room).await.ok();
    for n in 0..20 {
        ann.say(&room, &format!("hidden {n}")).await;
    }
    ann.set_state(&room, "m.room.topic", json!({ "topic": "in force" })).await.ok();
    bob.join(&room).await.ok();
    let shown = bob.sync_since(&start).await["rooms"]["join"][&room].clone();
    let of_cem =
        |event: &Value| event["state_key"] == cem.id.as_str() && event["content"]["membership"] == "join";
    assert!(sees_in_timeline(&shown, of_cem), "{shown}");
    assert!(sees_in_timeline(&shown, |event| event["content"]["topic"] == "in force"));
    let text = shown.to_string();
    assert!(!text.contains("hidden") && !text.contains(r#""topic":"replaced"},"event_id"#), "{text}");
}

/// TestMembershipOnEvents (MSC4115): each event says what the reader was in the room when it was sent; the joining itself says `join`.
#[tokio::test]
async fn events_say_what_the_reader_was_in_the_room() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    let before = ann.say(&room, "before").await;
    ann.invite(&room, &bob).await.ok();
    let invited = ann.say(&room, "invited").await;
    bob.join(&room).await.ok();
    let joined = ann.say(&room, "joined").await;
    let expected = json!({ &before: "leave", invited: "invite", joined: "join" });
    let sync = filtered(&bob, None, json!({ "room": { "timeline": { "limit": 50 } } })).await;
    let page = bob.get(&format!("rooms/{room}/messages?dir=b&limit=50")).await.ok();
    for events in [&sync["rooms"]["join"][&room]["timeline"]["events"], &page["chunk"]] {
        for (id, membership) in expected.as_object().unwrap() {
            let event =
                events.as_array().unwrap().iter().find(|event| event["event_id"] == id.as_str()).unwrap();
            assert_eq!(event["unsigned"]["membership"], *membership, "{event}");
        }
        let own = |event: &&Value| event["state_key"] == bob.id.as_str();
        for event in events.as_array().unwrap().iter().filter(own) {
            assert_eq!(event["unsigned"]["membership"], event["content"]["membership"]);
        }
    }
    let event = bob.get(&format!("rooms/{room}/event/{before}")).await.ok();
    assert_eq!(event["unsigned"]["membership"], "leave");
}

/// SyTest: "A prev_batch token … can be used in the v1 messages API" and "A next_batch token can be used …".
#[tokio::test]
async fn the_tokens_of_a_sync_go_on_in_messages() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    ann.say(&room, "one").await;
    let first = filtered(&ann, None, json!({ "room": { "timeline": { "limit": 1 } } })).await;
    ann.say(&room, "two").await;
    let next = ann.sync_since(&first).await;
    let page = |from: String, dir: &'static str| {
        let (ann, path) = (ann.clone(), format!("rooms/{room}/messages?dir={dir}&limit=1&from={from}"));
        async move { ann.get(&path).await.ok()["chunk"].clone() }
    };
    let prev =
        |sync: &Value| sync["rooms"]["join"][&room]["timeline"]["prev_batch"].as_str().unwrap().to_owned();
    let token = |sync: &Value| crate::support::token(sync).to_owned();
    assert_eq!(types(&page(prev(&first), "b").await), ["m.room.guest_access"]);
    assert_eq!(bodies(&page(prev(&next), "b").await), ["one"]);
    assert_eq!(bodies(&page(token(&first), "f").await), ["two"]);
    assert_eq!(bodies(&page(token(&next), "b").await), ["two"]);
}

/// SyTest: "A change to displayname should appear in incremental /sync", and to who filters it out it is no news at all ("… should not
/// result in a full state sync").
#[tokio::test]
async fn a_new_name_is_told_and_is_no_news_to_who_filters_it_out() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    ann.set_state(&room, "org.made.up", json!({ "n": 1 })).await.ok();
    let narrow = json!({ "room": { "timeline": { "types": [] }, "state": { "types": ["org.made.up"] } }, "presence": { "types": [] } });
    let start = filtered(&ann, None, narrow.clone()).await;
    assert_eq!(types(&start["rooms"]["join"][&room]["state"]["events"]), ["org.made.up"]);
    ann.put(&format!("profile/{}/displayname", ann.id), json!({ "displayname": "Boris" })).await.ok();
    ann.say(&room, "x").await;
    assert_eq!(filtered(&ann, Some(&start), narrow).await["rooms"]["join"], json!({}));
    let shown = ann.sync_since(&start).await["rooms"]["join"][&room].clone();
    assert_eq!(types(&shown["timeline"]["events"]), ["m.room.member", "m.room.message"]);
    assert_eq!(shown["timeline"]["events"][0]["content"]["displayname"], "Boris");
}
