//! Typing and receipts in /sync (SyTest: 31sync/11 and 12, TestTyping, TestLeakyTyping, TestRoomReceipts).

use serde_json::json;

use crate::{support::House, syncs::filtered};

/// In a first sync, in an increment and in a gap: one list, without the room's id, however narrow the filter.
#[tokio::test]
async fn who_types_is_told_in_every_kind_of_sync() {
    let house = House::open().await;
    let (ann, eve) = (house.person("ann").await, house.person("eve").await);
    let room = ann.create_room(json!({})).await;
    let narrow = json!({ "room": {
        "timeline": { "types": [] }, "state": { "types": [] }, "ephemeral": { "types": ["m.typing"] },
    }, "presence": { "types": [] } });
    let start = filtered(&ann, None, narrow.clone()).await;
    let outside = eve.sync("").await;
    ann.put(&format!("rooms/{room}/typing/{}", ann.id), json!({ "typing": true, "timeout": 60_000 }))
        .await
        .ok();
    for n in 0..20 {
        ann.say(&room, &n.to_string()).await;
    }
    for since in [None, Some(&start)] {
        let shown = filtered(&ann, since, narrow.clone()).await["rooms"]["join"][&room].clone();
        let expected = json!([{ "type": "m.typing", "content": { "user_ids": [ann.id] } }]);
        assert_eq!(shown["ephemeral"]["events"], expected);
    }
    assert_eq!(eve.sync_since(&outside).await["rooms"]["join"], json!({}), "not to others");
}

/// Whoever leaves types no more, and a room that is left says nothing of who types there.
#[tokio::test]
async fn who_is_gone_is_told_nothing() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let start = bob.sync("").await;
    bob.leave(&room).await.ok();
    let said = ann.say(&room, "x").await;
    ann.put(&format!("rooms/{room}/typing/{}", ann.id), json!({ "typing": true })).await.ok();
    ann.post(&format!("rooms/{room}/receipt/m.read/{said}"), json!({})).await.ok();
    let told = bob.sync_since(&start).await;
    assert_eq!(told["rooms"]["join"], json!({}));
    assert_eq!(told["rooms"]["leave"][&room].get("ephemeral"), None);
}

/// "Read receipts appear in initial v2 /sync", without the room's id.
#[tokio::test]
async fn receipts_are_in_a_first_sync() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let said = ann.say(&room, "x").await;
    ann.post(&format!("rooms/{room}/receipt/m.read/{said}"), json!({})).await.ok();
    let narrow = json!({ "room": {
        "timeline": { "types": [] }, "state": { "types": [] }, "ephemeral": { "types": ["m.receipt"] },
    } });
    let shown = filtered(&ann, None, narrow).await["rooms"]["join"][&room]["ephemeral"]["events"][0].clone();
    assert!(shown["content"][&said]["m.read"][&ann.id]["ts"].is_i64());
    assert_eq!(shown.get("room_id"), None);
}

/// "Read markers appear in initial v2 /sync", "Read markers appear in incremental v2 /sync", "Read markers can be updated".
#[tokio::test]
async fn the_read_marker_is_account_data_of_the_room() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let mut at = ann.sync("").await;
    for text in ["one", "two"] {
        let said = ann.say(&room, text).await;
        ann.post(&format!("rooms/{room}/read_markers"), json!({ "m.fully_read": said })).await.ok();
        let expected = json!([{ "type": "m.fully_read", "content": { "event_id": said } }]);
        at = ann.sync_since(&at).await;
        for sync in [&at, &ann.sync("").await] {
            assert_eq!(sync["rooms"]["join"][&room]["account_data"]["events"], expected);
        }
    }
}
