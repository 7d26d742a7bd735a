//! The table of endpoints: a ruma request type names the method, all its paths and its authentication; the list in
//! [`api`](crate::api) adds the handler and the limit.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter},
};
use http::request::Parts;
use ruma::{
    OwnedUserId,
    api::{IncomingRequest, Metadata, path_builder::PathBuilder},
};

use super::{
    Answer, ApiError,
    extract::{Authenticate, Incoming, Input, Raw, Shared},
    limits::{Asker, Limit},
};
use crate::{clock, logging::Hashed};

/// What the handler of endpoint `R` is told about who is asking.
type Who<R> = <<R as Metadata>::Authentication as Authenticate>::Who;

/// A ruma request type that can be served.
pub(crate) trait Endpoint:
    IncomingRequest<Authentication: Authenticate, PathBuilder: PathBuilder> + Send + 'static
{
}

impl<R> Endpoint for R where
    R: IncomingRequest<Authentication: Authenticate, PathBuilder: PathBuilder> + Send + 'static
{
}

/// `async fn(app, who, request) -> Result<answer, ApiError>`.
pub(crate) trait Handler<R: Endpoint, I>: Clone + Send + Sync + 'static {
    /// Runs the handler and turns its result into the answer.
    fn call(self, app: Shared, who: Who<R>, input: I) -> impl Future<Output = Response> + Send;
}

impl<F, Fut, A, R, I> Handler<R, I> for F
where
    R: Endpoint,
    I: Send + 'static,
    F: Fn(Shared, Who<R>, I) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<A, ApiError>> + Send,
    A: Answer,
{
    async fn call(self, app: Shared, who: Who<R>, input: I) -> Response {
        match self(app, who, input).await {
            Ok(answer) => answer.into_answer(),
            Err(error) => error.into_response(),
        }
    }
}

/// The endpoints collected so far.
#[derive(Default)]
pub(crate) struct Routes {
    table: BTreeMap<String, MethodRouter<Shared>>,
    limit: Limit,
    #[cfg(test)]
    endpoints: Vec<(http::Method, String)>,
}

impl Routes {
    /// The limit of the endpoints that follow in the list.
    pub(crate) fn limited(mut self, limit: Limit) -> Self {
        self.limit = limit;
        self
    }

    /// Serves `R` with a handler that takes it.
    pub(crate) fn route<R: Endpoint>(self, handler: impl Handler<R, R>) -> Self {
        self.serve::<R, R>(handler)
    }

    /// Serves `R` with a handler that reads path, query and body itself, where ruma's type is stricter than clients are.
    pub(crate) fn raw<R: Endpoint>(self, handler: impl Handler<R, Raw>) -> Self {
        self.serve::<R, Raw>(handler)
    }

    /// Serves `R` with a handler that takes the body as it arrives.
    pub(crate) fn stream<R: Endpoint>(self, handler: impl Handler<R, Incoming>) -> Self {
        self.serve::<R, Incoming>(handler)
    }

    fn serve<R: Endpoint, I: Input<R>>(mut self, handler: impl Handler<R, I>) -> Self {
        let limit = self.limit;
        let answer = move |State(app): State<Shared>, request: Request| {
            let handler = handler.clone();
            async move {
                let began = clock::instant();
                let mut asker = None;
                let answer = answer::<R, I>(app, request, limit, handler, &mut asker).await;
                let response = answer.unwrap_or_else(ApiError::into_response);
                tracing::info!(
                    endpoint = R::PATH_BUILDER.all_paths().last(),
                    method = %R::METHOD,
                    status = response.status().as_u16(),
                    microseconds = began.elapsed().as_micros() as u64,
                    user = asker.as_ref().map(|user: &OwnedUserId| display(Hashed(user.as_str()))),
                    "answered"
                );
                response
            }
        };
        let method = MethodFilter::try_from(R::METHOD).expect("ruma's methods are ones axum routes");
        for path in paths::<R>() {
            #[cfg(test)]
            self.endpoints.push((R::METHOD, path.clone()));
            let at_path = self.table.remove(&path).unwrap_or_default();
            self.table.insert(path, at_path.on(method, answer.clone()));
        }
        self
    }

    /// Every path and the methods it answers to.
    #[cfg(test)]
    pub(crate) fn endpoints(&self) -> &[(http::Method, String)] {
        &self.endpoints
    }

    /// The router over everything collected.
    pub(crate) fn into_router(self) -> Router<Shared> {
        self.table.into_iter().fold(Router::new(), |router, (path, methods)| router.route(&path, methods))
    }
}

/// From the request to the answer; `asker` is set as soon as it is known.
async fn answer<R: Endpoint, I: Input<R>>(
    app: Shared,
    request: Request,
    limit: Limit,
    handler: impl Handler<R, I>,
    asker: &mut Option<OwnedUserId>,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let who = admit::<R>(&app, &parts, limit).await?;
    *asker = R::Authentication::session(&who).map(|session| session.user_id.clone());
    let input = I::read(parts, body).await?;
    Ok(handler.call(app, who, input).await)
}

/// Who is asking, and whether they may ask once more. Comes before the body is read.
async fn admit<R: Endpoint>(app: &Shared, parts: &Parts, limit: Limit) -> Result<Who<R>, ApiError> {
    let by_address = limit == Limit::SignIn;
    if by_address {
        app.limits.take(limit, address_of(parts), clock::instant())?;
    }
    let who = R::Authentication::authenticate(app, &parts.headers).await?;
    if !by_address {
        let asker = R::Authentication::session(&who)
            .map_or_else(|| address_of(parts), |session| Asker::User(session.user_id.clone()));
        app.limits.take(limit, asker, clock::instant())?;
    }
    Ok(who)
}

fn address_of(parts: &Parts) -> Asker {
    let peer = parts.extensions.get::<ConnectInfo<std::net::SocketAddr>>();
    Asker::at(peer.map_or([0, 0, 0, 0].into(), |ConnectInfo(peer)| peer.ip()))
}

/// Every path `R` answers on: all of its history, the `r0` twin of each `v3` path, and the forms in which an empty last segment
/// is written. Parameters are numbered, so that two endpoints on one path meet in one route.
fn paths<R: Endpoint>() -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for path in R::PATH_BUILDER.all_paths() {
        let path = numbered(path);
        if let Some(without_key) = path.strip_suffix("/state/{1}/{2}") {
            paths.insert(format!("{without_key}/state/{{1}}"));
            paths.insert(format!("{without_key}/state/{{1}}/"));
        }
        if let Some(bare) = path.strip_suffix('/') {
            paths.insert(bare.to_owned());
        }
        paths.insert(path);
    }
    let twins: Vec<_> = paths.iter().map(|path| path.replacen("/v3/", "/r0/", 1)).collect();
    paths.extend(twins);
    paths
}

/// `/a/{room_id}/b/{user_id}` as `/a/{0}/b/{1}`.
fn numbered(path: &str) -> String {
    let mut next = 0;
    let segments = path.split('/').map(|segment| {
        if segment.starts_with('{') {
            next += 1;
            format!("{{{}}}", next - 1)
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}
