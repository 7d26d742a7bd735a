use serde_json::{Value, json};

use crate::{
    PASSWORD, asked_for_password, by_password, is_signed_in,
    support::{House, Person},
};

/// Changes the password of `person`, confirmed with the present one.
async fn change(person: &Person, now: &str, new: &str, also: Value) {
    let mut body = json!({ "auth": by_password(person, now), "new_password": new });
    body.as_object_mut().unwrap().extend(also.as_object().unwrap().clone());
    assert_eq!(person.post("account/password", body).await.ok(), json!({}));
}

/// Spec "POST /account/password": afterwards only the new password opens the account; the session it was changed from goes on,
/// others end unless they are to stay.
#[tokio::test]
async fn only_the_new_password_opens_the_account_and_other_sessions_end() {
    let house = House::open().await;
    let (alice, other) = (house.person("alice").await, house.another_device("alice").await);
    change(&alice, PASSWORD, "my new password", json!({})).await;
    assert_eq!(house.log_in("alice", PASSWORD, json!({})).await.refusal(), (403, "M_FORBIDDEN"));
    let answer = house.log_in("alice", "my new password", json!({})).await.ok();
    assert_eq!(answer["user_id"], alice.id);
    assert!(is_signed_in(&alice).await, "the session it was changed from goes on");
    assert!(!is_signed_in(&other).await);
    let listed = alice.get("devices").await.ok();
    let ids: Vec<&Value> = listed["devices"].as_array().unwrap().iter().map(|d| &d["device_id"]).collect();
    assert!(!ids.contains(&&json!(other.device)), "{listed}");
}

#[tokio::test]
async fn other_sessions_can_be_kept() {
    let house = House::open().await;
    let (alice, other) = (house.person("alice").await, house.another_device("alice").await);
    change(&alice, PASSWORD, "my new password", json!({ "logout_devices": false })).await;
    assert!(is_signed_in(&alice).await && is_signed_in(&other).await);
    house.log_in("alice", "my new password", json!({})).await.ok();
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_into_one_that_is_one() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let path = "account/password";
    let asked = alice.post(path, json!({ "new_password": "another" })).await;
    asked_for_password(&asked);
    let wrong = json!({ "auth": by_password(&alice, "wrong"), "new_password": "another" });
    assert_eq!(alice.post(path, wrong).await.refusal(), (401, "M_FORBIDDEN"));
    let auth = by_password(&alice, PASSWORD);
    assert_eq!(alice.post(path, json!({ "auth": auth })).await.refusal(), (400, "M_MISSING_PARAM"));
    for (weak, errcode) in [
        (json!(""), "M_WEAK_PASSWORD"),
        (json!("x".repeat(513)), "M_WEAK_PASSWORD"),
        (json!(7), "M_BAD_JSON"),
    ] {
        let refused = alice.post(path, json!({ "auth": auth, "new_password": weak })).await;
        assert_eq!(refused.refusal(), (400, errcode), "{weak}");
    }
    let nobody = house.post(path, json!({ "new_password": "another" })).await;
    assert_eq!(nobody.refusal(), (401, "M_MISSING_TOKEN"));
    house.log_in("alice", PASSWORD, json!({})).await.ok();
}

/// A step that was taken to change the password does not close the account.
#[tokio::test]
async fn steps_serve_the_request_they_were_taken_for() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let session = asked_for_password(&alice.post("account/password", json!({ "new_password": "x" })).await);
    let mut auth = by_password(&alice, PASSWORD);
    auth["session"] = json!(session);
    let refused = alice.post("account/deactivate", json!({ "auth": auth })).await;
    assert_eq!(refused.refusal(), (403, "M_FORBIDDEN"));
    assert!(is_signed_in(&alice).await);
}

/// A new password is one that a restart remembers.
#[tokio::test]
async fn a_new_password_survives_a_restart() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    change(&alice, PASSWORD, "Zürich 7 🔑", json!({})).await;
    let house = house.restart().await;
    house.log_in("alice", "Zürich 7 🔑", json!({})).await.ok();
    assert_eq!(house.log_in("alice", PASSWORD, json!({})).await.refusal(), (403, "M_FORBIDDEN"));
}
