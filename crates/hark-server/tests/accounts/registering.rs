use hark_server::Registration;
use serde_json::{Value, json};

use crate::{PASSWORD, is_signed_in, support::House};

fn wanted(name: &str, also: Value) -> Value {
    let mut body = json!({ "username": name, "password": PASSWORD, "auth": { "type": "m.login.dummy" } });
    body.as_object_mut().unwrap().extend(also.as_object().unwrap().clone());
    body
}

/// SyTest "POST /register …": the session is for the device that was asked for, whatever the letters of name and password.
#[tokio::test]
async fn registering_makes_the_account_and_signs_in_the_device_it_names() {
    let house = House::open().await;
    let also =
        json!({ "device_id": "xyzzy", "initial_device_display_name": "My phone", "password": "pässwörd 🔑" });
    let answer = house.post("register", wanted("New.User_1=/+-", also)).await.ok();
    assert_eq!(answer["user_id"], "@new.user_1=/+-:hark.test");
    assert_eq!((&answer["device_id"], &answer["home_server"]), (&json!("xyzzy"), &json!("hark.test")));
    let person = house.signed_in(&answer);
    assert_eq!(person.get("devices/xyzzy").await.ok()["display_name"], "My phone");
    house.log_in("new.user_1=/+-", "pässwörd 🔑", json!({})).await.ok();
}

/// Without a name one is made up; without a password there is no account.
#[tokio::test]
async fn a_name_can_be_left_out_and_a_password_cannot() {
    let house = House::open().await;
    let auth = json!({ "type": "m.login.dummy" });
    let (one, two) = (
        house.post("register", json!({ "password": PASSWORD, "auth": auth })).await.ok(),
        house.post("register", json!({ "password": PASSWORD, "auth": auth })).await.ok(),
    );
    assert_ne!(one["user_id"], two["user_id"]);
    assert!(is_signed_in(&house.signed_in(&one)).await);
    let without = house.post("register", json!({ "username": "eve", "auth": auth })).await;
    assert_eq!(without.refusal(), (400, "M_MISSING_PARAM"));
    let empty = house.post("register", wanted("eve", json!({ "password": "" }))).await;
    assert_eq!(empty.refusal(), (400, "M_WEAK_PASSWORD"));
    assert_eq!(house.get("register/available?username=eve").await.ok(), json!({ "available": true }));
}

/// SyTest: names with signs that no user id may have are refused before anything else.
#[tokio::test]
async fn names_that_cannot_be_are_refused() {
    let house = House::open().await;
    for sign in
        ["!", "\"", ":", "?", "\\", "@", "[", "]", "{", "|", "}", "£", "é", "\n", "'", " ", "#", "\u{0}x"]
    {
        let answer = house
            .post(
                "register",
                json!({ "username": format!("user-{sign}-reject-please"), "password": PASSWORD }),
            )
            .await;
        assert_eq!(answer.status, 400, "{sign:?}: {}", answer.body);
        let errcode = answer.refusal().1;
        assert!(errcode == "M_INVALID_USERNAME" || sign.contains('\0'), "{sign:?}: {}", answer.body);
    }
    let long = house.post("register", wanted(&"a".repeat(250), json!({}))).await;
    assert_eq!(long.refusal(), (400, "M_INVALID_USERNAME"));
    let guest = house.post("register?kind=guest", json!({})).await;
    assert_eq!(guest.refusal(), (403, "M_GUEST_ACCESS_FORBIDDEN"));
}

/// Of many who want a name at once one gets it.
#[tokio::test]
async fn a_name_is_given_once_however_many_ask_at_once() {
    let house = House::open().await;
    let asks = (0..8).map(|_| house.post("register", wanted("alice", json!({}))));
    let answers = futures_util::future::join_all(asks).await;
    let given = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(given, 1);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused.refusal(), (400, "M_USER_IN_USE"));
    }
}

/// A registration token of one use makes one account, however many show it at once.
#[tokio::test]
async fn the_last_use_of_a_registration_token_is_given_once() {
    let house = House::open_with(|config| config.registration = Registration::Token).await;
    let token = hark_server::add_registration_token(house.path(), Some(1)).await.unwrap();
    let asks = (0..6).map(|number| {
        let auth = json!({ "type": "m.login.registration_token", "token": token });
        house.post("register", wanted(&format!("user{number}"), json!({ "auth": auth })))
    });
    let answers = futures_util::future::join_all(asks).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert!(matches!(refused.refusal(), (401 | 403, "M_FORBIDDEN")), "{}", refused.body);
    }
    let validity = format!(
        "{}/_matrix/client/v1/register/m.login.registration_token/validity?token={token}",
        house.server.url()
    );
    let body: Value = reqwest::get(validity).await.unwrap().json().await.unwrap();
    assert_eq!(body, json!({ "valid": false }));
}

/// Whoever closes the door says so to everybody, whatever they show.
#[tokio::test]
async fn a_closed_server_makes_no_accounts() {
    let house = House::open_with(|config| config.registration = Registration::Closed).await;
    for body in [
        json!({}),
        wanted("alice", json!({})),
        wanted("alice", json!({ "auth": { "type": "m.login.registration_token", "token": "x" } })),
    ] {
        assert_eq!(house.post("register", body).await.refusal(), (403, "M_FORBIDDEN"));
    }
}
