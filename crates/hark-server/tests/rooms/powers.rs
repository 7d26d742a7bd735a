//! Power levels.

use serde_json::{Value, json};

use crate::support::{House, Person};

async fn levels(person: &Person, room: &str) -> Value {
    person.get(&format!("rooms/{room}/state/m.room.power_levels")).await.ok()
}

/// A new room says all its levels, as integers, and its creator has more than the others.
#[tokio::test]
async fn a_new_room_says_all_its_levels() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    for version in ["10", "11", "12"] {
        let room = ann.create_room(json!({ "room_version": version })).await;
        let content = levels(&ann, &room).await;
        for name in ["ban", "kick", "redact", "state_default", "events_default", "users_default", "invite"] {
            assert!(content[name].is_i64(), "{name} in {content}");
        }
        assert!(content["events"].as_object().unwrap().values().all(Value::is_i64));
        let own = &content["users"][&ann.id];
        assert_eq!(*own, if version == "12" { Value::Null } else { json!(100) });
    }
}

/// What is set is what is read back, unknown members included.
#[tokio::test]
async fn levels_are_kept_as_they_were_set() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({ "room_version": "11" })).await;
    let content = json!({ "invite": 100, "users": { (ann.id.as_str()): 100, "@random:their.home": 20 }, "org.extra": "text" });
    let set = ann.set_state(&room, "m.room.power_levels", content.clone()).await.ok();
    let event = ann.get(&format!("rooms/{room}/event/{}", set["event_id"].as_str().unwrap())).await.ok();
    assert_eq!(event["content"], content);
}

#[tokio::test]
async fn levels_are_integers_of_users_who_can_be() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({ "room_version": "11" })).await;
    let users = |level: Value| json!({ "users": { (ann.id.as_str()): level } });
    for content in [
        users(json!("100")),
        users(json!(null)),
        users(json!([100])),
        json!({ "users": [], "ban": 1 }),
        json!({ "users": { (ann.id.as_str()): 100, "nobody": 1 } }),
        json!({ "users": { (ann.id.as_str()): 100 }, "ban": "50" }),
        json!({ "users": { (ann.id.as_str()): 100 }, "events": { "m.room.name": "50" } }),
        json!({ "users": { (ann.id.as_str()): 100 }, "notifications": { "room": {} } }),
        json!({ "users": { (ann.id.as_str()): 100 }, "users_default": 9_007_199_254_740_992_u64 }),
    ] {
        let answer = ann.set_state(&room, "m.room.power_levels", content.clone()).await;
        assert_eq!(answer.refusal(), (400, "M_BAD_JSON"), "{content}");
    }
}

/// Levels without users leave nobody with power, which is for the room's rules to decide: the next change is refused, and what
/// was set stays.
#[tokio::test]
async fn who_gives_up_all_power_has_none() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({ "room_version": "11" })).await;
    ann.set_state(&room, "m.room.power_levels", json!({ "users": { (ann.id.as_str()): 100 } })).await.ok();
    ann.set_state(&room, "m.room.power_levels", json!({})).await.ok();
    let again = ann.set_state(&room, "m.room.power_levels", json!({ "users": {} })).await;
    assert_eq!(again.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(levels(&ann, &room).await, json!({}));
}

/// The level everybody has can be lowered by those whose own level equals it.
#[tokio::test]
async fn everybody_can_be_demoted_at_once() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let users = json!({ (ann.id.as_str()): 100 });
    let first = json!({ "users_default": 100, "users": users, "events": {}, "notifications": {} });
    let body =
        json!({ "preset": "public_chat", "room_version": "11", "power_level_content_override": first });
    let room = ann.create_room(body).await;
    let second = json!({ "users_default": 40, "users": users, "events": {}, "notifications": {} });
    ann.set_state(&room, "m.room.power_levels", second).await.ok();
}

/// Nobody gives what they do not have: no level above one's own, for oneself, others, actions or mentions of the room.
#[tokio::test]
async fn nobody_raises_anything_above_themselves() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    for version in ["10", "12"] {
        let room = ann.create_room(json!({ "room_version": version, "preset": "public_chat" })).await;
        bob.join(&room).await.ok();
        let mut content = levels(&ann, &room).await;
        content["users"][&bob.id] = json!(60);
        content["users"]["@peer:hark.test"] = json!(60);
        content["events"]["m.room.power_levels"] = json!(50);
        ann.set_state(&room, "m.room.power_levels", content.clone()).await.ok();
        for (path, value, status) in [
            (vec!["ban"], 25, 200),
            (vec!["ban"], 10_000_000, 403),
            (vec!["kick"], 61, 403),
            (vec!["redact"], 60, 200),
            (vec!["notifications", "room"], 25, 200),
            (vec!["notifications", "room"], 10_000_000, 403),
            (vec!["users", "@someone:hark.test"], 61, 403),
            (vec!["users", "@someone:hark.test"], 60, 200),
            (vec!["users", "@peer:hark.test"], 10, 403),
            (vec!["users", bob.id.as_str()], 61, 403),
            (vec!["events", "m.room.name"], 61, 403),
            (vec!["events", "m.room.tombstone"], 0, 403),
            (vec!["users", bob.id.as_str()], 50, 200),
        ] {
            let mut changed = levels(&bob, &room).await;
            let place = path.iter().fold(&mut changed, |place, name| &mut place[*name]);
            *place = json!(value);
            let answer = bob.set_state(&room, "m.room.power_levels", changed).await;
            assert_eq!(answer.status, status, "v{version} {path:?} {value}: {answer:?}");
        }
    }
}

/// State of a kind that needs no level is set by anybody in the room, other state only with the power for it.
#[tokio::test]
async fn each_kind_of_state_has_its_level() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let override_ = json!({ "events": { "m.room.topic": 0, "m.room.name": 50 } });
    let room =
        ann.create_room(json!({ "preset": "public_chat", "power_level_content_override": override_ })).await;
    bob.join(&room).await.ok();
    bob.set_state(&room, "m.room.topic", json!({ "topic": "anybody's" })).await.ok();
    for kind in ["m.room.name", "org.other"] {
        assert_eq!(bob.set_state(&room, kind, json!({ "name": "x" })).await.refusal(), (403, "M_FORBIDDEN"));
    }
    // A key that is a user id belongs to that user.
    let override_ = json!({ "state_default": 0 });
    let room =
        ann.create_room(json!({ "preset": "public_chat", "power_level_content_override": override_ })).await;
    bob.join(&room).await.ok();
    let put = |key: &str| {
        let (bob, path) = (bob.clone(), format!("rooms/{room}/state/org.mine/{key}"));
        async move { bob.put(&path, json!({ "v": 1 })).await }
    };
    put(&bob.id).await.ok();
    put("anything").await.ok();
    assert_eq!(put(&ann.id).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(put("@odd").await.refusal(), (403, "M_FORBIDDEN"));
}
