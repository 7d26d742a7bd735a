//! Two people talk.
use crate::support::{House, bodies, token};
use serde_json::json;

#[tokio::test]
async fn two_people_talk() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let start = bob.sync("").await;

    let room = ann
        .create_room(json!({ "preset": "trusted_private_chat", "is_direct": true, "invite": [bob.id] }))
        .await;
    let invited = bob.sync_since(&start).await;
    let shown = invited["rooms"]["invite"][&room]["invite_state"]["events"].as_array().unwrap().clone();
    let own = shown
        .iter()
        .find(|event| event["state_key"] == bob.id.as_str())
        .expect("the invitee's own member event");
    assert_eq!(
        (&own["content"]["membership"], &own["content"]["is_direct"]),
        (&json!("invite"), &json!(true))
    );
    assert!(shown.iter().any(|event| event["state_key"] == ann.id.as_str()), "the inviter's member event");
    assert!(shown.iter().any(|event| event["type"] == "m.room.create" && event["event_id"].is_string()));

    bob.join(&room).await.ok();
    ann.say(&room, "hello").await;
    let joined = bob.sync_since(&invited).await;
    let seen = &joined["rooms"]["join"][&room];
    assert_eq!(bodies(&seen["timeline"]["events"]), ["hello"]);
    assert_eq!(seen["timeline"]["limited"], true);
    assert_eq!(seen["unread_notifications"]["notification_count"], 1);
    assert_eq!(seen["summary"]["m.heroes"], json!([ann.id]));
    assert_eq!(seen["summary"]["m.joined_member_count"], 2);

    bob.say(&room, "hi").await;
    let before = ann.sync("").await;
    assert_eq!(bodies(&before["rooms"]["join"][&room]["timeline"]["events"]), ["hello", "hi"]);
    let waiting = {
        let (ann, query) = (ann.clone(), format!("timeout=30000&since={}", token(&before)));
        tokio::spawn(async move { ann.sync(&query).await })
    };
    bob.say(&room, "are you there?").await;
    let woken =
        tokio::time::timeout(std::time::Duration::from_secs(10), waiting).await.expect("woken").unwrap();
    assert_eq!(bodies(&woken["rooms"]["join"][&room]["timeline"]["events"]), ["are you there?"]);
}
