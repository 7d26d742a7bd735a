//! A client that goes on where it was, with a server that was started again.

use serde_json::json;

use crate::support::{House, bodies, token};

/// Its token and its filter hold, and what it had not fetched yet is there: nothing twice, nothing missing.
#[tokio::test]
async fn a_client_goes_on_after_a_restart_without_gap_or_twin() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let filter = json!({ "room": { "timeline": { "types": ["m.room.message"], "limit": 3 } } });
    let made = bob.post(&format!("user/{}/filter", bob.id), filter).await.ok();
    let filter = made["filter_id"].as_str().unwrap();
    let at = bob.sync(&format!("filter={filter}")).await;
    for n in 1..=2 {
        ann.say(&room, &n.to_string()).await;
    }
    let message = json!({ "messages": { bob.id.as_str(): { bob.device.as_str(): { "n": 1 } } } });
    ann.put("sendToDevice/org.x/t1", message).await.ok();
    bob.put(&format!("user/{}/account_data/org.x", bob.id), json!({ "a": 1 })).await.ok();
    ann.put(&format!("rooms/{room}/typing/{}", ann.id), json!({ "typing": true, "timeout": 30_000 }))
        .await
        .ok();
    let seen = bob.sync(&format!("timeout=0&filter={filter}&since={}", token(&at))).await;
    let typing = |sync: &serde_json::Value| {
        let events =
            sync["rooms"]["join"][&room]["ephemeral"]["events"].as_array().cloned().unwrap_or_default();
        events
            .into_iter()
            .find(|event| event["type"] == "m.typing")
            .map(|event| event["content"]["user_ids"].clone())
    };
    assert_eq!(typing(&seen), Some(json!([ann.id])));

    let house = house.restart().await;
    let (ann, bob) = (house.again(&ann), house.again(&bob));
    ann.say(&room, "3").await;
    // The answer before the restart may have been lost on its way, or not.
    for (since, expected, others) in [(&at, vec!["1", "2", "3"], 1), (&seen, vec!["3"], 0)] {
        let next = bob.sync(&format!("timeout=0&filter={filter}&since={}", token(since))).await;
        let timeline = &next["rooms"]["join"][&room]["timeline"];
        assert_eq!((bodies(&timeline["events"]), &timeline["limited"]), (expected, &json!(false)));
        assert_eq!(next["to_device"]["events"].as_array().unwrap().len(), others);
        assert_eq!(next["account_data"]["events"].as_array().unwrap().len(), others);
        assert_eq!(next["rooms"]["join"][&room]["unread_notifications"]["notification_count"], 3);
        assert_eq!(typing(&next).unwrap_or(json!([])), json!([]), "nobody types any more");
        let quiet = bob.sync(&format!("timeout=0&filter={filter}&since={}", token(&next))).await;
        assert_eq!((&quiet["rooms"]["join"], &quiet["to_device"]["events"]), (&json!({}), &json!([])));
    }
}
