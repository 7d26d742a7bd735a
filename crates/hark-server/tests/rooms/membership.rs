//! Coming and going.

use serde_json::{Value, json};

use crate::support::{House, Person};

async fn membership(of: &Person, room: &str, seen_by: &Person) -> Value {
    let answer = seen_by.get(&format!("rooms/{room}/state/m.room.member/{}", of.id)).await;
    answer.body["membership"].clone()
}

#[tokio::test]
async fn joining_twice_is_joining_once() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let start = ann.sync("").await;
    bob.join(&room).await.ok();
    assert_eq!(ann.sync_since(&start).await["rooms"]["join"], json!({}));
}

#[tokio::test]
async fn a_private_room_is_joined_by_invitation_only() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    let room = ann.create_room(json!({})).await;
    assert_eq!(bob.join(&room).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(eve.invite(&room, &bob).await.refusal(), (403, "M_FORBIDDEN"));
    ann.invite(&room, &bob).await.ok();
    ann.invite(&room, &bob).await.ok();
    bob.join(&room).await.ok();
    assert_eq!(ann.invite(&room, &bob).await.refusal(), (403, "M_FORBIDDEN"), "already here");
    assert_eq!(bob.get("joined_rooms").await.ok()["joined_rooms"], json!([room]));
}

#[tokio::test]
async fn kick_ban_and_unban_follow_power_and_membership() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let act = |who: &Person, what: &str, target: &Person| {
        let (who, path, body) =
            (who.clone(), format!("rooms/{room}/{what}"), json!({ "user_id": target.id, "reason": "r" }));
        async move { who.post(&path, body).await }
    };
    assert_eq!(act(&bob, "kick", &ann).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(act(&ann, "kick", &eve).await.refusal(), (403, "M_FORBIDDEN"), "never here");
    assert_eq!(act(&ann, "unban", &bob).await.refusal(), (403, "M_FORBIDDEN"), "not banned");
    act(&ann, "kick", &bob).await.ok();
    assert_eq!(membership(&bob, &room, &ann).await, "leave");
    bob.join(&room).await.ok();
    act(&ann, "ban", &bob).await.ok();
    assert_eq!(bob.join(&room).await.refusal(), (403, "M_FORBIDDEN"));
    act(&ann, "ban", &eve).await.ok();
    act(&ann, "unban", &bob).await.ok();
    bob.join(&room).await.ok();
    let event = ann.get(&format!("rooms/{room}/state/m.room.member/{}", eve.id)).await.ok();
    assert_eq!((&event["membership"], &event["reason"]), (&json!("ban"), &json!("r")));
}

#[tokio::test]
async fn a_room_is_forgotten_after_it_is_left() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let early = bob.post(&format!("rooms/{room}/forget"), json!({})).await;
    assert_eq!(early.refusal(), (400, "M_UNKNOWN"));
    bob.leave(&room).await.ok();
    bob.get(&format!("rooms/{room}/messages?dir=b")).await.ok();
    bob.post(&format!("rooms/{room}/forget"), json!({})).await.ok();
    assert_eq!(bob.get(&format!("rooms/{room}/messages?dir=b")).await.refusal(), (403, "M_FORBIDDEN"));
    let filter = crate::sending::urlencoding(r#"{"room":{"include_leave":true}}"#);
    assert_eq!(bob.sync(&format!("filter={filter}")).await["rooms"]["leave"], json!({}));
    bob.join(&room).await.ok();
    bob.get(&format!("rooms/{room}/messages?dir=b")).await.ok();
}

#[tokio::test]
async fn a_restricted_room_is_joined_from_the_allowed_one() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    let club = ann.create_room(json!({ "preset": "public_chat" })).await;
    let rules =
        json!({ "join_rule": "restricted", "allow": [{ "type": "m.room_membership", "room_id": club }] });
    let initial = json!([{ "type": "m.room.join_rules", "content": rules }]);
    for version in ["10", "12"] {
        let room = ann.create_room(json!({ "initial_state": initial, "room_version": version })).await;
        bob.join(&club).await.ok();
        bob.join(&room).await.ok();
        let event = ann.get(&format!("rooms/{room}/state/m.room.member/{}", bob.id)).await.ok();
        assert_eq!(event["join_authorised_via_users_server"], ann.id.as_str());
        assert_eq!(eve.join(&room).await.refusal(), (403, "M_FORBIDDEN"));
    }
}

#[tokio::test]
async fn a_member_event_shows_the_members_profile() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.put(&format!("profile/{}/displayname", bob.id), json!({ "displayname": "Bob B." })).await.ok();
    bob.join(&room).await.ok();
    let members = ann.get(&format!("rooms/{room}/joined_members")).await.ok();
    assert_eq!(members["joined"][&bob.id]["display_name"], "Bob B.");
    let start = ann.sync("").await;
    bob.put(&format!("profile/{}/displayname", bob.id), json!({ "displayname": "Robert" })).await.ok();
    let members = ann.get(&format!("rooms/{room}/joined_members")).await.ok();
    assert_eq!(members["joined"][&bob.id]["display_name"], "Robert", "a changed name goes to every room");
    let told = ann.sync_since(&start).await;
    let event = &told["rooms"]["join"][&room]["timeline"]["events"][0];
    assert_eq!(event["unsigned"]["prev_content"]["displayname"], "Bob B.");
    assert!(event["unsigned"]["replaces_state"].is_string());
}

/// By id or alias, with and without a body; what the body says beyond the endpoint's own goes into the member event, and other
/// servers named in the query make no difference.
#[tokio::test]
async fn a_join_goes_by_id_or_alias_and_keeps_what_it_says() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat", "room_alias_name": "way" })).await;
    let member = format!("rooms/{room}/state/m.room.member/{}", bob.id);
    for path in [
        format!("rooms/{room}/join"),
        format!("join/{room}"),
        format!("join/{room}?server_name=else.where&server_name=other.where&via=third.where"),
        "join/%23way:hark.test".to_owned(),
        "join/%23way%3Ahark.test?via=else.where".to_owned(),
    ] {
        assert_eq!(bob.call("POST", &path, None).await.ok(), json!({ "room_id": room }), "{path}");
        bob.leave(&room).await.ok();
        let body =
            json!({ "foo": "bar", "reason": "why not", "membership": "ban", "third_party_signed": {} });
        assert_eq!(bob.post(&path, body).await.ok(), json!({ "room_id": room }), "{path}");
        let expected = json!({ "membership": "join", "foo": "bar", "reason": "why not" });
        assert_eq!(ann.get(&member).await.ok(), expected);
        bob.leave(&room).await.ok();
    }
    assert_eq!(bob.post("join/%23none:hark.test", json!({})).await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(bob.post("join/nonsense", json!({})).await.refusal(), (400, "M_INVALID_PARAM"));
    assert_eq!(
        bob.post(&format!("join/{room}"), json!({ "reason": 7 })).await.refusal(),
        (400, "M_BAD_JSON")
    );
}

/// A member who joins again with something new to say changes their event, once, and keeps what they were called here.
#[tokio::test]
async fn joining_again_adds_to_what_was_said() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    bob.put(&format!("profile/{}/displayname", bob.id), json!({ "displayname": "Bob" })).await.ok();
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.post(&format!("rooms/{room}/join"), json!({ "displayname": "Bobby", "reason": "first" })).await.ok();
    let path = format!("rooms/{room}/state/m.room.member/{}?format=event", bob.id);
    bob.post(&format!("rooms/{room}/join"), json!({ "foo": 1 })).await.ok();
    let event = ann.get(&path).await.ok();
    assert_eq!(event["content"], json!({ "membership": "join", "displayname": "Bobby", "foo": 1 }));
    for body in [json!({ "foo": 1 }), json!({}), json!({ "reason": "again" })] {
        bob.post(&format!("rooms/{room}/join"), body).await.ok();
        assert_eq!(ann.get(&path).await.ok()["event_id"], event["event_id"]);
    }
}

/// A name chosen for one room stays when the profile changes; elsewhere the new name is shown, without the reason or the voucher
/// of the join.
#[tokio::test]
async fn a_name_for_one_room_outlives_a_new_profile() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let name = |name: &str| {
        let (bob, path) = (bob.clone(), format!("profile/{}/displayname", bob.id));
        let body = json!({ "displayname": name });
        async move { bob.put(&path, body).await.ok() }
    };
    name("Bob").await;
    let (own, usual) = (
        ann.create_room(json!({ "preset": "public_chat" })).await,
        ann.create_room(json!({ "preset": "public_chat" })).await,
    );
    bob.join(&own).await.ok();
    bob.post(&format!("rooms/{usual}/join"), json!({ "reason": "r" })).await.ok();
    let member = |room: &str| format!("rooms/{room}/state/m.room.member/{}", bob.id);
    bob.put(&member(&own), json!({ "membership": "join", "displayname": "Admin Bob" })).await.ok();
    name("Robert").await;
    assert_eq!(ann.get(&member(&own)).await.ok()["displayname"], "Admin Bob");
    assert_eq!(ann.get(&member(&usual)).await.ok(), json!({ "membership": "join", "displayname": "Robert" }));
    bob.leave(&usual).await.ok();
    assert_eq!(ann.get(&member(&usual)).await.ok(), json!({ "membership": "leave" }));
}

/// Reasons are kept whatever happens.
#[tokio::test]
async fn every_change_of_membership_keeps_its_reason() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({})).await;
    for (who, what) in [
        (&ann, "invite"),
        (&bob, "join"),
        (&bob, "leave"),
        (&ann, "invite"),
        (&ann, "kick"),
        (&ann, "ban"),
        (&ann, "unban"),
    ] {
        let body = if who.id == ann.id {
            json!({ "user_id": bob.id, "reason": what })
        } else {
            json!({ "reason": what })
        };
        who.post(&format!("rooms/{room}/{what}"), body).await.ok();
        let event = ann.get(&format!("rooms/{room}/state/m.room.member/{}", bob.id)).await.ok();
        assert_eq!(event["reason"], what);
    }
    let bad = bob.post(&format!("rooms/{room}/leave"), json!({ "reason": ["x"] })).await;
    assert_eq!(bad.refusal(), (400, "M_BAD_JSON"));
}

/// An invitation outlives its sender: it can be turned down after they left, is gone then, and can be forgotten.
#[tokio::test]
async fn an_invitation_to_an_empty_room_can_be_turned_down_and_forgotten() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({})).await;
    ann.invite(&room, &bob).await.ok();
    assert_eq!(bob.post(&format!("rooms/{room}/forget"), json!({})).await.refusal(), (400, "M_UNKNOWN"));
    ann.leave(&room).await.ok();
    let start = bob.sync("").await;
    assert!(start["rooms"]["invite"][&room].is_object());
    bob.leave(&room).await.ok();
    let told = bob.sync_since(&start).await;
    assert!(told["rooms"]["leave"][&room].is_object());
    assert_eq!(bob.sync("").await["rooms"]["invite"], json!({}));
    bob.post(&format!("rooms/{room}/forget"), json!({})).await.ok();
    assert_eq!(bob.join(&room).await.refusal(), (403, "M_FORBIDDEN"));
}

/// Whoever made a room can be invited back into it.
#[tokio::test]
async fn a_creator_can_be_invited_back() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    for version in ["11", "12"] {
        let room = ann.create_room(json!({ "room_version": version, "invite": [bob.id] })).await;
        bob.join(&room).await.ok();
        let mut users = json!({ (bob.id.as_str()): 100 });
        if version == "11" {
            users[ann.id.as_str()] = json!(100);
        }
        ann.set_state(&room, "m.room.power_levels", json!({ "users": users, "invite": 100 })).await.ok();
        ann.leave(&room).await.ok();
        assert_eq!(ann.join(&room).await.refusal(), (403, "M_FORBIDDEN"));
        bob.invite(&room, &ann).await.ok();
        ann.join(&room).await.ok();
    }
}

/// A direct chat says so to whoever is invited, and is found as such by them only through their own list.
#[tokio::test]
async fn an_invitation_to_a_direct_chat_says_so() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let body = json!({ "preset": "trusted_private_chat", "is_direct": true, "invite": [bob.id, bob.id] });
    let room = ann.create_room(body).await;
    let shown = bob.sync("").await["rooms"]["invite"][&room]["invite_state"]["events"].clone();
    let own = shown.as_array().unwrap().iter().find(|event| event["state_key"] == bob.id.as_str()).unwrap();
    assert_eq!(
        (&own["content"]["is_direct"], &own["content"]["membership"]),
        (&json!(true), &json!("invite"))
    );
    let create = shown.as_array().unwrap().iter().find(|event| event["type"] == "m.room.create").unwrap();
    assert!(create["origin_server_ts"].is_i64() && create["event_id"].is_string());
    let own = ann.get(&format!("rooms/{room}/state/m.room.member/{}", ann.id)).await.ok();
    assert_eq!(own["is_direct"], Value::Null);
}
