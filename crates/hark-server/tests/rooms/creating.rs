//! Making rooms whose events are valid Matrix.

use ruma::{
    CanonicalJsonObject, RoomVersionId,
    room_version_rules::RoomVersionRules,
    signatures::{Verified, reference_hash, verify_event},
};
use serde_json::{Value, json};

use crate::{sending::urlencoding, support::House};

/// Every event of a room as other servers would get it, oldest first.
async fn pdus(person: &crate::support::Person, room: &str) -> Vec<Value> {
    let filter = r#"{"room":{"timeline":{"limit":100}},"event_format":"federation"}"#;
    let sync = person.sync(&format!("filter={}", urlencoding(filter))).await;
    let mut events = sync["rooms"]["join"][room]["timeline"]["events"].as_array().unwrap().clone();
    for event in &mut events {
        // Written beside the PDU for clients; servers compute it.
        assert!(event.as_object_mut().unwrap().remove("event_id").is_some());
    }
    events
}

#[tokio::test]
async fn ids_hashes_and_signatures_verify_in_every_room_version() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    for version in ["10", "11", "12"] {
        let rules: RoomVersionRules = RoomVersionId::try_from(version).unwrap().rules().unwrap();
        let body = json!({ "room_version": version, "name": "N", "topic": "T", "invite": [bob.id] });
        let room = ann.create_room(body).await;
        bob.join(&room).await.ok();
        bob.say(&room, "hello \"é\" \u{7}").await;
        let events = pdus(&ann, &room).await;
        assert_eq!(events.first().unwrap()["type"], "m.room.create");
        let mut before: Option<String> = None;
        for event in &events {
            let object: CanonicalJsonObject = serde_json::from_value(event.clone()).unwrap();
            let keys = public_keys(&house);
            let verified =
                verify_event(&keys, &object, &rules).unwrap_or_else(|error| panic!("{error}: {event}"));
            assert!(matches!(verified, Verified::All), "v{version} {event}");
            let expected = before.as_ref().map_or(json!([]), |before| json!([before]));
            assert_eq!(event["prev_events"], expected);
            before = Some(format!("${}", reference_hash(&object, &rules).unwrap()));
        }
        let shown = ann.get(&format!("rooms/{room}/event/{}", before.unwrap())).await.ok();
        assert_eq!(shown["content"]["body"], "hello \"é\" \u{7}");
        if version == "12" {
            let create: CanonicalJsonObject = serde_json::from_value(events[0].clone()).unwrap();
            assert_eq!(room, format!("!{}", reference_hash(&create, &rules).unwrap()));
        } else {
            assert!(room.ends_with(":hark.test"), "{room}");
        }
    }
}

/// The server's public key, from its signing key file.
fn public_keys(house: &House) -> ruma::signatures::PublicKeyMap {
    let line = std::fs::read_to_string(house.path().join("signing.key")).unwrap();
    let mut words = line.split_whitespace().skip(1);
    let (version, seed) = (words.next().unwrap(), words.next().unwrap());
    let seed = ruma::serde::Base64::<ruma::serde::base64::Standard>::parse(seed).unwrap();
    let prefix =
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let der = [prefix.as_slice(), seed.as_bytes()].concat();
    let pair = ruma::signatures::Ed25519KeyPair::from_der(&der, version.to_owned()).unwrap();
    let key = ruma::serde::Base64::new(pair.public_key().to_vec());
    [("hark.test".to_owned(), [(format!("ed25519:{version}"), key)].into())].into()
}

#[cfg(unix)]
#[tokio::test]
async fn the_signing_key_is_the_owners_alone_and_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = House::open().await;
    let path = house.path().join("signing.key");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&path).unwrap();
    let house = house.restart().await;
    assert_eq!(std::fs::read(house.path().join("signing.key")).unwrap(), before);
}

#[tokio::test]
async fn a_room_is_set_up_as_asked() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann
        .create_room(json!({
            "preset": "public_chat", "name": "Kitchen", "topic": "Food", "room_alias_name": "kitchen",
            "initial_state": [
                { "type": "m.room.name", "content": { "name": "overruled" } },
                { "type": "m.room.history_visibility", "content": { "history_visibility": "joined" } },
                { "type": "org.x", "state_key": "k", "content": { "a": 1 } },
            ],
            "power_level_content_override": { "events_default": 7, "invite": 3 },
            "creation_content": { "type": "org.kind", "creator": "@not:me" },
        }))
        .await;
    let state = |kind: &str| {
        let (ann, path) = (ann.clone(), format!("rooms/{room}/state/{kind}"));
        async move { ann.get(&path).await.ok() }
    };
    assert_eq!(state("m.room.name").await["name"], "Kitchen");
    assert_eq!(state("m.room.topic").await["m.topic"]["m.text"][0]["body"], "Food");
    assert_eq!(state("m.room.join_rules").await["join_rule"], "public");
    assert_eq!(state("m.room.history_visibility").await["history_visibility"], "joined");
    assert_eq!(state("m.room.canonical_alias").await["alias"], "#kitchen:hark.test");
    assert_eq!(state("org.x/k").await["a"], 1);
    let create = state("m.room.create").await;
    assert_eq!(
        (&create["type"], &create["creator"], &create["room_version"]),
        (&json!("org.kind"), &Value::Null, &json!("12"))
    );
    let levels = state("m.room.power_levels").await;
    assert_eq!(
        (&levels["events_default"], &levels["invite"], &levels["ban"]),
        (&json!(7), &json!(3), &json!(50))
    );

    let found = bob.get("directory/room/%23kitchen:hark.test").await.ok();
    assert_eq!((&found["room_id"], &found["servers"]), (&json!(room), &json!(["hark.test"])));
    bob.post("join/%23kitchen:hark.test", json!({})).await.ok();
}

#[tokio::test]
async fn a_room_that_cannot_be_set_up_leaves_nothing_behind() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    ann.create_room(json!({ "room_alias_name": "taken" })).await;
    for (body, expected) in [
        (json!({ "room_alias_name": "taken" }), (400, "M_ROOM_IN_USE")),
        (json!({ "room_version": "1" }), (400, "M_UNSUPPORTED_ROOM_VERSION")),
        (json!({ "room_version": 12 }), (400, "M_BAD_JSON")),
        (json!({ "room_alias_name": "free", "invite": ["@far:else.where"] }), (403, "M_FORBIDDEN")),
        (json!({ "room_alias_name": "free", "invite": ["@nobody:hark.test"] }), (404, "M_NOT_FOUND")),
        (json!({ "room_alias_name": "free", "invite": [ann.id] }), (403, "M_FORBIDDEN")),
        (
            json!({ "power_level_content_override": { "ban": "50" }, "room_alias_name": "free" }),
            (400, "M_BAD_JSON"),
        ),
    ] {
        let answer = ann.post("createRoom", body).await;
        assert_eq!(answer.refusal(), expected, "{answer:?}");
    }
    assert_eq!(ann.get("joined_rooms").await.ok()["joined_rooms"].as_array().unwrap().len(), 1);
    assert_eq!(ann.get("directory/room/%23free:hark.test").await.refusal(), (404, "M_NOT_FOUND"));
}

#[tokio::test]
async fn those_trusted_at_the_start_are_equals() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    for version in ["11", "12"] {
        let body = json!({ "preset": "trusted_private_chat", "invite": [bob.id], "room_version": version });
        let room = ann.create_room(body).await;
        bob.join(&room).await.ok();
        bob.set_state(&room, "m.room.name", json!({ "name": "ours" })).await.ok();
        bob.set_state(&room, "m.room.history_visibility", json!({ "history_visibility": "joined" }))
            .await
            .ok();
    }
}

/// The id of a room of version 12 is made from its create event, and a busy person's may be alike to the millisecond.
#[tokio::test]
async fn rooms_made_alike_at_the_same_moment_are_rooms_of_their_own() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let made = (0..32).map(|_| ann.create_room(json!({ "room_version": "12" })));
    let rooms: std::collections::HashSet<String> =
        futures_util::future::join_all(made).await.into_iter().collect();
    assert_eq!(rooms.len(), 32);
}

/// Without a preset the visibility decides; each preset has its rules, and guests are let in only where strangers are not.
#[tokio::test]
async fn presets_decide_who_may_come_in() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    for (body, join_rule, guests) in [
        (json!({}), "invite", "can_join"),
        (json!({ "visibility": "private" }), "invite", "can_join"),
        (json!({ "visibility": "public" }), "public", "forbidden"),
        (json!({ "preset": "private_chat", "visibility": "public" }), "invite", "can_join"),
        (json!({ "preset": "trusted_private_chat" }), "invite", "can_join"),
        (json!({ "preset": "public_chat" }), "public", "forbidden"),
    ] {
        let room = ann.create_room(body.clone()).await;
        let state = |kind: &str| {
            let (ann, path) = (ann.clone(), format!("rooms/{room}/state/{kind}"));
            async move { ann.get(&path).await.ok() }
        };
        assert_eq!(state("m.room.join_rules").await["join_rule"], join_rule, "{body}");
        assert_eq!(state("m.room.history_visibility").await["history_visibility"], "shared", "{body}");
        assert_eq!(state("m.room.guest_access").await["guest_access"], guests, "{body}");
    }
    assert_eq!(ann.post("createRoom", json!({ "preset": "odd" })).await.refusal(), (400, "M_INVALID_PARAM"));
}

/// What the create event says is the client's but for version and creator, which only the request itself decides.
#[tokio::test]
async fn creation_content_cannot_change_version_or_creator() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let asked = json!({
        "test": "azerty", "room_version": "test", "creator": "@else:hark.test", "m.federate": false,
        "predecessor": { "room_id": "!before:hark.test" },
    });
    for version in ["10", "11", "12"] {
        let room = ann.create_room(json!({ "room_version": version, "creation_content": asked })).await;
        let create = ann.get(&format!("rooms/{room}/state/m.room.create")).await.ok();
        assert_eq!((&create["room_version"], &create["test"]), (&json!(version), &json!("azerty")));
        let creator = if version == "10" { json!(ann.id) } else { Value::Null };
        assert_eq!((&create["creator"], &create["m.federate"]), (&creator, &json!(false)));
        assert_eq!(create["predecessor"]["room_id"], "!before:hark.test");
    }
}

/// A topic of the initial state stays as it is written; the request's own topic wins over it and is written richly.
#[tokio::test]
async fn a_topic_comes_from_the_request_or_the_initial_state() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let initial = json!([{ "type": "m.room.topic", "state_key": "", "content": { "topic": "Shenanigans" } }]);
    let topic = |room: String| {
        let ann = ann.clone();
        async move { ann.get(&format!("rooms/{room}/state/m.room.topic")).await.ok() }
    };
    let room = ann.create_room(json!({ "initial_state": initial })).await;
    assert_eq!(topic(room).await, json!({ "topic": "Shenanigans" }));
    let room = ann.create_room(json!({ "initial_state": initial, "topic": "Test Room" })).await;
    let rich = json!({ "topic": "Test Room", "m.topic": { "m.text": [{ "body": "Test Room" }] } });
    assert_eq!(topic(room).await, rich);
}

#[tokio::test]
async fn what_a_new_room_cannot_be_is_refused() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let third_party =
        json!([{ "id_server": "id.test", "id_access_token": "t", "medium": "email", "address": "a@b.c" }]);
    for (body, expected) in [
        (json!({ "invite_3pid": third_party }), (403, "M_FORBIDDEN")),
        (json!({ "room_version": "ahfgwjyerhgiuveisbruvybseyrugvi" }), (400, "M_UNSUPPORTED_ROOM_VERSION")),
        (json!({ "room_alias_name": "two words" }), (400, "M_INVALID_PARAM")),
        (json!({ "room_alias_name": "a:b" }), (400, "M_INVALID_PARAM")),
        (json!({ "room_alias_name": "" }), (400, "M_INVALID_PARAM")),
        (json!({ "initial_state": [{ "type": "m.room.create", "content": {} }] }), (400, "M_INVALID_PARAM")),
        (
            json!({ "initial_state": [{ "type": "m.room.member", "state_key": ann.id, "content": {} }] }),
            (400, "M_INVALID_PARAM"),
        ),
        (json!({ "initial_state": [{ "content": {} }] }), (400, "M_BAD_JSON")),
        (
            json!({ "room_version": "11", "power_level_content_override": { "users": { "@other:hark.test": 100 } } }),
            (400, "M_BAD_JSON"),
        ),
        (json!({ "power_level_content_override": { "users_default": 1.5 } }), (400, "M_BAD_JSON")),
    ] {
        let answer = ann.post("createRoom", body.clone()).await;
        assert_eq!(answer.refusal(), expected, "{body} {answer:?}");
    }
    assert_eq!(ann.get("joined_rooms").await.ok()["joined_rooms"], json!([]));
}
