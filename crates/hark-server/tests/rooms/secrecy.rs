//! Who sees what: every read of a room by everybody who might try.

use serde_json::json;

use crate::support::{Answer, House, Person, bodies};

/// Every way to read a room.
async fn reads(person: &Person, room: &str, event: &str) -> Vec<(&'static str, Answer)> {
    let mut answers = Vec::new();
    for (name, path) in [
        ("state", format!("rooms/{room}/state")),
        ("state one", format!("rooms/{room}/state/m.room.name/")),
        ("members", format!("rooms/{room}/members")),
        ("joined_members", format!("rooms/{room}/joined_members")),
        ("messages", format!("rooms/{room}/messages?dir=b")),
        ("context", format!("rooms/{room}/context/{event}")),
        ("event", format!("rooms/{room}/event/{event}")),
        ("aliases", format!("rooms/{room}/aliases")),
    ] {
        answers.push((name, person.get(&path).await));
    }
    answers
}

#[tokio::test]
async fn a_stranger_cannot_tell_a_private_room_from_none() {
    let house = House::open().await;
    let (ann, eve) = (house.person("ann").await, house.person("eve").await);
    let room = ann.create_room(json!({ "name": "secret" })).await;
    let event = ann.say(&room, "secret").await;
    let none = "!nothingnothingnothingnothingnothingnothing1";
    assert_eq!(reads(&eve, &room, &event).await, reads(&eve, none, &event).await);
    for (method, path, body) in [
        ("POST", "join", json!({})),
        ("POST", "leave", json!({})),
        ("POST", "forget", json!({})),
        ("POST", "invite", json!({ "user_id": eve.id })),
        ("POST", "invite", json!({ "user_id": "@nobody:hark.test" })),
        ("POST", "kick", json!({ "user_id": ann.id })),
        ("POST", "ban", json!({ "user_id": ann.id })),
        ("POST", "unban", json!({ "user_id": ann.id })),
        ("POST", "read_markers", json!({ "m.read": event })),
        ("PUT", "send/m.room.message/t", json!({ "body": "x" })),
        ("PUT", "state/m.room.name/", json!({ "name": "x" })),
        ("PUT", "state/m.room.canonical_alias/", json!({ "alias": "#x:hark.test" })),
        ("PUT", "state/m.room.power_levels/", json!({ "users": { (ann.id.as_str()): 100 } })),
        ("PUT", &format!("state/m.room.member/{}", eve.id), json!({ "membership": "join" })),
        ("PUT", &format!("state/m.room.member/{}", ann.id), json!({ "membership": "ban" })),
        ("POST", "upgrade", json!({ "new_version": "12" })),
        ("PUT", "redact/$x/t", json!({})),
        ("PUT", "send/m.room.redaction/t2", json!({ "redacts": event })),
    ] {
        let [real, unreal] = [&room, none].map(|room| format!("rooms/{room}/{path}"));
        let answer = eve.call(method, &real, Some(body.clone())).await;
        assert_eq!(answer.status, 403, "{method} {path} {answer:?}");
        assert_eq!(answer, eve.call(method, &unreal, Some(body)).await, "{method} {path}");
    }
}

#[tokio::test]
async fn the_invited_the_left_and_the_forgetful_see_what_is_theirs() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "name": "before", "invite": [bob.id] })).await;
    let event = ann.say(&room, "x").await;
    let statuses = |answers: Vec<(&'static str, Answer)>| {
        answers.iter().map(|(_, answer)| answer.status).collect::<Vec<_>>()
    };
    assert_eq!(
        statuses(reads(&bob, &room, &event).await),
        [403, 403, 403, 403, 403, 403, 404, 403],
        "invited"
    );
    bob.join(&room).await.ok();
    assert_eq!(statuses(reads(&bob, &room, &event).await), [200; 8], "joined");
    bob.leave(&room).await.ok();
    ann.set_state(&room, "m.room.name", json!({ "name": "after" })).await.ok();
    let later = ann.say(&room, "later").await;
    let after_leaving = [200, 200, 200, 403, 200, 200, 200, 403];
    assert_eq!(
        statuses(reads(&bob, &room, &event).await),
        after_leaving,
        "present members and aliases are not theirs"
    );
    assert_eq!(bob.get(&format!("rooms/{room}/state/m.room.name/")).await.ok()["name"], "before");
    assert_eq!(bob.get(&format!("rooms/{room}/event/{later}")).await.refusal(), (404, "M_NOT_FOUND"));
    let page = bob.get(&format!("rooms/{room}/messages?dir=f&limit=100")).await.ok();
    assert!(!bodies(&page["chunk"]).contains(&"later"));
    bob.post(&format!("rooms/{room}/forget"), json!({})).await.ok();
    assert_eq!(
        statuses(reads(&bob, &room, &event).await),
        [403, 403, 403, 403, 403, 403, 404, 403],
        "forgotten"
    );
}

#[tokio::test]
async fn history_visibility_decides_what_newcomers_see() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    for (visibility, expected) in [
        ("shared", vec!["early", "invited", "late"]),
        ("invited", vec!["invited", "late"]),
        ("joined", vec!["late"]),
        ("world_readable", vec!["early", "invited", "late"]),
    ] {
        let bob = house.person(&format!("bob-{}", visibility.replace('_', "-"))).await;
        let state =
            json!([{ "type": "m.room.history_visibility", "content": { "history_visibility": visibility } }]);
        let room = ann.create_room(json!({ "initial_state": state })).await;
        ann.say(&room, "early").await;
        ann.invite(&room, &bob).await.ok();
        ann.say(&room, "invited").await;
        bob.join(&room).await.ok();
        ann.say(&room, "late").await;
        let page = bob.get(&format!("rooms/{room}/messages?dir=f&limit=100")).await.ok();
        assert_eq!(bodies(&page["chunk"]), expected, "{visibility}");
        let sync = bob.sync("").await;
        assert_eq!(bodies(&sync["rooms"]["join"][&room]["timeline"]["events"]), expected, "{visibility}");
    }
}

#[tokio::test]
async fn anybody_may_look_into_a_world_readable_room_but_not_speak() {
    let house = House::open().await;
    let (ann, eve) = (house.person("ann").await, house.person("eve").await);
    let state = json!([{ "type": "m.room.history_visibility", "content": { "history_visibility": "world_readable" } }]);
    let room = ann.create_room(json!({ "initial_state": state })).await;
    ann.say(&room, "public").await;
    let page = eve.get(&format!("rooms/{room}/messages?dir=b")).await.ok();
    assert_eq!(bodies(&page["chunk"]), ["public"]);
    assert_eq!(page["chunk"][0]["unsigned"]["membership"], "leave");
    assert_eq!(eve.put(&format!("rooms/{room}/send/m.x/t"), json!({})).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(eve.get(&format!("rooms/{room}/joined_members")).await.refusal(), (403, "M_FORBIDDEN"));
}

#[tokio::test]
async fn the_messages_of_the_ignored_are_not_shown() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let ignored = json!({ "ignored_users": { ann.id.as_str(): {} } });
    bob.put(&format!("user/{}/account_data/m.ignored_user_list", bob.id), ignored).await.ok();
    let event = ann.say(&room, "unwanted").await;
    ann.create_room(json!({ "invite": [bob.id] })).await;
    let sync = bob.sync("").await;
    assert_eq!(bodies(&sync["rooms"]["join"][&room]["timeline"]["events"]), Vec::<&str>::new());
    assert_eq!(sync["rooms"]["invite"], json!({}));
    assert_eq!(bob.get(&format!("rooms/{room}/event/{event}")).await.refusal(), (404, "M_NOT_FOUND"));
}
