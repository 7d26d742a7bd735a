//! Connections: accepting them, and letting them finish what they are at when the server ends.
//!
//! HTTP/1.1 and nothing else, because a client that waits for news costs what its connection holds: telling versions apart would
//! double each connection's buffer, and whoever wants another version has a proxy before the server that ends TLS too.
//!
//! What a connection may cost is bounded: how many there are, how long a client may be silent in the middle of a request or between
//! two, and how large the head of a request is. A peer that vanished without a word is noticed by the operating system.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;
use tower_http::timeout::TimeoutBody;

use crate::{metrics::Connections, platform};

/// After a failure to accept that is not the connection's own, such as too many open files.
const PAUSE: Duration = Duration::from_secs(1);
/// The head of a request: its address and headers. A filter written into the address is the largest of it.
const LARGEST_HEAD: usize = 64 * 1024;
/// How soon the system asks a silent peer whether it is still there, and then how often.
const ARE_YOU_THERE: Duration = Duration::from_mins(1);
const ASK_AGAIN: Duration = Duration::from_secs(15);
/// Connections that are being told at once that there are too many.
const REFUSALS: usize = 64;
/// What they are told.
const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\n\
Access-Control-Allow-Origin: *\r\nConnection: close\r\nContent-Length: 92\r\n\r\n\
{\"errcode\":\"M_UNKNOWN\",\"error\":\"Too many connections are open here. Try again in a moment.\"}";
/// How long a refused client has to read it.
const REFUSED_WITHIN: Duration = Duration::from_secs(1);
/// Files beside connections: the database, uploads, the admin socket.
const OTHER_FILES: usize = 256;

/// What connections may cost together and each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Connections at once; the next ones are told 503.
    pub(crate) connections: usize,
    /// How long a client may be silent in the middle of a request, or between two.
    pub(crate) silence: Duration,
}

impl Bounds {
    /// No more connections than the process may hold open.
    fn connections(self) -> usize {
        let files = platform::open_file_limit().map_or(usize::MAX, |limit| limit.saturating_sub(OTHER_FILES));
        self.connections.min(files.max(OTHER_FILES))
    }
}

/// Serves until `ending` is cancelled, and returns when the requests under way are answered.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    counted: Arc<Connections>,
    ending: CancellationToken,
) {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(bounds.connections()));
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    while let Some(accepted) = ending.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => {
                if let Ok(place) = places.clone().try_acquire_owned() {
                    let serving = connection(stream, peer, router.clone(), bounds.silence, ending.clone());
                    let open = counted.served.enter();
                    connections.spawn(async move {
                        serving.await;
                        drop((place, open));
                    });
                } else if let Ok(place) = refusals.clone().try_acquire_owned() {
                    counted.refused();
                    tracing::warn!("more connections than there may be: one is refused");
                    tokio::spawn(async move {
                        let _too_slow = tokio::time::timeout(REFUSED_WITHIN, refuse(stream)).await;
                        drop(place);
                    });
                }
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                counted.failed();
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    silence: Duration,
    ending: CancellationToken,
) {
    prepare(&stream);
    let service = service_fn(move |request: http::Request<Incoming>| {
        let mut request = request.map(|body| Body::new(TimeoutBody::new(silence, body)));
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(silence)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = ending.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Sets what the operating system does for a connection; one that it cannot do it for is served all the same.
fn prepare(stream: &TcpStream) {
    // Answers are small and awaited: none of them should wait for a fuller packet.
    let prompt = stream.set_nodelay(true);
    let keepalive = TcpKeepalive::new().with_time(ARE_YOU_THERE).with_interval(ASK_AGAIN);
    if let Err(error) = prompt.and(SockRef::from(stream).set_tcp_keepalive(&keepalive)) {
        tracing::debug!(%error, "a connection's options could not be set");
    }
}

/// Says that there are too many, and reads what the client had sent: unread, it would cost the client the answer.
async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(TOO_MANY).await?;
    stream.shutdown().await?;
    let mut unread = [0; 1024];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
