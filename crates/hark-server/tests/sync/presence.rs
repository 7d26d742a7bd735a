//! Presence in /sync.

use serde_json::{Value, json};

use crate::{
    support::{House, Person, token},
    urlencoding,
};

fn shown(sync: &Value, who: &Person) -> Option<String> {
    let events = sync["presence"]["events"].as_array().unwrap();
    let found = events.iter().find(|event| event["sender"] == who.id.as_str())?;
    assert_eq!(found["type"], "m.presence");
    Some(found["content"]["presence"].as_str().unwrap().to_owned())
}

async fn say(who: &Person, presence: &str) {
    let body = json!({ "presence": presence, "status_msg": "busy" });
    who.put(&format!("presence/{}/status", who.id), body).await.ok();
}

/// SyTest: "User sees their own presence in a sync" and "User is offline if they set_presence=offline in their sync".
#[tokio::test]
async fn syncing_makes_online_unless_it_says_otherwise() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    assert_eq!(shown(&ann.sync("set_presence=offline").await, &ann), None);
    let status = ann.get(&format!("presence/{}/status", ann.id)).await.ok();
    assert_eq!(status["presence"], "offline");
    let first = ann.sync("set_presence=unavailable").await;
    assert_eq!(shown(&first, &ann).as_deref(), Some("unavailable"));
    let second = ann.sync_since(&first).await;
    assert_eq!(shown(&second, &ann).as_deref(), Some("online"));
    assert_eq!(shown(&ann.sync_since(&second).await, &ann), None, "told once");
    assert_eq!(ann.get("sync?set_presence=dancing").await.refusal(), (400, "M_INVALID_PARAM"));
}

/// TestPresenceSyncDifferentRooms; strangers are told nothing.
#[tokio::test]
async fn a_change_wakes_those_who_share_a_room_and_nobody_else_is_told() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let (ann_at, eve_at) = (ann.sync("").await, eve.sync("").await);
    let waiting = {
        let (ann, query) = (ann.clone(), format!("timeout=30000&since={}", token(&ann_at)));
        tokio::spawn(async move { ann.sync(&query).await })
    };
    say(&bob, "unavailable").await;
    let woken = tokio::time::timeout(std::time::Duration::from_secs(15), waiting).await.unwrap().unwrap();
    let event = &woken["presence"]["events"][0];
    assert_eq!(
        (event["sender"].as_str(), event["content"]["status_msg"].as_str()),
        (Some(&*bob.id), Some("busy"))
    );
    assert!(event["content"]["last_active_ago"].is_i64());
    assert_eq!(shown(&ann.sync_since(&woken).await, &bob), None, "not in a tight loop");
    assert_eq!(shown(&eve.sync_since(&eve_at).await, &bob), None);
    assert_eq!(shown(&eve.sync("").await, &bob), None);
}

/// TestSync: "Newly joined room includes presence in incremental sync" and "Get presence for newly joined members".
#[tokio::test]
async fn joining_shows_those_who_are_there_on_both_sides() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    let (ann_at, bob_at) = (ann.sync("").await, bob.sync("").await);
    let (ann_at, bob_at) = (ann.sync_since(&ann_at).await, bob.sync_since(&bob_at).await);
    bob.join(&room).await.ok();
    let (ann_next, bob_next) = (ann.sync_since(&ann_at).await, bob.sync_since(&bob_at).await);
    assert_eq!(shown(&ann_next, &bob).as_deref(), Some("online"));
    assert_eq!(shown(&bob_next, &ann).as_deref(), Some("online"));
    assert_eq!(ann.sync_since(&ann_next).await["presence"]["events"], json!([]));
    assert_eq!(bob.sync_since(&bob_next).await["presence"]["events"], json!([]));
}

#[tokio::test]
async fn filters_hold_for_presence_and_a_restart_tells_who_is_there_once() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    say(&bob, "online").await;
    for filter in
        [json!({ "types": [] }), json!({ "not_types": ["m.*"] }), json!({ "not_senders": [bob.id] })]
    {
        let sync =
            ann.sync(&format!("filter={}", urlencoding(&json!({ "presence": filter }).to_string()))).await;
        assert_eq!(shown(&sync, &bob), None, "{filter}");
    }
    let before = ann.sync("").await;
    assert_eq!(shown(&before, &bob).as_deref(), Some("online"));
    let house = house.restart().await;
    let (ann, bob) = (house.again(&ann), house.again(&bob));
    say(&bob, "online").await;
    let after = ann.sync_since(&before).await;
    assert_eq!(shown(&after, &bob).as_deref(), Some("online"));
    assert_eq!(shown(&ann.sync_since(&after).await, &bob), None);
}

/// Whoever says something is there: no longer away, and active a moment ago. What nobody sees is no sign of life.
#[tokio::test]
async fn who_does_something_is_active() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let said = ann.say(&room, "x").await;
    let away = json!({ "presence": "unavailable" });
    let status = format!("presence/{}/status", bob.id);
    let typing = format!("rooms/{room}/typing/{}", bob.id);
    let receipt = |kind: &str| format!("rooms/{room}/receipt/{kind}/{said}");
    for (method, path, body, seen) in [
        ("POST", receipt("m.read.private"), json!({}), false),
        ("PUT", format!("user/{}/account_data/org.x", bob.id), json!({}), false),
        ("PUT", typing, json!({ "typing": true }), true),
        ("POST", receipt("m.read"), json!({}), true),
        ("PUT", format!("rooms/{room}/send/m.room.message/1"), json!({ "body": "x" }), true),
        ("PUT", format!("rooms/{room}/state/org.x/{}", bob.id), json!({}), false),
    ] {
        bob.put(&status, away.clone()).await.ok();
        let at = ann.sync("").await;
        bob.call(method, &path, Some(body)).await;
        let told = shown(&ann.sync_since(&at).await, &bob);
        assert_eq!(told.as_deref(), seen.then_some("online"), "{path}");
        let asked = ann.get(&status).await.ok();
        assert_eq!(asked["currently_active"], seen, "{path}");
        assert!(asked["last_active_ago"].is_i64());
    }
}

/// Presence is for those one shares a room with, however it is asked for.
#[tokio::test]
async fn strangers_do_not_see_who_is_there() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    say(&ann, "online").await;
    let status = |who: &str| format!("presence/{who}/status");
    assert_eq!(bob.get(&status(&ann.id)).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(bob.get(&status("@nobody:hark.test")).await, bob.get(&status(&ann.id)).await);
    assert_eq!(ann.get(&status(&ann.id)).await.ok()["presence"], "online");
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    assert_eq!(bob.get(&status(&ann.id)).await.ok()["status_msg"], "busy");
    bob.leave(&room).await.ok();
    assert_eq!(bob.get(&status(&ann.id)).await.refusal(), (403, "M_FORBIDDEN"));
}

/// Switched off, the endpoints work and nobody is told anything.
#[tokio::test]
async fn presence_can_be_switched_off() {
    let house = House::open_with(|config| config.presence = false).await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let start = ann.sync("set_presence=online").await;
    say(&bob, "online").await;
    bob.sync("").await;
    bob.say(&room, "x").await;
    for sync in [start.clone(), ann.sync_since(&start).await, ann.sync("").await] {
        assert_eq!(sync["presence"]["events"], json!([]));
    }
    assert_eq!(ann.get(&format!("presence/{}/status", bob.id)).await.ok(), json!({ "presence": "offline" }));
}
