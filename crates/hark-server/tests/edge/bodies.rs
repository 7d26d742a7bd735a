//! Bodies that are not what they should be: each refused with the right errcode, the server alive and nothing changed.

use reqwest::Method;
use serde_json::json;

use crate::support::home;

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let home = home().await;
    let alice = home.person("alice").await;
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(3 * 1024 * 1024));
    let path = "/_matrix/client/v3/user/@alice:test.home.arpa/account_data/org.example";
    let answer = home.send(Method::PUT, path, Some(&alice.token), Some(&large)).await;
    assert_eq!(answer.refusal(), (413, "M_TOO_LARGE"));
    let chunks = futures_util::stream::iter((0..3).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 1024 * 1024])));
    let request = home.client.put(format!("{}{path}", home.url)).bearer_auth(&alice.token);
    let answer = request.body(reqwest::Body::wrap_stream(chunks)).send().await.unwrap();
    assert_eq!(answer.status(), 413);
    home.server.shutdown().await;
}

/// Clients leave out a body that says nothing, with and without saying what kind it is not.
#[tokio::test]
async fn where_a_body_may_be_missing_nothing_is_asked_of_it() {
    let home = home().await;
    let alice = home.person("alice").await;
    let bob = home.person("bob").await;
    let room = alice.post("/_matrix/client/v3/createRoom", json!({ "preset": "public_chat" })).await.ok();
    let id = room["room_id"].as_str().unwrap();
    let said = alice.put(&format!("/_matrix/client/v3/rooms/{id}/send/m.x/1"), json!({})).await.ok();
    let event = said["event_id"].as_str().unwrap();
    for kind in [None, Some("text/plain"), Some("application/json")] {
        let ask = async |path: String| {
            let request =
                home.client.post(format!("{}/_matrix/client/v3/{path}", home.url)).bearer_auth(&bob.token);
            let request =
                kind.into_iter().fold(request, |request, kind| request.header("Content-Type", kind));
            assert_eq!(request.send().await.unwrap().status(), 200, "{path} {kind:?}");
        };
        ask(format!("rooms/{id}/join")).await;
        ask(format!("rooms/{id}/receipt/m.read/{event}")).await;
        ask(format!("rooms/{id}/read_markers")).await;
        ask(format!("rooms/{id}/leave")).await;
        ask(format!("join/{id}")).await;
        ask(format!("rooms/{id}/leave")).await;
        ask(format!("rooms/{id}/forget")).await;
    }
    home.send(Method::POST, "/_matrix/client/v3/logout", Some(&alice.token), None).await.ok();
    let request = home.client.post(format!("{}/_matrix/client/v3/logout", home.url)).bearer_auth(&bob.token);
    assert_eq!(request.header("Content-Type", "text/plain").body("").send().await.unwrap().status(), 200);
    home.server.shutdown().await;
}

#[tokio::test]
async fn json_that_calls_itself_something_else_is_still_json() {
    let home = home().await;
    home.person("alice").await;
    let body = json!({ "type": "m.login.password", "user": "alice", "password": crate::support::PASSWORD })
        .to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream"] {
        let request = home.client.post(format!("{}/_matrix/client/v3/login", home.url));
        let answer = request.header("Content-Type", kind).body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{kind}");
    }
    home.server.shutdown().await;
}

/// Where the body is what is kept, none is not `{}`: that would delete account data, or say nothing in a room.
#[tokio::test]
async fn what_is_to_be_kept_cannot_be_missing() {
    let home = home().await;
    let alice = home.person("alice").await;
    let data = "/_matrix/client/v3/user/@alice:test.home.arpa/account_data/org.example";
    alice.put(data, json!({ "a": 1 })).await.ok();
    let room = alice.post("/_matrix/client/v3/createRoom", json!({})).await.ok();
    let room = format!("/_matrix/client/v3/rooms/{}", room["room_id"].as_str().unwrap());
    for path in [
        data.to_owned(),
        format!("{room}/account_data/org.example").replace("/rooms", "/user/@alice:test.home.arpa/rooms"),
        format!("{room}/send/m.room.message/1"),
        format!("{room}/state/m.room.topic"),
    ] {
        let answer = home.send(Method::PUT, &path, Some(&alice.token), None).await;
        assert_eq!(answer.refusal(), (400, "M_NOT_JSON"), "{path}");
    }
    assert_eq!(alice.get(data).await.ok(), json!({ "a": 1 }));
    home.server.shutdown().await;
}
