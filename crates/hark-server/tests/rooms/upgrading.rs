//! Replacing a room by one of another version.

use serde_json::{Value, json};

use crate::{
    checker,
    sending::urlencoding,
    support::{House, Person, token, unique},
};

async fn upgrade(person: &Person, room: &str, version: &str) -> String {
    let answer = person.post(&format!("rooms/{room}/upgrade"), json!({ "new_version": version })).await;
    answer.ok()["replacement_room"].as_str().unwrap().to_owned()
}

async fn state(person: &Person, room: &str, kind: &str) -> Value {
    let answer = person.get(&format!("rooms/{room}/state/{kind}")).await;
    if answer.status == 404 { Value::Null } else { answer.ok() }
}

/// The successor names the old room, the old room names the successor, and the successor of version 12 has nothing of the old room
/// in its id but its own create event. Its predecessor names an event only where the id was chosen beforehand.
#[tokio::test]
async fn a_room_and_its_successor_name_each_other_in_every_version() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    for from in ["10", "11", "12"] {
        for to in ["10", "11", "12"] {
            let room = ann.create_room(json!({ "room_version": from, "preset": "public_chat" })).await;
            let start = ann.sync("").await;
            let successor = upgrade(&ann, &room, to).await;
            let create = state(&ann, &successor, "m.room.create").await;
            assert_eq!(
                (&create["room_version"], &create["predecessor"]["room_id"]),
                (&json!(to), &json!(room))
            );
            let told = ann.sync_since(&start).await;
            let tombstone = &told["rooms"]["join"][&room]["timeline"]["events"][0];
            assert_eq!(tombstone["type"], "m.room.tombstone", "{from} to {to}");
            assert_eq!(tombstone["content"]["replacement_room"], successor.as_str());
            let expected = if to == "12" { Value::Null } else { tombstone["event_id"].clone() };
            assert_eq!(create["predecessor"]["event_id"], expected, "{from} to {to}");
            let first = &told["rooms"]["join"][&successor]["timeline"];
            assert_eq!(first["events"][0]["type"], "m.room.create");
            let id = first["events"][0]["event_id"].as_str().unwrap().replacen('$', "!", 1);
            assert_eq!(id == successor, to == "12");
            checker::check(&house, &room).await;
            checker::check(&house, &successor).await;
        }
    }
}

/// What makes a room what it is comes along: its looks, who may join and read, encryption, access lists, type and federation,
/// who is banned and why, and the children of a space.
#[tokio::test]
async fn important_state_and_bans_are_copied() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let wanted = [
        ("m.room.topic", json!({ "topic": "topic" })),
        ("m.room.name", json!({ "name": "name" })),
        ("m.room.join_rules", json!({ "join_rule": "public" })),
        ("m.room.guest_access", json!({ "guest_access": "forbidden" })),
        ("m.room.history_visibility", json!({ "history_visibility": "joined" })),
        ("m.room.avatar", json!({ "url": "mxc://hark.test/a" })),
        ("m.room.encryption", json!({ "algorithm": "m.megolm.v1.aes-sha2" })),
        ("m.room.server_acl", json!({ "allow": ["*"], "deny": ["evil.test"] })),
    ];
    let creation = json!({ "m.federate": false, "type": "m.space", "org.other": 1 });
    for version in ["10", "12"] {
        let room = ann.create_room(json!({ "room_version": "11", "creation_content": creation })).await;
        for (kind, content) in &wanted {
            ann.set_state(&room, kind, content.clone()).await.ok();
        }
        let child = json!({ "via": ["hark.test"] });
        ann.put(&format!("rooms/{room}/state/m.space.child/!c:hark.test"), child.clone()).await.ok();
        ann.post(&format!("rooms/{room}/ban"), json!({ "user_id": bob.id, "reason": "spam" })).await.ok();
        let path = format!("rooms/{room}/state/m.room.member/@far:else.where");
        ann.put(&path, json!({ "membership": "ban" })).await.ok();
        ann.set_state(&room, "org.mine", json!({ "stays": "here" })).await.ok();

        let successor = upgrade(&ann, &room, version).await;
        for (kind, content) in &wanted {
            assert_eq!(state(&ann, &successor, kind).await, *content, "{kind}");
        }
        let create = state(&ann, &successor, "m.room.create").await;
        let copied = (&create["m.federate"], &create["type"], &create["org.other"]);
        assert_eq!(copied, (&json!(false), &json!("m.space"), &Value::Null));
        assert_eq!(state(&ann, &successor, "m.space.child/!c:hark.test").await, child);
        let ban = state(&ann, &successor, &format!("m.room.member/{}", bob.id)).await;
        assert_eq!(ban, json!({ "membership": "ban", "reason": "spam" }));
        let far = state(&ann, &successor, "m.room.member/@far:else.where").await;
        assert_eq!(far, json!({ "membership": "ban" }));
        assert_eq!(state(&ann, &successor, "org.mine").await, Value::Null);
        assert_eq!(bob.join(&successor).await.refusal(), (403, "M_FORBIDDEN"));
    }
}

/// Aliases lead to the new room at once and keep their makers, the canonical alias moves, and so does the entry in the directory.
#[tokio::test]
async fn aliases_and_the_directory_entry_move() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    for version in ["11", "12"] {
        let name = format!("one{version}");
        let body = json!({ "room_version": version, "visibility": "public", "room_alias_name": name });
        let room = ann.create_room(body).await;
        bob.join(&room).await.ok();
        let (first, second) = (format!("#{name}:hark.test"), format!("#two{version}:hark.test"));
        let address = |alias: &str| format!("directory/room/{}", urlencoding(alias));
        bob.put(&address(&second), json!({ "room_id": room })).await.ok();
        let canonical = json!({ "alias": first, "alt_aliases": [second] });
        ann.set_state(&room, "m.room.canonical_alias", canonical.clone()).await.ok();

        let successor = upgrade(&ann, &room, version).await;
        for alias in [&first, &second] {
            assert_eq!(ann.get(&address(alias)).await.ok()["room_id"], successor.as_str());
        }
        assert_eq!(state(&ann, &room, "m.room.canonical_alias").await, json!({}));
        assert_eq!(state(&ann, &successor, "m.room.canonical_alias").await, canonical);
        assert_eq!(ann.get(&format!("rooms/{room}/aliases")).await.ok(), json!({ "aliases": [] }));
        let listed = listed(&house);
        assert!(listed.contains(&successor) && !listed.contains(&room), "{listed:?}");
        bob.post(&format!("join/{}", urlencoding(&first)), json!({})).await.ok();
        bob.call("DELETE", &address(&second), None).await.ok();
    }
}

fn listed(house: &House) -> Vec<String> {
    let database = rusqlite::Connection::open(house.path().join("hark.db")).unwrap();
    let mut statement = database.prepare("SELECT room_id FROM rooms WHERE listed = 1").unwrap();
    let rooms = statement.query_map((), |row| row.get(0)).unwrap();
    rooms.collect::<Result<_, _>>().unwrap()
}

/// Power levels come along to the letter, above 100 too, and the old room is left to its moderators.
#[tokio::test]
async fn power_levels_are_copied_and_raised_in_the_old_room() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    for (users_default, quiet) in [(0, 50), (80, 81)] {
        let levels =
            json!({ "users": { (ann.id.as_str()): 500, "@test:xyz": 40 }, "users_default": users_default });
        let body = json!({ "room_version": "10", "power_level_content_override": levels });
        let room = ann.create_room(body).await;
        let before = state(&ann, &room, "m.room.power_levels").await;
        let successor = upgrade(&ann, &room, "11").await;
        assert_eq!(state(&ann, &successor, "m.room.power_levels").await, before);
        let after = state(&ann, &room, "m.room.power_levels").await;
        assert_eq!((&after["events_default"], &after["invite"]), (&json!(quiet), &json!(quiet)));
        assert_eq!(after["users"], before["users"]);
    }
}

/// A moderator who may bury the room but not much else gets the power to set the new one up, and has lost it in the end.
#[tokio::test]
async fn a_moderator_who_upgrades_is_a_moderator_afterwards() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "room_version": "10", "invite": [bob.id], "name": "N" })).await;
    bob.join(&room).await.ok();
    let mut levels = state(&ann, &room, "m.room.power_levels").await;
    levels["users"][&bob.id] = json!(50);
    levels["events"]["m.room.tombstone"] = json!(50);
    ann.set_state(&room, "m.room.power_levels", levels.clone()).await.ok();
    let successor = upgrade(&bob, &room, "11").await;
    assert_eq!(state(&bob, &successor, "m.room.power_levels").await, levels);
    assert_eq!(state(&bob, &room, "m.room.power_levels").await, levels, "he may not change them");
    assert_eq!(state(&bob, &successor, "m.room.name").await["name"], "N");
    let refused =
        bob.set_state(&successor, "m.room.history_visibility", json!({ "history_visibility": "joined" }));
    assert_eq!(refused.await.refusal(), (403, "M_FORBIDDEN"));
    checker::check(&house, &successor).await;
}

/// Who is a creator of the new room: whoever upgrades and those they name, nobody else. Creators stand in no power levels.
#[tokio::test]
async fn creators_of_version_12_are_named_by_who_upgrades() {
    let house = House::open().await;
    let (ann, bob, joe) = (house.person("ann").await, house.person("bob").await, house.person("joe").await);
    // From which version, levels before, who upgrades, creators named, levels after.
    type Case<'a> = (&'a str, Value, &'a Person, Vec<&'a str>, Value);
    let id = |person: &'static str| format!("@{person}:hark.test");
    let (a, b, j) = (id("ann"), id("bob"), id("joe"));
    let cases: Vec<Case<'_>> = vec![
        ("11", json!({ (a.clone()): 100, (b.clone()): 100 }), &bob, vec![], json!({ (a.clone()): 100 })),
        (
            "11",
            json!({ (a.clone()): 100, (b.clone()): 100, (j.clone()): 50 }),
            &ann,
            vec![&b],
            json!({ (j.clone()): 50 }),
        ),
        ("12", json!({ (b.clone()): 150, (j.clone()): 50 }), &bob, vec![&j], json!({})),
        ("12", json!({ (b.clone()): 150 }), &bob, vec![], json!({})),
    ];
    for (from, before, who, named, after) in cases {
        let room = ann.create_room(json!({ "room_version": from, "preset": "public_chat" })).await;
        bob.join(&room).await.ok();
        joe.join(&room).await.ok();
        ann.set_state(&room, "m.room.power_levels", json!({ "users": before })).await.ok();
        let body = json!({ "new_version": "12", "additional_creators": named });
        let answer = who.post(&format!("rooms/{room}/upgrade"), body).await.ok();
        let successor = answer["replacement_room"].as_str().unwrap();
        let expected = if named.is_empty() { Value::Null } else { json!(named) };
        let create = state(who, successor, "m.room.create").await;
        assert_eq!(create["additional_creators"], expected);
        assert_eq!(state(who, successor, "m.room.power_levels").await["users"], after);
        checker::check(&house, successor).await;
    }
}

/// Creators are above all levels; where there is no such rank they become the highest level, and additional ones are not known.
#[tokio::test]
async fn creators_keep_their_power_in_a_version_without_creators() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let creation = json!({ "additional_creators": [bob.id] });
    let room = ann.create_room(json!({ "room_version": "12", "creation_content": creation })).await;
    let body = json!({ "new_version": "11", "additional_creators": [bob.id] });
    let answer = ann.post(&format!("rooms/{room}/upgrade"), body).await.ok();
    let successor = answer["replacement_room"].as_str().unwrap();
    let levels = state(&ann, successor, "m.room.power_levels").await;
    assert_eq!(levels["users"], json!({ (ann.id.as_str()): 150, (bob.id.as_str()): 150 }));
    assert_eq!(state(&ann, successor, "m.room.create").await["additional_creators"], Value::Null);
    checker::check(&house, successor).await;
}

#[tokio::test]
async fn only_who_may_bury_a_room_may_replace_it() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    let room = ann.create_room(json!({ "invite": [bob.id], "room_alias_name": "stays" })).await;
    bob.join(&room).await.ok();
    let ask = |person: &Person, room: &str, body: Value| {
        let (person, path) = (person.clone(), format!("rooms/{room}/upgrade"));
        async move { person.post(&path, body).await }
    };
    let version = |version: Value| json!({ "new_version": version });
    assert_eq!(ask(&bob, &room, version(json!("11"))).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(ask(&eve, &room, version(json!("11"))).await.refusal(), (403, "M_FORBIDDEN"));
    for unknown in ["my_bad_version", "9", ""] {
        let answer = ask(&ann, &room, version(json!(unknown))).await;
        assert_eq!(answer.refusal(), (400, "M_UNSUPPORTED_ROOM_VERSION"), "{unknown}");
    }
    assert_eq!(ask(&ann, &room, version(json!(11))).await.refusal(), (400, "M_BAD_JSON"));
    assert_eq!(ask(&ann, &room, json!({})).await.refusal(), (400, "M_MISSING_PARAM"));
    let bad = json!({ "new_version": "12", "additional_creators": ["nobody"] });
    assert_eq!(ask(&ann, &room, bad).await.status, 400);
    let elsewhere = ask(&ann, "!fail:unknown", version(json!("11"))).await;
    assert_eq!(elsewhere.refusal(), (404, "M_NOT_FOUND"));
    // Nothing of it had an effect.
    assert_eq!(state(&ann, &room, "m.room.tombstone").await, Value::Null);
    assert_eq!(ann.get("joined_rooms").await.ok()["joined_rooms"], json!([room]));
    assert_eq!(ann.get("directory/room/%23stays:hark.test").await.ok()["room_id"], room.as_str());
}

/// A member's push rules, tags and the mark of a direct chat follow them into the new room when they join it, also when the room
/// was replaced by hand, but not into a room that only claims to be the successor.
#[tokio::test]
async fn what_a_member_set_up_follows_them() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    for by_hand in [false, true] {
        let room = ann.create_room(json!({ "preset": "public_chat" })).await;
        bob.join(&room).await.ok();
        for person in [&ann, &bob] {
            set_up(person, &room).await;
        }
        let start = bob.sync("").await;
        let successor =
            if by_hand { replace_by_hand(&ann, &room).await } else { upgrade(&ann, &room, "11").await };
        assert_followed(&ann, &room, &successor, true).await;
        assert_followed(&bob, &room, &successor, false).await;
        bob.join(&successor).await.ok();
        assert_followed(&bob, &room, &successor, true).await;
        let told = bob.sync(&format!("timeout=0&since={}", token(&start))).await;
        let kinds: Vec<_> = told["account_data"]["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|data| data["type"].clone())
            .collect();
        assert!(kinds.contains(&json!("m.push_rules")) && kinds.contains(&json!("m.direct")), "{kinds:?}");

        let claim = json!({ "predecessor": { "room_id": room } });
        let false_heir = ann.create_room(json!({ "preset": "public_chat", "creation_content": claim })).await;
        bob.join(&false_heir).await.ok();
        assert_followed(&bob, &room, &false_heir, false).await;
    }
}

async fn set_up(person: &Person, room: &str) {
    let id = &person.id;
    person.put(&format!("pushrules/global/room/{room}"), json!({ "actions": [] })).await.ok();
    let mute = json!({ "actions": [], "conditions": [{ "kind": "event_match", "key": "room_id", "pattern": room }] });
    person.put(&format!("pushrules/global/override/{room}"), mute).await.ok();
    person.put(&format!("user/{id}/rooms/{room}/tags/m.favourite"), json!({ "order": 0.5 })).await.ok();
    let direct = json!({ "@other:hark.test": [room], "odd": 7 });
    person.put(&format!("user/{id}/account_data/m.direct"), direct).await.ok();
}

async fn replace_by_hand(person: &Person, room: &str) -> String {
    let claim = json!({ "predecessor": { "room_id": room } });
    let successor = person.create_room(json!({ "preset": "public_chat", "creation_content": claim })).await;
    let content = json!({ "body": "moved", "replacement_room": successor });
    person.set_state(room, "m.room.tombstone", content).await.ok();
    successor
}

async fn assert_followed(person: &Person, room: &str, successor: &str, followed: bool) {
    let id = &person.id;
    let rule = person.get(&format!("pushrules/global/room/{successor}")).await;
    assert_eq!(rule.status == 200, followed, "{rule:?}");
    let mute = person.get(&format!("pushrules/global/override/{successor}")).await;
    assert_eq!(mute.status == 200, followed, "{mute:?}");
    if followed {
        assert_eq!(mute.body["conditions"][0]["pattern"], successor);
    }
    let tags = person.get(&format!("user/{id}/rooms/{successor}/tags")).await.ok();
    assert_eq!(tags["tags"]["m.favourite"].is_object(), followed, "{tags}");
    let direct = person.get(&format!("user/{id}/account_data/m.direct")).await.ok();
    let rooms = direct["@other:hark.test"].as_array().unwrap();
    assert_eq!(rooms.contains(&json!(successor)), followed, "{direct}");
    assert!(rooms.contains(&json!(room)));
}

/// A room is not its own successor, said as state or as a message.
#[tokio::test]
async fn a_tombstone_points_to_another_room() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let content = json!({ "body": "moved", "replacement_room": room });
    let answer = ann.set_state(&room, "m.room.tombstone", content.clone()).await;
    assert_eq!(answer.refusal(), (400, "M_INVALID_PARAM"));
    let path = format!("rooms/{room}/send/m.room.tombstone/{}", unique());
    assert_eq!(ann.put(&path, content).await.refusal(), (400, "M_INVALID_PARAM"));
}
