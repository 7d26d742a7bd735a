//! The room versions this server speaks.

use ruma::{RoomVersionId, room_version_rules::RoomVersionRules};

/// The version of new rooms.
pub(crate) const DEFAULT: RoomVersionId = RoomVersionId::V12;
/// Every version a room may have here, all of them stable.
pub(crate) const SUPPORTED: [RoomVersionId; 3] = [RoomVersionId::V10, RoomVersionId::V11, RoomVersionId::V12];

/// The rules of a version this server speaks.
pub(crate) fn rules(version: &RoomVersionId) -> Option<&'static RoomVersionRules> {
    match version {
        RoomVersionId::V10 => Some(&RoomVersionRules::V10),
        RoomVersionId::V11 => Some(&RoomVersionRules::V11),
        RoomVersionId::V12 => Some(&RoomVersionRules::V12),
        _ => None,
    }
}
