//! What a room leaves to its successor: the state that makes it what it is, its bans, and its power levels.

use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, Int, OwnedEventId, OwnedUserId, RoomId, RoomVersionId, UserId,
    events::{StateEventType, room::member::MembershipState},
};
use serde_json::Value;

use super::{
    Content, RoomError,
    builder::Builder,
    create::{default_levels, ranks_creators},
    power, version,
};
use crate::store::{Members, Position, RoomHead, Tx};

/// State events with an empty key that are copied, in the order they are set.
const COPIED: [&str; 8] = [
    "m.room.join_rules",
    "m.room.history_visibility",
    "m.room.guest_access",
    "m.room.server_acl",
    "m.room.encryption",
    "m.room.name",
    "m.room.topic",
    "m.room.avatar",
];

/// What is copied.
pub(super) struct Heritage {
    /// `type` and `m.federate` of the create event.
    create: CanonicalJsonObject,
    /// Power levels while the room is set up, if they must differ from the final ones.
    at_first: Option<Content>,
    levels: Content,
    /// Type, state key, content.
    state: Vec<(String, String, Content)>,
    pub(super) canonical_alias: Option<Content>,
    bans: Vec<(OwnedUserId, CanonicalJsonObject)>,
}

/// What `old` leaves to a room of `version` that `requester` makes.
pub(super) fn of(
    tx: &Tx<'_>,
    old: &RoomHead,
    version: &RoomVersionId,
    requester: &UserId,
    additional_creators: &[OwnedUserId],
) -> Result<Heritage, RoomError> {
    let now = Position::FOREVER.before();
    let mut create = CanonicalJsonObject::new();
    if let Some(event) = power::current(tx, old, StateEventType::RoomCreate)? {
        create = Content::parse(event.content.get())?.object().clone();
        create.retain(|name, _| matches!(name.as_str(), "type" | "m.federate"));
    }
    let is_space = create.get("type").and_then(CanonicalJsonValue::as_str) == Some("m.space");
    let mut state = Vec::new();
    let mut canonical_alias = None;
    for event in tx.state_at(old.nid, now, Members::None)? {
        let state_key = event.state_key.unwrap_or_default();
        let copied = COPIED.contains(&event.kind.as_str()) && state_key.is_empty();
        let alias = event.kind == "m.room.canonical_alias" && state_key.is_empty();
        if !(copied || alias || is_space && event.kind == "m.space.child") {
            continue;
        }
        let content = Content::parse(&tx.content_json(event.pos)?)?;
        // Emptied by a redaction, or on purpose: that is the same as not being there.
        if content.object().is_empty() {
            continue;
        }
        if alias {
            canonical_alias = Some(content);
        } else {
            state.push((event.kind, state_key, content));
        }
    }
    state.sort_by_key(|(kind, ..)| COPIED.iter().position(|copied| copied == kind).unwrap_or(COPIED.len()));
    let (at_first, levels) = levels(tx, old, version, requester, additional_creators)?;
    Ok(Heritage { create, at_first, levels, state, canonical_alias, bans: bans(tx, old)? })
}

impl Heritage {
    /// What goes into the create event of the room that follows `old`.
    pub(super) fn creation(&self, old: &RoomId, tombstone: Option<&OwnedEventId>) -> CanonicalJsonObject {
        let text = |id: &str| CanonicalJsonValue::String(id.to_owned());
        let mut predecessor = CanonicalJsonObject::from([("room_id".to_owned(), text(old.as_str()))]);
        if let Some(tombstone) = tombstone {
            predecessor.insert("event_id".to_owned(), text(tombstone.as_str()));
        }
        let mut create = self.create.clone();
        create.insert("predecessor".to_owned(), CanonicalJsonValue::Object(predecessor));
        create
    }

    /// Sets it all in the new room.
    pub(super) fn settle(&self, new: &mut Builder<'_, '_>) -> Result<(), RoomError> {
        new.creator_joins()?;
        new.state("m.room.power_levels", "", self.at_first.as_ref().unwrap_or(&self.levels).clone())?;
        for (kind, state_key, content) in &self.state {
            new.state(kind, state_key, content.clone())?;
        }
        if let Some(content) = &self.canonical_alias {
            new.state("m.room.canonical_alias", "", content.clone())?;
        }
        for (user, extra) in &self.bans {
            new.member(user, &MembershipState::Ban, extra.clone())?;
        }
        if self.at_first.is_some() {
            new.state("m.room.power_levels", "", self.levels.clone())?;
        }
        Ok(())
    }
}

fn bans(tx: &Tx<'_>, old: &RoomHead) -> Result<Vec<(OwnedUserId, CanonicalJsonObject)>, RoomError> {
    let mut bans = Vec::new();
    for member in tx.members_at(old.nid, Position::FOREVER.before())? {
        if member.state == MembershipState::Ban {
            let mut content = Content::parse(&tx.content_json(member.from)?)?.object().clone();
            content.retain(|name, _| name == "reason");
            bans.push((member.user, content));
        }
    }
    Ok(bans)
}

/// The power levels of the new room: those it starts with, if it must start with others, and those it ends up with.
fn levels(
    tx: &Tx<'_>,
    old: &RoomHead,
    version: &RoomVersionId,
    requester: &UserId,
    additional_creators: &[OwnedUserId],
) -> Result<(Option<Content>, Content), RoomError> {
    let mut levels = match power::current(tx, old, StateEventType::RoomPowerLevels)? {
        Some(event) => Content::parse(event.content.get())?.object().clone(),
        None => Content::of(Value::Object(default_levels(version, false)?))?.object().clone(),
    };
    let highest = Int::from(100).max(highest(&levels));
    if ranks_creators(version)? {
        if let Some(CanonicalJsonValue::Object(users)) = levels.get_mut("users") {
            users.remove(requester.as_str());
            for creator in additional_creators {
                users.remove(creator.as_str());
            }
        }
        return Ok((None, Content::from(levels)));
    }
    let users = levels.entry("users".to_owned()).or_insert_with(|| CanonicalJsonValue::Object([].into()));
    let CanonicalJsonValue::Object(users) = users else { return Ok((None, Content::from(levels))) };
    // Creators who were above all levels are at the top of them where there is no such rank.
    let rules = &version::rules(&old.version).ok_or(RoomError::UnsupportedVersion)?.authorization;
    if rules.explicitly_privilege_room_creators
        && let Some(create) = power::current(tx, old, StateEventType::RoomCreate)?
    {
        for creator in power::creators(&create, rules)? {
            users.insert(creator.into(), CanonicalJsonValue::Integer(highest));
        }
    }
    // Whoever sets the room up needs the power to, for as long as that takes.
    let own = users.get(requester.as_str()).cloned();
    let able = matches!(own, Some(CanonicalJsonValue::Integer(own)) if own >= highest);
    let at_first = if able {
        None
    } else {
        let mut first = levels.clone();
        if let Some(CanonicalJsonValue::Object(users)) = first.get_mut("users") {
            users.insert(requester.to_string(), CanonicalJsonValue::Integer(highest));
        }
        Some(Content::from(first))
    };
    Ok((at_first, Content::from(levels)))
}

/// The highest level that stands anywhere in the power levels.
fn highest(levels: &CanonicalJsonObject) -> Int {
    let in_lists = levels.values().filter_map(CanonicalJsonValue::as_object).flat_map(|list| list.values());
    let all = levels.values().chain(in_lists);
    all.filter_map(|level| if let CanonicalJsonValue::Integer(level) = level { Some(*level) } else { None })
        .max()
        .unwrap_or_default()
}
