//! Browser mode as a page, a curious neighbour and a hostile site see it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use hark_app::App;
use hark_app::browser::{self, Page as Link};
use hark_client::{KeyPolicy, Options};
use hark_testkit::{ready, within};
use reqwest::StatusCode;
use reqwest::header::{COOKIE, HOST, ORIGIN};
use serde_json::{Value, json};
use support::page::{Page, Visitor};
use tokio_tungstenite::tungstenite::Error as SocketError;
use url::Url;

struct Site {
    app: App,
    link: Link,
    visitor: Visitor,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn open() -> Self {
        ready();
        let folder = tempfile::tempdir().unwrap();
        let app = App::open(Options::new(folder.path()).key(KeyPolicy::File)).await.unwrap();
        let link = browser::open(&app, "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let visitor = Visitor::with_link(link.url());
        Self { app, link, visitor, _folder: folder }
    }
}

impl std::ops::Deref for Site {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}

fn refused_with(outcome: Result<Page, SocketError>) -> StatusCode {
    match outcome {
        Err(SocketError::Http(answer)) => answer.status(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the socket was let in"),
    }
}

#[tokio::test]
async fn a_link_opens_the_window_once_and_the_cookie_goes_on_opening_it() {
    let site = Site::open().await;
    let cookie = site.cookie().await;

    let again = site.http.get(site.link.url()).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED);
    assert!(again.text().await.unwrap().contains("hark browser"));

    let session = |cookie: &str| site.http.get(site.at("/session")).header(COOKIE, cookie).send();
    assert_eq!(session(&cookie).await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(session("").await.unwrap().status(), StatusCode::UNAUTHORIZED);
    site.app.close().await;
}

#[tokio::test]
async fn every_answer_forbids_frames_foreign_scripts_and_guessing() {
    let site = Site::open().await;
    for path in ["/", "/nowhere", "/session"] {
        let answer = site.http.get(site.at(path)).send().await.unwrap();
        let headers = answer.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(policy.contains("script-src 'self';"), "{path}: {policy}");
    }
    site.app.close().await;
}

#[tokio::test]
async fn other_sites_and_names_that_point_here_get_nothing() {
    let site = Site::open().await;
    let (cookie, origin) = (site.cookie().await, site.origin());
    let get = |name, value: &str| {
        site.http.get(site.at("/session")).header(COOKIE, &cookie).header(name, value).send()
    };
    assert_eq!(get(HOST, "evil.example").await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(get(ORIGIN, "http://evil.example").await.unwrap().status(), StatusCode::FORBIDDEN);

    let evil = site.socket(&[("cookie", &cookie), ("origin", "http://evil.example")]).await;
    assert_eq!(refused_with(evil), StatusCode::FORBIDDEN);
    assert_eq!(refused_with(site.socket(&[("cookie", &cookie)]).await), StatusCode::FORBIDDEN);
    assert_eq!(refused_with(site.socket(&[("origin", &origin)]).await), StatusCode::UNAUTHORIZED);
    assert!(site.socket(&[("cookie", &cookie), ("origin", &origin)]).await.is_ok());
    site.app.close().await;
}

#[tokio::test]
async fn the_window_learns_that_nobody_is_signed_in() {
    let site = Site::open().await;
    let mut socket = site.page().await;
    let answer = socket.ask(r#"{"id":1,"name":"status","args":{}}"#).await;
    assert_eq!(answer["id"], 1);
    assert_eq!(answer["ok"]["account"], Value::Null);
    assert_eq!(answer["ok"]["connection"], json!({ "link": "signed_out" }));
    assert_eq!(answer["ok"]["player"], json!({ "player": "idle" }));
    site.app.close().await;
}

#[tokio::test]
async fn malformed_commands_are_bad_requests_and_the_socket_lives_on() {
    let site = Site::open().await;
    let mut socket = site.page().await;
    for (frame, id) in [
        ("{", Value::Null),
        ("[]", Value::Null),
        (r#"{"id":4,"name":"fly","args":{}}"#, json!(4)),
        (r#"{"id":5,"name":"send_text","args":{"conversation":5,"text":"hi"}}"#, json!(5)),
        (r#"{"id":6,"name":"set_speed","args":{"speed":99}}"#, json!(6)),
    ] {
        let answer = socket.ask(frame).await;
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&id, &json!("bad_request")), "{frame}");
    }
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(socket.ask(&deep).await["error"]["code"], "bad_request");
    assert!(socket.ask(r#"{"id":7,"name":"status","args":{}}"#).await["ok"].is_object());
    site.app.close().await;
}

#[tokio::test]
async fn sending_while_signed_out_says_so() {
    let site = Site::open().await;
    let mut socket = site.page().await;
    let answer = socket
        .ask(r#"{"id":1,"name":"send_text","args":{"conversation":"@bob:hark.test","text":"hi"}}"#)
        .await;
    assert_eq!(answer["error"]["code"], "signed_out");
    site.app.close().await;
}

#[tokio::test]
async fn a_sound_file_is_taken_from_the_page_and_from_nobody_else() {
    let site = Site::open().await;
    let (cookie, origin) = (site.cookie().await, site.origin());
    let put = |cookie: &str, body: &'static [u8]| {
        site.http.put(site.at("/upload")).header(ORIGIN, &origin).header(COOKIE, cookie).body(body).send()
    };
    assert_eq!(put("", b"sound").await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(put(&cookie, b"").await.unwrap().status(), StatusCode::BAD_REQUEST);
    let without_origin =
        site.http.put(site.at("/upload")).header(COOKIE, &cookie).body("sound").send().await.unwrap();
    assert_eq!(without_origin.status(), StatusCode::FORBIDDEN);
    let taken: Value = put(&cookie, b"sound").await.unwrap().json().await.unwrap();
    assert!(taken["id"].as_str().is_some_and(|id| id.len() >= 32), "{taken}");

    let mut socket = site.socket(&[("cookie", &cookie), ("origin", &origin)]).await.unwrap();
    let send = json!({ "id": 1, "name": "send_voice_file",
        "args": { "conversation": "@bob:hark.test", "upload": taken["id"] } });
    assert_eq!(socket.ask(&send.to_string()).await["error"]["code"], "bad_sound");
    site.app.close().await;
}

#[tokio::test]
async fn a_second_link_at_the_same_address_is_one_more_page() {
    let site = Site::open().await;
    let listen = Url::parse(site.link.url()).unwrap().socket_addrs(|| None).unwrap()[0];
    let second = browser::open(&site.app, listen).await.unwrap();
    assert_ne!(second.url(), site.link.url());
    assert_eq!(site.http.get(second.url()).send().await.unwrap().status(), StatusCode::SEE_OTHER);
    site.app.close().await;
}

#[tokio::test]
async fn an_address_others_can_reach_and_a_taken_port_are_refused_with_a_sentence() {
    let site = Site::open().await;
    let error = browser::open(&site.app, "0.0.0.0:0".parse().unwrap()).await.err().unwrap();
    assert!(error.message.contains("127.0.0.1"), "{error}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let error = browser::open(&site.app, taken.local_addr().unwrap()).await.err().unwrap();
    assert!(error.message.contains("in use"), "{error}");
    site.app.close().await;
}

#[tokio::test]
async fn closing_the_app_ends_its_pages() {
    let site = Site::open().await;
    let mut socket = site.page().await;
    within("the end of the app", site.app.close()).await;
    within("the end of the socket", async { while socket.next().await.is_some() {} }).await;
}
