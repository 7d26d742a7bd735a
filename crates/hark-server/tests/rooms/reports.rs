//! Reports of events, rooms and users.

use serde_json::{Value, json};

use crate::support::House;

/// Reporter, room, event, user, reason and score of every report kept.
fn kept(house: &House) -> Vec<[Option<String>; 6]> {
    let database = rusqlite::Connection::open(house.path().join("hark.db")).unwrap();
    let sql = "SELECT reporter, room_id, event_id, user_id, reason, cast(score AS TEXT) FROM reports ORDER BY report_id";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map((), |row| {
        Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?])
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn reports_are_kept_and_say_who_reports_what() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let event = ann.say(&room, "insult").await;
    let at = format!("rooms/{room}/report/{event}");
    assert_eq!(bob.post(&at, json!({ "reason": "rude", "score": -100 })).await.ok(), json!({}));
    assert_eq!(bob.post(&at, json!({})).await.ok(), json!({}));
    bob.post(&format!("rooms/{room}/report"), json!({ "reason": "all of it" })).await.ok();
    bob.post(&format!("users/{}/report", ann.id), json!({ "reason": "" })).await.ok();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        kept(&house),
        [
            [text(&bob.id), text(&room), text(&event), None, text("rude"), text("-100")],
            [text(&bob.id), text(&room), text(&event), None, text(""), None],
            [text(&bob.id), text(&room), None, None, text("all of it"), None],
            [text(&bob.id), None, None, text(&ann.id), text(""), None],
        ]
    );
}

/// An event can be reported by those in the room who see it (spec v1.8); reports of rooms and users tell nothing of their existence.
#[tokio::test]
async fn reports_tell_nothing_about_what_the_reporter_may_not_know() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    let state =
        json!([{ "type": "m.room.history_visibility", "content": { "history_visibility": "joined" } }]);
    let room = ann.create_room(json!({ "preset": "public_chat", "initial_state": state })).await;
    let early = ann.say(&room, "before bob").await;
    bob.join(&room).await.ok();
    for (person, room, event) in [
        (&bob, &*room, &*early),
        (&bob, &*room, "$nothing"),
        (&eve, &*room, &*early),
        (&eve, "!nowhere:hark.test", &*early),
    ] {
        let answer = person.post(&format!("rooms/{room}/report/{event}"), json!({})).await;
        assert_eq!(answer.refusal(), (404, "M_NOT_FOUND"), "{room} {event}");
    }
    for path in ["rooms/!nowhere:hark.test/report", "users/@nobody:hark.test/report"] {
        assert_eq!(eve.post(path, json!({ "reason": "x" })).await.ok(), json!({}));
    }
    assert!(kept(&house).is_empty(), "what does not exist is not kept");
}

#[tokio::test]
async fn what_is_no_report_is_refused() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let event = ann.say(&room, "x").await;
    let cases: [(String, Value, (u16, &str)); 8] = [
        (format!("rooms/{room}/report/{event}"), json!({ "reason": 7 }), (400, "M_BAD_JSON")),
        (format!("rooms/{room}/report/{event}"), json!({ "score": "0" }), (400, "M_BAD_JSON")),
        (format!("rooms/{room}/report/{event}"), json!({ "score": 1 }), (400, "M_INVALID_PARAM")),
        (
            format!("rooms/{room}/report/{event}"),
            json!({ "reason": "x".repeat(1_001) }),
            (400, "M_INVALID_PARAM"),
        ),
        (format!("rooms/{room}/report"), json!({}), (400, "M_MISSING_PARAM")),
        (format!("rooms/{room}/report"), json!({ "reason": [] }), (400, "M_BAD_JSON")),
        ("users/nobody/report".to_owned(), json!({ "reason": "" }), (400, "M_INVALID_PARAM")),
        (format!("users/{}/report", ann.id), json!({}), (400, "M_MISSING_PARAM")),
    ];
    for (path, body, expected) in cases {
        assert_eq!(ann.post(&path, body.clone()).await.refusal(), expected, "{path} {body}");
    }
}
