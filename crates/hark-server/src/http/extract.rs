//! From an HTTP request to a ruma request type and the session it speaks for.
//!
//! The steps stand in this order so that each protects the next: who is asking (a header), how often, how many bytes, the rules
//! of [`json`](super::json), then ruma's own parsing. A handler is called only when all of them passed.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, FromRequestParts, Query, RawPathParams},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri, header, request::Parts};
use ruma::{
    OwnedDeviceId, OwnedUserId,
    api::{
        IncomingRequest,
        auth_scheme::{
            AccessToken, AccessTokenOptional, AppserviceTokenOptional, AuthScheme, NoAccessToken,
            NoAuthentication,
        },
        error::DeserializationError,
    },
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{ApiError, json};
use crate::{App, accounts::Standing};

/// The largest JSON body any endpoint takes. Events are far smaller; a batch of keys or to-device messages is the largest.
const MAX_BODY: usize = 2 * 1024 * 1024;
/// How long a client may take to send its JSON.
const MAX_BODY_TIME: Duration = Duration::from_secs(30);

/// A signed-in device: every authenticated request speaks for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// Who is asking.
    pub(crate) user_id: OwnedUserId,
    /// From which of their devices.
    pub(crate) device_id: OwnedDeviceId,
}

/// How an endpoint's authentication scheme turns into what its handler is given.
pub(crate) trait Authenticate: AuthScheme {
    /// `Session`, `Option<Session>` or `()`.
    type Who: Send;

    /// Reads the token and looks it up.
    fn authenticate(
        app: &App,
        parts: &Parts,
        needed: Standing,
    ) -> impl Future<Output = Result<Self::Who, ApiError>> + Send;

    /// The user of `who`, for limits.
    fn session(who: &Self::Who) -> Option<&Session>;
}

impl Authenticate for AccessToken {
    type Who = Session;

    async fn authenticate(app: &App, parts: &Parts, needed: Standing) -> Result<Session, ApiError> {
        session_of(app, parts, needed).await
    }

    fn session(who: &Session) -> Option<&Session> {
        Some(who)
    }
}

impl Authenticate for AccessTokenOptional {
    type Who = Option<Session>;

    /// A bad token counts as none: an endpoint that needs no token never answers 401.
    async fn authenticate(app: &App, parts: &Parts, needed: Standing) -> Result<Option<Session>, ApiError> {
        match session_of(app, parts, needed).await {
            Ok(session) => Ok(Some(session)),
            Err(error) if error.status() == StatusCode::UNAUTHORIZED => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn session(who: &Option<Session>) -> Option<&Session> {
        who.as_ref()
    }
}

macro_rules! nobody {
    ($($scheme:ty),*) => {$(
        impl Authenticate for $scheme {
            type Who = ();

            async fn authenticate(_: &App, _: &Parts, _: Standing) -> Result<(), ApiError> {
                Ok(())
            }

            fn session((): &()) -> Option<&Session> {
                None
            }
        }
    )*};
}
nobody!(NoAuthentication, NoAccessToken, AppserviceTokenOptional);

/// The session a request's `Authorization` header stands for.
pub(crate) async fn session_of(app: &App, parts: &Parts, needed: Standing) -> Result<Session, ApiError> {
    let token = bearer(&parts.headers).ok_or_else(ApiError::missing_token)?;
    app.accounts.session(token, peer_of(parts), needed).await
}

/// The address a request comes from.
pub(super) fn peer_of(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or([0, 0, 0, 0].into(), |ConnectInfo(peer)| peer.ip().to_canonical())
}

/// The token of `Authorization: Bearer …`; the word is compared without case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// A request whose JSON was checked and which its handler reads itself.
#[derive(Debug)]
pub(crate) struct Raw {
    /// The values in the path, in order, percent-decoded.
    pub(crate) path: Vec<String>,
    /// The address it comes from.
    pub(crate) peer: IpAddr,
    uri: Uri,
    body: Bytes,
}

impl Raw {
    /// The body as `T`; no body stands for `{}`.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let body: &[u8] = if self.body.is_empty() { b"{}" } else { &self.body };
        serde_json::from_slice(body).map_err(|error| DeserializationError::from(error).into())
    }

    /// The body as it is to be kept. Here no body stands for nothing: 400.
    pub(crate) fn content(&self) -> Result<Box<RawValue>, ApiError> {
        if self.body.is_empty() {
            return Err(ApiError::not_json("The request has no body: send what is to be kept as JSON."));
        }
        self.body()
    }

    /// The query as `T`.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        query(&self.uri)
    }
}

/// A request whose body is not JSON, or is not read at all.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// The values in the path, in order, percent-decoded.
    pub(crate) path: Vec<String>,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body as it arrives.
    pub(crate) body: Body,
    uri: Uri,
}

impl Incoming {
    /// The query as `T`.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        query(&self.uri)
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    let Query(query) = Query::try_from_uri(uri)
        .map_err(|_| ApiError::invalid_param("A parameter of the address is not of its type."))?;
    Ok(query)
}

/// What a handler of endpoint `R` takes: `R` itself, [`Raw`] or [`Incoming`].
pub(crate) trait Input<R>: Sized + Send + 'static {
    /// Reads it out of the parts and the body.
    fn read(parts: Parts, body: Body) -> impl Future<Output = Result<Self, ApiError>> + Send;
}

impl<R: IncomingRequest + Send + 'static> Input<R> for R {
    async fn read(parts: Parts, body: Body) -> Result<Self, ApiError> {
        let (parts, path, body) = checked(parts, body).await?;
        Ok(R::try_from_http_request(http::Request::from_parts(parts, body), &path)?)
    }
}

impl<R> Input<R> for Raw {
    async fn read(parts: Parts, body: Body) -> Result<Self, ApiError> {
        let (parts, path, body) = checked(parts, body).await?;
        Ok(Self { path, peer: peer_of(&parts), uri: parts.uri, body })
    }
}

impl<R> Input<R> for Incoming {
    async fn read(mut parts: Parts, body: Body) -> Result<Self, ApiError> {
        let path = path_arguments(&mut parts).await?;
        Ok(Self { path, headers: parts.headers, body, uri: parts.uri })
    }
}

/// The parts, the values in the path, and a body within the rules.
async fn checked(mut parts: Parts, body: Body) -> Result<(Parts, Vec<String>, Bytes), ApiError> {
    let path = path_arguments(&mut parts).await?;
    let body = read_body(&parts.headers, body).await?;
    json::check(&body)?;
    Ok((parts, path, body))
}

/// The values in the path, in their order, percent-decoded. None may hold a NUL: no id can.
async fn path_arguments(parts: &mut Parts) -> Result<Vec<String>, ApiError> {
    let parameters = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|_| ApiError::invalid_param("The address holds characters that cannot be read."))?;
    let path: Vec<String> = parameters.iter().map(|(_, value)| value.to_owned()).collect();
    if path.iter().any(|value| value.contains('\0')) {
        return Err(ApiError::invalid_param("The address holds a NUL character."));
    }
    Ok(path)
}

async fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    let too_large = || ApiError::too_large("The request is larger than 2 MiB.");
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    let read = tokio::time::timeout(MAX_BODY_TIME, to_bytes(body, MAX_BODY)).await;
    read.map_err(|_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "M_UNKNOWN", "The request took too long."))?
        .map_err(|error| {
            let limited = std::error::Error::source(&error)
                .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
            if limited { too_large() } else { ApiError::not_json("The request broke off.") }
        })
}

/// The state a router carries.
pub(crate) type Shared = Arc<App>;
