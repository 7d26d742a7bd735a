//! Registering, signing in and out, devices, profiles, the directory, limits.

use std::time::Instant;

use hark_server::Registration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, home, home_with};

const REGISTER: &str = "/_matrix/client/v3/register";

fn session(body: &Value) -> &str {
    body["session"].as_str().unwrap()
}

#[tokio::test]
async fn an_open_server_registers_after_a_dummy_step() {
    let home = home().await;
    let wanted = json!({ "username": "Alice", "password": PASSWORD, "initial_device_display_name": "Desk" });
    let first = home.post(REGISTER, wanted.clone()).await;
    assert_eq!(first.status, 401);
    assert_eq!(first.body["flows"], json!([{ "stages": ["m.login.dummy"] }]));
    assert_eq!(first.body["params"], json!({}));
    let mut again = wanted;
    again["auth"] = json!({ "type": "m.login.dummy", "session": session(&first.body) });
    let body = home.post(REGISTER, again.clone()).await.ok();
    assert_eq!(body["user_id"], "@alice:test.home.arpa");
    let token = body["access_token"].as_str().unwrap();
    let who = home.send(Method::GET, "/_matrix/client/v3/account/whoami", Some(token), None).await.ok();
    assert_eq!(who, json!({ "user_id": body["user_id"], "device_id": body["device_id"], "is_guest": false }));
    assert_eq!(home.post(REGISTER, again).await.refusal(), (400, "M_USER_IN_USE"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_session_is_not_given_to_who_inhibits_login() {
    let home = home().await;
    let auth = json!({ "type": "m.login.dummy" });
    let wanted = json!({ "username": "bob", "password": PASSWORD, "inhibit_login": true, "auth": auth });
    let body = home.post(REGISTER, wanted).await.ok();
    assert_eq!((body.get("access_token"), body.get("device_id")), (None, None));
    home.log_in("bob", PASSWORD).await.ok();
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_token_registers_as_often_as_it_may_and_no_more() {
    let home = home_with(|config| config.registration = Registration::Token).await;
    let data = home.folder.path().join("data");
    let token = hark_server::add_registration_token(&data, Some(1)).await.unwrap();
    let validity = "/_matrix/client/v1/register/m.login.registration_token/validity?token=";
    assert_eq!(home.get(&format!("{validity}{token}")).await.ok(), json!({ "valid": true }));
    let register = async |name: &str, token: &str| {
        let first = home.post(REGISTER, json!({ "username": name, "password": PASSWORD })).await;
        assert_eq!(first.body["flows"], json!([{ "stages": ["m.login.registration_token"] }]));
        let auth =
            json!({ "type": "m.login.registration_token", "token": token, "session": session(&first.body) });
        home.post(REGISTER, json!({ "username": name, "password": PASSWORD, "auth": auth })).await
    };
    let wrong = register("alice", "nonsense").await;
    assert_eq!(wrong.refusal(), (401, "M_FORBIDDEN"));
    assert_eq!(wrong.body["completed"], json!([]), "a failed step can be tried again");
    register("alice", &token).await.ok();
    assert_eq!(register("bob", &token).await.refusal(), (401, "M_FORBIDDEN"));
    assert_eq!(home.get(&format!("{validity}{token}")).await.ok(), json!({ "valid": false }));
    assert_eq!(home.get(&format!("{validity}nonsense")).await.ok(), json!({ "valid": false }));
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_closed_server_registers_nobody() {
    let home = home_with(|config| config.registration = Registration::Closed).await;
    let wanted = json!({ "username": "alice", "password": PASSWORD });
    assert_eq!(home.post(REGISTER, wanted).await.refusal(), (403, "M_FORBIDDEN"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn there_are_no_guests() {
    let home = home().await;
    let answer = home.post(&format!("{REGISTER}?kind=guest"), json!({})).await;
    assert_eq!(answer.refusal(), (403, "M_GUEST_ACCESS_FORBIDDEN"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn names_are_judged_before_any_step() {
    let home = home().await;
    home.person("taken").await;
    let available = async |name: &str| home.get(&format!("{REGISTER}/available?username={name}")).await;
    assert_eq!(available("free").await.ok(), json!({ "available": true }));
    assert_eq!(available("taken").await.refusal(), (400, "M_USER_IN_USE"));
    assert_eq!(available("a%20b").await.refusal(), (400, "M_INVALID_USERNAME"));
    assert_eq!(home.get(&format!("{REGISTER}/available")).await.refusal(), (400, "M_MISSING_PARAM"));
    let answer = home.post(REGISTER, json!({ "username": "TAKEN", "password": "x" })).await;
    assert_eq!(answer.refusal(), (400, "M_USER_IN_USE"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn one_signs_in_by_every_form_clients_send() {
    let home = home().await;
    home.person("alice").await;
    let login = "/_matrix/client/v3/login";
    let flows = home.get(login).await.ok();
    assert_eq!(flows["flows"][0]["type"], "m.login.password");
    for user in ["alice", "ALICE", "@alice:test.home.arpa"] {
        let body = home.log_in(user, PASSWORD).await.ok();
        for key in ["user_id", "device_id", "access_token"] {
            assert!(body[key].is_string(), "{key}");
        }
    }
    let old = json!({ "type": "m.login.password", "user": "alice", "password": PASSWORD });
    home.post("/_matrix/client/r0/login", old).await.ok();
    for (body, refusal) in [
        (json!({}), (400, "M_MISSING_PARAM")),
        (json!({ "type": "m.login.password" }), (400, "M_MISSING_PARAM")),
        (json!({ "type": "m.login.password", "user": "alice" }), (400, "M_MISSING_PARAM")),
        (json!({ "type": "m.login.password", "user": 5, "password": PASSWORD }), (400, "M_BAD_JSON")),
        (json!({ "type": "m.login.token", "token": "x" }), (403, "M_FORBIDDEN")),
        (json!({ "type": "m.login.sso" }), (400, "M_UNKNOWN")),
        (json!({ "type": 7 }), (400, "M_BAD_JSON")),
    ] {
        assert_eq!(home.post(login, body.clone()).await.refusal(), refusal, "{body}");
    }
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_cannot_be_told_apart() {
    let home = home().await;
    home.person("alice").await;
    // Once each, so that what is made on first use is made.
    home.log_in("alice", "wrong").await;
    home.log_in("nobody", "wrong").await;
    let timed = async |user: &str| {
        let began = Instant::now();
        let answer = home.log_in(user, "wrong").await;
        assert_eq!(answer.refusal(), (403, "M_FORBIDDEN"));
        (answer.body, began.elapsed())
    };
    let mut slower = 0;
    for _ in 0..5 {
        let (known, there) = timed("alice").await;
        let (unknown, not_there) = timed("nobody").await;
        assert_eq!(known, unknown);
        slower += usize::from(not_there * 3 > there);
    }
    assert!(slower >= 3, "an unknown name is answered much faster than a known one");
    assert_eq!(home.log_in("@alice:elsewhere.org", PASSWORD).await.refusal(), (403, "M_FORBIDDEN"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn signing_in_again_on_a_device_ends_its_former_token() {
    let home = home().await;
    let alice = home.person("alice").await;
    let identifier = json!({ "type": "m.id.user", "user": "alice" });
    let body = json!({
        "type": "m.login.password", "identifier": identifier, "password": PASSWORD, "device_id": alice.device_id
    });
    let again = home.post("/_matrix/client/v3/login", body).await.ok();
    assert_eq!(again["device_id"], alice.device_id);
    let whoami = "/_matrix/client/v3/account/whoami";
    let old = alice.get(whoami).await;
    assert_eq!(old.refusal(), (401, "M_UNKNOWN_TOKEN"));
    assert_eq!(old.body["soft_logout"], false);
    let token = again["access_token"].as_str();
    home.send(Method::GET, whoami, token, None).await.ok();
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_token_is_asked_for_and_looked_at() {
    let home = home().await;
    let alice = home.person("alice").await;
    let whoami = "/_matrix/client/v3/account/whoami";
    assert_eq!(home.get(whoami).await.refusal(), (401, "M_MISSING_TOKEN"));
    let wrong = home.send(Method::GET, whoami, Some("hk_wrong"), None).await;
    assert_eq!(wrong.refusal(), (401, "M_UNKNOWN_TOKEN"));
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let request = home.client.get(format!("{}{whoami}", home.url));
        let sent = request.header("Authorization", format!("{scheme} {}", alice.token)).send();
        assert_eq!(sent.await.unwrap().status(), 200, "{scheme}");
    }
    let versions = "/_matrix/client/versions";
    home.send(Method::GET, versions, Some("hk_wrong"), None).await.ok();
    home.server.shutdown().await;
}

#[tokio::test]
async fn signing_out_ends_one_token_or_all() {
    let home = home().await;
    let (one, two) = (home.person("alice").await, home.signed_in("alice").await);
    let three = home.signed_in("alice").await;
    let whoami = "/_matrix/client/v3/account/whoami";
    let answer = home.send(Method::POST, "/_matrix/client/v3/logout", Some(&one.token), None).await;
    assert_eq!(answer.ok(), json!({}));
    assert_eq!(one.get(whoami).await.refusal(), (401, "M_UNKNOWN_TOKEN"));
    two.get(whoami).await.ok();
    two.post("/_matrix/client/v3/logout/all", json!({})).await.ok();
    assert_eq!(two.get(whoami).await.refusal(), (401, "M_UNKNOWN_TOKEN"));
    assert_eq!(three.get(whoami).await.refusal(), (401, "M_UNKNOWN_TOKEN"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn sessions_survive_a_restart() {
    let home = home().await;
    let alice = home.person("alice").await;
    let token = alice.token.clone();
    let mut config = hark_server::Config::new(home.folder.path().join("data"));
    config.listen = ([127, 0, 0, 1], 0).into();
    home.server.shutdown().await;
    let server = hark_server::Server::start(config).await.unwrap();
    assert_eq!(server.server_name(), "test.home.arpa");
    let request = home.client.get(format!("{}/_matrix/client/v3/account/whoami", server.url()));
    assert_eq!(request.bearer_auth(&token).send().await.unwrap().status(), 200);
    server.shutdown().await;
}

#[tokio::test]
async fn a_device_always_has_a_name_and_a_time() {
    let home = home().await;
    let alice = home.person("alice").await;
    let devices = "/_matrix/client/v3/devices";
    let listed = alice.get(devices).await.ok();
    let device = &listed["devices"][0];
    assert_eq!(device["device_id"], alice.device_id);
    assert_eq!(device["display_name"], alice.device_id);
    assert!(device["last_seen_ts"].as_i64().unwrap() > 1_600_000_000_000);
    assert!(device["last_seen_ip"].is_string());
    let this = format!("{devices}/{}", alice.device_id);
    alice.put(&this, json!({ "display_name": "Kitchen" })).await.ok();
    assert_eq!(alice.get(&this).await.ok()["display_name"], "Kitchen");
    assert_eq!(alice.get(&format!("{devices}/NOPE")).await.refusal(), (404, "M_NOT_FOUND"));
    let rename = alice.put(&format!("{devices}/NOPE"), json!({ "display_name": "x" })).await;
    assert_eq!(rename.refusal(), (404, "M_NOT_FOUND"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_profile_is_set_by_its_owner_and_read_by_all() {
    let home = home().await;
    let (alice, bob) = (home.person("alice").await, home.person("bob").await);
    let at = |field: &str| format!("/_matrix/client/v3/profile/{}{field}", alice.user_id);
    assert_eq!(home.get(&at("")).await.ok(), json!({}));
    assert_eq!(home.get(&at("/displayname")).await.refusal(), (404, "M_NOT_FOUND"));
    alice.put(&at("/displayname"), json!({ "displayname": "Alice ☕" })).await.ok();
    alice.put(&at("/avatar_url"), json!({ "avatar_url": "mxc://test.home.arpa/abc" })).await.ok();
    alice.put(&at("/m.tz"), json!({ "m.tz": "Europe/Zurich" })).await.ok();
    let all = json!({ "displayname": "Alice ☕", "avatar_url": "mxc://test.home.arpa/abc", "m.tz": "Europe/Zurich" });
    assert_eq!(home.get(&at("")).await.ok(), all);
    assert_eq!(home.get(&at("/displayname")).await.ok(), json!({ "displayname": "Alice ☕" }));
    let theft = bob.put(&at("/displayname"), json!({ "displayname": "Bob" })).await;
    assert_eq!(theft.refusal(), (403, "M_FORBIDDEN"));
    let number = alice.put(&at("/displayname"), json!({ "displayname": 5 })).await;
    assert_eq!(number.refusal(), (400, "M_BAD_JSON"));
    let link = alice.put(&at("/avatar_url"), json!({ "avatar_url": "https://evil.example/x.png" })).await;
    assert_eq!(link.refusal(), (400, "M_INVALID_PARAM"));
    alice.put(&at("/displayname"), json!({})).await.ok();
    alice.delete(&at("/m.tz")).await.ok();
    assert_eq!(home.get(&at("")).await.ok(), json!({ "avatar_url": "mxc://test.home.arpa/abc" }));
    let nobody = home.get("/_matrix/client/v3/profile/@nobody:test.home.arpa").await;
    assert_eq!(nobody.refusal(), (404, "M_NOT_FOUND"));
    let huge = alice.put(&at("/org.x"), json!({ "org.x": "x".repeat(70_000) })).await;
    assert_eq!(huge.refusal(), (400, "M_PROFILE_TOO_LARGE"));
    assert_eq!(home.get(&at("/org.x")).await.refusal(), (404, "M_NOT_FOUND"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn people_are_found_by_name_in_any_case_and_script() {
    let home = home().await;
    let alice = home.person("alice").await;
    home.person("bob").await;
    home.person("zoe").await;
    for (name, shown) in [("bob", "Bob the ÉCLAIR"), ("zoe", "Zoé Bobsdottir")] {
        let person = home.signed_in(name).await;
        person.put("/_matrix/client/v3/profile/{me}/displayname", json!({ "displayname": shown })).await.ok();
    }
    let search = async |term: &str, limit: u32| {
        let body = json!({ "search_term": term, "limit": limit });
        alice.post("/_matrix/client/v3/user_directory/search", body).await.ok()
    };
    let ids = |found: &Value| -> Vec<String> {
        let results = found["results"].as_array().unwrap().iter();
        results.map(|person| person["user_id"].as_str().unwrap().to_owned()).collect()
    };
    let found = search("BOB", 10).await;
    assert_eq!(ids(&found), ["@bob:test.home.arpa", "@zoe:test.home.arpa"], "who begins with it comes first");
    assert_eq!(found["results"][0]["display_name"], "Bob the ÉCLAIR");
    assert_eq!(ids(&search("éclair", 10).await), ["@bob:test.home.arpa"]);
    assert_eq!(ids(&search("alice", 10).await), [""; 0], "oneself is not among them");
    let one = search("b", 1).await;
    assert_eq!((ids(&one).len(), &one["limited"]), (1, &json!(true)));
    assert_eq!(search("@bob:test.home.arpa", 10).await["limited"], false);
    home.server.shutdown().await;
}

#[tokio::test]
async fn presence_is_what_its_owner_last_said() {
    let home = home().await;
    let (alice, bob) = (home.person("alice").await, home.person("bob").await);
    let room = alice.post("/_matrix/client/v3/createRoom", json!({ "preset": "public_chat" })).await.ok();
    let join = format!("/_matrix/client/v3/rooms/{}/join", room["room_id"].as_str().unwrap());
    bob.post(&join, json!({})).await.ok();
    let at = format!("/_matrix/client/v3/presence/{}/status", alice.user_id);
    assert_eq!(bob.get(&at).await.ok(), json!({ "presence": "offline" }));
    alice.put(&at, json!({ "presence": "online", "status_msg": "baking" })).await.ok();
    let shown = bob.get(&at).await.ok();
    assert_eq!((&shown["presence"], &shown["status_msg"]), (&json!("online"), &json!("baking")));
    assert_eq!(bob.put(&at, json!({ "presence": "online" })).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(alice.put(&at, json!({ "presence": "hungry" })).await.refusal(), (400, "M_INVALID_PARAM"));
    let nobody = bob.get("/_matrix/client/v3/presence/@nobody:test.home.arpa/status").await;
    assert_eq!(nobody.refusal(), (403, "M_FORBIDDEN"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn who_asks_too_often_is_told_how_long_to_wait() {
    let home = home_with(|config| config.rate_limits = true).await;
    let alice = home.person("alice").await;
    let mut refused = None;
    for _ in 0..200 {
        let answer = alice.get("/_matrix/client/v3/account/whoami").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        answer.ok();
    }
    let refused = refused.expect("200 requests at once are too many");
    assert_eq!(refused.refusal(), (429, "M_LIMIT_EXCEEDED"));
    assert!(refused.body["retry_after_ms"].as_u64().is_some_and(|wait| (1..=60_000).contains(&wait)));
    assert!(refused.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(refused.headers["access-control-allow-origin"], "*");
    home.get("/_matrix/client/versions").await.ok();
    home.server.shutdown().await;
}

#[tokio::test]
async fn guessing_a_password_is_slowed_and_does_not_lock_others_out() {
    let home = home_with(|config| config.rate_limits = true).await;
    home.server.add_user("alice", PASSWORD, false).await.unwrap();
    home.server.add_user("bob", PASSWORD, false).await.unwrap();
    for _ in 0..10 {
        assert_eq!(home.log_in("alice", "guess").await.refusal(), (403, "M_FORBIDDEN"));
    }
    assert_eq!(home.log_in("alice", "guess").await.refusal(), (429, "M_LIMIT_EXCEEDED"));
    home.log_in("bob", PASSWORD).await.ok();
    home.server.shutdown().await;
}
