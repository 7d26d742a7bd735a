//! What names a room: counts and heroes (SyTest: 31sync/16, TestRoomSummary).

use serde_json::{Value, json};

use crate::support::{House, Person};

fn summary(sync: &Value, room: &str) -> Value {
    sync["rooms"]["join"][room]["summary"].clone()
}

/// "Unnamed room comes with a name summary", "Room summary only has 5 heroes", and "Named room comes with just joined member count
/// summary".
#[tokio::test]
async fn the_first_five_others_name_a_room_without_a_name() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    let mut others: Vec<Person> = Vec::new();
    for n in 0..6 {
        let other = house.person(&format!("p{n}")).await;
        other.join(&room).await.ok();
        others.push(other);
    }
    let heroes: Vec<_> = others[..5].iter().map(|other| other.id.clone()).collect();
    let counts = json!({ "m.joined_member_count": 7, "m.invited_member_count": 0 });
    let mut expected = counts.clone();
    expected["m.heroes"] = json!(heroes);
    assert_eq!(summary(&ann.sync("").await, &room), expected);
    let theirs = summary(&others[0].sync("").await, &room)["m.heroes"].clone();
    let without_me = [&ann, &others[1], &others[2], &others[3], &others[4]].map(|hero| hero.id.clone());
    assert_eq!(theirs, json!(without_me), "never oneself");
    ann.set_state(&room, "m.room.name", json!({ "name": "A room name" })).await.ok();
    assert_eq!(summary(&ann.sync("").await, &room), counts);
    ann.set_state(&room, "m.room.name", json!({ "name": "" })).await.ok();
    assert_eq!(summary(&ann.sync("").await, &room), expected, "an empty name is none");
}

/// TestRoomSummary: who was invited counts as invited until they join, for both sides and at once.
#[tokio::test]
async fn the_invited_are_counted_until_they_join() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let start = ann.sync("").await;
    let room = ann.create_room(json!({ "preset": "public_chat", "invite": [bob.id] })).await;
    let counts = |sync: &Value| {
        let summary = summary(sync, &room);
        (summary["m.joined_member_count"].clone(), summary["m.invited_member_count"].clone())
    };
    let made = ann.sync_since(&start).await;
    assert_eq!(counts(&made), (json!(1), json!(1)));
    let invited = bob.sync("").await;
    bob.join(&room).await.ok();
    assert_eq!(counts(&bob.sync_since(&invited).await), (json!(2), json!(0)));
    let joined = ann.sync_since(&made).await;
    assert_eq!(counts(&joined), (json!(2), json!(0)));
    ann.say(&room, "x").await;
    assert_eq!(summary(&ann.sync_since(&joined).await, &room), json!({}), "unchanged, and so not repeated");
}
