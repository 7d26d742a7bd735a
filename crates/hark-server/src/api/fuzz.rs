//! Random nonsense at every endpoint. Whatever comes in, the answer is JSON and not our fault: no panic, no 5xx.
//!
//! The seed is fixed, so that a failure is found again; `HARK_FUZZ_SEED` and `HARK_FUZZ_CASES` search further.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
};
use http::{Method, Request, header};
use tower::ServiceExt;

use super::{router, routes};
use crate::{App, Config, folder::Folder, server};

const CASES: u64 = 4_000;

/// Ids and pieces of ids, some right, most wrong.
const WORDS: [&str; 30] = [
    "@alice:test.home.arpa",
    "@bob:test.home.arpa",
    "!room:test.home.arpa",
    "#alias:test.home.arpa",
    "$event",
    "$event:test.home.arpa",
    "test.home.arpa",
    "m.room.member",
    "m.room.name",
    "m.read",
    "override",
    "content",
    "global",
    "displayname",
    "txn1",
    "*",
    "..",
    "%2F",
    "%00",
    "%ff",
    "%F0%9F%99%82",
    "%23x:test.home.arpa",
    "@",
    "!:",
    "0",
    "-1",
    "99999999999999999999",
    "true",
    "{%22a%22:1}",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

/// Names that requests have, so that what is wrong is mostly the value.
const NAMES: [&str; 36] = [
    "type",
    "identifier",
    "user",
    "password",
    "device_id",
    "auth",
    "session",
    "username",
    "messages",
    "limit",
    "search_term",
    "pattern",
    "actions",
    "conditions",
    "enabled",
    "presence",
    "status_msg",
    "displayname",
    "avatar_url",
    "room_version",
    "invite",
    "preset",
    "initial_state",
    "creation_content",
    "power_level_content_override",
    "user_id",
    "reason",
    "typing",
    "timeout",
    "body",
    "msgtype",
    "m.relates_to",
    "membership",
    "room_alias_name",
    "filter",
    "thread_id",
];

const QUERIES: [&str; 16] = [
    "kind=guest",
    "limit=-1",
    "limit=1.5",
    "dir=b",
    "dir=x",
    "from=h0.0",
    "since=nonsense",
    "since=h00000000.99999",
    "filter=%7B%22room%22:5%7D",
    "filter=nope",
    "timeout=0",
    "timeout=x",
    "width=0&height=5",
    "width=9999999999&height=1",
    "method=crop&width=3&height=3",
    "format=event",
];

/// A small generator of our own: the same cases on every machine, but for the ids the server makes.
struct Random {
    state: u64,
    words: Vec<String>,
}

impl Random {
    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end
    }

    fn one_of<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.below(words.len())]
    }

    fn word(&mut self) -> String {
        let at = self.below(self.words.len());
        self.words[at].clone()
    }

    fn value(&mut self, depth: usize) -> String {
        match self.below(if depth > 3 { 9 } else { 13 }) {
            0 => "null".into(),
            1 => "true".into(),
            2 => "-1".into(),
            3 => "9007199254740991".into(),
            4 => "\"\"".into(),
            5 => "\"m.login.password\"".into(),
            6 | 7 => format!("\"{}\"", self.word()),
            8 => "0".into(),
            9 | 10 => {
                let items: Vec<String> = (0..self.below(4)).map(|_| self.value(depth + 1)).collect();
                format!("[{}]", items.join(","))
            }
            _ => self.object(depth + 1),
        }
    }

    fn object(&mut self, depth: usize) -> String {
        let mut names: Vec<&str> = (0..self.below(6)).map(|_| self.one_of(&NAMES)).collect();
        names.sort_unstable();
        names.dedup();
        let members: Vec<String> =
            names.into_iter().map(|name| format!("\"{name}\":{}", self.value(depth))).collect();
        format!("{{{}}}", members.join(","))
    }

    /// Mostly JSON, sometimes cut off or with a byte changed.
    fn body(&mut self) -> Vec<u8> {
        let mut body = if self.below(10) == 0 { self.value(0) } else { self.object(0) }.into_bytes();
        match self.below(8) {
            0 => body.truncate(self.below(body.len() + 1)),
            1 if !body.is_empty() => {
                let at = self.below(body.len());
                body[at] = self.next() as u8;
            }
            2 => body.clear(),
            _ => {}
        }
        body
    }

    fn path(&mut self, pattern: &str) -> String {
        let segments = pattern.split('/').map(|segment| match segment.strip_prefix('{') {
            Some(_) => self.word(),
            None => segment.to_owned(),
        });
        let path = segments.collect::<Vec<_>>().join("/");
        match self.below(3) {
            0 => format!("{path}?{}", self.one_of(&QUERIES)),
            _ => path,
        }
    }
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

async fn app_and_token(folder: &Folder) -> (Arc<App>, String) {
    let mut config = Config::new(folder.path());
    config.server_name = Some("test.home.arpa".to_owned());
    config.registration = crate::Registration::Open;
    config.rate_limits = false;
    let app = server::open(folder, config).await.unwrap();
    for name in ["alice", "bob"] {
        server::add_user(&app, name, "password", false).await.unwrap();
    }
    let alice = ruma::user_id!("@alice:test.home.arpa");
    let signed_in = app.accounts.sign_in(alice, crate::accounts::NewDevice::default()).await.unwrap();
    let token = signed_in.tokens.access;
    (app, token.reveal())
}

/// A room of alice that she can come back to when she left it, and an event in it, so that what is wrong is not always the room.
async fn room_and_event(router: &Router, token: &str) -> [String; 2] {
    let ask = async |method: Method, path: String, body: &'static str| {
        let request = request(method, &path, token, body.into());
        let response = router.clone().oneshot(request).await.unwrap();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        serde_json::from_slice::<serde_json::Value>(&body).unwrap()
    };
    let made =
        ask(Method::POST, "/_matrix/client/v3/createRoom".into(), r#"{"name":"Den","preset":"public_chat"}"#)
            .await;
    let room = made["room_id"].as_str().unwrap().to_owned();
    let path = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/1");
    let sent = ask(Method::PUT, path, r#"{"msgtype":"m.text","body":"hello"}"#).await;
    [room, sent["event_id"].as_str().unwrap().to_owned()]
}

fn request(method: Method, path: &str, token: &str, body: Vec<u8>) -> Request<Body> {
    let bearer = format!("Bearer {token}");
    let request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, bearer);
    request.body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn nonsense_at_every_endpoint_is_answered_as_nonsense() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::take(dir.path()).unwrap();
    let (app, token) = app_and_token(&folder).await;
    // Nothing waits for news that will not come.
    app.shutdown.cancel();
    let table = routes();
    let router = router(app.clone());
    let real = room_and_event(&router, &token).await;
    // The real ids stand many times among the others.
    let words = WORDS.iter().map(ToString::to_string).chain(std::iter::repeat_n(real, 8).flatten());
    let mut random = Random { state: setting("HARK_FUZZ_SEED", 0x5EED), words: words.collect() };
    for case in 0..setting("HARK_FUZZ_CASES", CASES) {
        let endpoints = table.endpoints();
        let (method, pattern) = &endpoints[random.below(endpoints.len())];
        // One alice stays signed in, or the rest of the run would only ask for tokens.
        if pattern.contains("/logout") {
            continue;
        }
        let path = random.path(pattern);
        let body = if *method == Method::GET { Vec::new() } else { random.body() };
        let shown = String::from_utf8_lossy(&body).into_owned();
        let request = request(method.clone(), &path, &token, body);
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let kind = response.headers().get(header::CONTENT_TYPE).cloned();
        let answer = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let told =
            format!("case {case}: {method} {path}\n{shown}\n{status} {}", String::from_utf8_lossy(&answer));
        assert!(!status.is_server_error(), "{told}");
        assert!(kind.is_some_and(|kind| kind == "application/json"), "{told}");
        assert!(serde_json::from_slice::<serde_json::Value>(&answer).is_ok(), "{told}");
    }
    app.store.close().await;
}
