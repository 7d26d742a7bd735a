//! One request through the proxy.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Fault, Seen, State};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a captive portal says.
const PORTAL: &str = "<!doctype html><title>Welcome</title><p>Please accept the terms to use this network.";

/// The answer a client gets; an error breaks its connection.
pub(super) async fn answer(
    state: &State,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Failure> {
    let path = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
    let seen = Seen { method: request.method().clone(), path: path.clone() };
    state.seen.send_modify(|all| all.push(seen));
    let fault = state.decide(&path);
    let target = state.rules().target;
    match fault {
        None => forward(target, request).await,
        Some(Fault::Cut) => Err(broken()),
        Some(Fault::LoseAnswer) => {
            forward(target, request).await?;
            Err(broken())
        }
        Some(Fault::Hold) => {
            let mut epoch = state.epoch.subscribe();
            epoch.changed().await?;
            forward(target, request).await
        }
        Some(Fault::Delay(time)) => {
            tokio::time::sleep(time).await;
            forward(target, request).await
        }
        Some(Fault::Html(status)) => made_up(status, "text/html; charset=utf-8", PORTAL.to_owned()),
        Some(Fault::Refuse(status, body)) => made_up(status, "application/json", body),
    }
}

async fn forward(target: SocketAddr, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Failure> {
    let (head, body) = request.into_parts();
    let body = Full::new(body.collect().await?.to_bytes());
    let stream = TcpStream::connect(target).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let answer = sender.send_request(Request::from_parts(head, body)).await?;
        let (mut head, body) = answer.into_parts();
        // The body is sent whole from here on.
        head.headers.remove(http::header::TRANSFER_ENCODING);
        Ok::<_, Failure>(Response::from_parts(head, Full::new(body.collect().await?.to_bytes())))
    };
    // Driven here, so that a client that leaves takes the server's side with it.
    tokio::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        _ = connection => exchange.await,
    }
}

fn made_up(status: u16, mime: &str, body: String) -> Result<Response<Full<Bytes>>, Failure> {
    Ok(Response::builder().status(status).header("content-type", mime).body(Full::new(Bytes::from(body)))?)
}

fn broken() -> Failure {
    Box::new(io::Error::new(io::ErrorKind::ConnectionReset, "the proxy broke the connection"))
}
