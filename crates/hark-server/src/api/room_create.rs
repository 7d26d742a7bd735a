//! `POST …/createRoom`

use ruma::{
    CanonicalJsonObject, RoomVersionId,
    api::client::room::{Visibility, create_room},
    serde::Raw,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    http::{Answer, ApiError, Session, extract::Shared},
    rooms::{Content, NewRoom, Preset, RoomError, version},
};

/// Makes a room as asked, all at once.
pub(super) async fn create(
    app: Shared,
    session: Session,
    request: create_room::v3::Request,
) -> Result<impl Answer, ApiError> {
    if !request.invite_3pid.is_empty() {
        return Err(ApiError::forbidden("This server cannot invite by e-mail or telephone."));
    }
    let listed = request.visibility == Visibility::Public;
    let room = NewRoom {
        creator: session.user_id,
        version: supported(request.room_version)?,
        preset: preset(request.preset.as_ref(), listed)?,
        listed,
        alias: request.room_alias_name,
        name: request.name.filter(|name| !name.is_empty()),
        topic: request.topic.filter(|topic| !topic.is_empty()),
        invite: unique(request.invite),
        is_direct: request.is_direct,
        creation_content: object(request.creation_content)?,
        initial_state: request.initial_state.iter().map(initial_state).collect::<Result<_, _>>()?,
        power_level_override: object(request.power_level_content_override)?,
    };
    Ok(create_room::v3::Response::new(app.rooms.create(room).await?))
}

fn supported(asked: Option<RoomVersionId>) -> Result<RoomVersionId, ApiError> {
    let version = asked.unwrap_or(version::DEFAULT);
    if version::rules(&version).is_none() {
        return Err(RoomError::UnsupportedVersion.into());
    }
    Ok(version)
}

fn preset(asked: Option<&create_room::v3::RoomPreset>, listed: bool) -> Result<Preset, ApiError> {
    use create_room::v3::RoomPreset;
    Ok(match asked {
        Some(RoomPreset::PublicChat) => Preset::Public,
        Some(RoomPreset::TrustedPrivateChat) => Preset::TrustedPrivate,
        Some(RoomPreset::PrivateChat) => Preset::Private,
        Some(_) => return Err(ApiError::invalid_param("There is no such preset.")),
        None if listed => Preset::Public,
        None => Preset::Private,
    })
}

/// In the order given, each once.
fn unique(mut users: Vec<ruma::OwnedUserId>) -> Vec<ruma::OwnedUserId> {
    let mut seen = std::collections::HashSet::new();
    users.retain(|user| seen.insert(user.clone()));
    users
}

fn object<T>(raw: Option<Raw<T>>) -> Result<CanonicalJsonObject, ApiError> {
    let Some(raw) = raw else { return Ok(CanonicalJsonObject::new()) };
    Ok(Content::parse(raw.json().get())?.object().clone())
}

fn initial_state<T>(raw: &Raw<T>) -> Result<(String, String, Content), ApiError> {
    #[derive(Deserialize)]
    struct Event {
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        state_key: String,
        content: Box<RawValue>,
    }
    let event: Event = serde_json::from_str(raw.json().get())
        .map_err(|_| ApiError::bad_json("An event of initial_state has not the form of one."))?;
    Ok((event.kind, event.state_key, Content::parse(event.content.get())?))
}
