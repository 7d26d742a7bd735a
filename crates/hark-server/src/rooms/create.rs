//! Making a room: everything in one transaction, so that a failing invitation or alias leaves nothing behind (spec: "Creation").

use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, OwnedRoomId, OwnedUserId, RoomAliasId, RoomVersionId, UserId,
    events::room::member::MembershipState,
};
use serde_json::{Value, json};

use super::{
    Content, RoomError, Rooms,
    builder::{Builder, choose_id, create_content},
    directory, member, version,
};

/// How a new room is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preset {
    /// By invitation; the creator is above the others.
    Private,
    /// By invitation; all who are invited at once are equals.
    TrustedPrivate,
    /// Anyone may join.
    Public,
}

/// What a client asks for.
pub(crate) struct NewRoom {
    pub(crate) creator: OwnedUserId,
    pub(crate) version: RoomVersionId,
    pub(crate) preset: Preset,
    /// Listed in the directory.
    pub(crate) listed: bool,
    /// The local part of an alias.
    pub(crate) alias: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) topic: Option<String>,
    pub(crate) invite: Vec<OwnedUserId>,
    pub(crate) is_direct: bool,
    pub(crate) creation_content: CanonicalJsonObject,
    /// Type, state key, content.
    pub(crate) initial_state: Vec<(String, String, Content)>,
    pub(crate) power_level_override: CanonicalJsonObject,
}

impl Rooms {
    /// Makes a room. Durable when it returns.
    pub(crate) async fn create(&self, new: NewRoom) -> Result<OwnedRoomId, RoomError> {
        let alias = match &new.alias {
            Some(local) => {
                let alias = RoomAliasId::parse(format!("#{local}:{}", self.server_name()))
                    .map_err(|_| RoomError::InvalidParam("This is not a possible alias.".into()))?;
                self.check_own(&alias)?;
                Some(alias)
            }
            None => None,
        };
        for invited in &new.invite {
            self.check_local(invited)?;
        }
        let signer = self.signer.clone();
        self.store
            .write(move |tx| {
                // Those trusted at once are equals of the creator where the version has such a rank.
                let equals = if new.preset == Preset::TrustedPrivate { new.invite.as_slice() } else { &[] };
                let content =
                    create_content(&new.version, &new.creator, new.creation_content.clone(), equals)?;
                let room_id = choose_id(&new.version, &signer)?;
                let mut room = Builder::start(tx, &signer, &new.creator, &new.version, room_id, content)?;
                fill(&mut room, &new, alias.as_deref())?;
                Ok(room.room_id)
            })
            .await
    }
}

fn fill(room: &mut Builder<'_, '_>, new: &NewRoom, alias: Option<&RoomAliasId>) -> Result<(), RoomError> {
    room.creator_joins()?;
    room.state("m.room.power_levels", "", first_levels(new)?)?;
    if let Some(alias) = alias {
        directory::claim(room.tx, alias, room.nid, &new.creator)?;
        room.state("m.room.canonical_alias", "", Content::of(json!({ "alias": alias }))?)?;
    }
    preset(room, new)?;
    initial_state(room, new)?;
    if let Some(name) = &new.name {
        room.state("m.room.name", "", Content::of(json!({ "name": name }))?)?;
    }
    if let Some(topic) = &new.topic {
        let content = json!({ "topic": topic, "m.topic": { "m.text": [{ "body": topic }] } });
        room.state("m.room.topic", "", Content::of(content)?)?;
    }
    for invited in &new.invite {
        member::check_invitable(room.tx, invited, &new.creator)?;
        let mut extra = CanonicalJsonObject::new();
        if new.is_direct {
            extra.insert("is_direct".into(), CanonicalJsonValue::Bool(true));
        }
        room.member(invited, &MembershipState::Invite, extra)?;
    }
    if new.listed {
        room.tx.set_listed(room.nid, true)?;
    }
    Ok(())
}

fn preset(room: &mut Builder<'_, '_>, new: &NewRoom) -> Result<(), RoomError> {
    let (join_rule, guests) = match new.preset {
        Preset::Private | Preset::TrustedPrivate => ("invite", "can_join"),
        Preset::Public => ("public", "forbidden"),
    };
    for (kind, content) in [
        ("m.room.join_rules", json!({ "join_rule": join_rule })),
        ("m.room.history_visibility", json!({ "history_visibility": "shared" })),
        ("m.room.guest_access", json!({ "guest_access": guests })),
    ] {
        // What the request sets itself is not set twice.
        if !new.initial_state.iter().any(|(set, key, _)| set == kind && key.is_empty()) {
            room.state(kind, "", Content::of(content)?)?;
        }
    }
    Ok(())
}

fn initial_state(room: &mut Builder<'_, '_>, new: &NewRoom) -> Result<(), RoomError> {
    for (kind, state_key, content) in &new.initial_state {
        let overruled =
            (kind == "m.room.name" && new.name.is_some()) || (kind == "m.room.topic" && new.topic.is_some());
        if matches!(kind.as_str(), "m.room.create" | "m.room.member") {
            return Err(RoomError::InvalidParam(
                "A new room's initial state has no create or member events.".into(),
            ));
        }
        if kind == "m.room.canonical_alias" {
            directory::check_canonical(room.tx, room.nid, &room.room_id, content)?;
        }
        if !overruled {
            room.state(kind, state_key, content.clone())?;
        }
    }
    Ok(())
}

/// The power levels a new room starts with: the usual ones, with what the request overrides.
fn first_levels(new: &NewRoom) -> Result<Content, RoomError> {
    let mut content = default_levels(&new.version, new.preset == Preset::Public)?;
    if !ranks_creators(&new.version)? {
        let users = content.entry("users").or_insert_with(|| json!({}));
        let trusted = if new.preset == Preset::TrustedPrivate { new.invite.as_slice() } else { &[] };
        for user in trusted.iter().chain([&new.creator]) {
            users[user.as_str()] = json!(100);
        }
    }
    for (name, value) in &new.power_level_override {
        content.insert(
            name.clone(),
            serde_json::to_value(value).map_err(|error| RoomError::BadJson(error.to_string()))?,
        );
    }
    if !ranks_creators(&new.version)? && !names(&content, &new.creator) {
        return Err(RoomError::BadJson(
            "power_level_content_override names users but not the creator, who could then not set up the room."
                .into(),
        ));
    }
    Content::of(Value::Object(content))
}

fn names(levels: &serde_json::Map<String, Value>, user: &UserId) -> bool {
    levels.get("users").is_some_and(|users| !users.is_object() || users.get(user.as_str()).is_some())
}

/// True where creators are above all power levels and stand in none.
pub(super) fn ranks_creators(version: &RoomVersionId) -> Result<bool, RoomError> {
    let rules = version::rules(version).ok_or(RoomError::UnsupportedVersion)?;
    Ok(rules.authorization.explicitly_privilege_room_creators)
}

/// The power levels of a room nobody has an opinion on. No user is named.
pub(super) fn default_levels(
    version: &RoomVersionId,
    public: bool,
) -> Result<serde_json::Map<String, Value>, RoomError> {
    let content = json!({
        "users": {},
        "users_default": 0,
        "events": {
            "m.room.name": 50,
            "m.room.avatar": 50,
            "m.room.canonical_alias": 50,
            "m.room.power_levels": 100,
            "m.room.history_visibility": 100,
            "m.room.encryption": 100,
            "m.room.server_acl": 100,
            "m.room.tombstone": if ranks_creators(version)? { 150 } else { 100 },
        },
        "events_default": 0,
        "state_default": 50,
        "ban": 50,
        "kick": 50,
        "redact": 50,
        "invite": if public { 50 } else { 0 },
    });
    let Value::Object(content) = content else { unreachable!("made an object above") };
    Ok(content)
}
