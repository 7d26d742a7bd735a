use serde_json::{Value, json};

use crate::support::{House, Person, token};

const SWITCH: &str = "m.invite_permission_config";
const LISTS: &str = "org.matrix.msc4155.invite_permission_config";

async fn set(person: &Person, kind: &str, content: Value) {
    person.put(&format!("user/{}/account_data/{kind}", person.id), content).await.ok();
}

fn invited_to(sync: &Value) -> Vec<&String> {
    sync["rooms"]["invite"].as_object().into_iter().flat_map(|rooms| rooms.keys()).collect()
}

/// Spec "Invite permission": whoever wants no invitations is not asked in by any of the three ways, is not told of those made before,
/// and hears again when they say so.
#[tokio::test]
async fn who_wants_no_invitations_gets_none() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let before = bob.create_room(json!({ "invite": [alice.id] })).await;
    let since = alice.sync("timeout=0").await;
    assert_eq!(invited_to(&since), [&before]);
    set(&alice, SWITCH, json!({ "default_action": "block" })).await;

    let room = bob.create_room(json!({})).await;
    let blocked = (403, "M_INVITE_BLOCKED");
    assert_eq!(bob.invite(&room, &alice).await.refusal(), blocked);
    let path = format!("rooms/{room}/state/m.room.member/{}", alice.id);
    assert_eq!(bob.put(&path, json!({ "membership": "invite" })).await.refusal(), blocked);
    assert_eq!(bob.post("createRoom", json!({ "invite": [alice.id] })).await.refusal(), blocked);
    assert_eq!(bob.get(&path).await.refusal(), (404, "M_NOT_FOUND"), "nothing was sent");
    assert!(invited_to(&alice.sync("timeout=0").await).is_empty(), "the one made before is not told either");
    assert_eq!(alice.get("initialSync?limit=1").await.ok()["rooms"], json!([]));
    let next = alice.sync(&format!("timeout=0&since={}", token(&since))).await;
    assert!(invited_to(&next).is_empty());
    bob.get(&format!("rooms/{before}/state/m.room.member/{}", alice.id)).await.ok();

    set(&alice, SWITCH, json!({})).await;
    bob.invite(&room, &alice).await.ok();
    assert_eq!(invited_to(&alice.sync("timeout=0").await).len(), 2);
}

/// MSC4155: blocked is refused, ignored is made and not told, allowed comes before both.
#[tokio::test]
async fn invitations_are_told_apart_by_who_sends_them() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let (carol, dora) = (house.person("carol").await, house.person("dora").await);
    let lists = json!({
        "allowed_users": ["@bob:hark.test"],
        "ignored_users": ["@carol:*"],
        "blocked_servers": ["*.test"],
    });
    set(&alice, LISTS, lists).await;
    let bobs = bob.create_room(json!({ "invite": [alice.id] })).await;
    let carols = carol.create_room(json!({})).await;
    carol.invite(&carols, &alice).await.ok();
    let doras = dora.create_room(json!({})).await;
    assert_eq!(dora.invite(&doras, &alice).await.refusal(), (403, "M_INVITE_BLOCKED"));
    assert_eq!(invited_to(&alice.sync("timeout=0").await), [&bobs]);
    // Whoever was told otherwise can follow the ignored one all the same.
    alice.join(&carols).await.ok();
    // What cannot be read forbids nothing.
    set(&alice, LISTS, json!({ "blocked_users": "*", "blocked_servers": [1, null] })).await;
    set(&alice, SWITCH, json!({ "default_action": 7 })).await;
    dora.invite(&doras, &alice).await.ok();
}

/// Being asked in is not the same as coming: whoever wants no invitations joins and knocks as before.
#[tokio::test]
async fn who_wants_no_invitations_goes_where_they_want() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    set(&alice, SWITCH, json!({ "default_action": "block" })).await;
    let open = bob.create_room(json!({ "preset": "public_chat" })).await;
    alice.join(&open).await.ok();
    let own = alice.create_room(json!({})).await;
    alice.invite(&own, &bob).await.ok();
}
