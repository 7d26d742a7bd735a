//! A person on any Matrix server, by plain HTTP: the other side of a test, independent of Hark's engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{PASSWORD, ready, within};

/// Someone signed in with one device. Clones share it.
#[derive(Clone, Debug)]
pub struct Person {
    http: reqwest::Client,
    homeserver: String,
    /// `@name:server`
    pub user_id: String,
    /// This login's device.
    pub device_id: String,
    /// What requests are authorised by.
    pub access_token: String,
    transactions: Arc<AtomicU64>,
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The JSON of the answer; null where there was none.
    pub body: Value,
}

impl Answer {
    /// The body of a success; else the end of the test.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "the server answered {}: {}", self.status, self.body);
        self.body
    }

    /// The `errcode` of a refusal; else the end of the test.
    #[track_caller]
    pub fn errcode(&self) -> &str {
        assert!(self.status >= 400, "the server should refuse, but answered {}: {}", self.status, self.body);
        self.body["errcode"].as_str().unwrap_or_else(|| panic!("no errcode in {}", self.body))
    }
}

impl Person {
    /// Makes an account with [`PASSWORD`] and signs in. `homeserver` is a base URL.
    pub async fn register(homeserver: &str, name: &str) -> Self {
        let body = json!({
            "username": name, "password": PASSWORD,
            "auth": { "type": "m.login.dummy" }, "initial_device_display_name": "testkit",
        });
        Self::enter(homeserver, "/_matrix/client/v3/register", body).await
    }

    /// Signs in on a new device.
    pub async fn login(homeserver: &str, name: &str) -> Self {
        let body = json!({
            "type": "m.login.password", "password": PASSWORD,
            "identifier": { "type": "m.id.user", "user": name }, "initial_device_display_name": "testkit",
        });
        Self::enter(homeserver, "/_matrix/client/v3/login", body).await
    }

    async fn enter(homeserver: &str, path: &str, body: Value) -> Self {
        ready();
        let mut person = Self {
            http: reqwest::Client::new(),
            homeserver: homeserver.trim_end_matches('/').to_owned(),
            user_id: String::new(),
            device_id: String::new(),
            access_token: String::new(),
            transactions: Arc::default(),
        };
        let answer = person.post(path, body).await.ok();
        person.user_id = text(&answer, "user_id");
        person.device_id = text(&answer, "device_id");
        person.access_token = text(&answer, "access_token");
        person
    }

    /// Any request; `path` begins at `/_matrix`.
    pub async fn request(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.homeserver));
        if !self.access_token.is_empty() {
            request = request.bearer_auth(&self.access_token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        within(path, async {
            let answer = request.send().await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
            let status = answer.status().as_u16();
            let bytes = answer.bytes().await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
            Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
        })
        .await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, None).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path, Some(body)).await
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.request(Method::PUT, path, Some(body)).await
    }

    /// Makes a room from the body of `createRoom` and returns its id.
    pub async fn create_room(&self, body: Value) -> String {
        text(&self.post("/_matrix/client/v3/createRoom", body).await.ok(), "room_id")
    }

    /// Makes a direct room with someone, as clients do; `m.direct` is left alone.
    pub async fn direct_room_with(&self, user_id: &str) -> String {
        self.create_room(json!({
            "is_direct": true, "preset": "trusted_private_chat", "invite": [user_id],
        }))
        .await
    }

    /// Invites someone.
    pub async fn invite(&self, room: &str, user_id: &str) -> Answer {
        self.post(&room_path(room, "invite"), json!({ "user_id": user_id })).await
    }

    /// Joins a room by id or alias.
    pub async fn join(&self, room: &str) -> Answer {
        self.post(&format!("/_matrix/client/v3/join/{}", encode(room)), json!({})).await
    }

    /// Leaves a room.
    pub async fn leave(&self, room: &str) -> Answer {
        self.post(&room_path(room, "leave"), json!({})).await
    }

    /// Sends an event under a given transaction id.
    pub async fn send_as(&self, room: &str, kind: &str, transaction: &str, content: Value) -> Answer {
        self.put(&room_path(room, &format!("send/{kind}/{}", encode(transaction))), content).await
    }

    /// Sends an event and returns its id.
    pub async fn send(&self, room: &str, kind: &str, content: Value) -> String {
        let number = self.transactions.fetch_add(1, Ordering::Relaxed);
        text(&self.send_as(room, kind, &format!("testkit-{number}"), content).await.ok(), "event_id")
    }

    /// Sends words and returns the event's id.
    pub async fn send_text(&self, room: &str, words: &str) -> String {
        self.send(room, "m.room.message", json!({ "msgtype": "m.text", "body": words })).await
    }

    /// Uploads a file and returns its `mxc://` address.
    pub async fn upload(&self, bytes: Vec<u8>, mime: &str) -> String {
        let request = self
            .http
            .post(format!("{}/_matrix/media/v3/upload", self.homeserver))
            .bearer_auth(&self.access_token)
            .header("content-type", mime)
            .body(bytes);
        let answer: Value = within("upload", async {
            let answer = request.send().await.and_then(reqwest::Response::error_for_status);
            answer.expect("the server takes the upload").json().await.expect("JSON")
        })
        .await;
        text(&answer, "content_uri")
    }

    /// One sync without waiting, from a token or from nothing.
    pub async fn sync(&self, since: Option<&str>) -> Value {
        self.get(&sync_path(since, 0)).await.ok()
    }

    /// Syncs from a token until an answer is as wanted; returns it. `since` moves along, so that the next call goes on.
    pub async fn sync_until(
        &self,
        since: &mut Option<String>,
        what: &str,
        mut wanted: impl FnMut(&Value) -> bool,
    ) -> Value {
        within(what, async {
            loop {
                let answer = self.get(&sync_path(since.as_deref(), 5_000)).await.ok();
                *since = Some(text(&answer, "next_batch"));
                if wanted(&answer) {
                    return answer;
                }
            }
        })
        .await
    }

    /// Waits for the next event of a room, from any point of a sync, that is as wanted.
    pub async fn event_in(
        &self,
        since: &mut Option<String>,
        room: &str,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let find = |answer: &Value| {
            let events = answer["rooms"]["join"][room]["timeline"]["events"].as_array()?;
            events.iter().find(|event| wanted(event)).cloned()
        };
        let answer = self.sync_until(since, what, |answer| find(answer).is_some()).await;
        find(&answer).expect("the loop ended on it")
    }

    /// All messages of a room the server has, oldest first: pages back from the end.
    pub async fn history(&self, room: &str) -> Vec<Value> {
        let mut events = Vec::new();
        let mut from = String::new();
        loop {
            let query = format!("messages?dir=b&limit=100{from}");
            let answer = self.get(&room_path(room, &query)).await.ok();
            let chunk = answer["chunk"].as_array().cloned().unwrap_or_default();
            let next = answer["end"].as_str().map(|end| format!("&from={}", encode(end)));
            let last = chunk.is_empty() || next.is_none();
            events.extend(chunk);
            if last {
                events.reverse();
                return events;
            }
            from = next.unwrap_or_default();
        }
    }

    /// The bodies of a room's `m.room.message` events, oldest first.
    pub async fn bodies(&self, room: &str) -> Vec<String> {
        let events = self.history(room).await;
        let messages = events.iter().filter(|event| event["type"] == "m.room.message");
        messages.filter_map(|event| event["content"]["body"].as_str().map(str::to_owned)).collect()
    }

    /// Global account data of a type; null where there is none.
    pub async fn account_data(&self, kind: &str) -> Value {
        let path = format!("/_matrix/client/v3/user/{}/account_data/{}", encode(&self.user_id), encode(kind));
        let answer = self.get(&path).await;
        if answer.status == 404 { Value::Null } else { answer.ok() }
    }

    /// Ids of the rooms this person has joined.
    pub async fn joined_rooms(&self) -> Vec<String> {
        let answer = self.get("/_matrix/client/v3/joined_rooms").await.ok();
        let rooms = answer["joined_rooms"].as_array().cloned().unwrap_or_default();
        rooms.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

fn sync_path(since: Option<&str>, timeout_ms: u64) -> String {
    let since = since.map(|token| format!("&since={}", encode(token))).unwrap_or_default();
    format!("/_matrix/client/v3/sync?timeout={timeout_ms}{since}")
}

fn room_path(room: &str, rest: &str) -> String {
    format!("/_matrix/client/v3/rooms/{}/{rest}", encode(room))
}

/// One path segment or query value.
fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[track_caller]
fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap_or_else(|| panic!("no {field} in {answer}")).to_owned()
}
