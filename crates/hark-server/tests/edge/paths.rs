//! Paths: their twins, their slashes, what is not one, and the headers that are on everything.

use reqwest::{Client, Method};
use serde_json::json;

use crate::support::{Home, home};

#[tokio::test]
async fn every_v3_path_answers_on_r0_as_well() {
    let home = home().await;
    let alice = home.person("alice").await;
    for path in [
        "account/whoami",
        "capabilities",
        "devices",
        "pushrules/",
        "pushrules",
        "pushrules/global/",
        "pushrules/global",
        "thirdparty/protocols",
        "profile/@alice:test.home.arpa",
        "login",
    ] {
        for version in ["v3", "r0"] {
            alice.get(&format!("/_matrix/client/{version}/{path}")).await.ok();
        }
    }
    for path in ["/_matrix/media/v3/config", "/_matrix/media/r0/config", "/_matrix/client/v1/media/config"] {
        alice.get(path).await.ok();
    }
    home.server.shutdown().await;
}

#[tokio::test]
async fn an_unknown_path_is_404_and_a_wrong_method_405_always_as_json() {
    let home = home().await;
    for path in [
        "/",
        "/_matrix",
        "/_matrix/client/v3/nonsense",
        "/_matrix/client/v3/keys/nonsense",
        "/_matrix/client/v1/auth_metadata",
        "/_matrix/federation/v1/query/profile",
        "/_matrix/client/v3//login",
        "/_matrix/client/v3/login/",
        "/index.html",
        "/_matrix/client/v3/%ff",
    ] {
        assert_eq!(home.get(path).await.refusal(), (404, "M_UNRECOGNIZED"), "{path}");
    }
    for method in [Method::DELETE, Method::PATCH, Method::PUT] {
        let answer = home.send(method.clone(), "/_matrix/client/v3/login", None, None).await;
        assert_eq!(answer.refusal(), (405, "M_UNRECOGNIZED"), "{method}");
    }
    home.server.shutdown().await;
}

/// The headers of an answer that a page on another site may read.
async fn readable(client: &Client, home: &Home, method: Method, path: &str) -> u16 {
    let answer = client.request(method.clone(), format!("{}{path}", home.url)).send().await.unwrap();
    let headers = answer.headers();
    assert_eq!(headers["access-control-allow-origin"], "*", "{method} {path}");
    for allowed in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
        assert!(headers["access-control-allow-methods"].to_str().unwrap().contains(allowed));
    }
    for allowed in ["Authorization", "Content-Type", "X-Requested-With"] {
        assert!(headers["access-control-allow-headers"].to_str().unwrap().contains(allowed));
    }
    answer.status().as_u16()
}

#[tokio::test]
async fn every_answer_can_be_read_by_a_web_client() {
    let home = home().await;
    let client = crate::support::client();
    let whoami = "/_matrix/client/v3/account/whoami";
    for (method, path, status) in [
        (Method::GET, "/_matrix/client/versions", 200),
        (Method::GET, "/.well-known/matrix/client", 200),
        (Method::GET, whoami, 401),
        (Method::GET, "/nowhere", 404),
        (Method::DELETE, whoami, 405),
        (Method::POST, "/_matrix/client/v3/login", 400),
        (Method::OPTIONS, whoami, 204),
        (Method::OPTIONS, "/nowhere", 204),
        (Method::HEAD, "/_matrix/client/versions", 200),
    ] {
        assert_eq!(readable(&client, &home, method.clone(), path).await, status, "{method} {path}");
    }
    home.server.shutdown().await;
}

#[tokio::test]
async fn ids_arrive_whatever_is_in_them() {
    let home = home().await;
    let alice = home.person("alice").await;
    for kind in ["org.example/slash", "a+b", "a b", "#hash", "100%", "🙂", "a//b"] {
        let encoded = kind.bytes().fold(String::new(), |encoded, byte| format!("{encoded}%{byte:02X}"));
        let path = format!("/_matrix/client/v3/user/{{me}}/account_data/{encoded}");
        alice.put(&path, json!({ "kind": kind })).await.ok();
        assert_eq!(alice.get(&path).await.ok(), json!({ "kind": kind }), "{kind}");
    }
    let plus = alice.get("/_matrix/client/v3/user/{me}/account_data/a+b").await;
    assert_eq!(plus.ok(), json!({ "kind": "a+b" }), "a plus in a path is a plus");
    let nul = alice.get("/_matrix/client/v3/user/{me}/account_data/a%00b").await;
    assert_eq!(nul.refusal(), (400, "M_INVALID_PARAM"));
    let not_utf8 = alice.get("/_matrix/client/v3/user/{me}/account_data/%ff").await;
    assert_eq!(not_utf8.refusal(), (400, "M_INVALID_PARAM"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_server_says_what_it_can_do_and_no_more() {
    let home = home().await;
    let alice = home.person("alice").await;
    let anonymous = home.get("/_matrix/client/versions").await;
    assert_eq!(anonymous.headers["cache-control"], "public, max-age=600");
    assert_eq!(alice.get("/_matrix/client/versions").await.headers["cache-control"], "private, no-store");
    let versions = anonymous.ok();
    let every: Vec<_> =
        std::iter::once("r0.6.1".to_owned()).chain((1..=18).map(|minor| format!("v1.{minor}"))).collect();
    assert_eq!(versions["versions"], json!(every), "without gaps");
    assert_eq!(versions["unstable_features"]["org.matrix.msc3916.stable"], true);
    assert_eq!(versions["unstable_features"]["app.hark.played"], true);
    let known = home.get("/.well-known/matrix/client").await.ok();
    assert_eq!(known["m.homeserver"]["base_url"], home.url);
    let can = alice.get("/_matrix/client/v3/capabilities").await.ok();
    for version in ["10", "11", "12"] {
        assert_eq!(can["capabilities"]["m.room_versions"]["available"][version], "stable");
    }
    assert_eq!(alice.get("/_matrix/client/v3/voip/turnServer").await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(alice.get("/_matrix/client/v3/thirdparty/protocols").await.ok(), json!({}));
    assert_eq!(home.get("/health").await.ok()["status"], "ok");
    home.server.shutdown().await;
}
