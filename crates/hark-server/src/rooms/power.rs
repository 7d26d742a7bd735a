//! Who may do what in a room, by its power levels. Used where the auth rules leave the decision to the server (redactions,
//! room mentions, authorising restricted joins); everything else is judged by the auth rules themselves.

use ruma::{
    CanonicalJsonValue, OwnedUserId, UserId,
    events::{
        StateEventType,
        room::power_levels::{RoomPowerLevels, RoomPowerLevelsEventContent, RoomPowerLevelsSource},
    },
    room_version_rules::AuthorizationRules,
    state_res::events::RoomCreateEvent,
};

use super::{Content, RoomError, version};
use crate::store::{AuthEvent, RoomHead, Snapshot, StateKey, StoreError, to_json_error};

/// The power levels in force at the head of a room.
pub(crate) fn power_levels(snapshot: &Snapshot<'_>, head: &RoomHead) -> Result<RoomPowerLevels, RoomError> {
    let rules = &version::rules(&head.version).ok_or(RoomError::UnsupportedVersion)?.authorization;
    let creators: Vec<OwnedUserId> = match current(snapshot, head, StateEventType::RoomCreate)? {
        Some(create) => creators(&create, rules)?,
        None => Vec::new(),
    };
    let content = match current(snapshot, head, StateEventType::RoomPowerLevels)? {
        Some(event) => RoomPowerLevelsSource::Original(
            serde_json::from_str::<RoomPowerLevelsEventContent>(event.content.get())
                .map_err(to_json_error("power levels"))?,
        ),
        None => RoomPowerLevelsSource::None,
    };
    Ok(RoomPowerLevels::new(content, rules, creators))
}

/// Levels are integers (room version 10 on): a text or a nested list is a mistake of the request, not of the room's rules.
pub(super) fn check_levels(content: &Content) -> Result<(), RoomError> {
    let is_level = |value: &CanonicalJsonValue| matches!(value, CanonicalJsonValue::Integer(_));
    let bad = || RoomError::BadJson("Power levels must be integers.".into());
    let single = ["ban", "events_default", "invite", "kick", "redact", "state_default", "users_default"];
    if single.iter().filter_map(|name| content.object().get(*name)).any(|level| !is_level(level)) {
        return Err(bad());
    }
    for name in ["events", "users", "notifications"] {
        match content.object().get(name) {
            None => {}
            Some(CanonicalJsonValue::Object(levels)) if levels.values().all(is_level) => {}
            Some(_) => return Err(bad()),
        }
    }
    let users = content.object().get("users").and_then(CanonicalJsonValue::as_object);
    if users.into_iter().flat_map(|users| users.keys()).any(|user| UserId::parse(user).is_err()) {
        return Err(RoomError::BadJson("Power levels of users must name user ids.".into()));
    }
    Ok(())
}

/// Creators are above every level (room version 12 on), so none of them may be given one.
pub(super) fn check_no_creators(
    content: &Content,
    create: &AuthEvent,
    rules: &AuthorizationRules,
) -> Result<(), RoomError> {
    let Some(users) = content.object().get("users").and_then(CanonicalJsonValue::as_object) else {
        return Ok(());
    };
    let creators = creators(create, rules)?;
    if creators.iter().any(|creator| users.contains_key(creator.as_str())) {
        return Err(RoomError::BadJson(
            "A creator of the room is above all power levels and cannot be given one.".into(),
        ));
    }
    Ok(())
}

/// Who the create event names as creators.
pub(super) fn creators(
    create: &AuthEvent,
    rules: &AuthorizationRules,
) -> Result<Vec<OwnedUserId>, StoreError> {
    let damaged = |reason| StoreError::Damaged { what: "create event", reason };
    Ok(RoomCreateEvent::new(create).creators(rules).map_err(damaged)?.into_iter().collect())
}

/// A state event with an empty state key, from memory or the database.
pub(crate) fn current(
    snapshot: &Snapshot<'_>,
    head: &RoomHead,
    kind: StateEventType,
) -> Result<Option<std::sync::Arc<AuthEvent>>, StoreError> {
    let key: StateKey = (kind, String::new());
    match head.known.get(&key) {
        Some(event) => Ok(event.clone()),
        None => snapshot.auth_event(head.nid, &head.room_id, &key.0, &key.1),
    }
}
