//! The table of endpoints: a ruma request type names the method, all its paths and its authentication; the list in
//! [`api`](crate::api) adds the handler and the limit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter},
};
use http::{Method, request::Parts};
use ruma::{
    OwnedUserId,
    api::{IncomingRequest, Metadata, path_builder::PathBuilder},
};

use super::{
    Answer, ApiError,
    extract::{Authenticate, Incoming, Input, Raw, Shared, peer_of},
    limits::{Asker, Limit},
};
use crate::{accounts::Standing, clock, logging::Hashed, metrics::Endpoint as Counted};

/// What the handler of endpoint `R` is told about who is asking.
type Who<R> = WhoBy<<R as Metadata>::Authentication>;

/// What authentication scheme `A` tells about who is asking.
type WhoBy<A> = <A as Authenticate>::Who;

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
pub(crate) trait Handler<W, I>: Clone + Send + Sync + 'static {
    /// Runs the handler and turns its result into the answer.
    fn call(self, app: Shared, who: W, input: I) -> impl Future<Output = Response> + Send;
}

impl<F, Fut, A, W, I> Handler<W, I> for F
where
    W: Send,
    I: Send + 'static,
    F: Fn(Shared, W, I) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<A, ApiError>> + Send,
    A: Answer,
{
    async fn call(self, app: Shared, who: W, input: I) -> Response {
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
    counted: Vec<Arc<Counted>>,
    standing: Standing,
    #[cfg(test)]
    endpoints: Vec<(Method, String)>,
}

impl Routes {
    /// The limit of the endpoints that follow in the list.
    pub(crate) fn limited(mut self, limit: Limit) -> Self {
        self.limit = limit;
        self
    }

    /// Who the endpoints are for that follow in the list.
    pub(crate) fn standing(mut self, standing: Standing) -> Self {
        self.standing = standing;
        self
    }

    /// Serves `R` with a handler that takes it.
    pub(crate) fn route<R: Endpoint>(self, handler: impl Handler<Who<R>, R>) -> Self {
        self.serve::<R, R>(handler)
    }

    /// Serves `R` with a handler that reads path, query and body itself, where ruma's type is stricter than clients are.
    pub(crate) fn raw<R: Endpoint>(self, handler: impl Handler<Who<R>, Raw>) -> Self {
        self.serve::<R, Raw>(handler)
    }

    /// Serves `R` with a handler that takes the body as it arrives.
    pub(crate) fn stream<R: Endpoint>(self, handler: impl Handler<Who<R>, Incoming>) -> Self {
        self.serve::<R, Incoming>(handler)
    }

    /// Serves an address that ruma has no type for: one under an unstable prefix, or older or newer than ruma. Its parameters are
    /// written `{name}`.
    pub(crate) fn at<A: Authenticate + 'static>(
        self,
        method: Method,
        path: &'static str,
        handler: impl Handler<WhoBy<A>, Raw>,
    ) -> Self {
        self.serve_at::<A, (), Raw>(method, path, paths([path]), handler)
    }

    fn serve<R: Endpoint, I: Input<R>>(self, handler: impl Handler<Who<R>, I>) -> Self {
        let name = R::PATH_BUILDER.all_paths().last().unwrap_or_default();
        self.serve_at::<R::Authentication, R, I>(R::METHOD, name, paths(R::PATH_BUILDER.all_paths()), handler)
    }

    fn serve_at<A: Authenticate + 'static, R: 'static, I: Input<R>>(
        mut self,
        method: Method,
        name: &'static str,
        paths: BTreeSet<String>,
        handler: impl Handler<WhoBy<A>, I>,
    ) -> Self {
        let limit = self.limit;
        let asks = (limit, self.standing);
        let named = method.clone();
        let counted = Arc::new(Counted::new(name, method.clone(), limit == Limit::Messages));
        self.counted.push(counted.clone());
        let answer = move |State(app): State<Shared>, request: Request| {
            let (handler, method, counted) = (handler.clone(), named.clone(), counted.clone());
            async move {
                let asked = counted.asked();
                let began = clock::instant();
                let mut asker = None;
                let answer = answer::<A, R, I>(app.clone(), request, asks, handler, &mut asker).await;
                let response = answer.unwrap_or_else(ApiError::into_response);
                asked.answered(response.status());
                if limit == Limit::Messages && response.status().is_success() {
                    app.metrics.send.observe(began.elapsed());
                }
                tracing::info!(
                    endpoint = name,
                    %method,
                    status = response.status().as_u16(),
                    microseconds = began.elapsed().as_micros() as u64,
                    user = asker.as_ref().map(|user: &OwnedUserId| display(Hashed(user.as_str()))),
                    "answered"
                );
                response
            }
        };
        let filter = MethodFilter::try_from(method.clone()).expect("endpoints have methods axum routes");
        for path in paths {
            #[cfg(test)]
            self.endpoints.push((method.clone(), path.clone()));
            let at_path = self.table.remove(&path).unwrap_or_default();
            self.table.insert(path, at_path.on(filter, answer.clone()));
        }
        self
    }

    /// Every path and the methods it answers to.
    #[cfg(test)]
    pub(crate) fn endpoints(&self) -> &[(Method, String)] {
        &self.endpoints
    }

    /// What each endpoint counts.
    pub(crate) fn counted(&self) -> Vec<Arc<Counted>> {
        self.counted.clone()
    }

    /// The router over everything collected.
    pub(crate) fn into_router(self) -> Router<Shared> {
        self.table.into_iter().fold(Router::new(), |router, (path, methods)| router.route(&path, methods))
    }
}

/// From the request to the answer; `asker` is set as soon as it is known.
async fn answer<A: Authenticate, R, I: Input<R>>(
    app: Shared,
    request: Request,
    asks: (Limit, Standing),
    handler: impl Handler<WhoBy<A>, I>,
    asker: &mut Option<OwnedUserId>,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let who = admit::<A>(&app, &parts, asks).await?;
    *asker = A::session(&who).map(|session| session.user_id.clone());
    let input = I::read(parts, body).await?;
    Ok(handler.call(app, who, input).await)
}

/// Who is asking, and whether they may ask once more. Comes before the body is read.
async fn admit<A: Authenticate>(
    app: &Shared,
    parts: &Parts,
    (limit, standing): (Limit, Standing),
) -> Result<WhoBy<A>, ApiError> {
    let by_address = limit == Limit::SignIn;
    if by_address {
        app.limits.take(limit, Asker::at(peer_of(parts)), clock::instant())?;
    }
    let who = A::authenticate(app, parts, standing).await?;
    if !by_address {
        let asker = A::session(&who)
            .map_or_else(|| Asker::at(peer_of(parts)), |session| Asker::User(session.user_id.clone()));
        app.limits.take(limit, asker, clock::instant())?;
    }
    Ok(who)
}

/// Every path an endpoint answers on: all of its history, the `r0` twin of each `v3` path, and the forms in which an empty last segment
/// is written. Parameters are numbered, so that two endpoints on one path meet in one route.
fn paths(history: impl IntoIterator<Item = &'static str>) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for path in history {
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
