//! Purging a room: nothing that was said stays, and everybody's client knows that it is over.

use serde_json::{Value, json};

use crate::program::{Client, Place, next};

const SECRET: &str = "what nobody shall read again";

/// A public room in which everything was done that leaves rows behind.
async fn lived_in(alice: &Client, bob: &Client) -> String {
    let about = json!({ "name": "Cellar", "topic": SECRET, "preset": "public_chat", "room_alias_name": "cellar", "visibility": "public" });
    let room = alice.create_room(about).await;
    bob.done("POST", &format!("v3/rooms/{room}/join"), json!({})).await;
    let said = alice.say(&room, SECRET).await;
    let relation = |kind: &str| json!({ "rel_type": kind, "event_id": said, "key": "👍" });
    let edit = json!({ "msgtype": "m.text", "body": SECRET, "m.new_content": { "body": SECRET }, "m.relates_to": relation("m.replace") });
    alice.done("PUT", &format!("v3/rooms/{room}/send/m.room.message/edit"), edit).await;
    let reaction = json!({ "m.relates_to": relation("m.annotation") });
    bob.done("PUT", &format!("v3/rooms/{room}/send/m.reaction/reaction"), reaction).await;
    let mention = json!({ "msgtype": "m.text", "body": SECRET, "m.mentions": { "user_ids": [bob.id] } });
    alice.done("PUT", &format!("v3/rooms/{room}/send/m.room.message/mention"), mention).await;
    bob.done("POST", &format!("v3/rooms/{room}/receipt/m.read/{said}"), json!({})).await;
    bob.done("POST", &format!("v3/rooms/{room}/receipt/app.hark.played/{said}"), json!({})).await;
    bob.done("PUT", &format!("v3/user/{}/rooms/{room}/tags/m.favourite", bob.id), json!({})).await;
    let slip = bob.say(&room, "a slip").await;
    bob.done("PUT", &format!("v3/rooms/{room}/redact/{slip}/redaction"), json!({})).await;
    room
}

#[track_caller]
fn assert_left(sync: &Value, room: &str) {
    assert!(sync["rooms"]["leave"][room].is_object(), "{sync}");
    assert!(sync["rooms"]["join"].get(room).is_none(), "{sync}");
}

async fn assert_gone(place: &Place, people: &[&Client], room: &str) {
    for person in people {
        let messages =
            person.call("GET", &format!("v3/rooms/{room}/messages?dir=b&limit=100"), json!({})).await;
        assert!(!messages.1.to_string().contains(SECRET), "{messages:?}");
        for path in ["state", "members", "joined_members", "initialSync"] {
            let (status, answer) = person.call("GET", &format!("v3/rooms/{room}/{path}"), json!({})).await;
            assert!(status < 500 && !answer.to_string().contains(SECRET), "{path}: {answer}");
        }
        let (status, answer) = person.call("POST", &format!("v3/rooms/{room}/join"), json!({})).await;
        assert_eq!(status, 403, "{answer}");
        let said = json!({ "msgtype": "m.text", "body": "hello?" });
        let path = format!("v3/rooms/{room}/send/m.room.message/after");
        assert_eq!(person.call("PUT", &path, said).await.0, 403);
        let everything = person.sync("").await;
        assert!(everything["rooms"]["join"].get(room).is_none());
        let wanted = json!({ "search_categories": { "room_events": { "search_term": "nobody" } } });
        let found = person.done("POST", "v3/search", wanted).await;
        assert_eq!(found["search_categories"]["room_events"]["count"], 0, "{found}");
        person.call("POST", &format!("v3/rooms/{room}/forget"), json!({})).await;
    }
    let listed = people[0].get("v3/publicRooms").await;
    assert_eq!(listed["chunk"], json!([]));
    let alias = people[0].id.replace("@alice", "%23cellar");
    assert_eq!(people[0].call("GET", &format!("v3/directory/room/{alias}"), json!({})).await.0, 404);
    assert_eq!(place.run(&["room", "list", "--json"]).json(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purged_room_is_over_for_everybody_and_nothing_of_it_is_left() {
    let mut place = Place::served("closed");
    let (alice, bob) = (place.person("alice").await, place.person("bob").await);
    let room = lived_in(&alice, &bob).await;
    let (at_alice, at_bob) = (alice.sync("").await, bob.sync("").await);
    // Until the room is over; who comes and goes is told in between.
    let waits = async {
        let mut since = next(&at_alice).to_owned();
        loop {
            let told = alice.sync(&format!("timeout=30000&since={since}")).await;
            if told["rooms"]["leave"][&room].is_object() {
                return told;
            }
            next(&told).clone_into(&mut since);
        }
    };
    let purge = async {
        let place = &place;
        tokio::task::block_in_place(|| place.run(&["room", "purge", &room, "--json"]).json())
    };
    let (told, purged) = tokio::join!(waits, purge);
    assert_left(&told, &room);
    assert_eq!((&purged["room_id"], &purged["members"]), (&json!(room), &json!(2)));
    assert!(purged["events"].as_u64().unwrap() > 10, "{purged}");
    place.run(&["room", "purge", &room]).refused("purged already");

    // Somebody who was away, and a server that was started again.
    place.stop();
    place.run(&["check"]).ok();
    place.serve("closed");
    let (alice, bob) = (alice.at(&place), bob.at(&place));
    assert_left(&bob.sync(&format!("since={}", next(&at_bob))).await, &room);
    assert_gone(&place, &[&alice, &bob], &room).await;
}

#[test]
fn no_table_of_rooms_is_forgotten() {
    let place = Place::new();
    place.run_with(&["user", "add", "alice"], "x").ok();
    let database = rusqlite::Connection::open(place.path().join("hark.db")).unwrap();
    let mut statement = database
        .prepare(
            "SELECT DISTINCT t.name FROM pragma_table_list t JOIN pragma_table_info(t.name) c ON c.name IN ('room_nid', 'room_id')
             WHERE t.type = 'table' ORDER BY t.name",
        )
        .unwrap();
    let tables: Vec<String> =
        statement.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    // What is purged, what stays on purpose (rooms, its log, who was there, reports, people's backups of keys), and nothing else.
    let known = [
        "account_data",
        "aliases",
        "backed_up_keys",
        "events",
        "highlights",
        "log",
        "memberships",
        "played",
        "receipts",
        "reports",
        "room_cards",
        "room_state",
        "rooms",
        "threads",
        "uncounted",
    ];
    assert_eq!(tables, known, "a table that is not here must be purged, or be said to stay");
}

#[tokio::test]
async fn a_room_is_purged_by_its_alias_while_no_server_runs() {
    let mut place = Place::served("closed");
    let alice = place.person("alice").await;
    let bob = place.person("bob").await;
    let room = lived_in(&alice, &bob).await;
    let kept = alice.create_room(json!({ "name": "Kept" })).await;
    alice.say(&kept, "still here").await;
    place.stop();
    let alias = alice.id.replace("@alice", "#cellar");
    let words = place.run(&["room", "purge", &alias]);
    assert!(words.ok().starts_with(&format!("{room} is purged: 2 members")), "{words:?}");
    place.run(&["room", "purge", &alias]).refused("no such room");
    place.serve("closed");
    let alice = alice.at(&place);
    let all = alice.sync("").await;
    assert_eq!(all["rooms"]["join"].as_object().unwrap().keys().collect::<Vec<_>>(), [&kept]);
    alice.say(&kept, "and here").await;
}
