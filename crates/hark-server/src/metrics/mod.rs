//! What the server counts of its own work (OP1), and `/metrics`, where Prometheus reads it.
//!
//! Written by hand: two dozen numbers need no registry, and an atomic beside the thing that is counted costs nothing where a global
//! recorder costs a lookup by name for each request. No number is labelled with a user, a room or anything else that came from a
//! request: endpoints are named by their pattern.

mod endpoint;
mod histogram;
mod passing;
mod text;

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};

pub(crate) use self::{endpoint::Endpoint, histogram::Histogram, passing::Passing};
use crate::{App, clock, http::ApiError, store::StoreError};

/// How long the sum of all uploads is not made again: it looks at each of them.
const MEDIA_KNOWN_FOR: Duration = Duration::from_secs(30);

/// Everything that is counted outside the database, each beside the thing it counts.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) connections: Arc<Connections>,
    /// Clients that wait for news.
    pub(crate) polls: Arc<Passing>,
    /// From a message's arrival to its answer, which comes after it is on disk.
    pub(crate) send: Histogram,
    /// From when a change was asked for to the answer of a client that waited for it.
    pub(crate) delivery: Arc<Histogram>,
    /// From the head of an upload to its answer.
    pub(crate) upload: Histogram,
    /// The size of all uploads, and when it was summed up.
    media: Mutex<Option<(Instant, u64)>>,
    endpoints: OnceLock<Vec<Arc<Endpoint>>>,
}

impl Metrics {
    /// Names the endpoints that count for themselves. Only the first call counts.
    pub(crate) fn watch(&self, endpoints: Vec<Arc<Endpoint>>) {
        let _already_watched = self.endpoints.set(endpoints);
    }

    fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.get().into_iter().flatten().map(|endpoint| &**endpoint)
    }
}

/// Connections of clients.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    /// Those that are served.
    pub(crate) served: Arc<Passing>,
    refused: AtomicU64,
    failed: AtomicU64,
}

impl Connections {
    /// One more than there may be was turned away.
    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    /// The operating system could not hand one over.
    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }
}

/// The size of all uploads, as of lately.
async fn media_bytes(app: &App) -> Result<u64, StoreError> {
    let known = || app.metrics.media.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((at, sum)) = *known()
        && at.elapsed() < MEDIA_KNOWN_FOR
    {
        return Ok(sum);
    }
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is not general over the snapshot's lifetime"
    )]
    let sum = app.store.read::<_, StoreError, _>(|snapshot| snapshot.media_bytes()).await?;
    *known() = Some((clock::instant(), sum));
    Ok(sum)
}

/// The pages of the listener that only whoever runs the server reaches.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new().route("/metrics", get(page)).fallback(async || ApiError::unrecognized()).with_state(app)
}

async fn page(State(app): State<Arc<App>>) -> Result<impl IntoResponse, ApiError> {
    let page = text::page(&app).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page))
}
