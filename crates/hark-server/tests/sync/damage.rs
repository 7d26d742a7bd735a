//! One bad room is contained.

use rusqlite::Connection;
use serde_json::json;

use crate::support::{House, bodies, token};

/// A room whose stored events cannot be read is left out; the others, and every other part of the answer, still come.
#[tokio::test]
async fn a_damaged_room_does_not_keep_a_user_from_the_others() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let (good, bad) = (ann.create_room(json!({})).await, ann.create_room(json!({})).await);
    let start = ann.sync("").await;
    ann.say(&bad, "x").await;
    ann.say(&good, "still here").await;
    let database = Connection::open(house.path().join("hark.db")).unwrap();
    let damaged = "UPDATE events SET content_at = 999999
                   WHERE type = 'm.room.message' AND room_nid = (SELECT room_nid FROM rooms WHERE room_id = ?1)";
    assert_eq!(database.execute(damaged, [&bad]).unwrap(), 1);
    for sync in [ann.sync_since(&start).await, ann.sync("").await] {
        let rooms = &sync["rooms"]["join"];
        assert!(bodies(&rooms[&good]["timeline"]["events"]).contains(&"still here"));
        assert_eq!(rooms.get(&bad), None);
        assert!(!token(&sync).is_empty());
    }
}
