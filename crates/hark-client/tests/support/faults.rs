//! What can go wrong between a client and its server.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

/// One fault.
#[derive(Clone, Debug)]
pub enum Fault {
    /// A proxy's page instead of the server.
    Html(u16),
    /// A Matrix error instead of the work.
    Matrix(u16, Value),
    /// Nothing is done, nothing is answered.
    Hang,
    /// The work is done, then the line breaks.
    BreakAfterApplying,
    /// The work is done, the answer never comes.
    HangAfterApplying,
}

impl Fault {
    /// The answer given instead of the server's.
    pub fn instead(&self) -> Option<Response> {
        let (status, kind, body) = match self {
            Self::Html(status) => {
                (*status, "text/html", "<html><body>Please accept our terms.</body></html>".to_owned())
            }
            Self::Matrix(status, body) => (*status, "application/json", body.to_string()),
            Self::Hang | Self::BreakAfterApplying | Self::HangAfterApplying => return None,
        };
        let response = Response::builder()
            .status(StatusCode::from_u16(status).expect("a status"))
            .header("content-type", kind)
            .body(Body::from(body));
        Some(response.expect("a response"))
    }
}

/// An answer that begins and never ends well.
pub fn broken() -> Response {
    let stream =
        futures_util::stream::iter([Err::<axum::body::Bytes, _>(std::io::Error::other("the line broke"))]);
    Response::builder()
        .header("content-type", "application/json")
        .body(Body::from_stream(stream))
        .expect("a response")
}
