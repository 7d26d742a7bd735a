//! A room's state, set and read.

use serde_json::{Value, json};

use crate::support::{House, Person, token};

/// An own member event and the levels are there for whoever made the room; reading one event whole shows its author and room.
#[tokio::test]
async fn state_is_read_whole_by_key_and_as_an_event() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({ "name": "Kitchen", "topic": "Food", "preset": "public_chat" })).await;
    let member = format!("rooms/{room}/state/m.room.member/{}", ann.id);
    assert_eq!(ann.get(&member).await.ok()["membership"], "join");
    let event = ann.get(&format!("{member}?format=event")).await.ok();
    assert_eq!(
        (&event["sender"], &event["room_id"], &event["content"]["membership"], &event["state_key"]),
        (&json!(ann.id), &json!(room), &json!("join"), &json!(ann.id))
    );
    assert_eq!(ann.get(&format!("{member}?format=content")).await.ok()["membership"], "join");
    let all = ann.get(&format!("rooms/{room}/state")).await.ok();
    let mut kinds: Vec<_> =
        all.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        [
            "m.room.create",
            "m.room.guest_access",
            "m.room.history_visibility",
            "m.room.join_rules",
            "m.room.member",
            "m.room.name",
            "m.room.power_levels",
            "m.room.topic",
        ]
    );
    let joined = ann.get(&format!("rooms/{room}/joined_members")).await.ok();
    assert_eq!(joined["joined"][&ann.id], json!({ "display_name": null, "avatar_url": null }));
}

/// Setting state twice changes nothing for a member; whoever has left is refused, also with what was theirs.
#[tokio::test]
async fn the_same_state_twice_is_for_members() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let levels = json!({ "state_default": 0 });
    let room =
        ann.create_room(json!({ "preset": "public_chat", "power_level_content_override": levels })).await;
    bob.join(&room).await.ok();
    let set = |who: &Person, value: i64| {
        let (who, room) = (who.clone(), room.clone());
        async move { who.set_state(&room, "a.test.state", json!({ "v": value })).await }
    };
    let first = set(&bob, 1).await.ok();
    assert_eq!(set(&bob, 1).await.ok(), first);
    assert_ne!(set(&ann, 1).await.ok(), first, "said by another it is another event");
    let own = set(&bob, 2).await.ok();
    bob.leave(&room).await.ok();
    assert_eq!(set(&bob, 2).await.refusal(), (403, "M_FORBIDDEN"));
    let now = ann.get(&format!("rooms/{room}/state/a.test.state?format=event")).await.ok();
    assert_eq!(now["event_id"], own["event_id"]);
}

/// Too large is too large as state too, nothing is stored, and a create event is not state one sets.
#[tokio::test]
async fn state_has_the_limits_of_events() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let start = ann.sync("").await;
    let large = json!({ "body": "x".repeat(65_300) });
    assert_eq!(ann.set_state(&room, "org.large", large).await.refusal(), (413, "M_TOO_LARGE"));
    let key = "k".repeat(256);
    let answer = ann.put(&format!("rooms/{room}/state/org.key/{key}"), json!({})).await;
    assert_eq!(answer.refusal(), (413, "M_TOO_LARGE"));
    assert_eq!(
        ann.call("PUT", &format!("rooms/{room}/state/org.list"), Some(json!([1]))).await.refusal().0,
        400
    );
    assert_eq!(ann.sync_since(&start).await["rooms"]["join"], json!({}));
}

/// Whoever left sees the room as it was when they left: its state, its members, one name, the past, and nothing after.
#[tokio::test]
async fn who_left_sees_the_room_as_it_was() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    let room = ann.create_room(json!({ "preset": "public_chat", "name": "N1" })).await;
    bob.join(&room).await.ok();
    ann.say(&room, "M1").await;
    bob.leave(&room).await.ok();
    ann.set_state(&room, "m.room.name", json!({ "name": "N2" })).await.ok();
    eve.join(&room).await.ok();
    ann.say(&room, "M2").await;
    let state = bob.get(&format!("rooms/{room}/state")).await.ok();
    let name = state.as_array().unwrap().iter().find(|event| event["type"] == "m.room.name").unwrap();
    assert_eq!(name["content"]["name"], "N1");
    let members = bob.get(&format!("rooms/{room}/members")).await.ok();
    let keys: Vec<_> =
        members["chunk"].as_array().unwrap().iter().map(|event| event["state_key"].clone()).collect();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(!keys.contains(&json!(eve.id)));
    assert_eq!(bob.get(&format!("rooms/{room}/joined_members")).await.refusal(), (403, "M_FORBIDDEN"));
}

/// Members at a point in the past, and by what they are.
#[tokio::test]
async fn members_are_listed_at_a_point_and_by_membership() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    ann.say(&room, "before").await;
    let before = ann.sync("").await;
    bob.join(&room).await.ok();
    bob.say(&room, "hello").await;
    let after = ann.sync("").await;
    bob.leave(&room).await.ok();
    let members = |query: String| {
        let (ann, path) = (ann.clone(), format!("rooms/{room}/members?{query}"));
        async move {
            let chunk = ann.get(&path).await.ok()["chunk"].clone();
            let mut of: Vec<String> = chunk
                .as_array()
                .unwrap()
                .iter()
                .map(|event| {
                    assert!(event["room_id"].is_string() && event["type"] == "m.room.member");
                    event["state_key"].as_str().unwrap().to_owned()
                })
                .collect();
            of.sort();
            of
        }
    };
    let (a, b) = (ann.id.clone(), bob.id.clone());
    assert_eq!(members(format!("at={}", token(&before))).await, std::slice::from_ref(&a));
    assert_eq!(members(format!("at={}", token(&after))).await, [a.clone(), b.clone()]);
    assert_eq!(members("not_membership=leave".into()).await, std::slice::from_ref(&a));
    assert_eq!(members("membership=leave".into()).await, std::slice::from_ref(&b));
    assert_eq!(members("membership=join".into()).await, std::slice::from_ref(&a));
    assert_eq!(members(format!("membership=join&at={}", token(&after))).await, [a, b]);
}

/// What a new room's creator is told of it in their own sync, in order.
#[tokio::test]
async fn a_creator_is_told_of_every_event_of_their_room() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let start = ann.sync("").await;
    let room = ann.create_room(json!({ "name": "N", "topic": "T", "room_alias_name": "told" })).await;
    let told = ann.sync_since(&start).await;
    let timeline = told["rooms"]["join"][&room]["timeline"]["events"].as_array().unwrap().clone();
    let kinds: Vec<_> = timeline.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "m.room.create",
            "m.room.member",
            "m.room.power_levels",
            "m.room.canonical_alias",
            "m.room.join_rules",
            "m.room.history_visibility",
            "m.room.guest_access",
            "m.room.name",
            "m.room.topic",
        ]
    );
    assert!(timeline.iter().all(|event| event["sender"] == ann.id.as_str()));
    let last: &Value = timeline.last().unwrap();
    assert_eq!(last["content"]["topic"], "T");
}
