//! What push rules ask of a room, read from the store where a rule needs it.

use std::cell::OnceCell;

use ruma::{UserId, events::room::power_levels::RoomPowerLevels, power_levels::NotificationPowerLevelsKey};
use serde_json::Value;

use super::rules::Surroundings;
use crate::{
    rooms::{RoomError, power::power_levels},
    store::{Position, RoomHead, Snapshot, to_json_error},
};

/// A user in a room, at its head.
pub(crate) struct InRoom<'a> {
    snapshot: &'a Snapshot<'a>,
    head: &'a RoomHead,
    user: &'a UserId,
    power: OnceCell<RoomPowerLevels>,
}

impl<'a> InRoom<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot<'a>, head: &'a RoomHead, user: &'a UserId) -> Self {
        Self { snapshot, head, user, power: OnceCell::new() }
    }

    fn power(&self) -> Result<&RoomPowerLevels, RoomError> {
        if let Some(known) = self.power.get() {
            return Ok(known);
        }
        let read = power_levels(self.snapshot, self.head)?;
        Ok(self.power.get_or_init(|| read))
    }
}

impl Surroundings for InRoom<'_> {
    type Error = RoomError;

    fn joined(&self) -> i64 {
        self.head.joined
    }

    fn may_notify(&self, sender: &UserId, key: &NotificationPowerLevelsKey) -> Result<bool, RoomError> {
        let power = self.power()?;
        // Other names than this are known to no version of the specification.
        Ok(*key == NotificationPowerLevelsKey::Room && power.user_can_trigger_room_notification(sender))
    }

    fn display_name(&self) -> Result<Option<String>, RoomError> {
        let end = Position::FOREVER.before();
        let member = self.snapshot.state_pos(self.head.nid, "m.room.member", self.user.as_str(), end)?;
        let Some(pos) = member else { return Ok(None) };
        let content: Value =
            serde_json::from_str(&self.snapshot.content_json(pos)?).map_err(to_json_error("event"))?;
        Ok(content.get("displayname").and_then(Value::as_str).map(ToOwned::to_owned))
    }
}
