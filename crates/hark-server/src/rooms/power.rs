//! Who may do what in a room, by its power levels. Used where the auth rules leave the decision to the server (redactions,
//! room mentions, authorising restricted joins); everything else is judged by the auth rules themselves.

use ruma::{
    OwnedUserId,
    events::{
        StateEventType,
        room::power_levels::{RoomPowerLevels, RoomPowerLevelsEventContent, RoomPowerLevelsSource},
    },
    state_res::events::RoomCreateEvent,
};

use super::{RoomError, version};
use crate::store::{AuthEvent, RoomHead, Snapshot, StateKey, StoreError, to_json_error};

/// The power levels in force at the head of a room.
pub(crate) fn power_levels(snapshot: &Snapshot<'_>, head: &RoomHead) -> Result<RoomPowerLevels, RoomError> {
    let rules = &version::rules(&head.version).ok_or(RoomError::UnsupportedVersion)?.authorization;
    let creators: Vec<OwnedUserId> = match current(snapshot, head, StateEventType::RoomCreate)? {
        Some(create) => {
            let damaged = |reason| StoreError::Damaged { what: "create event", reason };
            RoomCreateEvent::new(&*create).creators(rules).map_err(damaged)?.into_iter().collect()
        }
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
