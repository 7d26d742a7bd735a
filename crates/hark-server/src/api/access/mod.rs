//! Every endpoint asked by everybody (SC3): who is let in, and what they see.
//!
//! The walk is over the table of routes itself, so an endpoint that [`table`] does not know fails the test. Besides what a row
//! promises, no answer of any endpoint may hold a word that its asker may not see.

mod bodies;
mod people;
mod table;

use std::collections::BTreeMap;

pub(super) use self::table::Row;
use self::{
    people::{Answer, People, Room, Who},
    table::{Rule, TABLE, expected, history, state},
};
use super::routes;

/// A path without its version: each version of an endpoint behaves like the others.
pub(super) fn unversioned(path: &str) -> String {
    let (start, versioned) = match path.strip_prefix("/_matrix/media/") {
        Some(rest) => ("/_matrix/media", rest),
        None => ("", path.strip_prefix("/_matrix/client/").unwrap_or_default()),
    };
    if versioned.is_empty() {
        return path.to_owned();
    }
    let Some((version, rest)) = versioned.split_once('/') else { return format!("{start}/{versioned}") };
    // An unstable prefix is `unstable/<name with dots>`, or `unstable` alone.
    let rest = match rest.split_once('/') {
        Some((name, rest)) if version == "unstable" && name.contains('.') => rest,
        _ => rest,
    };
    format!("{start}/{}", rest.trim_end_matches('/'))
}

/// Paths fit where their fixed words are the same; an empty last parameter may be left out.
fn fits(row: &Row, method: &str, path: &str) -> bool {
    let (mut ours, mut theirs) = (row.path.split('/'), path.split('/'));
    row.method == method
        && loop {
            match (ours.next(), theirs.next()) {
                (None | Some("{}"), None) => return true,
                (Some(our), Some(their)) if our == their || their.starts_with('{') => {}
                _ => return false,
            }
        }
}

/// The most special row: the one with the most fixed words.
fn find(method: &str, path: &str) -> Option<&'static Row> {
    let fitting = TABLE.iter().filter(|row| fits(row, method, path));
    fitting.max_by_key(|row| row.path.split('/').filter(|word| !word.starts_with('{')).count())
}

/// The endpoint's real path with what the row puts into it.
fn fill(row: &Row, path: &str, me: &str, room: &str, event: &str) -> String {
    let general = unversioned(path);
    let names = row.path.split('/').zip(general.split('/')).filter(|(_, their)| their.starts_with('{'));
    let filled = names.enumerate().fold(path.to_owned(), |path, (number, (our, _))| {
        path.replace(&format!("{{{number}}}"), &value(our, me, room, event))
    });
    if row.query.is_empty() { filled } else { format!("{filled}?{}", row.query) }
}

/// What stands for a name in braces.
fn value(name: &str, me: &str, room: &str, event: &str) -> String {
    match name {
        "{room}" => room.to_owned(),
        "{event}" => event.to_owned(),
        "{me}" => me.to_owned(),
        "{other}" => "@other:test.home.arpa".to_owned(),
        "{alias}" => "%23nothing:test.home.arpa".to_owned(),
        "{txn}" => format!("t{}", crate::random::url_safe::<8>()),
        "{server}" => "test.home.arpa".to_owned(),
        "{kind}" => "override".to_owned(),
        "{type}" => "org.example.walk".to_owned(),
        "{}" => String::new(),
        word if !word.starts_with('{') => word.to_owned(),
        _ => "x".to_owned(),
    }
}

/// Every endpoint with its row; those without fail the test.
pub(super) fn endpoints() -> Vec<(&'static Row, String)> {
    let mut missing = Vec::new();
    let mut found = Vec::new();
    for (method, path) in routes().endpoints() {
        match find(method.as_str(), &unversioned(path)) {
            Some(row) => found.push((row, path.clone())),
            None => missing.push(format!("{method} {path}")),
        }
    }
    assert!(missing.is_empty(), "say in api/access/table.rs who may call these, a line each: {missing:#?}");
    found
}

fn in_a_room(row: &Row) -> bool {
    row.path.contains("{room}") && !matches!(row.rule, Rule::Own | Rule::Open)
}

fn changes(row: &Row) -> bool {
    row.method != "GET"
}

/// No word of the room that its reader may not see, and where all of them are promised, all.
fn check_words(told: &str, answer: &Answer, row: &Row, who: Who, visibility: &str, room: &Room) {
    let seen = history(who, visibility);
    let known = state(who, visibility);
    let was_shown = |word: &String| answer.text.contains(word.as_str());
    for time in 0..4 {
        assert!(seen[time] || !was_shown(&room.messages[time]), "{told} leaks the message of time {time}");
        let may = seen[time] || known[time];
        assert!(may || !was_shown(&room.state[time]), "{told} leaks the state of time {time}");
        let (all_messages, all_state) = match row.rule {
            Rule::History => (true, false),
            Rule::State => (false, true),
            Rule::OwnRooms => (who.is_inside() || who.went() && time < 3, false),
            _ => (false, false),
        };
        let complete = !(all_messages && seen[time]) || was_shown(&room.messages[time]);
        assert!(complete, "{told} lacks the message of time {time}");
        let complete = !(all_state && known[time]) || was_shown(&room.state[time]);
        assert!(complete, "{told} lacks the state of time {time}");
    }
    let may_hear = who != Who::Ignoring && seen[2];
    assert!(may_hear || !was_shown(&room.noise), "{told} leaks what was said in between");
    let complete = !(may_hear && matches!(row.rule, Rule::History)) || was_shown(&room.noise);
    assert!(complete, "{told} lacks what was said in between");
}

async fn check(people: &People, row: &Row, path: &str, who: Who, visibility: &str, room: &Room) {
    let me = who.user_id();
    let events = if row.path.contains("{event}") { &room.events[..] } else { &room.events[..1] };
    for (time, event) in events.iter().enumerate() {
        let path = fill(row, path, &me, &room.id, event);
        let body = row.body.replace("{other}", "@other:test.home.arpa").replace("{room}", &room.id);
        let answer = people.ask(&me, row.method, &path, &body).await;
        let told = format!(
            "{who:?} in a {visibility} room: {} {path} → {} {:.300}",
            row.method, answer.status, answer.text
        );
        assert!(answer.status < 500, "{told}");
        if in_a_room(row) {
            let sees = history(who, visibility)[time];
            let answered = (answer.status, answer.errcode());
            let (status, errcode) = expected(row.rule, who, visibility, sees);
            assert_eq!(answered, (status, errcode.to_owned()), "{told}");
        } else if who == Who::Nobody && !matches!(row.rule, Rule::Open) {
            assert_eq!((answer.status, answer.errcode().as_str()), (401, "M_MISSING_TOKEN"), "{told}");
        }
        check_words(&told, &answer, row, who, visibility, room);
    }
}

/// Everybody at every endpoint: reads on one room, each write on a room of its own, whose members write last.
async fn walk(visibility: &str) {
    let mut people = People::gather().await;
    let room = people.room(visibility, "read").await;
    let endpoints = endpoints();
    for (row, path) in endpoints.iter().filter(|(row, _)| !changes(row)) {
        for who in Who::ALL {
            check(&people, row, path, who, visibility, &room).await;
        }
    }
    for (number, (row, path)) in endpoints.iter().filter(|(row, _)| changes(row)).enumerate() {
        let own = if in_a_room(row) {
            Some(people.room(visibility, &format!("write{number}")).await)
        } else {
            None
        };
        for who in Who::ALL {
            check(&people, row, path, who, visibility, own.as_ref().unwrap_or(&room)).await;
            if row.path.contains("/logout") && who != Who::Nobody {
                people.sign_in(&who.user_id()).await;
            }
        }
    }
    people.go().await;
}

#[tokio::test]
async fn everybody_at_every_endpoint_of_a_world_readable_room() {
    walk("world_readable").await;
}

#[tokio::test]
async fn everybody_at_every_endpoint_of_a_shared_room() {
    walk("shared").await;
}

#[tokio::test]
async fn everybody_at_every_endpoint_of_a_room_open_since_the_invitation() {
    walk("invited").await;
}

#[tokio::test]
async fn everybody_at_every_endpoint_of_a_room_open_since_the_join() {
    walk("joined").await;
}

/// The same words for a room that is and one that is not, but for ids.
#[tokio::test]
async fn a_stranger_cannot_tell_a_private_room_from_none_at_any_endpoint() {
    let people = People::gather().await;
    let room = people.room("shared", "private").await;
    // Knocking is what the room's rule opens to strangers.
    let owner = "@owner:test.home.arpa";
    let path = format!("/_matrix/client/v3/rooms/{}/state/m.room.join_rules/", room.id);
    assert_eq!(people.ask(owner, "PUT", &path, r#"{"join_rule":"invite"}"#).await.status, 200);
    let (none, nothing) =
        ("!noroomnoroomnoroomnoroomnoroomnoroomnoroom1", "$noeventnoeventnoeventnoeventnoeventnoevent1");
    let me = Who::Stranger.user_id();
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    for (row, path) in endpoints().iter().filter(|(row, _)| row.path.contains("{room}")) {
        for event in [room.events[0].as_str(), nothing] {
            let body = row.body.replace("{other}", "@other:test.home.arpa");
            let real = people.ask(&me, row.method, &fill(row, path, &me, &room.id, event), &body).await;
            let unreal = people.ask(&me, row.method, &fill(row, path, &me, none, nothing), &body).await;
            let text = real.text.replace(&room.id, none).replace(event, nothing);
            if (real.status, &text) != (unreal.status, &unreal.text) {
                told.insert(format!("{} {path}", row.method), format!("{real:?} is not {unreal:?}"));
            }
        }
    }
    assert!(told.is_empty(), "{told:#?}");
    people.go().await;
}

#[test]
fn an_endpoint_is_found_under_each_of_its_versions() {
    for (path, expected) in [
        ("/_matrix/client/r0/rooms/{0}/messages", "/rooms/{0}/messages"),
        ("/_matrix/client/unstable/org.matrix.msc3916/media/config", "/media/config"),
        ("/_matrix/client/unstable/keys/query", "/keys/query"),
        ("/_matrix/client/versions", "/versions"),
        ("/_matrix/media/v3/download/{0}/{1}", "/_matrix/media/download/{0}/{1}"),
        ("/_matrix/media/unstable/fi.mau.msc2246/create", "/_matrix/media/create"),
    ] {
        assert_eq!(unversioned(path), expected);
    }
}
