//! The one way to the homeserver: a Matrix request in, its response or a [`Failure`] out.
//!
//! What comes back is believed only if it is Matrix. A web page, whatever its status, is a proxy or a captive portal
//! speaking: that is *offline*, and nobody may take it for a refusal.

mod discovery;
mod failure;

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use reqwest::redirect::Policy;
use ruma::api::auth_scheme::SendAccessToken;
use ruma::api::path_builder::PathBuilder;
use ruma::api::{
    IncomingResponse, MatrixVersion, Metadata, OutgoingRequest, SupportedVersions, auth_scheme::AuthScheme,
};
use serde_json::Value;

pub(crate) use discovery::discover;
pub(crate) use failure::Failure;

use crate::Error;

/// No acknowledgement within this is a failed try (SE3).
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// For calls that make the server work: rooms, logins, history.
pub(crate) const LONG_PATIENCE: Duration = Duration::from_secs(30);

/// A homeserver, and the right to use it.
#[derive(Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Requests every supported server understands: paths and headers of these versions.
fn versions() -> SupportedVersions {
    SupportedVersions {
        versions: [MatrixVersion::V1_1, MatrixVersion::V1_4, MatrixVersion::V1_7, MatrixVersion::V1_11]
            .into(),
        features: std::collections::BTreeSet::new(),
    }
}

/// A client of which no request leaves the origin it was made for: the token stays with the server it is of.
pub(crate) fn client(redirects: Policy) -> Result<reqwest::Client, Error> {
    reqwest::Client::builder()
        .redirect(redirects)
        .connect_timeout(PATIENCE)
        .pool_idle_timeout(Duration::from_secs(90))
        .tcp_nodelay(true)
        .user_agent(concat!("Hark/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Error::Internal(format!("no network client: {error}")))
}

impl Http {
    /// To a base URL, without a login.
    pub(crate) fn new(base: &str) -> Result<Self, Error> {
        Ok(Self { client: client(Policy::none())?, base: base.trim_end_matches('/').to_owned(), token: None })
    }

    /// The same with a login.
    #[must_use]
    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// One request, one typed response.
    pub(crate) async fn call<R>(&self, request: R, patience: Duration) -> Result<R::IncomingResponse, Failure>
    where
        R: OutgoingRequest,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        let name = <R as Metadata>::METHOD;
        let (status, headers, body) = self.raw(request, patience).await?;
        let mut response =
            http::Response::builder().status(status).body(body.to_vec()).map_err(Failure::unusable)?;
        *response.headers_mut() = headers;
        R::IncomingResponse::try_from_http_response(response)
            .map_err(|error| Failure::Offline(format!("the answer to a {name} is not Matrix: {error}")))
    }

    /// One request, the body of a success as it came: for what is read leniently.
    pub(crate) async fn body<R>(&self, request: R, patience: Duration) -> Result<Bytes, Failure>
    where
        R: OutgoingRequest,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        Ok(self.raw(request, patience).await?.2)
    }

    async fn raw<R>(
        &self,
        request: R,
        patience: Duration,
    ) -> Result<(http::StatusCode, http::HeaderMap, Bytes), Failure>
    where
        R: OutgoingRequest,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        let token = self.token.as_deref().map_or(SendAccessToken::None, SendAccessToken::IfRequired);
        let request: http::Request<Vec<u8>> = request
            .try_into_http_request(&self.base, token, Cow::Owned(versions()))
            .map_err(Failure::unusable)?;
        let (parts, body) = request.into_parts();
        let response = self
            .client
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .timeout(patience)
            .body(body)
            .send()
            .await
            .map_err(|error| Failure::of_network(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.map_err(|error| Failure::of_network(&error))?;
        if status.is_success() {
            return Ok((status, headers, body));
        }
        Err(Failure::of_answer(status, &headers, &body))
    }

    /// A JSON request written by hand, where ruma's types are stricter than servers are.
    pub(crate) async fn json(
        &self,
        method: http::Method,
        path: &str,
        body: Option<&Value>,
        patience: Duration,
    ) -> Result<Value, Failure> {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).timeout(patience);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| Failure::of_network(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.map_err(|error| Failure::of_network(&error))?;
        if !status.is_success() {
            return Err(Failure::of_answer(status, &headers, &bytes));
        }
        match serde_json::from_slice(&bytes) {
            Ok(value @ Value::Object(_)) => Ok(value),
            _ => Err(Failure::not_matrix(status)),
        }
    }

    /// The bytes at a path, without the login: for files of servers that know no other way.
    pub(crate) async fn bytes(&self, path: &str, patience: Duration) -> Result<Vec<u8>, Failure> {
        let request = self.client.get(format!("{}{path}", self.base)).timeout(patience);
        let response = request.send().await.map_err(|error| Failure::of_network(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.map_err(|error| Failure::of_network(&error))?;
        if status.is_success() {
            Ok(bytes.to_vec())
        } else {
            Err(Failure::of_answer(status, &headers, &bytes))
        }
    }

    /// Whether the server answers at all just now, as Matrix.
    pub(crate) async fn answers(&self) -> bool {
        matches!(
            self.json(http::Method::GET, "/_matrix/client/versions", None, PATIENCE).await,
            Ok(_) | Err(Failure::Matrix { .. })
        )
    }
}
