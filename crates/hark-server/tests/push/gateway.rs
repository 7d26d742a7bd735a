//! A push gateway on loopback that keeps what it is told and answers as it was asked to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::post};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::Person;

/// How long a test waits for a message that must come.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the gateway does with a message.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// It fails.
    Fail,
    /// It sends whoever asks elsewhere.
    Redirect(String),
    /// It knows these pushkeys no more.
    Reject(Vec<String>),
}

#[derive(Clone)]
struct Desk {
    told: mpsc::UnboundedSender<Value>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
}

/// A running gateway.
pub(crate) struct Gateway {
    pub(crate) url: String,
    told: mpsc::UnboundedReceiver<Value>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
}

impl Gateway {
    pub(crate) async fn open() -> Self {
        let (sender, told) = mpsc::unbounded_channel();
        let replies = Arc::new(Mutex::new(VecDeque::new()));
        let desk = Desk { told: sender, replies: replies.clone() };
        let router = Router::new().route("/_matrix/push/v1/notify", post(answer)).with_state(desk);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/_matrix/push/v1/notify", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, told, replies }
    }

    /// What it does with the next messages; after that it accepts.
    pub(crate) fn answer(&self, replies: impl IntoIterator<Item = Reply>) {
        self.replies.lock().unwrap().extend(replies);
    }

    /// True if it was told nothing that was not looked at.
    pub(crate) fn is_untold(&self) -> bool {
        self.told.is_empty()
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Value {
        let told =
            tokio::time::timeout(PATIENCE, self.told.recv()).await.expect("the gateway is told nothing");
        told.unwrap()["notification"].clone()
    }

    /// The next message about an event.
    pub(crate) async fn next_event(&mut self) -> Value {
        loop {
            let told = self.next().await;
            if told.get("event_id").is_some() {
                return told;
            }
        }
    }
}

async fn answer(State(desk): State<Desk>, body: String) -> axum::response::Response {
    let _test_is_over = desk.told.send(serde_json::from_str(&body).unwrap());
    let reply = desk.replies.lock().unwrap().pop_front();
    match reply {
        None => axum::Json(json!({ "rejected": [] })).into_response(),
        Some(Reply::Fail) => StatusCode::BAD_GATEWAY.into_response(),
        Some(Reply::Redirect(to)) => (StatusCode::TEMPORARY_REDIRECT, [("location", to)]).into_response(),
        Some(Reply::Reject(keys)) => axum::Json(json!({ "rejected": keys })).into_response(),
    }
}

/// What a client sends to be woken through `url`.
pub(crate) fn pusher(url: &str, key: &str) -> Value {
    json!({
        "kind": "http", "app_id": "org.example.app", "pushkey": key, "app_display_name": "App",
        "device_display_name": "Phone", "lang": "en", "profile_tag": "tag",
        "data": { "url": url, "brand": "example" },
    })
}

/// Wakes `person` through `gateway` by this key.
pub(crate) async fn subscribe(person: &Person, gateway: &Gateway, key: &str) {
    person.post("pushers/set", pusher(&gateway.url, key)).await.ok();
}
