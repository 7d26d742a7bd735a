//! A server on a free port, and people who speak HTTP to it.

// Each test program uses its own part of this.
#![allow(dead_code)]

use std::sync::Once;

use hark_server::{Config, Registration, Server};
use serde_json::{Value, json};

/// A running server with its folder.
pub(crate) struct House {
    pub(crate) server: Server,
    folder: tempfile::TempDir,
    http: reqwest::Client,
    change: Box<dyn Fn(&mut Config) + Send + Sync>,
}

/// A signed-in device.
#[derive(Clone)]
pub(crate) struct Person {
    http: reqwest::Client,
    base: String,
    pub(crate) id: String,
    pub(crate) device: String,
    pub(crate) token: String,
}

/// What the server answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    async fn of(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"));
        Self { status, body }
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Status and errcode of a refusal.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["errcode"].as_str().unwrap_or("none"))
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    /// A house whose server is told more, at this start and each later one.
    pub(crate) async fn open_with(change: impl Fn(&mut Config) + Send + Sync + 'static) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            let _already_there = rustls::crypto::aws_lc_rs::default_provider().install_default();
        });
        let folder = tempfile::tempdir().unwrap();
        let server = start(folder.path(), &change).await;
        Self { server, folder, http: reqwest::Client::new(), change: Box::new(change) }
    }

    /// Ends the server and starts it again on the same folder.
    pub(crate) async fn restart(self) -> Self {
        let Self { server, folder, http, change } = self;
        server.shutdown().await;
        let server = start(folder.path(), &change).await;
        Self { server, folder, http, change }
    }

    /// What somebody without a token is answered.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        let url = format!("{}/_matrix/client/v3/{path}", self.server.url());
        Answer::of(self.http.get(url).send().await.unwrap()).await
    }

    /// What somebody without a token is answered to a body.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        let url = format!("{}/_matrix/client/v3/{path}", self.server.url());
        Answer::of(self.http.post(url).json(&body).send().await.unwrap()).await
    }

    /// Signs in by name and password, with whatever else the request says.
    pub(crate) async fn log_in(&self, name: &str, password: &str, also: Value) -> Answer {
        let mut body = json!({
            "type": "m.login.password",
            "identifier": { "type": "m.id.user", "user": name },
            "password": password,
        });
        body.as_object_mut().unwrap().extend(also.as_object().unwrap().clone());
        self.post("login", body).await
    }

    /// The data folder.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A new account, signed in.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let body =
            json!({ "username": name, "password": "correct horse", "auth": { "type": "m.login.dummy" } });
        let answer = self.http.post(format!("{}/_matrix/client/v3/register", self.server.url())).json(&body);
        let answer: Value = answer.send().await.unwrap().json().await.unwrap();
        self.signed_in(&answer)
    }

    /// Another device of somebody.
    pub(crate) async fn another_device(&self, name: &str) -> Person {
        let identifier = json!({ "type": "m.id.user", "user": name });
        let body =
            json!({ "type": "m.login.password", "identifier": identifier, "password": "correct horse" });
        let answer = self.http.post(format!("{}/_matrix/client/v3/login", self.server.url())).json(&body);
        let answer: Value = answer.send().await.unwrap().json().await.unwrap();
        self.signed_in(&answer)
    }

    /// The same device, signed in anew.
    pub(crate) async fn same_device(&self, person: &Person) -> Person {
        let identifier = json!({ "type": "m.id.user", "user": person.id });
        let body = json!({
            "type": "m.login.password", "identifier": identifier, "password": "correct horse", "device_id": person.device,
        });
        let answer = self.http.post(format!("{}/_matrix/client/v3/login", self.server.url())).json(&body);
        let answer: Value = answer.send().await.unwrap().json().await.unwrap();
        self.signed_in(&answer)
    }

    /// The same person after a restart on another port.
    pub(crate) fn again(&self, person: &Person) -> Person {
        Person { base: self.server.url(), ..person.clone() }
    }

    /// Whoever was just signed in.
    pub(crate) fn signed_in(&self, answer: &Value) -> Person {
        let text =
            |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned();
        Person {
            http: self.http.clone(),
            base: self.server.url(),
            id: text("user_id"),
            device: text("device_id"),
            token: text("access_token"),
        }
    }
}

async fn start(folder: &std::path::Path, change: &(dyn Fn(&mut Config) + Send + Sync)) -> Server {
    let mut config = Config::new(folder);
    config.listen = ([127, 0, 0, 1], 0).into();
    config.server_name = Some("hark.test".to_owned());
    config.registration = Registration::Open;
    config.rate_limits = false;
    config.push_gateways = vec![[127, 0, 0, 1].into()];
    change(&mut config);
    Server::start(config).await.unwrap()
}

impl Person {
    /// The same device with another token.
    pub(crate) fn bearing(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Where their server answers.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// A new account on a server that runs anywhere.
    pub(crate) async fn registered(base: &str, name: &str) -> Self {
        let http = reqwest::Client::new();
        let body =
            json!({ "username": name, "password": "correct horse", "auth": { "type": "m.login.dummy" } });
        let answer =
            http.post(format!("{base}/_matrix/client/v3/register")).json(&body).send().await.unwrap();
        let answer = Answer::of(answer).await.ok();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        let (id, device, token) = (text("user_id"), text("device_id"), text("access_token"));
        Self { http, base: base.to_owned(), id, device, token }
    }

    /// The same person at another address.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// The status of a request during which the server may end; none if it did.
    pub(crate) async fn try_put(&self, path: &str, body: Value) -> Option<u16> {
        let url = format!("{}/_matrix/client/v3/{path}", self.base);
        let answer = self.http.put(url).bearer_auth(&self.token).json(&body).send().await.ok()?;
        Some(answer.status().as_u16())
    }

    /// A request from this device, its path from the root.
    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/{path}", self.base)).bearer_auth(&self.token)
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let url = format!("{}/_matrix/client/v3/{path}", self.base);
        let mut request = self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path, Some(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None).await
    }

    pub(crate) async fn delete_with(&self, path: &str, body: Value) -> Answer {
        self.call("DELETE", path, Some(body)).await
    }

    pub(crate) async fn create_room(&self, body: Value) -> String {
        self.post("createRoom", body).await.ok()["room_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn join(&self, room: &str) -> Answer {
        self.post(&format!("rooms/{room}/join"), json!({})).await
    }

    pub(crate) async fn leave(&self, room: &str) -> Answer {
        self.post(&format!("rooms/{room}/leave"), json!({})).await
    }

    pub(crate) async fn invite(&self, room: &str, who: &Person) -> Answer {
        self.post(&format!("rooms/{room}/invite"), json!({ "user_id": who.id })).await
    }

    /// Sends a text and returns its event id.
    pub(crate) async fn say(&self, room: &str, text: &str) -> String {
        let content = json!({ "msgtype": "m.text", "body": text });
        let sent = self.put(&format!("rooms/{room}/send/m.room.message/{}", unique()), content).await;
        sent.ok()["event_id"].as_str().unwrap().to_owned()
    }

    /// Redacts an event and returns the redaction's id.
    pub(crate) async fn redact(&self, room: &str, event: &str) -> Answer {
        self.put(&format!("rooms/{room}/redact/{event}/{}", unique()), json!({})).await
    }

    pub(crate) async fn set_state(&self, room: &str, kind: &str, content: Value) -> Answer {
        self.put(&format!("rooms/{room}/state/{kind}/"), content).await
    }

    pub(crate) async fn sync(&self, query: &str) -> Value {
        self.get(&format!("sync?{query}")).await.ok()
    }

    /// Everything after `since`, without waiting.
    pub(crate) async fn sync_since(&self, since: &Value) -> Value {
        self.sync(&format!("timeout=0&since={}", token(since))).await
    }
}

/// The token a sync ends at.
pub(crate) fn token(sync: &Value) -> &str {
    sync["next_batch"].as_str().unwrap()
}

/// The bodies of the messages in a list of events.
pub(crate) fn bodies(events: &Value) -> Vec<&str> {
    events.as_array().unwrap().iter().filter_map(|event| event["content"]["body"].as_str()).collect()
}

/// A transaction id nobody used.
pub(crate) fn unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("txn{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
