//! Backups of room keys: SyTest 07-backup and Complement `TestE2EKeyBackupReplaceRoomKeyRules`, and what clients rely on.

use serde_json::{Value, json};

use crate::support::{Answer, House, Person};

/// An algorithm this server knows nothing of, and data it cannot read.
fn settings() -> Value {
    json!({ "algorithm": "org.example.backup", "auth_data": "opaque" })
}

async fn create(person: &Person) -> String {
    let answer = person.post("room_keys/version", settings()).await.ok();
    answer["version"].as_str().unwrap().to_owned()
}

fn session(first: u64, forwarded: u64, verified: bool) -> Value {
    json!({
        "first_message_index": first, "forwarded_count": forwarded, "is_verified": verified, "session_data": { "a": "b" },
    })
}

async fn put(person: &Person, version: &str, room: &str, id: &str, key: Value) -> Answer {
    person.put(&format!("room_keys/keys/{room}/{id}?version={version}"), key).await
}

async fn get(person: &Person, version: &str, place: &str) -> Answer {
    person.get(&format!("room_keys/keys{place}?version={version}")).await
}

/// SyTest "Can create backup version", "Can update backup version"; a client creates a backup when it is told that there is none.
#[tokio::test]
async fn a_backup_says_of_itself_what_its_owner_did() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    assert_eq!(alice.get("room_keys/version").await.refusal(), (404, "M_NOT_FOUND"));
    let version = create(&alice).await;
    let mut expected = settings();
    expected["version"] = version.clone().into();
    expected["count"] = 0.into();
    expected["etag"] = "0".into();
    for path in ["room_keys/version".to_owned(), format!("room_keys/version/{version}")] {
        assert_eq!(alice.get(&path).await.ok(), expected);
    }
    assert_eq!(bob.get("room_keys/version").await.refusal(), (404, "M_NOT_FOUND"), "it is alice's");

    put(&alice, &version, "!r", "s", session(1, 0, false)).await.ok();
    let path = format!("room_keys/version/{version}");
    let mut changed = settings();
    changed["auth_data"] = json!({ "other": "data" });
    alice.put(&path, changed.clone()).await.ok();
    changed["version"] = version.clone().into();
    alice.put(&path, changed).await.ok();
    let now = alice.get(&path).await.ok();
    assert_eq!((&now["auth_data"], &now["count"]), (&json!({ "other": "data" }), &json!(1)), "its keys stay");

    let contradictions = [
        json!({ "algorithm": "x", "auth_data": {} }),
        json!({ "algorithm": "org.example.backup", "auth_data": {}, "version": "9" }),
    ];
    for body in contradictions {
        assert_eq!(alice.put(&path, body).await.refusal(), (400, "M_INVALID_PARAM"));
    }
    for path in ["room_keys/version/99", "room_keys/version/bogus", "room_keys/version/-1"] {
        assert_eq!(alice.put(path, settings()).await.refusal(), (404, "M_NOT_FOUND"));
        assert_eq!(alice.get(path).await.refusal(), (404, "M_NOT_FOUND"));
        assert_eq!(alice.call("DELETE", path, None).await.refusal(), (404, "M_NOT_FOUND"));
    }
    assert_eq!(
        alice.post("room_keys/version", json!({ "auth_data": {} })).await.refusal(),
        (400, "M_MISSING_PARAM")
    );
}

/// SyTest "Responds correctly when backup is empty".
#[tokio::test]
async fn an_empty_backup_is_empty_at_every_level() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let version = create(&alice).await;
    assert_eq!(get(&alice, &version, "/!notaroom/notassession").await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(get(&alice, &version, "/!notaroom").await.ok(), json!({ "sessions": {} }));
    assert_eq!(get(&alice, &version, "").await.ok(), json!({ "rooms": {} }));
    assert_eq!(get(&alice, "bogusversion", "").await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(alice.get("room_keys/keys").await.refusal(), (400, "M_MISSING_PARAM"));
}

/// SyTest "Can backup keys": a key can be sent and fetched at each level; `etag` moves when something was stored, and only then.
#[tokio::test]
async fn keys_are_kept_by_room_and_session() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let version = create(&alice).await;
    let one = put(&alice, &version, "!a", "1", session(3, 0, false)).await.ok();
    assert_eq!(one["count"], 1);
    let body = json!({ "sessions": { "1": session(3, 0, false), "2": session(4, 0, true) } });
    let two = alice.put(&format!("room_keys/keys/!a?version={version}"), body.clone()).await.ok();
    assert_eq!(two["count"], 2);
    assert_ne!(two["etag"], one["etag"]);
    let again = alice.put(&format!("room_keys/keys/!a?version={version}"), body.clone()).await.ok();
    assert_eq!(again, two, "nothing was stored");
    let all = json!({ "rooms": { "!b": { "sessions": { "1": session(5, 1, false) } } } });
    let three = alice.put(&format!("room_keys/keys?version={version}"), all).await.ok();
    assert_eq!(three["count"], 3);

    assert_eq!(get(&alice, &version, "/!a/1").await.ok(), session(3, 0, false));
    assert_eq!(get(&alice, &version, "/!a").await.ok(), body);
    let all = json!({ "rooms": { "!a": body, "!b": { "sessions": { "1": session(5, 1, false) } } } });
    assert_eq!(get(&alice, &version, "").await.ok(), all);

    let delete = async |place: &str| {
        alice.call("DELETE", &format!("room_keys/keys{place}?version={version}"), None).await.ok()
    };
    assert_eq!(delete("/!a/1").await["count"], 2);
    assert_eq!(get(&alice, &version, "/!a/1").await.refusal(), (404, "M_NOT_FOUND"));
    let left = delete("/!a").await;
    assert_eq!(left["count"], 1);
    assert_eq!(delete("/!a").await, left, "there was nothing to delete");
    assert_eq!(delete("").await["count"], 0);
    assert_eq!(get(&alice, &version, "").await.ok(), json!({ "rooms": {} }));
}

/// Complement's rules, and SyTest "Can update keys with better versions" and "Will not update keys with worse versions".
#[tokio::test]
async fn a_key_gives_way_to_a_better_one_alone() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let version = create(&alice).await;
    for (name, is_verified) in [("a", false), ("b", true)] {
        let first = session(10, 5, is_verified);
        put(&alice, &version, "!r", name, first.clone()).await.ok();
        let mut worse =
            vec![(11, 5, is_verified), (10, 6, is_verified), (11, 6, is_verified), (11, 0, is_verified)];
        if is_verified {
            worse.extend([(11, 5, false), (10, 6, false), (0, 0, false)]);
        }
        for (index, forwarded, verified) in worse {
            put(&alice, &version, "!r", name, session(index, forwarded, verified)).await.ok();
            assert_eq!(get(&alice, &version, &format!("/!r/{name}")).await.ok(), first);
        }
    }
    for (index, forwarded, verified) in [(10, 4, false), (9, 9, false), (20, 20, true)] {
        let better = session(index, forwarded, verified);
        put(&alice, &version, "!r", "a", better.clone()).await.ok();
        assert_eq!(get(&alice, &version, "/!r/a").await.ok(), better);
    }
}

/// SyTest "Will not back up to an old backup version": a client is told which one is in use.
#[tokio::test]
async fn keys_for_a_former_version_are_refused() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    assert_eq!(put(&alice, "1", "!r", "s", session(0, 0, true)).await.refusal(), (404, "M_NOT_FOUND"));
    let (former, current) = (create(&alice).await, create(&alice).await);
    let refused = put(&alice, &former, "!r", "s", session(0, 0, true)).await;
    assert_eq!(refused.refusal(), (403, "M_WRONG_ROOM_KEYS_VERSION"));
    assert_eq!(refused.body["current_version"], current.as_str());
    assert_eq!(put(&alice, "99", "!r", "s", session(0, 0, true)).await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(get(&alice, &former, "").await.ok(), json!({ "rooms": {} }), "but it can be read");
}

/// SyTest "Can delete backup", "Deleted & recreated backups are empty", "Can create more than 10 backup versions": a number is never
/// given twice, and grows as a number;
/// what is deleted already can be deleted again.
#[tokio::test]
async fn a_deleted_backup_never_comes_back() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (first, second) = (create(&alice).await, create(&alice).await);
    put(&alice, &second, "!r", "s", session(0, 0, true)).await.ok();
    for _ in 0..2 {
        alice.call("DELETE", &format!("room_keys/version/{second}"), None).await.ok();
    }
    assert_eq!(alice.get("room_keys/version").await.ok()["version"], first.as_str());
    assert_eq!(alice.get(&format!("room_keys/version/{second}")).await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(get(&alice, &second, "").await.refusal(), (404, "M_NOT_FOUND"));
    let mut last = second.parse::<u64>().unwrap();
    for _ in 0..10 {
        let version = create(&alice).await;
        let number = version.parse::<u64>().unwrap();
        assert!(number > last, "{number} after {last}");
        assert_eq!(alice.get("room_keys/version").await.ok()["version"], version.as_str());
        assert_eq!(get(&alice, &version, "").await.ok(), json!({ "rooms": {} }));
        alice.call("DELETE", &format!("room_keys/version/{version}"), None).await.ok();
        last = number;
    }
}

#[tokio::test]
async fn keys_of_another_shape_are_refused() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let version = create(&alice).await;
    let with = |name: &str, value: Value| {
        let mut key = session(0, 0, true);
        key[name] = value;
        key
    };
    for (key, refusal) in [
        (json!({}), (400, "M_MISSING_PARAM")),
        (with("first_message_index", json!("0")), (400, "M_BAD_JSON")),
        (with("first_message_index", json!(-1)), (400, "M_INVALID_PARAM")),
        (with("is_verified", json!("yes")), (400, "M_BAD_JSON")),
        (with("session_data", json!("x".repeat(17_000))), (413, "M_TOO_LARGE")),
    ] {
        assert_eq!(put(&alice, &version, "!r", "s", key.clone()).await.refusal(), refusal, "{key}");
        let body = json!({ "rooms": { "!r": { "sessions": { "t": session(0, 0, true), "s": key } } } });
        assert_eq!(alice.put(&format!("room_keys/keys?version={version}"), body).await.refusal(), refusal);
    }
    assert_eq!(get(&alice, &version, "").await.ok(), json!({ "rooms": {} }), "nothing of it is kept");
}
