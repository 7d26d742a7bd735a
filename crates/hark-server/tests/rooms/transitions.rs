//! The table of membership: from every membership, by every request, to what the rules of rooms say.

use serde_json::{Value, json};

use crate::{
    checker,
    support::{House, Person},
};

/// What can be asked for, by the target or by a moderator.
const REQUESTS: [&str; 7] = ["join", "leave", "knock", "invite", "kick", "ban", "unban"];

/// Where the target stands before, and the membership after each request, in the order of [`REQUESTS`]; `None`: refused with 403.
const TABLE: [(&str, [Option<&str>; 7]); 6] = [
    ("none", [None, None, Some("knock"), Some("invite"), None, Some("ban"), None]),
    ("invite", [Some("join"), Some("leave"), None, Some("invite"), Some("leave"), Some("ban"), None]),
    ("join", [Some("join"), Some("leave"), None, None, Some("leave"), Some("ban"), None]),
    ("leave", [None, Some("leave"), Some("knock"), Some("invite"), None, Some("ban"), None]),
    ("ban", [None, None, None, None, None, Some("ban"), Some("leave")]),
    ("knock", [None, Some("leave"), Some("knock"), Some("invite"), Some("leave"), Some("ban"), None]),
];

async fn ask(request: &str, room: &str, moderator: &Person, target: &Person) -> u16 {
    let about = json!({ "user_id": target.id });
    let answer = match request {
        "knock" => target.post(&format!("knock/{room}"), json!({})).await,
        "join" | "leave" => target.post(&format!("rooms/{room}/{request}"), json!({})).await,
        _ => moderator.post(&format!("rooms/{room}/{request}"), about).await,
    };
    answer.status
}

/// The same said by a member event written by hand.
async fn write(request: &str, room: &str, moderator: &Person, target: &Person) -> u16 {
    let (who, membership) = match request {
        "join" | "leave" | "knock" => (target, request),
        "kick" | "unban" => (moderator, "leave"),
        _ => (moderator, request),
    };
    let path = format!("rooms/{room}/state/m.room.member/{}", target.id);
    who.put(&path, json!({ "membership": membership })).await.status
}

async fn bring(to: &str, room: &str, moderator: &Person, target: &Person) {
    let steps: &[&str] = match to {
        "none" => &[],
        "join" => &["invite", "join"],
        "leave" => &["invite", "join", "leave"],
        other => &[other],
    };
    for step in steps {
        assert_eq!(ask(step, room, moderator, target).await, 200, "{step} on the way to {to}");
    }
}

async fn membership(room: &str, moderator: &Person, target: &Person) -> Option<String> {
    let answer = moderator.get(&format!("rooms/{room}/state/m.room.member/{}", target.id)).await;
    answer.body["membership"].as_str().map(ToOwned::to_owned)
}

async fn walk(version: &str) {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let rule = json!([{ "type": "m.room.join_rules", "content": { "join_rule": "knock" } }]);
    for (before, outcomes) in TABLE {
        for (request, outcome) in REQUESTS.into_iter().zip(outcomes) {
            for by_hand in [false, true] {
                let room = ann.create_room(json!({ "room_version": version, "initial_state": rule })).await;
                bring(before, &room, &ann, &bob).await;
                let status = if by_hand {
                    // By hand a kick and the lifting of a ban are the same event, and so allowed where one of them is.
                    if (before, request) == ("ban", "kick") {
                        continue;
                    }
                    write(request, &room, &ann, &bob).await
                } else {
                    ask(request, &room, &ann, &bob).await
                };
                // The same event as a kick: allowed where a kick is.
                let outcome =
                    if by_hand && request == "unban" && outcome.is_none() { outcomes[4] } else { outcome };
                let note = format!("v{version} {before}: {request}, by hand: {by_hand}");
                assert_eq!(status, if outcome.is_some() { 200 } else { 403 }, "{note}");
                let expected = outcome.or((before != "none").then_some(before));
                assert_eq!(membership(&room, &ann, &bob).await.as_deref(), expected, "{note}");
                checker::check(&house, &room).await;
            }
        }
    }
}

#[tokio::test]
async fn membership_changes_as_the_table_says_in_version_10() {
    walk("10").await;
}

#[tokio::test]
async fn membership_changes_as_the_table_says_in_version_12() {
    walk("12").await;
}

/// Nobody is made to join or knock, no membership is made up, and a member event is about a user.
#[tokio::test]
async fn a_member_event_by_hand_says_what_can_be() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    let put = |key: &str, content: Value| {
        let (ann, path) = (ann.clone(), format!("rooms/{room}/state/m.room.member/{key}"));
        async move { ann.put(&path, content).await }
    };
    for (key, content, expected) in [
        (bob.id.as_str(), json!({ "membership": "join" }), (403, "M_FORBIDDEN")),
        (bob.id.as_str(), json!({ "membership": "knock" }), (403, "M_FORBIDDEN")),
        (bob.id.as_str(), json!({ "membership": "sit" }), (400, "M_BAD_JSON")),
        (bob.id.as_str(), json!({ "membership": 7 }), (400, "M_BAD_JSON")),
        (bob.id.as_str(), json!({}), (400, "M_BAD_JSON")),
        ("nobody", json!({ "membership": "ban" }), (400, "M_INVALID_PARAM")),
        ("", json!({ "membership": "ban" }), (400, "M_INVALID_PARAM")),
        ("@nobody:hark.test", json!({ "membership": "invite" }), (404, "M_NOT_FOUND")),
        ("@far:else.where", json!({ "membership": "invite" }), (403, "M_FORBIDDEN")),
    ] {
        assert_eq!(put(key, content.clone()).await.refusal(), expected, "{key} {content}");
    }
    let own = format!("rooms/{room}/state/m.room.member/{}", ann.id);
    let before = ann.get(&format!("{own}?format=event")).await.ok();
    let again = ann.put(&own, json!({ "membership": "join" })).await.ok();
    assert_eq!(again["event_id"], before["event_id"], "the same is said once");
}

/// Moderators have power over those below them, not over their equals; lifting a ban needs the level for bans.
#[tokio::test]
async fn moderators_show_out_those_below_them() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    let users = json!({ (ann.id.as_str()): 100, (bob.id.as_str()): 50, (eve.id.as_str()): 50 });
    let levels = json!({ "users": users, "ban": 60, "kick": 50 });
    let body =
        json!({ "preset": "public_chat", "room_version": "11", "power_level_content_override": levels });
    let room = ann.create_room(body).await;
    bob.join(&room).await.ok();
    eve.join(&room).await.ok();
    let act = |who: &Person, what: &str, target: &str| {
        let (who, path, body) = (who.clone(), format!("rooms/{room}/{what}"), json!({ "user_id": target }));
        async move { who.post(&path, body).await.status }
    };
    assert_eq!(act(&bob, "kick", &eve.id).await, 403, "an equal");
    assert_eq!(act(&bob, "kick", &ann.id).await, 403);
    assert_eq!(act(&bob, "ban", "@random:test").await, 403, "bans need 60");
    assert_eq!(act(&ann, "ban", "@random:test").await, 200, "never here, not even of this server");
    assert_eq!(act(&bob, "unban", "@random:test").await, 403);
    assert_eq!(act(&ann, "unban", "@random:test").await, 200);
    bob.leave(&room).await.ok();
    assert_eq!(act(&bob, "ban", &eve.id).await, 403, "not present");
    assert_eq!(act(&bob, "kick", &eve.id).await, 403, "not present");
    assert_eq!(act(&ann, "kick", &bob.id).await, 403, "has left already");
}
