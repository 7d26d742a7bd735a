//! What people show of themselves. A new name or picture also goes into the member events of the rooms they are in.

use ruma::{UserId, api::client::profile::get_profile};
use serde_json::{Map, Value, json};

use super::own;
use crate::{
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    rooms::ProfileChange,
};

/// The longest name, in characters.
const MAX_NAME: usize = 256;
/// The longest picture address, in bytes.
const MAX_PICTURE: usize = 1_000;
/// The longest key, in bytes.
const MAX_KEY: usize = 255;
/// The largest whole profile, in bytes of JSON (spec: 64 KiB).
const MAX_PROFILE: usize = 65_536;

fn unknown_user() -> ApiError {
    ApiError::not_found("There is no such user here.")
}

/// `GET …/profile/{userId}`
pub(super) async fn get(
    app: Shared,
    (): (),
    request: get_profile::v3::Request,
) -> Result<impl Answer, ApiError> {
    let profile = app.store.read(move |snap| {
        if !snap.user_exists(&request.user_id)? {
            return Err(unknown_user());
        }
        Ok(snap.profile(&request.user_id)?)
    });
    Ok(Json(profile.await?))
}

/// `GET …/profile/{userId}/{field}`
pub(super) async fn get_field(app: Shared, (): (), request: Raw) -> Result<impl Answer, ApiError> {
    let (user, field) = (user_in(&request)?, request.path[1].clone());
    let key = field.clone();
    let value = app.store.read::<_, ApiError, _>(move |snap| Ok(snap.profile_field(&user, &key)?)).await?;
    let value = value.ok_or_else(|| ApiError::not_found("This is not set in the profile."))?;
    Ok(Json(Map::from_iter([(field, value)])))
}

/// `PUT …/profile/{userId}/{field}`
pub(super) async fn set_field(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let field = key_in(&request)?;
    let mut body: Map<String, Value> = request.body()?;
    let value = match (body.remove(&field), field.as_str()) {
        // Leaving the old fields out, or null or empty, has always meant to clear them.
        (None | Some(Value::Null), "displayname" | "avatar_url") => None,
        (Some(Value::String(text)), "displayname" | "avatar_url") if text.is_empty() => None,
        (Some(value), _) => Some(checked(&field, value)?),
        (None, _) => return Err(ApiError::missing_param(format!("missing field `{field}`"))),
    };
    change(&app, &session, &request, field, value).await
}

/// `DELETE …/profile/{userId}/{field}`
pub(super) async fn delete_field(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    let field = key_in(&request)?;
    change(&app, &session, &request, field, None).await
}

async fn change(
    app: &Shared,
    session: &Session,
    request: &Raw,
    field: String,
    value: Option<Value>,
) -> Result<Json<Value>, ApiError> {
    let user = user_in(request)?;
    own(session, &user)?;
    let shown_in_rooms = ["displayname", "avatar_url"].into_iter().find(|shown| *shown == field);
    let (owner, after) = (user.clone(), text(value.as_ref()));
    let before = app
        .store
        .write::<_, ApiError, _>(move |tx| {
            let before = text(tx.profile_field(&user, &field)?.as_ref());
            tx.set_profile_field(&user, &field, value.as_ref())?;
            let size = Value::Object(tx.profile(&user)?).to_string().len();
            if size > MAX_PROFILE {
                return Err(ApiError::new(
                    http::StatusCode::BAD_REQUEST,
                    "M_PROFILE_TOO_LARGE",
                    "A profile has at most 65,536 bytes.",
                ));
            }
            Ok(before)
        })
        .await?;
    if let Some(field) = shown_in_rooms.filter(|_| before != after) {
        app.rooms.show_profile(owner, ProfileChange { field, before, after }).await?;
    }
    Ok(Json(json!({})))
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(ToOwned::to_owned)
}

fn checked(field: &str, value: Value) -> Result<Value, ApiError> {
    match (field, &value) {
        ("displayname", Value::String(name)) if name.chars().count() > MAX_NAME => {
            Err(ApiError::invalid_param("A name has at most 256 characters."))
        }
        ("avatar_url", Value::String(url)) if url.len() > MAX_PICTURE => {
            Err(ApiError::invalid_param("The address of a picture has at most 1,000 bytes."))
        }
        ("avatar_url", Value::String(url)) if !url.starts_with("mxc://") => {
            Err(ApiError::invalid_param("A picture is an mxc:// address."))
        }
        ("displayname" | "avatar_url" | "m.tz", value) if !value.is_string() => {
            Err(ApiError::bad_json("This must be a string."))
        }
        _ => Ok(value),
    }
}

/// A key of the spec's "Common Namespaced Identifier Grammar".
fn key_in(request: &Raw) -> Result<String, ApiError> {
    let key = request.path[1].clone();
    if key.len() > MAX_KEY {
        return Err(ApiError::new(
            http::StatusCode::BAD_REQUEST,
            "M_KEY_TOO_LARGE",
            "A key has at most 255 bytes.",
        ));
    }
    let fits = key.starts_with(|first: char| first.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c));
    if fits { Ok(key) } else { Err(ApiError::invalid_param("A key is made of a-z, 0-9, _, - and dots.")) }
}

fn user_in(request: &Raw) -> Result<ruma::OwnedUserId, ApiError> {
    UserId::parse(&request.path[0]).map_err(|_| ApiError::invalid_param("This is not a user id."))
}
