//! Filters, and what is right whatever they drop.

use serde_json::json;

use crate::{
    support::{House, bodies, unique},
    syncs::filtered,
    types, urlencoding,
};

/// Flags and numbers of a filter are of their JSON type, wherever the filter comes in (SyTest: lazy loading is strictly boolean).
#[tokio::test]
async fn flags_of_a_filter_are_json_booleans() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    for flag in ["lazy_load_members", "include_redundant_members"] {
        for value in [json!("true"), json!(1), json!({})] {
            let filter = json!({ "room": { "state": { flag: value } } });
            let inline = urlencoding(&filter.to_string());
            assert_eq!(ann.get(&format!("sync?filter={inline}")).await.status, 400, "{filter}");
            assert_eq!(ann.post(&format!("user/{}/filter", ann.id), filter).await.status, 400);
        }
    }
    let unknown = json!({ "org.matrix.msc": { "a": 1 }, "room": { "timeline": { "org.x": true } } });
    ann.post(&format!("user/{}/filter", ann.id), unknown.clone()).await.ok();
    filtered(&ann, None, unknown).await;
    let large = json!({ "event_fields": ["x".repeat(65_536)] });
    assert_eq!(ann.post(&format!("user/{}/filter", ann.id), large).await.refusal(), (413, "M_TOO_LARGE"));
}

/// A filter that drops most events has the server look further back, and says rightly whether there is more (TestSyncTimelineGap).
#[tokio::test]
async fn a_filter_that_drops_most_events_still_fills_the_timeline() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let start = ann.sync("").await;
    ann.say(&room, "one").await;
    ann.say(&room, "two").await;
    for _ in 0..80 {
        ann.put(&format!("rooms/{room}/send/org.other/{}", unique()), json!({})).await.ok();
    }
    let wanted = |limit: u8| json!({ "room": { "timeline": { "types": ["m.room.message"], "limit": limit }, "state": { "types": [] } } });
    for since in [None, Some(&start)] {
        let both = filtered(&ann, since, wanted(2)).await["rooms"]["join"][&room]["timeline"].clone();
        assert_eq!((bodies(&both["events"]), &both["limited"]), (vec!["one", "two"], &json!(false)));
        let newest = filtered(&ann, since, wanted(1)).await["rooms"]["join"][&room]["timeline"].clone();
        assert_eq!((bodies(&newest["events"]), &newest["limited"]), (vec!["two"], &json!(true)));
        let from = newest["prev_batch"].as_str().unwrap();
        let older = ann.get(&format!("rooms/{room}/messages?dir=b&limit=1&from={from}")).await.ok();
        assert_eq!(bodies(&older["chunk"]), ["one"]);
    }
    let none = json!({ "room": { "timeline": { "types": ["org.none"] } } });
    assert_eq!(filtered(&ann, Some(&start), none).await["rooms"]["join"], json!({}), "nothing of it is news");
}

#[tokio::test]
async fn events_are_chosen_by_sender_and_by_having_an_address() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    ann.say(&room, "of ann").await;
    bob.say(&room, "of bob").await;
    let picture = json!({ "msgtype": "m.image", "body": "picture", "url": "mxc://hark.test/x" });
    ann.put(&format!("rooms/{room}/send/m.room.message/{}", unique()), picture).await.ok();
    for (timeline, expected) in [
        (json!({ "senders": [bob.id] }), vec!["of bob"]),
        (json!({ "not_senders": [bob.id] }), vec!["of ann", "picture"]),
        (json!({ "senders": [ann.id, bob.id], "not_senders": [ann.id] }), vec!["of bob"]),
        (json!({ "types": ["m.room.mess*"] }), vec!["of ann", "of bob", "picture"]),
        (json!({ "types": ["m.*"], "not_types": ["*.message"] }), vec![]),
        (json!({ "contains_url": true }), vec!["picture"]),
        (json!({ "contains_url": false }), vec!["of ann", "of bob"]),
        (json!({ "not_rooms": [room] }), vec![]),
    ] {
        let sync = filtered(&ann, None, json!({ "room": { "timeline": timeline } })).await;
        assert_eq!(bodies(&sync["rooms"]["join"][&room]["timeline"]["events"]), expected, "{timeline}");
    }
    for rooms in [json!({ "rooms": [] }), json!({ "not_rooms": [room] })] {
        assert_eq!(filtered(&ann, None, json!({ "room": rooms })).await["rooms"]["join"], json!({}));
    }
}

/// SyTest: "Can request federation format via the filter".
#[tokio::test]
async fn events_come_as_servers_see_them_if_asked_for() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let id = ann.say(&room, "x").await;
    let sync =
        filtered(&ann, None, json!({ "event_format": "federation", "room": { "timeline": { "limit": 1 } } }))
            .await;
    let event = &sync["rooms"]["join"][&room]["timeline"]["events"][0];
    assert_eq!((&event["event_id"], &event["room_id"]), (&json!(id), &json!(room)));
    for member in
        ["prev_events", "auth_events", "depth", "hashes", "signatures", "origin_server_ts", "sender", "type"]
    {
        assert!(!event[member].is_null(), "{member}");
    }
}

/// A name that shows in the summary for the first time comes with its member event, lazy loading or not.
#[tokio::test]
async fn a_new_hero_comes_with_the_member_event() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat", "name": "N" })).await;
    bob.join(&room).await.ok();
    let lazy = json!({ "room": { "timeline": { "types": ["m.room.message"] }, "state": { "lazy_load_members": true } } });
    let start = filtered(&ann, None, lazy.clone()).await;
    ann.set_state(&room, "m.room.name", json!({ "name": "" })).await.ok();
    let next = filtered(&ann, Some(&start), lazy).await;
    let shown = &next["rooms"]["join"][&room];
    assert_eq!(shown["summary"]["m.heroes"], json!([bob.id]));
    let state = shown["state"]["events"].as_array().unwrap();
    assert!(
        state.iter().any(|event| event["state_key"] == bob.id.as_str()),
        "{:?}",
        types(&shown["state"]["events"])
    );
}
