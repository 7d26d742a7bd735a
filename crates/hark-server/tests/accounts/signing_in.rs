use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use crate::{
    PASSWORD, asked_for_password, by_password, is_signed_in,
    support::{House, Person},
};

async fn request(house: &House, method: &str, path: &str) -> (u16, Value) {
    let request =
        reqwest::Client::new().request(method.parse().unwrap(), format!("{}{path}", house.server.url()));
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// Asks for a token, confirmed by the password.
async fn login_token(person: &Person) -> String {
    let url = format!("{}/_matrix/client/v1/login/get_token", person.base());
    let client = reqwest::Client::new();
    let body = json!({ "auth": by_password(person, PASSWORD) });
    let response = client.post(url).bearer_auth(&person.token).json(&body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["expires_in_ms"], 120_000);
    answer["login_token"].as_str().unwrap().to_owned()
}

/// Spec "Identifier types": a name in any case, alone or as a full id, in the new and in the old form. What this server cannot
/// know anybody by is refused in plain words.
#[tokio::test]
async fn whoever_says_who_they_are_is_understood() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    for user in ["alice", "ALICE", "@alice:hark.test", "@Alice:hark.test"] {
        for form in [json!({ "identifier": { "type": "m.id.user", "user": user } }), json!({ "user": user })]
        {
            let mut body = json!({ "type": "m.login.password", "password": PASSWORD });
            body.as_object_mut().unwrap().extend(form.as_object().unwrap().clone());
            assert_eq!(house.post("login", body).await.ok()["user_id"], alice.id, "{form}");
        }
    }
    for (who, refusal) in [
        (
            json!({ "identifier": { "type": "m.id.thirdparty", "medium": "email", "address": "a@b.org" } }),
            (403, "M_FORBIDDEN"),
        ),
        (
            json!({ "identifier": { "type": "m.id.phone", "country": "CH", "phone": "1" } }),
            (403, "M_FORBIDDEN"),
        ),
        (json!({ "medium": "email", "address": "a@b.org" }), (403, "M_FORBIDDEN")),
        (json!({ "identifier": { "type": "org.example.id" } }), (400, "M_UNKNOWN")),
        (json!({ "identifier": { "type": "m.id.user" } }), (400, "M_MISSING_PARAM")),
        (json!({ "identifier": {} }), (400, "M_MISSING_PARAM")),
        (json!({ "identifier": "alice" }), (400, "M_BAD_JSON")),
        (json!({ "user": "@alice:elsewhere.org" }), (403, "M_FORBIDDEN")),
        (json!({ "user": "nobody" }), (403, "M_FORBIDDEN")),
        (json!({ "user": "al ice\u{202e}" }), (403, "M_FORBIDDEN")),
        (json!({ "user": "" }), (403, "M_FORBIDDEN")),
        (json!({ "user": "x".repeat(100_000) }), (403, "M_FORBIDDEN")),
    ] {
        let mut body = json!({ "type": "m.login.password", "password": PASSWORD });
        body.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
        let answer = house.post("login", body).await;
        assert_eq!(answer.refusal(), refusal, "{who:.200}");
    }
}

/// Complement's login tests: the answer names the device that was asked for; without one there is a new one each time.
#[tokio::test]
async fn a_login_makes_the_device_it_asks_for_or_a_new_one() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let chosen = house.log_in("alice", PASSWORD, json!({ "device_id": "my_device" })).await.ok();
    assert_eq!(chosen["device_id"], "my_device");
    let (one, two) = (house.another_device("alice").await, house.another_device("alice").await);
    assert!(one.device != two.device && one.device != alice.device);
    for bad in [String::new(), "x".repeat(256), "a\nb".to_owned()] {
        let refused = house.log_in("alice", PASSWORD, json!({ "device_id": bad })).await;
        assert_eq!(refused.refusal(), (400, "M_INVALID_PARAM"), "{bad:.20}");
    }
}

/// Spec "POST /login/get_token": a second device signs in with a token of the first, once.
#[tokio::test]
async fn another_device_signs_in_with_a_token_of_the_first_once() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let flows = house.get("login").await.ok();
    let flows = flows["flows"].as_array().unwrap();
    assert!(flows.contains(&json!({ "type": "m.login.token", "get_login_token": true })), "{flows:?}");
    let token = login_token(&alice).await;
    let login = json!({ "type": "m.login.token", "token": token, "device_id": "SECOND" });
    let answer = house.post("login", login.clone()).await.ok();
    assert_eq!((&answer["user_id"], &answer["device_id"]), (&json!(alice.id), &json!("SECOND")));
    assert!(is_signed_in(&house.signed_in(&answer)).await);
    assert_eq!(house.post("login", login).await.refusal(), (403, "M_FORBIDDEN"));
    let none = json!({ "type": "m.login.token" });
    assert_eq!(house.post("login", none).await.refusal(), (400, "M_MISSING_PARAM"));
}

#[tokio::test]
async fn a_login_token_needs_the_password_and_dies_with_it() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let url = format!("{}/_matrix/client/v1/login/get_token", house.server.url());
    let asked = reqwest::Client::new().post(url).bearer_auth(&alice.token).json(&json!({}));
    let asked = asked.send().await.unwrap();
    let answer =
        crate::support::Answer { status: asked.status().as_u16(), body: asked.json().await.unwrap() };
    asked_for_password(&answer);
    let token = login_token(&alice).await;
    let body = json!({ "auth": by_password(&alice, PASSWORD), "new_password": "another" });
    alice.post("account/password", body).await.ok();
    let login = json!({ "type": "m.login.token", "token": token });
    assert_eq!(house.post("login", login).await.refusal(), (403, "M_FORBIDDEN"));
}

/// Spec "OpenID": a token says who somebody is to whoever asks, and opens nothing.
#[tokio::test]
async fn another_service_learns_who_somebody_is_and_nothing_more() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let path = format!("user/{}/openid/request_token", alice.id);
    assert_eq!(bob.post(&path, json!({})).await.refusal(), (403, "M_FORBIDDEN"));
    let answer = alice.call("POST", &path, None).await.ok();
    assert_eq!(
        (&answer["token_type"], &answer["matrix_server_name"]),
        (&json!("Bearer"), &json!("hark.test"))
    );
    assert_eq!(answer["expires_in"], 3600);
    let token = answer["access_token"].as_str().unwrap();
    let ask = "/_matrix/federation/v1/openid/userinfo";
    let known = request(&house, "GET", &format!("{ask}?access_token={token}")).await;
    assert_eq!(known, (200, json!({ "sub": alice.id })));
    let again = request(&house, "GET", &format!("{ask}?access_token={token}")).await;
    assert_eq!(again.0, 200, "it may be asked more than once");
    for (query, errcode) in [("?access_token=x", "M_UNKNOWN_TOKEN"), ("", "M_MISSING_TOKEN")] {
        let (status, body) = request(&house, "GET", &format!("{ask}{query}")).await;
        assert_eq!((status, body["errcode"].as_str()), (401, Some(errcode)));
    }
    assert!(!is_signed_in(&alice.bearing(token)).await);
}

/// js-sdk and dart-sdk decide by exactly this answer that there is no other way of signing in.
#[tokio::test]
async fn there_is_no_other_authority_to_sign_in_at() {
    let house = House::open().await;
    for path in [
        "v1/auth_metadata",
        "unstable/org.matrix.msc2965/auth_metadata",
        "unstable/org.matrix.msc2965/auth_issuer",
    ] {
        let (status, body) = request(&house, "GET", &format!("/_matrix/client/{path}")).await;
        assert_eq!((status, body["errcode"].as_str()), (404, Some("M_UNRECOGNIZED")), "{path}");
    }
}

/// Passwords are costly on purpose. Of a crowd that signs in at once each waits for its turn; who is signed in does not.
#[tokio::test]
async fn who_is_signed_in_does_not_wait_for_those_who_sign_in() {
    const CROWD: usize = 60;
    let house = House::open().await;
    let alice = house.person("alice").await;
    let served = Arc::new(AtomicUsize::new(0));
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..CROWD {
        let url = format!("{}/_matrix/client/v3/login", house.server.url());
        let body = json!({ "type": "m.login.password", "user": "alice", "password": "wrong" });
        let served = served.clone();
        crowd.spawn(async move {
            let status = reqwest::Client::new().post(url).json(&body).send().await.unwrap().status();
            served.fetch_add(1, Ordering::Relaxed);
            status.as_u16()
        });
    }
    assert_eq!(crowd.join_next().await.unwrap().unwrap(), 403);
    alice.get("account/whoami").await.ok();
    assert!(served.load(Ordering::Relaxed) < CROWD, "the whole crowd was served first");
    while let Some(status) = crowd.join_next().await {
        assert_eq!(status.unwrap(), 403);
    }
}
