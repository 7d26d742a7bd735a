//! What a client asks before anything else: is this a server, what can it do, and what can it not.

use axum::{extract::State, response::IntoResponse};
use http::{HeaderMap, header, uri::Authority};
use ruma::api::client::{
    discovery::get_supported_versions, thirdparty::get_protocols, voip::get_turn_server_info,
};
use serde_json::{Value, json};

use crate::{
    http::{
        Answer, ApiError, Json, Session, Whole,
        extract::{Raw, Shared},
    },
    store::played::PLAYED,
};

/// Versions of the specification this server keeps, without gaps: some clients look for one number, some for the highest.
const VERSIONS: [&str; 19] = [
    "r0.6.1", "v1.1", "v1.2", "v1.3", "v1.4", "v1.5", "v1.6", "v1.7", "v1.8", "v1.9", "v1.10", "v1.11",
    "v1.12", "v1.13", "v1.14", "v1.15", "v1.16", "v1.17", "v1.18",
];

/// `GET /_matrix/client/versions`
pub(super) async fn versions(
    _: Shared,
    session: Option<Session>,
    _: get_supported_versions::Request,
) -> Result<impl Answer, ApiError> {
    // What some clients ask for by name, though the versions hold it.
    let features = json!({
        // Keys that sign each other (v1.1), receipts and counts of threads (v1.4), devices that wait while nobody is signed in.
        "org.matrix.e2e_cross_signing": true, "org.matrix.msc3771": true, "org.matrix.msc3773": true,
        "org.matrix.msc3814": true,
        // Whose invitations are wanted (v1.18).
        "org.matrix.msc4380.stable": true, "org.matrix.msc4155": true,
        // Private read receipts (v1.4), threads and their list (v1.4), jump to a date (v1.6), relations of relations (v1.10).
        "org.matrix.msc2285.stable": true, "org.matrix.msc3440.stable": true, "org.matrix.msc3856": true,
        "org.matrix.msc3030": true, "org.matrix.msc3981": true,
        // Spaces in the room directory (v1.4), filters by relation, rooms in common, where state stands in /sync (v1.16).
        "org.matrix.msc3827.stable": true, "org.matrix.msc3874": true, "org.matrix.msc4222": true,
        "uk.half-shot.msc2666.query_mutual_rooms": true,
        // Authenticated media (v1.11), free profile fields (v1.16).
        "org.matrix.msc3916.stable": true, "uk.tcpip.msc4133": true, "uk.tcpip.msc4133.stable": true,
        PLAYED: true,
    });
    let versions = json!({ "versions": VERSIONS, "unstable_features": features });
    let caching = if session.is_some() { "private, no-store" } else { "public, max-age=600" };
    let headers = [(header::CACHE_CONTROL, caching), (header::VARY, "Authorization")];
    Ok(Whole((headers, axum::Json(versions)).into_response()))
}

/// `GET /.well-known/matrix/client`: the address under which the asker reached this server is one that works for it.
pub(super) async fn well_known(
    State(app): State<Shared>,
    headers: HeaderMap,
) -> Result<axum::Json<Value>, ApiError> {
    let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let secure = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let host = asked.map_or_else(|| app.config.listen.to_string(), |host| host.to_string());
    let scheme = if secure { "https" } else { "http" };
    Ok(axum::Json(json!({ "m.homeserver": { "base_url": format!("{scheme}://{host}") } })))
}

/// `GET /health`: 200 while the database answers.
pub(super) async fn health(State(app): State<Shared>) -> Result<axum::Json<Value>, ApiError> {
    let epoch = app.store.epoch().to_owned();
    app.store.read::<_, ApiError, _>(|snap| Ok(snap.position()?)).await?;
    Ok(axum::Json(json!({ "status": "ok", "database": epoch })))
}

/// `GET /_matrix/federation/v1/version`: what runs here. Nothing else of federation is answered.
pub(super) async fn software(_: Shared, (): (), _: Raw) -> Result<impl Answer, ApiError> {
    Ok(Json(json!({ "server": { "name": "hark-server", "version": env!("CARGO_PKG_VERSION") } })))
}

/// `GET …/voip/turnServer`: there is none. `{}` would make clients ask again and again.
pub(super) async fn no_turn_server(
    _: Shared,
    _: Session,
    _: get_turn_server_info::v3::Request,
) -> Result<Json<Value>, ApiError> {
    Err(ApiError::not_found("This server has no TURN server."))
}

/// `GET …/thirdparty/protocols`: there are no bridges.
pub(super) async fn no_protocols(
    _: Shared,
    _: Session,
    _: get_protocols::v3::Request,
) -> Result<impl Answer, ApiError> {
    Ok(Json(json!({})))
}
