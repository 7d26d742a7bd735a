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
