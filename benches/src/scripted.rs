//! A homeserver that only tells a story: one account, a thousand conversations, generated messages.
//!
//! It fills the engine's store through the engine's own way in, /sync: a first sync that lists every conversation,
//! then one response after another with the rest of the messages, until the engine asks from the last token. From then
//! on it holds the long poll, as a homeserver with nothing new does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::story::{self, Story};

/// A running one.
pub(crate) struct Scripted {
    /// Base URL.
    pub(crate) url: String,
    reached: watch::Receiver<usize>,
    last: usize,
}

struct Shared {
    story: Story,
    reached: watch::Sender<usize>,
    filters: AtomicUsize,
}

impl Scripted {
    /// Starts telling.
    pub(crate) async fn start(story: Story) -> Result<Self> {
        let last = story.batches();
        let (sender, reached) = watch::channel(0);
        let shared = Arc::new(Shared { story, reached: sender, filters: AtomicUsize::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = routes().with_state(shared);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url, reached, last })
    }

    /// Waits until the engine has asked from token `batch`: all before it is then in its store.
    pub(crate) async fn applied(&self, batch: usize) -> Result<()> {
        self.reached.clone().wait_for(|reached| *reached >= batch).await?;
        Ok(())
    }

    /// The token after the last response.
    pub(crate) fn last(&self) -> usize {
        self.last
    }
}

fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_matrix/client/versions", get(async || Json(json!({ "versions": ["v1.11", "v1.12"] }))))
        .route("/_matrix/client/v3/login", post(login).get(flows))
        .route("/_matrix/client/v3/sync", get(sync))
        .route("/_matrix/client/v3/user/{user}/filter", post(filter))
        .route("/_matrix/client/v3/user/{user}/account_data/{kind}", put(empty).get(not_found))
        .route("/_matrix/client/v3/rooms/{room}/messages", get(beginning))
        .route("/_matrix/client/v3/profile/{user}", get(empty))
        .fallback(not_found)
}

async fn flows() -> Json<Value> {
    Json(json!({ "flows": [{ "type": "m.login.password" }] }))
}

async fn login() -> Json<Value> {
    Json(json!({ "user_id": story::ME, "access_token": "token", "device_id": "BENCH" }))
}

async fn filter(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "filter_id": shared.filters.fetch_add(1, Ordering::Relaxed).to_string() }))
}

async fn empty() -> Json<Value> {
    Json(json!({}))
}

async fn beginning(Path(_room): Path<String>) -> Json<Value> {
    Json(json!({ "start": "s0", "chunk": [] }))
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "errcode": "M_NOT_FOUND", "error": "Not part of the story" })))
        .into_response()
}

#[derive(Deserialize)]
struct SyncQuery {
    since: Option<String>,
}

async fn sync(State(shared): State<Arc<Shared>>, Query(query): Query<SyncQuery>) -> Response {
    let batch = query.since.and_then(|since| since.strip_prefix('s')?.parse().ok()).unwrap_or(0);
    shared.reached.send_if_modified(|reached| std::mem::replace(reached, (*reached).max(batch)) < batch);
    if batch < shared.story.batches() {
        let body = shared.story.batch(batch);
        return ([("content-type", "application/json")], body).into_response();
    }
    // Nothing new: hold the poll until the client goes away.
    std::future::pending().await
}
