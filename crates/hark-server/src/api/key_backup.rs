//! `…/room_keys/…`: the backup of the keys that rooms are read with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    keys::backup::{self, BackupError, Described, Settings},
    store::key_backups::{BackedUpKey, KeysByRoom, Scope},
};

/// `POST …/room_keys/version`
pub(super) async fn create(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let settings: Settings = request.body()?;
    let created = app.store.write(move |tx| backup::create(tx, &session.user_id, &settings));
    Ok(Json(json!({ "version": created.await?.to_string() })))
}

/// `GET …/room_keys/version`
pub(super) async fn latest(app: Shared, session: Session, _: Raw) -> Result<impl Answer, ApiError> {
    let found = app.store.read(move |snapshot| backup::latest(snapshot, &session.user_id));
    Ok(Json(described(&found.await?)))
}

/// `GET …/room_keys/version/{version}`
pub(super) async fn one(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let found = app.store.read(move |snapshot| backup::one(snapshot, &session.user_id, &request.path[0]));
    Ok(Json(described(&found.await?)))
}

fn described(Described { backup, count }: &Described) -> Value {
    json!({
        "algorithm": backup.algorithm,
        "auth_data": backup.auth_data,
        "count": count,
        "etag": backup.etag.to_string(),
        "version": backup.version.to_string(),
    })
}

/// `PUT …/room_keys/version/{version}`
pub(super) async fn update(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let settings: Settings = request.body()?;
    let updated =
        app.store.write(move |tx| backup::update(tx, &session.user_id, &request.path[0], &settings));
    updated.await?;
    Ok(Json(json!({})))
}

/// `DELETE …/room_keys/version/{version}`
pub(super) async fn delete(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    app.store.write(move |tx| backup::delete(tx, &session.user_id, &request.path[0])).await?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
struct Query {
    version: Option<String>,
}

fn version(request: &Raw) -> Result<String, ApiError> {
    let Query { version } = request.query()?;
    version.ok_or_else(|| ApiError::missing_param("missing field `version`"))
}

/// What the address speaks of.
fn scope(request: &Raw) -> Scope {
    match &request.path[..] {
        [room, session, ..] => Scope::Session(room.clone(), session.clone()),
        [room] => Scope::Room(room.clone()),
        [] => Scope::All,
    }
}

#[derive(Deserialize, Serialize)]
struct Rooms {
    rooms: BTreeMap<String, Sessions>,
}

#[derive(Deserialize, Serialize)]
struct Sessions {
    sessions: BTreeMap<String, BackedUpKey>,
}

/// As much as was asked for.
#[derive(Serialize)]
#[serde(untagged)]
enum Keys {
    All(Rooms),
    Room(Sessions),
    Session(BackedUpKey),
}

/// `GET …/room_keys/keys[/{roomId}[/{sessionId}]]`
pub(super) async fn get_keys(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let (version, user) = (version(&request)?, session.user_id);
    let answer = app.store.read::<_, BackupError, _>(move |snapshot| {
        Ok(match scope(&request) {
            Scope::All => {
                let rooms = backup::keys(snapshot, &user, &version, None)?;
                let rooms = rooms.into_iter().map(|(room, sessions)| (room, Sessions { sessions }));
                Keys::All(Rooms { rooms: rooms.collect() })
            }
            Scope::Room(room) => {
                let mut rooms = backup::keys(snapshot, &user, &version, Some(&room))?;
                Keys::Room(Sessions { sessions: rooms.remove(&room).unwrap_or_default() })
            }
            Scope::Session(room, session) => {
                Keys::Session(backup::key(snapshot, &user, &version, &room, &session)?)
            }
        })
    });
    Ok(Json(answer.await?))
}

/// `PUT …/room_keys/keys[/{roomId}[/{sessionId}]]`
pub(super) async fn put_keys(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let version = version(&request)?;
    let keys: KeysByRoom = match scope(&request) {
        Scope::All => {
            let Rooms { rooms } = request.body()?;
            rooms.into_iter().map(|(room, of_room)| (room, of_room.sessions)).collect()
        }
        Scope::Room(room) => [(room, request.body::<Sessions>()?.sessions)].into(),
        Scope::Session(room, session) => [(room, [(session, request.body()?)].into())].into(),
    };
    let stored = app.store.write(move |tx| backup::put(tx, &session.user_id, &version, &keys));
    Ok(Json(changed(&stored.await?)))
}

/// `DELETE …/room_keys/keys[/{roomId}[/{sessionId}]]`
pub(super) async fn delete_keys(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    let (version, which) = (version(&request)?, scope(&request));
    let left = app.store.write(move |tx| backup::delete_keys(tx, &session.user_id, &version, &which));
    Ok(Json(changed(&left.await?)))
}

fn changed(Described { backup, count }: &Described) -> Value {
    json!({ "etag": backup.etag.to_string(), "count": count })
}
