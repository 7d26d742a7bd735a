//! Creators: above all power levels in room version 12, a level among others before.

use serde_json::{Value, json};

use crate::{
    checker,
    support::{House, Person},
};

async fn kick(who: &Person, room: &str, target: &Person) -> u16 {
    who.post(&format!("rooms/{room}/kick"), json!({ "user_id": target.id })).await.status
}

async fn levels(person: &Person, room: &str) -> Value {
    person.get(&format!("rooms/{room}/state/m.room.power_levels")).await.ok()
}

/// The creator stands in no power levels, cannot be given one, and burying the room needs more than an administrator has.
#[tokio::test]
async fn a_creator_has_no_level() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "room_version": "12" })).await;
    let first = levels(&ann, &room).await;
    assert_eq!((&first["users"], &first["events"]["m.room.tombstone"]), (&json!({}), &json!(150)));
    let given = json!({ "users": { (ann.id.as_str()): 100 } });
    let answer = ann.set_state(&room, "m.room.power_levels", given.clone()).await;
    assert_eq!(answer.refusal(), (400, "M_BAD_JSON"));
    let body = json!({ "room_version": "12", "power_level_content_override": given });
    assert_eq!(ann.post("createRoom", body).await.refusal(), (400, "M_BAD_JSON"));
    let other = json!({ "users": { (bob.id.as_str()): 100 } });
    let body = json!({ "room_version": "12", "power_level_content_override": other, "invite": [bob.id] });
    let room = ann.create_room(body).await;
    assert_eq!(levels(&ann, &room).await["users"], other["users"]);
}

/// Whatever level an administrator has, the creator is above it.
#[tokio::test]
async fn a_creator_is_above_every_level() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    for level in [100_u64, 949_342, 9_007_199_254_740_991] {
        let room = ann.create_room(json!({ "room_version": "12", "invite": [bob.id] })).await;
        bob.join(&room).await.ok();
        let given = json!({ "users": { (bob.id.as_str()): level }, "events": { "m.room.tombstone": 150 } });
        ann.set_state(&room, "m.room.power_levels", given).await.ok();
        assert_eq!(kick(&bob, &room, &ann).await, 403, "{level}");
        let tombstone = json!({ "body": "gone", "replacement_room": "!x:hark.test" });
        let buried = bob.set_state(&room, "m.room.tombstone", tombstone).await;
        assert_eq!(buried.status, if level < 150 { 403 } else { 200 }, "{level}");
        assert_eq!(kick(&ann, &room, &bob).await, 200, "{level}");
        checker::check(&house, &room).await;
    }
    let room = ann.create_room(json!({ "room_version": "12" })).await;
    let beyond = json!({ "users": { (bob.id.as_str()): 9_007_199_254_740_992_u64 } });
    assert_eq!(ann.set_state(&room, "m.room.power_levels", beyond).await.refusal(), (400, "M_BAD_JSON"));
}

/// Additional creators are creators: equals who cannot be shown out and have no level.
#[tokio::test]
async fn additional_creators_are_equals() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let creation = json!({ "additional_creators": [bob.id] });
    let body = json!({ "room_version": "12", "preset": "public_chat", "creation_content": creation });
    let room = ann.create_room(body).await;
    bob.join(&room).await.ok();
    assert_eq!(kick(&ann, &room, &bob).await, 403);
    bob.set_state(&room, "m.room.name", json!({ "name": "Bob's" })).await.ok();
    let given = json!({ "users": { (bob.id.as_str()): 100 } });
    assert_eq!(ann.set_state(&room, "m.room.power_levels", given).await.refusal(), (400, "M_BAD_JSON"));
}

#[tokio::test]
async fn additional_creators_are_user_ids() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    for (named, status) in [
        (json!("not-a-list"), 400),
        (json!(["@foo:example.com", 42]), 400),
        (json!(["@foo:example.com", "not-a-user-id"]), 400),
        (json!(["@invalid:dom$ain$.com"]), 400),
        (json!(["@foo:example.com", "@bar:baz.code"]), 200),
        (json!([]), 200),
    ] {
        let creation = json!({ "additional_creators": named });
        let answer =
            ann.post("createRoom", json!({ "room_version": "12", "creation_content": creation })).await;
        assert_eq!(answer.status, status, "{named}");
        // Where there are none, it is a member like any other.
        let answer =
            ann.post("createRoom", json!({ "room_version": "11", "creation_content": creation })).await;
        assert_eq!(answer.status, 200, "{named}");
    }
}

/// Those trusted from the start are creators beside the ones named, each once; in earlier versions they get the creator's level.
#[tokio::test]
async fn the_trusted_are_creators_beside_the_named() {
    let house = House::open().await;
    let (ann, bob, joe) = (house.person("ann").await, house.person("bob").await, house.person("joe").await);
    let body = |version: &str, named: Value| {
        json!({
            "room_version": version, "preset": "trusted_private_chat", "is_direct": true, "invite": [bob.id],
            "creation_content": { "additional_creators": named },
        })
    };
    let room = ann.create_room(body("12", json!([joe.id, bob.id]))).await;
    let create = ann.get(&format!("rooms/{room}/state/m.room.create")).await.ok();
    assert_eq!(create["additional_creators"], json!([joe.id, bob.id]));
    assert_eq!(levels(&ann, &room).await["users"], json!({}));
    let room = ann.create_room(body("12", json!([]))).await;
    let create = ann.get(&format!("rooms/{room}/state/m.room.create")).await.ok();
    assert_eq!(create["additional_creators"], json!([bob.id]));
    let room = ann.create_room(body("11", json!([]))).await;
    let expected = json!({ (ann.id.as_str()): 100, (bob.id.as_str()): 100 });
    assert_eq!(levels(&ann, &room).await["users"], expected);
}

/// A room is created once; its create event cannot be set again and is shown with the room's id although it does not hold it.
#[tokio::test]
async fn the_create_event_is_the_first_and_only_one() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    for version in ["10", "11", "12"] {
        let room = ann.create_room(json!({ "room_version": version })).await;
        let again =
            ann.set_state(&room, "m.room.create", json!({ "room_version": version, "more": 1 })).await;
        assert_eq!(again.refusal(), (400, "M_INVALID_PARAM"));
        let message = ann.say(&room, "hello").await;
        let create = ann.get(&format!("rooms/{room}/state/m.room.create?format=event")).await.ok();
        let id = create["event_id"].as_str().unwrap();
        let first = |events: &Value| {
            events.as_array().unwrap().iter().find(|event| event["type"] == "m.room.create").unwrap().clone()
        };
        let get = |path: String| {
            let (ann, path) = (ann.clone(), format!("rooms/{room}/{path}"));
            async move { ann.get(&path).await.ok() }
        };
        let context = get(format!("context/{message}?limit=100")).await;
        for shown in [
            create.clone(),
            first(&get("state".into()).await),
            first(&get("messages?dir=b&limit=100".into()).await["chunk"]),
            get(format!("event/{id}")).await,
            get(format!("context/{id}")).await["event"].clone(),
            first(&context["events_before"]),
            first(&context["state"]),
        ] {
            assert_eq!((&shown["room_id"], &shown["event_id"]), (&json!(room), &json!(id)), "{shown}");
        }
    }
}
