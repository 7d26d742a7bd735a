//! Reading, setting and removing pushers.

use serde_json::{Value, json};

use crate::{
    gateway::pusher,
    support::{House, Person},
};

const URL: &str = "https://push.example.org/_matrix/push/v1/notify";

async fn keys(person: &Person) -> Vec<String> {
    let list = person.get("pushers").await.ok();
    list["pushers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["pushkey"].as_str().unwrap().to_owned())
        .collect()
}

async fn set(person: &Person, key: &str) {
    person.post("pushers/set", pusher(URL, key)).await.ok();
}

/// What was set is read back, all of it; setting it again changes it, and `kind: null` removes it.
#[tokio::test]
async fn a_pusher_is_set_read_changed_and_removed() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    assert_eq!(alice.get("pushers").await.ok(), json!({ "pushers": [] }));
    alice.post("pushers/set", pusher(URL, "key")).await.ok();
    assert_eq!(alice.get("pushers").await.ok(), json!({ "pushers": [pusher(URL, "key")] }));
    let mut changed = pusher(URL, "key");
    changed["lang"] = json!("de");
    changed["data"]["format"] = json!("event_id_only");
    changed.as_object_mut().unwrap().remove("profile_tag");
    alice.post("pushers/set", changed.clone()).await.ok();
    assert_eq!(alice.get("pushers").await.ok(), json!({ "pushers": [changed] }));
    set(&alice, "other").await;
    assert_eq!(keys(&alice).await, ["key", "other"]);
    let gone = json!({ "kind": null, "app_id": "org.example.app", "pushkey": "key" });
    for _ in 0..2 {
        assert_eq!(alice.post("pushers/set", gone.clone()).await.ok(), json!({}));
        assert_eq!(keys(&alice).await, ["other"]);
    }
    house.server.shutdown().await;
}

/// A pushkey wakes one user, unless `append` says that it wakes more.
#[tokio::test]
async fn a_key_belongs_to_whoever_set_it_last_unless_it_is_shared() {
    let house = House::open().await;
    let (alice, bob, carol) =
        (house.person("alice").await, house.person("bob").await, house.person("carol").await);
    set(&alice, "key").await;
    let mut shared = pusher(URL, "key");
    shared["append"] = json!(true);
    bob.post("pushers/set", shared).await.ok();
    assert_eq!((keys(&alice).await.len(), keys(&bob).await.len()), (1, 1));
    set(&carol, "another").await;
    assert_eq!((keys(&alice).await.len(), keys(&bob).await.len()), (1, 1));
    set(&carol, "key").await;
    assert_eq!((keys(&alice).await.len(), keys(&bob).await.len(), keys(&carol).await.len()), (0, 0, 2));
    house.server.shutdown().await;
}

/// What is not a pusher is refused in words, with an errcode for what is missing.
#[tokio::test]
async fn what_is_no_pusher_is_refused() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let with = |name: &str, value: Value| {
        let mut body = pusher(URL, "key");
        body[name] = value;
        body
    };
    let without = |name: &str| {
        let mut body = pusher(URL, "key");
        body.as_object_mut().unwrap().remove(name);
        body
    };
    for (body, errcode) in [
        (with("kind", json!("email")), "M_INVALID_PARAM"),
        (with("kind", json!(7)), "M_BAD_JSON"),
        (with("pushkey", json!("x".repeat(513))), "M_INVALID_PARAM"),
        (with("app_id", json!("x".repeat(65))), "M_INVALID_PARAM"),
        (with("app_id", json!("")), "M_INVALID_PARAM"),
        (with("lang", json!("x".repeat(300))), "M_INVALID_PARAM"),
        (with("data", json!({})), "M_MISSING_PARAM"),
        (with("data", json!({ "url": 1 })), "M_MISSING_PARAM"),
        (with("data", json!({ "url": URL, "format": {} })), "M_INVALID_PARAM"),
        (with("data", json!({ "url": URL, "more": "x".repeat(5_000) })), "M_INVALID_PARAM"),
        (with("data", json!({ "url": "http://push.example.org/_matrix/push/v1/notify" })), "M_INVALID_PARAM"),
        (with("data", json!({ "url": "https://push.example.org/" })), "M_INVALID_PARAM"),
        (with("data", json!({ "url": "nonsense" })), "M_INVALID_PARAM"),
        (without("data"), "M_MISSING_PARAM"),
        (without("lang"), "M_MISSING_PARAM"),
        (without("app_display_name"), "M_MISSING_PARAM"),
        (without("device_display_name"), "M_MISSING_PARAM"),
        (without("kind"), "M_MISSING_PARAM"),
        (without("pushkey"), "M_MISSING_PARAM"),
        (without("app_id"), "M_MISSING_PARAM"),
    ] {
        let answer = alice.post("pushers/set", body.clone()).await;
        assert_eq!(answer.refusal(), (400, errcode), "{body}");
    }
    assert_eq!(keys(&alice).await, [""; 0]);
    for number in 0..100 {
        set(&alice, &format!("key{number}")).await;
    }
    assert_eq!(alice.post("pushers/set", pusher(URL, "more")).await.refusal(), (403, "M_FORBIDDEN"));
    set(&alice, "key7").await;
    house.server.shutdown().await;
}

/// A pusher ends with the session that set it, and with no other.
#[tokio::test]
async fn pushers_end_with_the_session_that_set_them() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let phone = house.another_device("alice").await;
    set(&alice, "first").await;
    set(&phone, "second").await;
    assert_eq!(keys(&alice).await, ["first", "second"]);
    phone.post("logout", json!({})).await.ok();
    assert_eq!(keys(&alice).await, ["first"]);
    let anew = house.same_device(&alice).await;
    assert_eq!(keys(&anew).await, [""; 0], "the token that set it is dead");
    set(&anew, "third").await;
    let tablet = house.another_device("alice").await;
    anew.post("logout/all", json!({})).await.ok();
    assert_eq!(tablet.get("pushers").await.status, 401);
    let last = house.another_device("alice").await;
    assert_eq!(keys(&last).await, [""; 0]);
    house.server.shutdown().await;
}

/// Changing the password ends the pushers of the sessions it ends, and keeps those of the session it is changed from.
#[tokio::test]
async fn a_new_password_ends_the_pushers_of_other_sessions() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let phone = house.another_device("alice").await;
    set(&alice, "first").await;
    set(&phone, "second").await;
    let asked = alice.post("account/password", json!({ "new_password": "battery staple" })).await;
    assert_eq!(asked.status, 401);
    let auth = json!({
        "type": "m.login.password", "identifier": { "type": "m.id.user", "user": alice.id },
        "password": "correct horse", "session": asked.body["session"],
    });
    alice.post("account/password", json!({ "new_password": "battery staple", "auth": auth })).await.ok();
    assert_eq!(keys(&alice).await, ["first"]);
    assert_eq!(phone.get("pushers").await.status, 401);
    house.server.shutdown().await;
}
