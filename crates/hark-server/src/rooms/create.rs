//! Making a room: everything in one transaction, so that a failing invitation or alias leaves nothing behind (spec: "Creation").

use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, OwnedRoomId, OwnedUserId, RoomAliasId, RoomId, RoomVersionId,
    events::room::member::MembershipState,
};
use serde_json::{Value, json};

use super::{Content, Draft, RoomError, Rooms, Signer, append, directory, draft, member, version};
use crate::{
    clock, random,
    store::{RoomNid, Tx},
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
                let mut builder = Builder::start(tx, &new, &signer)?;
                builder.fill(&new, alias.as_deref())?;
                Ok(builder.room_id)
            })
            .await
    }
}

/// A room under construction.
struct Builder<'a, 'tx> {
    tx: &'a mut Tx<'tx>,
    signer: &'a Signer,
    nid: RoomNid,
    room_id: OwnedRoomId,
    creator: OwnedUserId,
}

impl<'a, 'tx> Builder<'a, 'tx> {
    /// Appends the create event.
    fn start(tx: &'a mut Tx<'tx>, new: &NewRoom, signer: &'a Signer) -> Result<Self, RoomError> {
        let rules = version::rules(&new.version).ok_or(RoomError::UnsupportedVersion)?;
        let room_id = if rules.authorization.room_create_event_id_as_room_id {
            None
        } else {
            let opaque = random::letters(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 18);
            Some(
                RoomId::parse(format!("!{opaque}:{}", signer.server_name()))
                    .map_err(|error| RoomError::InvalidParam(error.to_string()))?,
            )
        };
        let create = Draft {
            room_id,
            kind: "m.room.create".into(),
            sender: new.creator.clone(),
            state_key: Some(String::new()),
            content: create_content(new)?,
            redacts: None,
            ts: clock::now(),
        };
        let head = append::append_create(tx, create, &new.version, signer)?;
        Ok(Self { nid: head.nid, room_id: head.room_id.clone(), tx, signer, creator: new.creator.clone() })
    }

    fn fill(&mut self, new: &NewRoom, alias: Option<&RoomAliasId>) -> Result<(), RoomError> {
        self.member(&new.creator, &MembershipState::Join, CanonicalJsonObject::new())?;
        self.state("m.room.power_levels", "", power_levels(new)?)?;
        if let Some(alias) = alias {
            directory::claim(self.tx, alias, self.nid, &new.creator)?;
            self.state("m.room.canonical_alias", "", Content::of(json!({ "alias": alias }))?)?;
        }
        self.preset(new)?;
        for (kind, state_key, content) in &new.initial_state {
            let overruled = (kind == "m.room.name" && new.name.is_some())
                || (kind == "m.room.topic" && new.topic.is_some());
            if matches!(kind.as_str(), "m.room.create" | "m.room.member") {
                return Err(RoomError::InvalidParam(
                    "A new room's initial state has no create or member events.".into(),
                ));
            }
            if !overruled {
                self.state(kind, state_key, content.clone())?;
            }
        }
        if let Some(name) = &new.name {
            self.state("m.room.name", "", Content::of(json!({ "name": name }))?)?;
        }
        if let Some(topic) = &new.topic {
            let content = json!({ "topic": topic, "m.topic": { "m.text": [{ "body": topic }] } });
            self.state("m.room.topic", "", Content::of(content)?)?;
        }
        for invited in &new.invite {
            if !self.tx.user_exists(invited)? {
                return Err(RoomError::NotFound("There is nobody of that name on this server."));
            }
            let mut extra = CanonicalJsonObject::new();
            if new.is_direct {
                extra.insert("is_direct".into(), CanonicalJsonValue::Bool(true));
            }
            self.member(invited, &MembershipState::Invite, extra)?;
        }
        if new.listed {
            self.tx.set_listed(self.nid, true)?;
        }
        Ok(())
    }

    fn preset(&mut self, new: &NewRoom) -> Result<(), RoomError> {
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
                self.state(kind, "", Content::of(content)?)?;
            }
        }
        Ok(())
    }

    fn member(
        &mut self,
        user: &OwnedUserId,
        membership: &MembershipState,
        extra: CanonicalJsonObject,
    ) -> Result<(), RoomError> {
        let content = member::content(self.tx, user, membership, extra)?;
        self.state("m.room.member", user.as_str(), content)
    }

    fn state(&mut self, kind: &str, state_key: &str, content: Content) -> Result<(), RoomError> {
        let draft =
            draft(self.room_id.clone(), self.creator.clone(), kind, Some(state_key.to_owned()), content);
        append::append(self.tx, self.nid, draft, None, self.signer)?;
        Ok(())
    }
}

fn create_content(new: &NewRoom) -> Result<Content, RoomError> {
    let rules = &version::rules(&new.version).ok_or(RoomError::UnsupportedVersion)?.authorization;
    let mut content = new.creation_content.clone();
    content.insert("room_version".into(), CanonicalJsonValue::String(new.version.to_string()));
    content.remove("creator");
    if !rules.use_room_create_sender {
        content.insert("creator".into(), CanonicalJsonValue::String(new.creator.to_string()));
    }
    if rules.additional_room_creators && new.preset == Preset::TrustedPrivate && !new.invite.is_empty() {
        let creators =
            content.entry("additional_creators".into()).or_insert_with(|| CanonicalJsonValue::Array(vec![]));
        let CanonicalJsonValue::Array(creators) = creators else {
            return Err(RoomError::BadJson("additional_creators must be a list of user ids.".into()));
        };
        for invited in &new.invite {
            let invited = CanonicalJsonValue::String(invited.to_string());
            if !creators.contains(&invited) {
                creators.push(invited);
            }
        }
    }
    Content::parse(&CanonicalJsonValue::Object(content).to_string())
}

fn power_levels(new: &NewRoom) -> Result<Content, RoomError> {
    let rules = &version::rules(&new.version).ok_or(RoomError::UnsupportedVersion)?.authorization;
    let privileged = rules.explicitly_privilege_room_creators;
    let mut users = serde_json::Map::new();
    if !privileged {
        users.insert(new.creator.to_string(), json!(100));
        if new.preset == Preset::TrustedPrivate {
            users.extend(new.invite.iter().map(|invited| (invited.to_string(), json!(100))));
        }
    }
    let content = json!({
        "users": users,
        "users_default": 0,
        "events": {
            "m.room.name": 50,
            "m.room.avatar": 50,
            "m.room.canonical_alias": 50,
            "m.room.power_levels": 100,
            "m.room.history_visibility": 100,
            "m.room.encryption": 100,
            "m.room.server_acl": 100,
            "m.room.tombstone": if privileged { 150 } else { 100 },
        },
        "events_default": 0,
        "state_default": 50,
        "ban": 50,
        "kick": 50,
        "redact": 50,
        "invite": if new.preset == Preset::Public { 50 } else { 0 },
    });
    let Value::Object(mut content) = content else { unreachable!("made an object above") };
    for (name, value) in &new.power_level_override {
        content.insert(
            name.clone(),
            serde_json::to_value(value).map_err(|error| RoomError::BadJson(error.to_string()))?,
        );
    }
    Content::of(Value::Object(content))
}
