//! Coming into a room, and what of it is told then.

use serde_json::{Value, json};

use crate::{
    support::{House, token},
    syncs::filtered,
    types, urlencoding,
};

/// A filter that wants one made-up type of state and, of the timeline, what is given.
fn narrow(timeline: Value) -> Value {
    json!({
        "presence": { "types": [] },
        "room": {
            "include_leave": true, "timeline": timeline, "state": { "types": ["org.made.up"] }, "ephemeral": { "types": [] },
        },
    })
}

/// SyTest: "When user joins a room the state is included in the next sync", "… in a gapped sync", and "Newly joined room is included in
/// an incremental sync after invite".
#[tokio::test]
async fn the_state_comes_with_the_joining() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    for gap in [0, 20] {
        let room = ann.create_room(json!({})).await;
        ann.set_state(&room, "org.made.up", json!({ "n": gap })).await.ok();
        ann.invite(&room, &bob).await.ok();
        let filter = narrow(json!({ "types": ["m.room.message"], "limit": 1 }));
        let invited = filtered(&bob, None, filter.clone()).await;
        assert!(invited["rooms"]["invite"][&room].is_object());
        bob.join(&room).await.ok();
        for n in 0..gap {
            ann.say(&room, &n.to_string()).await;
        }
        let joined = filtered(&bob, Some(&invited), filter.clone()).await;
        assert_eq!(joined["rooms"]["invite"].get(&room), None);
        let state = joined["rooms"]["join"][&room]["state"]["events"].clone();
        assert_eq!((types(&state), &state[0]["content"]["n"]), (vec!["org.made.up".to_owned()], &json!(gap)));
        let after = filtered(&bob, Some(&joined), filter).await;
        assert_eq!(after["rooms"]["join"], json!({}), "told once");
    }
}

/// SyTest: "When user joins and leaves a room in the same batch, the full state is still included in the next sync".
#[tokio::test]
async fn the_state_of_a_room_that_was_joined_and_left_at_once_comes_too() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({})).await;
    ann.set_state(&room, "org.made.up", json!({ "n": 1 })).await.ok();
    ann.invite(&room, &bob).await.ok();
    let filter = narrow(json!({ "types": [] }));
    let start = filtered(&bob, None, filter.clone()).await;
    bob.join(&room).await.ok();
    bob.leave(&room).await.ok();
    ann.set_state(&room, "org.made.up", json!({ "n": 2 })).await.ok();
    let state =
        filtered(&bob, Some(&start), filter).await["rooms"]["leave"][&room]["state"]["events"].clone();
    assert_eq!((types(&state), &state[0]["content"]["n"]), (vec!["org.made.up".to_owned()], &json!(1)));
}

/// TestTentativeEventualJoiningAfterRejecting: with `full_state`, and from a token of somebody else, a rejected invitation is told as
/// left, and once the room is joined after all it is that and nothing else.
#[tokio::test]
async fn a_room_joined_after_its_invitation_was_rejected_is_joined() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    let start = ann.sync("").await;
    ann.invite(&room, &bob).await.ok();
    bob.leave(&room).await.ok();
    let full = |since: &Value| {
        let (bob, query) = (bob.clone(), format!("timeout=0&full_state=true&since={}", token(since)));
        async move { bob.sync(&query).await }
    };
    let rejected = full(&start).await;
    assert!(rejected["rooms"]["leave"][&room].is_object());
    bob.join(&room).await.ok();
    let joined = full(&rejected).await;
    assert_eq!(
        (joined["rooms"]["leave"].get(&room), joined["rooms"]["join"][&room].is_object()),
        (None, true)
    );
}

/// SyTest: "Newly banned rooms appear in the leave section of incremental sync", with and without messages after the ban.
#[tokio::test]
async fn being_banned_is_told_with_what_came_before() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    for later in [0, 20] {
        let room = ann.create_room(json!({ "preset": "public_chat" })).await;
        bob.join(&room).await.ok();
        let start = bob.sync("").await;
        ann.say(&room, "before").await;
        ann.post(&format!("rooms/{room}/ban"), json!({ "user_id": bob.id, "reason": "testing" })).await.ok();
        for _ in 0..later {
            ann.say(&room, "after").await;
        }
        let filter = urlencoding(r#"{"room":{"include_leave":true}}"#);
        let since = bob.sync(&format!("timeout=0&since={}&filter={filter}", token(&start))).await;
        let first = bob.sync(&format!("filter={filter}")).await;
        for sync in [since, first] {
            let shown = &sync["rooms"]["leave"][&room];
            let events = shown["timeline"]["events"].as_array().unwrap();
            assert_eq!(events.last().unwrap()["content"]["reason"], "testing");
            assert!(!shown.to_string().contains("after") && shown["state"]["events"].is_array());
        }
    }
}

/// SyTest: "Can create filter", "Can download filter" (TestSyncFilter): what was left comes back, to its owner alone.
#[tokio::test]
async fn a_filter_is_kept_as_it_was_left() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let filter = json!({ "room": { "timeline": { "limit": 10 } }, "event_fields": ["type"] });
    let left = ann.post(&format!("user/{}/filter", ann.id), filter.clone()).await.ok();
    let id = left["filter_id"].as_str().unwrap();
    assert_eq!(ann.get(&format!("user/{}/filter/{id}", ann.id)).await.ok(), filter);
    assert_eq!(bob.get(&format!("user/{}/filter/{id}", ann.id)).await.status, 403);
    assert_eq!(bob.get(&format!("sync?filter={id}")).await.refusal(), (404, "M_NOT_FOUND"));
}
