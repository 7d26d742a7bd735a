use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    PASSWORD, is_signed_in,
    support::{Answer, House, Person},
};

/// Signs in as somebody who can refresh.
async fn signed_in(house: &House, name: &str) -> (Person, String) {
    let answer = house.log_in(name, PASSWORD, json!({ "refresh_token": true })).await.ok();
    (house.signed_in(&answer), answer["refresh_token"].as_str().unwrap().to_owned())
}

async fn refresh(house: &House, token: &str) -> Answer {
    house.post("refresh", json!({ "refresh_token": token })).await
}

/// The same device with what a refresh gave it.
fn with(person: &Person, answer: &Value) -> (Person, String) {
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (person.bearing(&text("access_token")), text("refresh_token"))
}

/// Spec "Refreshing access tokens": whoever does not ask for it gets tokens without end, from login and from registration.
#[tokio::test]
async fn who_cannot_refresh_has_a_token_without_end() {
    let house = House::open_with(|config| config.token_lifetime = Duration::ZERO).await;
    let register = |also: bool, name: &str| json!({ "username": name, "password": PASSWORD, "auth": { "type": "m.login.dummy" }, "refresh_token": also });
    let without = house.post("register", register(false, "alice")).await.ok();
    assert_eq!((without.get("refresh_token"), without.get("expires_in_ms")), (None, None));
    let alice = house.signed_in(&without);
    assert!(is_signed_in(&alice).await);
    let again = house.log_in("alice", PASSWORD, json!({})).await.ok();
    assert_eq!((again.get("refresh_token"), again.get("expires_in_ms")), (None, None));
    let refreshing = house.post("register", register(true, "bob")).await.ok();
    assert!(refreshing["refresh_token"].is_string() && refreshing["expires_in_ms"] == 0, "{refreshing}");
}

/// A token whose time is over says so in words that do not sign the client out; a refreshed one is a session like before, with the
/// same device.
#[tokio::test]
async fn an_expired_token_is_a_soft_logout_and_is_refreshed() {
    let house = House::open_with(|config| config.token_lifetime = Duration::ZERO).await;
    house.person("alice").await;
    let (alice, token) = signed_in(&house, "alice").await;
    let over = alice.get("account/whoami").await;
    assert_eq!((over.refusal(), &over.body["soft_logout"]), ((401, "M_UNKNOWN_TOKEN"), &json!(true)));
    let answer = refresh(&house, &token).await.ok();
    assert_ne!(answer["access_token"], json!(alice.token));
    assert_ne!(answer["refresh_token"], json!(token));
    assert_eq!(answer["expires_in_ms"], 0);
    let (alice, _) = with(&alice, &answer);
    assert_eq!(alice.get("account/whoami").await.body["soft_logout"], true);
}

#[tokio::test]
async fn a_refreshed_session_is_the_same_device() {
    let house = House::open().await;
    house.person("alice").await;
    let (old, token) = signed_in(&house, "alice").await;
    let answer = refresh(&house, &token).await.ok();
    assert_eq!(answer["expires_in_ms"], 3_600_000);
    let (new, _) = with(&old, &answer);
    let who = new.get("account/whoami").await.ok();
    assert_eq!((&who["user_id"], &who["device_id"]), (&json!(old.id), &json!(old.device)));
    let old_path = house.server.url();
    let v1 = reqwest::Client::new().post(format!("{old_path}/_matrix/client/v1/refresh"));
    let v1 = v1.json(&json!({ "refresh_token": answer["refresh_token"] })).send().await.unwrap();
    assert_eq!(v1.status(), 200, "the old address of the endpoint");
}

/// The answer to a refresh may be lost: until what it gave is used, the same refresh token gives another.
#[tokio::test]
async fn a_refresh_token_serves_until_what_it_gave_is_used() {
    let house = House::open().await;
    house.person("alice").await;
    let (first, token) = signed_in(&house, "alice").await;
    let lost = refresh(&house, &token).await.ok();
    let got = refresh(&house, &token).await.ok();
    assert_ne!(lost["access_token"], got["access_token"]);
    let (second, next) = with(&first, &got);
    assert!(is_signed_in(&second).await);
    let used_up = refresh(&house, &token).await;
    assert_eq!(used_up.refusal(), (401, "M_UNKNOWN_TOKEN"));
    let (lost, _) = with(&first, &lost);
    assert!(!is_signed_in(&lost).await, "of two answers one counts");
    assert!(is_signed_in(&second).await);
    // Using the new refresh token counts as using what it came with.
    let third = refresh(&house, &next).await.ok();
    let (third, last) = with(&second, &third);
    refresh(&house, &last).await.ok();
    assert_eq!(refresh(&house, &next).await.refusal(), (401, "M_UNKNOWN_TOKEN"));
    assert!(is_signed_in(&third).await);
}

#[tokio::test]
async fn refreshing_survives_a_restart_and_ends_with_the_device() {
    let house = House::open().await;
    house.person("alice").await;
    let (alice, token) = signed_in(&house, "alice").await;
    let house = house.restart().await;
    let answer = refresh(&house, &token).await.ok();
    let (alice, next) = with(&house.again(&alice), &answer);
    alice.post("logout", json!({})).await.ok();
    let over = alice.get("account/whoami").await;
    assert_eq!((over.refusal(), &over.body["soft_logout"]), ((401, "M_UNKNOWN_TOKEN"), &json!(false)));
    for dead in [token, next, "nonsense".to_owned()] {
        assert_eq!(refresh(&house, &dead).await.refusal(), (401, "M_UNKNOWN_TOKEN"), "{dead}");
    }
    assert_eq!(house.post("refresh", json!({})).await.refusal(), (400, "M_MISSING_PARAM"));
    assert_eq!(house.post("refresh", json!({ "refresh_token": 5 })).await.refusal(), (400, "M_BAD_JSON"));
}

/// An access token refreshes nothing, and a refresh token opens nothing.
#[tokio::test]
async fn the_two_tokens_are_not_taken_for_each_other() {
    let house = House::open().await;
    house.person("alice").await;
    let (alice, token) = signed_in(&house, "alice").await;
    assert_eq!(refresh(&house, &alice.token).await.refusal(), (401, "M_UNKNOWN_TOKEN"));
    assert!(!is_signed_in(&alice.bearing(&token)).await);
}

/// Spec "Transaction identifiers": their scope is the device, not the token.
#[tokio::test]
async fn a_message_sent_again_with_a_refreshed_token_is_the_same_message() {
    let house = House::open().await;
    house.person("alice").await;
    let (old, token) = signed_in(&house, "alice").await;
    let room = old.create_room(json!({})).await;
    let path = format!("rooms/{room}/send/m.room.message/once");
    let content = json!({ "msgtype": "m.text", "body": "once" });
    let first = old.put(&path, content.clone()).await.ok();
    let (new, _) = with(&old, &refresh(&house, &token).await.ok());
    assert_eq!(new.put(&path, content).await.ok(), first);
    let page = new.get(&format!("rooms/{room}/messages?dir=b")).await.ok();
    assert_eq!(page["chunk"][0]["unsigned"]["transaction_id"], "once");
}
