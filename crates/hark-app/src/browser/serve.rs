//! The server of browser mode: one per address, for as long as somebody holds its [`Page`].

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware;
use axum::routing::{get, put};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::gate::{Gate, guard};
use super::sessions::Sessions;
use super::{files, media, socket, upload};
use crate::api::{ApiError, ErrorCode};
use crate::app::{App, MAX_UPLOAD};

/// What every handler can reach.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) app: App,
    pub(super) gate: Arc<Gate>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) stop: CancellationToken,
}

impl Site {
    pub(super) fn needs_session(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        if self.sessions.knows(headers) {
            return Ok(());
        }
        Err(ApiError::new(
            ErrorCode::SignedOut,
            "This page is not connected. Open the link that hark browser printed.",
        ))
    }
}

/// The addresses that are served now.
#[derive(Default)]
pub(crate) struct Browsers {
    open: Mutex<HashMap<SocketAddr, Served>>,
}

struct Served {
    sessions: Arc<Sessions>,
    pages: usize,
    stop: CancellationToken,
}

/// A link to the window. The address is served until the last of its pages is dropped, or the app closes.
pub struct Page {
    app: App,
    addr: SocketAddr,
    url: String,
}

impl Page {
    /// The link, good for one use.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let mut open = self.app.browsers().open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(served) = open.get_mut(&self.addr) {
            served.pages -= 1;
            if served.pages == 0 {
                served.stop.cancel();
                open.remove(&self.addr);
            }
        }
    }
}

/// Serves the window at a loopback address, or makes one more link where this app serves it already.
pub async fn open(app: &App, listen: SocketAddr) -> Result<Page, ApiError> {
    if !listen.ip().is_loopback() {
        return Err(ApiError::new(
            ErrorCode::Refused,
            format!(
                "{} can be reached by other computers, and the window is only for this one. Use 127.0.0.1.",
                listen.ip()
            ),
        ));
    }
    if let Some(page) = one_more(app, listen)? {
        return Ok(page);
    }
    let listener = TcpListener::bind(listen).await.map_err(|error| cannot_listen(listen, &error))?;
    let addr = listener.local_addr().map_err(ApiError::internal)?;
    let sessions = Arc::new(Sessions::new(addr.port()));
    let stop = app.stopping().child_token();
    let gate = Arc::new(Gate::new(addr.port()));
    let site = Site { app: app.clone(), gate, sessions: sessions.clone(), stop: stop.clone() };
    app.browsers()
        .open
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(addr, Served { sessions, pages: 0, stop: stop.clone() });
    let router = router(site);
    app.tasks().spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "browser mode broke off");
        }
    });
    one_more(app, addr)?.ok_or_else(|| ApiError::internal("the window was closed while it opened"))
}

/// A new link where `addr` is served by this app.
fn one_more(app: &App, addr: SocketAddr) -> Result<Option<Page>, ApiError> {
    let mut open = app.browsers().open.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(served) = open.get_mut(&addr) else { return Ok(None) };
    let url = format!("http://{addr}/?token={}", served.sessions.link()?);
    served.pages += 1;
    Ok(Some(Page { app: app.clone(), addr, url }))
}

fn cannot_listen(listen: SocketAddr, error: &io::Error) -> ApiError {
    let sentence = if error.kind() == io::ErrorKind::AddrInUse {
        format!(
            "Port {} is in use by another program. Choose another with --listen 127.0.0.1:0.",
            listen.port()
        )
    } else {
        format!(
            "The window cannot be served at {listen}: {error}. Choose another address with --listen 127.0.0.1:0."
        )
    };
    ApiError::new(ErrorCode::Refused, sentence)
}

fn router(site: Site) -> Router {
    Router::new()
        .route("/", get(files::index))
        .route("/session", get(session))
        .route("/ws", get(socket::upgrade))
        .route("/upload", put(upload::upload).layer(DefaultBodyLimit::max(MAX_UPLOAD)))
        .route("/media/{*address}", get(media::media))
        .fallback(get(files::file))
        .layer(middleware::from_fn_with_state(site.clone(), guard))
        .with_state(site)
}

async fn session(State(site): State<Site>, headers: HeaderMap) -> Result<StatusCode, ApiError> {
    site.needs_session(&headers)?;
    Ok(StatusCode::NO_CONTENT)
}
