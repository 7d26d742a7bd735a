use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    PASSWORD, asked_for_password, by_password, is_signed_in,
    support::{Answer, House, Person, token},
};

/// Less than a poll waits, and more than any machine needs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Deletes a device of `person`, confirmed with their password.
async fn delete(person: &Person, device: &str) {
    let body = json!({ "auth": by_password(person, PASSWORD) });
    assert_eq!(person.delete_with(&format!("devices/{device}"), body).await.ok(), json!({}));
}

async fn ids(person: &Person) -> Vec<String> {
    let listed = person.get("devices").await.ok();
    let devices = listed["devices"].as_array().unwrap().iter();
    devices.map(|device| device["device_id"].as_str().unwrap().to_owned()).collect()
}

/// A first sync, and a second that waits for more.
async fn begin_to_wait(person: &Person) -> tokio::task::JoinHandle<Answer> {
    let first = person.sync("timeout=0").await;
    begin(person, format!("sync?timeout=60000&since={}", token(&first)))
}

fn begin(person: &Person, path: String) -> tokio::task::JoinHandle<Answer> {
    let person = person.clone();
    tokio::spawn(async move { person.get(&path).await })
}

/// Spec "Device management": each member of a device has a value, and the id that was asked for is the id it gets.
#[tokio::test]
async fn a_device_tells_its_name_and_when_and_from_where_it_asked_last() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let signed_in = json!({ "device_id": "login_device", "initial_device_display_name": "device display" });
    house.log_in("alice", PASSWORD, signed_in).await.ok();
    let device = alice.get("devices/login_device").await.ok();
    assert_eq!(device["device_id"], "login_device");
    assert_eq!(device["display_name"], "device display");
    assert_eq!(device["user_id"], alice.id);
    assert_eq!(device["last_seen_ip"], "127.0.0.1");
    let before = alice.get(&format!("devices/{}", alice.device)).await.ok()["last_seen_ts"].as_i64().unwrap();
    let own = alice.get(&format!("devices/{}", alice.device)).await.ok();
    assert!(own["last_seen_ts"].as_i64().unwrap() >= before);
    assert_eq!(own["last_seen_ip"], "127.0.0.1");
    assert_eq!(ids(&alice).await.len(), 2);
    assert_eq!(alice.get("devices/unknown_device").await.refusal(), (404, "M_NOT_FOUND"));
    let renamed = alice.put("devices/unknown_device", json!({ "display_name": "x" })).await;
    assert_eq!(renamed.refusal(), (404, "M_NOT_FOUND"));
    alice.put("devices/login_device", json!({ "display_name": "new device display" })).await.ok();
    assert_eq!(alice.get("devices/login_device").await.ok()["display_name"], "new device display");
}

/// A device that signs in again under its id keeps the name its owner gave it.
#[tokio::test]
async fn signing_in_again_keeps_the_name() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    alice.put(&format!("devices/{}", alice.device), json!({ "display_name": "Kitchen" })).await.ok();
    let again = json!({ "device_id": alice.device, "initial_device_display_name": "Other" });
    let alice = house.signed_in(&house.log_in("alice", PASSWORD, again).await.ok());
    assert_eq!(alice.get(&format!("devices/{}", alice.device)).await.ok()["display_name"], "Kitchen");
}

/// Spec "User-Interactive Authentication" on `DELETE /devices/{deviceId}`: asked without a password it says which one is wanted;
/// a wrong one may be tried again; the right one deletes the device, whose token is worth nothing from then on.
#[tokio::test]
async fn a_device_is_deleted_after_the_password_and_its_token_with_it() {
    let house = House::open().await;
    let (alice, other) = (house.person("alice").await, house.another_device("alice").await);
    let path = format!("devices/{}", other.device);
    let first = alice.delete(&path).await;
    let session = asked_for_password(&first);
    assert_eq!(first.body.get("errcode"), None);
    let with = |auth: Value| {
        let mut auth = auth;
        auth["session"] = json!(session);
        json!({ "auth": auth })
    };
    let wrong = alice.delete_with(&path, with(by_password(&alice, "cashewnuts"))).await;
    assert_eq!(asked_for_password(&wrong), session);
    assert_eq!((wrong.refusal(), &wrong.body["completed"]), ((401, "M_FORBIDDEN"), &json!([])));
    let without = alice.delete_with(&path, with(json!({ "type": "m.login.password" }))).await;
    assert_eq!(without.refusal(), (401, "M_MISSING_PARAM"));
    assert!(is_signed_in(&other).await);
    alice.delete_with(&path, with(by_password(&alice, PASSWORD))).await.ok();
    assert_eq!(alice.get(&path).await.refusal(), (404, "M_NOT_FOUND"));
    assert!(!is_signed_in(&other).await);
    assert!(is_signed_in(&alice).await);
    let used = alice.delete_with(&path, json!({ "auth": { "session": session } })).await;
    assert_ne!(asked_for_password(&used), session, "a session serves once");
}

/// The old form of naming who one is, and saying only the password, are understood too.
#[tokio::test]
async fn old_clients_confirm_in_their_form() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    for auth in [
        json!({ "type": "m.login.password", "user": alice.id, "password": PASSWORD }),
        json!({ "type": "m.login.password", "user": "alice", "password": PASSWORD }),
        json!({ "type": "m.login.password", "password": PASSWORD }),
    ] {
        let other = house.another_device("alice").await;
        alice.delete_with(&format!("devices/{}", other.device), json!({ "auth": auth })).await.ok();
        assert!(!is_signed_in(&other).await, "{auth}");
    }
}

/// Whoever has stolen a token of one user cannot confirm with the password of another.
#[tokio::test]
async fn somebody_elses_password_confirms_nothing() {
    let house = House::open().await;
    let (alice, other) = (house.person("alice").await, house.another_device("alice").await);
    let eve = house.person("eve").await;
    let path = format!("devices/{}", other.device);
    let answer = alice.delete_with(&path, json!({ "auth": by_password(&eve, PASSWORD) })).await;
    assert_eq!(answer.refusal(), (403, "M_FORBIDDEN"));
    assert!(is_signed_in(&other).await);
    delete(&alice, &other.device).await;
    assert!(!is_signed_in(&other).await);
}

/// Steps that were begun for one device do not delete another.
#[tokio::test]
async fn the_request_cannot_change_under_its_confirmation() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (one, two) = (house.another_device("alice").await, house.another_device("alice").await);
    let session = asked_for_password(&alice.delete_with(&format!("devices/{}", one.device), json!({})).await);
    let mut auth = by_password(&alice, PASSWORD);
    auth["session"] = json!(session);
    let changed = alice.delete_with(&format!("devices/{}", two.device), json!({ "auth": auth })).await;
    assert_eq!(changed.refusal(), (403, "M_FORBIDDEN"));
    let several = json!({ "devices": [one.device, two.device], "auth": auth });
    assert_eq!(alice.post("delete_devices", several).await.refusal(), (403, "M_FORBIDDEN"));
    assert!(is_signed_in(&one).await && is_signed_in(&two).await);
    alice.delete_with(&format!("devices/{}", one.device), json!({ "auth": auth })).await.ok();
    assert!(!is_signed_in(&one).await && is_signed_in(&two).await);
}

#[tokio::test]
async fn several_devices_go_at_once_in_any_order_and_unknown_ones_are_passed_over() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (one, two) = (house.another_device("alice").await, house.another_device("alice").await);
    let session = asked_for_password(
        &alice.post("delete_devices", json!({ "devices": [one.device, two.device, "NONE"] })).await,
    );
    let mut auth = by_password(&alice, PASSWORD);
    auth["session"] = json!(session);
    let body = json!({ "devices": ["NONE", two.device, one.device], "auth": auth });
    assert_eq!(alice.post("delete_devices", body).await.ok(), json!({}));
    assert_eq!(ids(&alice).await, std::slice::from_ref(&alice.device));
    assert!(!is_signed_in(&one).await && !is_signed_in(&two).await);
    assert_eq!(alice.post("delete_devices", json!({})).await.refusal(), (400, "M_MISSING_PARAM"));
}

/// What waits for news on a device that is signed out is told so at once, however it was signed out.
#[tokio::test]
async fn a_wait_ends_at_once_with_the_session_it_is_for() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    for how in ["logout", "logout/all", "delete", "delete_devices", "events"] {
        let (waiting, other) = (house.another_device("alice").await, house.another_device("alice").await);
        let wait = if how == "events" {
            begin(&waiting, "events?timeout=60000".to_owned())
        } else {
            begin_to_wait(&waiting).await
        };
        match how {
            "logout" | "events" => waiting.post("logout", json!({})).await.ok(),
            "logout/all" => other.post("logout/all", json!({})).await.ok(),
            "delete" => {
                delete(&other, &waiting.device).await;
                json!({})
            }
            _ => {
                let auth = by_password(&alice, PASSWORD);
                other.post("delete_devices", json!({ "devices": [waiting.device], "auth": auth })).await.ok()
            }
        };
        let answered = tokio::time::timeout(PATIENCE, wait).await.expect(how).unwrap();
        assert_eq!(answered.refusal(), (401, "M_UNKNOWN_TOKEN"), "{how}");
        assert!(!is_signed_in(&waiting).await);
    }
}

/// Spec "Soft logout" and MSC3890: nothing of a device is left for the next one of its id: no messages, no settings.
#[tokio::test]
async fn what_belongs_to_a_device_goes_with_it() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let signed_in = json!({ "device_id": "PHONE" });
    let phone = house.signed_in(&house.log_in("alice", PASSWORD, signed_in.clone()).await.ok());
    let settings = "user/@alice:hark.test/account_data/m.local_notification_settings.PHONE";
    phone.put(settings, json!({ "is_silenced": true })).await.ok();
    let messages = json!({ "messages": { alice.id.clone(): { "PHONE": { "old": true } } } });
    bob.put("sendToDevice/m.test/1", messages).await.ok();
    delete(&alice, "PHONE").await;
    assert_eq!(alice.get(settings).await.refusal(), (404, "M_NOT_FOUND"));
    let phone = house.signed_in(&house.log_in("alice", PASSWORD, signed_in).await.ok());
    let first = phone.sync("timeout=0").await;
    let waiting = first["to_device"]["events"].as_array();
    assert!(waiting.is_none_or(Vec::is_empty), "{first}");
}

/// Deleting the device one asks from is signing out.
#[tokio::test]
async fn one_may_delete_the_device_one_sits_at() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    delete(&alice, &alice.device).await;
    assert!(!is_signed_in(&alice).await);
}

/// A token stays good over a restart, and a deleted device stays deleted.
#[tokio::test]
async fn a_restart_neither_ends_nor_revives_a_session() {
    let house = House::open().await;
    let (alice, other) = (house.person("alice").await, house.another_device("alice").await);
    delete(&alice, &other.device).await;
    let house = house.restart().await;
    assert!(is_signed_in(&house.again(&alice)).await);
    assert!(!is_signed_in(&house.again(&other)).await);
}
