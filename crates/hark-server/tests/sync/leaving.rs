//! Rooms that were left: told once, frozen, and never a word of what came after.

use serde_json::json;

use crate::{
    support::{House, bodies, token},
    syncs::filtered,
    types, urlencoding,
};

/// TestSyncLeaveSection, TestGappedSyncLeaveSection and TestOlderLeftRoomsNotInLeaveSection.
#[tokio::test]
async fn a_left_room_is_told_once_and_listed_if_asked_for() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    let other = ann.create_room(json!({})).await;
    bob.join(&room).await.ok();
    let all = json!({ "room": { "include_leave": true, "timeline": { "limit": 1 } } });
    let start = filtered(&ann, None, all.clone()).await;
    ann.leave(&room).await.ok();
    for n in 0..20 {
        ann.say(&other, &n.to_string()).await;
    }
    let told = filtered(&ann, Some(&start), all.clone()).await;
    assert!(told["rooms"]["leave"][&room].is_object());
    assert!(ann.sync_since(&start).await["rooms"]["leave"][&room].is_object(), "without asking, too");
    bob.set_state(&room, "m.room.topic", json!({ "topic": "later" })).await;
    bob.say(&room, "later").await;
    assert_eq!(filtered(&ann, Some(&told), all.clone()).await["rooms"]["leave"], json!({}));
    assert!(filtered(&ann, None, all.clone()).await["rooms"]["leave"][&room].is_object());
    assert_eq!(ann.sync("").await["rooms"]["leave"], json!({}));
    ann.post(&format!("rooms/{room}/forget"), json!({})).await.ok();
    assert_eq!(filtered(&ann, None, all).await["rooms"]["leave"], json!({}), "forgotten");
}

/// TestArchivedRoomsHistory: with its filters, and with a timeline of no events.
#[tokio::test]
async fn a_left_room_ends_where_it_was_left() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let start = bob.sync("").await;
    ann.say(&room, "before").await;
    ann.set_state(&room, "org.made.up", json!({ "key": "before" })).await.ok();
    bob.leave(&room).await.ok();
    ann.say(&room, "after").await;
    ann.set_state(&room, "org.made.up", json!({ "key": "after" })).await.ok();
    let chosen = json!({ "room": {
        "timeline": { "types": ["m.room.message", "org.made.up"] }, "state": { "types": ["org.made.up"] }, "include_leave": true,
    } });
    for since in [None, Some(&start)] {
        let shown = filtered(&bob, since, chosen.clone()).await["rooms"]["leave"][&room].clone();
        assert_eq!(types(&shown["timeline"]["events"]), ["m.room.message", "org.made.up"]);
        assert_eq!(
            (bodies(&shown["timeline"]["events"]), &shown["state"]["events"]),
            (vec!["before"], &json!([]))
        );
    }
    let nothing = json!({ "room": { "timeline": { "limit": 0 }, "include_leave": true } });
    for since in [None, Some(&start)] {
        let shown = filtered(&bob, since, nothing.clone()).await["rooms"]["leave"][&room].clone();
        assert_eq!(shown["timeline"]["events"], json!([]));
        let state = shown["state"]["events"].as_array().unwrap();
        let of = |kind: &str, key: &str| {
            let found = state.iter().find(|event| event["type"] == kind && event["state_key"] == key);
            found.map(|event| event["content"].clone()).unwrap_or_default()
        };
        assert_eq!(of("org.made.up", "")["key"], "before");
        assert_eq!(of("m.room.member", &bob.id)["membership"], "leave");
    }
}

/// Whoever was shown out is told so in every first sync, and learns nothing of the time between leaving and a ban.
#[tokio::test]
async fn a_ban_after_leaving_shows_only_itself() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat", "name": "before" })).await;
    bob.join(&room).await.ok();
    bob.leave(&room).await.ok();
    let start = bob.sync("").await;
    ann.set_state(&room, "m.room.name", json!({ "name": "secret" })).await.ok();
    ann.say(&room, "secret").await;
    ann.post(&format!("rooms/{room}/ban"), json!({ "user_id": bob.id })).await.ok();
    for sync in [bob.sync_since(&start).await, bob.sync("").await] {
        let shown = &sync["rooms"]["leave"][&room];
        assert!(!shown.to_string().contains("secret"), "{shown}");
        let last = shown["timeline"]["events"].as_array().unwrap().last().unwrap();
        assert_eq!(last["content"]["membership"], "ban");
    }
    assert_eq!(bob.get(&format!("rooms/{room}/state/m.room.name/")).await.ok()["name"], "before");
}

/// In a room whose history only members see, an invitation after leaving opens nothing of what was said since.
#[tokio::test]
async fn an_invitation_after_leaving_opens_nothing() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let hidden =
        json!([{ "type": "m.room.history_visibility", "content": { "history_visibility": "invited" } }]);
    let room = ann.create_room(json!({ "preset": "public_chat", "initial_state": hidden })).await;
    bob.join(&room).await.ok();
    bob.leave(&room).await.ok();
    ann.invite(&room, &bob).await.ok();
    let secret = ann.say(&room, "secret").await;
    assert_eq!(bob.get(&format!("rooms/{room}/event/{secret}")).await.refusal(), (404, "M_NOT_FOUND"));
    for dir in ["b", "f"] {
        let page = bob.get(&format!("rooms/{room}/messages?dir={dir}&limit=100")).await.ok();
        assert_eq!(bodies(&page["chunk"]), Vec::<&str>::new());
    }
    bob.join(&room).await.ok();
    bob.get(&format!("rooms/{room}/event/{secret}")).await.ok();
}

/// TestCumulativeJoinLeaveJoinSync and TestLeaveEventVisibility.
#[tokio::test]
async fn ones_own_leaving_shows_whatever_the_history_and_coming_back_hides_it() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let hidden =
        json!([{ "type": "m.room.history_visibility", "content": { "history_visibility": "joined" } }]);
    let room = ann.create_room(json!({ "preset": "public_chat", "initial_state": hidden })).await;
    let outside = bob.sync("").await;
    bob.join(&room).await.ok();
    let inside = bob.sync("").await;
    bob.leave(&room).await.ok();
    let shown = bob.sync_since(&inside).await["rooms"]["leave"][&room].clone();
    assert_eq!(types(&shown["timeline"]["events"]), ["m.room.member"]);
    assert_eq!(shown["state"]["events"], json!([]));
    bob.join(&room).await.ok();
    let back = bob.sync_since(&outside).await;
    assert_eq!((back["rooms"]["leave"].clone(), back["rooms"]["join"][&room].is_object()), (json!({}), true));
}

/// MSC4222: the state after the timeline of a left room has what became of one's own membership, were one never in the room.
#[tokio::test]
async fn the_state_after_leaving_has_the_leaving() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    let (left, stranger, twice) =
        (house.person("left").await, house.person("stranger").await, house.person("twice").await);
    for person in [&left, &twice] {
        person.join(&room).await.ok();
        person.leave(&room).await.ok();
    }
    for person in [&stranger, &twice] {
        ann.post(&format!("rooms/{room}/ban"), json!({ "user_id": person.id })).await.ok();
    }
    for (person, expected) in [(&left, "leave"), (&stranger, "ban"), (&twice, "ban")] {
        let filter = urlencoding(r#"{"room":{"include_leave":true}}"#);
        let sync = person.sync(&format!("use_state_after=true&filter={filter}")).await;
        let state = &sync["rooms"]["leave"][&room]["state_after"]["events"];
        let own = state.as_array().unwrap().iter().find(|event| event["state_key"] == person.id.as_str());
        assert_eq!(own.map(|event| event["content"]["membership"].clone()), Some(json!(expected)), "{state}");
    }
}

/// What was forgotten is gone until one joins again; an invitation alone brings nothing back.
#[tokio::test]
async fn an_invitation_after_forgetting_opens_nothing() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let start = bob.sync("").await;
    let said = ann.say(&room, "x").await;
    assert_eq!(bob.post(&format!("rooms/{room}/forget"), json!({})).await.refusal(), (400, "M_UNKNOWN"));
    bob.leave(&room).await.ok();
    bob.post(&format!("rooms/{room}/forget"), json!({})).await.ok();
    assert!(
        bob.sync_since(&start).await["rooms"]["leave"][&room].is_object(),
        "other devices hear of the leaving"
    );
    ann.invite(&room, &bob).await.ok();
    let reads = [
        format!("rooms/{room}/messages?dir=b"),
        format!("rooms/{room}/state"),
        format!("rooms/{room}/context/{said}"),
    ];
    for read in &reads {
        assert_eq!(bob.get(read).await.refusal(), (403, "M_FORBIDDEN"), "{read}");
    }
    bob.join(&room).await.ok();
    for read in &reads {
        bob.get(read).await.ok();
    }
}

/// Whoever left pages to their leaving and no further, however much was said since: there is nothing to look through (TestLeftRoomFixture:
/// "Getting messages going forward is limited for a departed room").
#[tokio::test]
async fn who_left_pages_to_the_leaving_and_no_further() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    ann.say(&room, "before").await;
    bob.leave(&room).await.ok();
    let left = bob.sync_since(&bob.sync("").await).await;
    ann.say(&room, "after").await;
    copy_last_message(&house, &room, 6_000);
    let from = token(&left);
    let forwards = bob.get(&format!("rooms/{room}/messages?dir=f&limit=100&from={from}")).await.ok();
    assert_eq!((&forwards["chunk"], forwards.get("end")), (&json!([]), None));
    let all = bob.get(&format!("rooms/{room}/messages?dir=f&limit=100")).await.ok();
    let last = all["chunk"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["content"]["membership"], all.get("end")), (&json!("leave"), None));
    let back = bob.get(&format!("rooms/{room}/messages?dir=b&limit=2")).await.ok();
    assert_eq!(types(&back["chunk"]), ["m.room.member", "m.room.message"]);
}

/// Writes more messages into the database than anybody would send in a test.
fn copy_last_message(house: &House, room: &str, copies: u32) {
    let database = rusqlite::Connection::open(house.path().join("hark.db")).unwrap();
    let columns: Vec<String> = {
        let mut table = database
            .prepare("SELECT name FROM pragma_table_info('events') WHERE name NOT IN ('pos', 'event_id')")
            .unwrap();
        table.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let columns = columns.join(", ");
    database.execute_batch("BEGIN").unwrap();
    for n in 1..=copies {
        let logged = "INSERT INTO log (pos, kind, room_nid) SELECT max(pos) + 1, 0, (SELECT room_nid FROM rooms WHERE room_id = ?1) FROM log";
        database.prepare_cached(logged).unwrap().execute([room]).unwrap();
        let copied = format!(
            "INSERT INTO events (pos, event_id, {columns}) SELECT (SELECT max(pos) FROM log), event_id || ?2, {columns} FROM events
             WHERE pos = (SELECT max(pos) FROM events WHERE type = 'm.room.message' AND length(event_id) = 44
                          AND room_nid = (SELECT room_nid FROM rooms WHERE room_id = ?1))"
        );
        database.prepare_cached(&copied).unwrap().execute((room, n)).unwrap();
    }
    database.execute_batch("COMMIT").unwrap();
}
