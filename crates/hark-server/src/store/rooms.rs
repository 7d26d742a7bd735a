//! Rooms: their numbers and counters.

use ruma::{EventId, OwnedEventId, OwnedRoomId, RoomId, RoomVersionId};
use rusqlite::{OptionalExtension, Row};

use super::{Position, RoomNid, Snapshot, StoreError, Tx, to_json_error};

/// A room's row.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) nid: RoomNid,
    pub(crate) id: OwnedRoomId,
    pub(crate) version: RoomVersionId,
    pub(crate) head_event: OwnedEventId,
    pub(crate) head_pos: Position,
    pub(crate) depth: i64,
    pub(crate) joined: i64,
    pub(crate) invited: i64,
    pub(crate) notify_total: i64,
    pub(crate) main_total: i64,
}

const COLUMNS: &str =
    "room_nid, room_id, version, head_event, head_pos, depth, joined, invited, notify_total, main_total";

impl Snapshot<'_> {
    /// The number of a room.
    pub(crate) fn room_nid(&self, room: &RoomId) -> Result<Option<RoomNid>, StoreError> {
        Ok(self
            .prepare("SELECT room_nid FROM rooms WHERE room_id = $1")?
            .query_row([room.as_str()], |row| row.get(0))
            .optional()?)
    }

    /// A room by its number.
    pub(crate) fn room(&self, nid: RoomNid) -> Result<Option<Room>, StoreError> {
        self.prepare(&format!("SELECT {COLUMNS} FROM rooms WHERE room_nid = $1"))?
            .query_row([nid], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// A room by its id.
    pub(crate) fn room_by_id(&self, room: &RoomId) -> Result<Option<Room>, StoreError> {
        self.prepare(&format!("SELECT {COLUMNS} FROM rooms WHERE room_id = $1"))?
            .query_row([room.as_str()], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }
}

impl Snapshot<'_> {
    /// True if the room is published in the directory.
    pub(crate) fn is_listed(&self, nid: RoomNid) -> Result<bool, StoreError> {
        Ok(self
            .prepare("SELECT listed FROM rooms WHERE room_nid = $1")?
            .query_row([nid], |row| row.get(0))?)
    }
}

impl Tx<'_> {
    /// Publishes a room in the directory, or takes it out.
    pub(crate) fn set_listed(&mut self, nid: RoomNid, listed: bool) -> Result<(), StoreError> {
        self.prepare("UPDATE rooms SET listed = $1 WHERE room_nid = $2")?.execute((listed, nid))?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> Result<Room, StoreError> {
    let version: String = row.get(2)?;
    Ok(Room {
        nid: row.get(0)?,
        id: RoomId::parse(row.get::<_, String>(1)?).map_err(to_json_error("room id"))?,
        version: RoomVersionId::try_from(version).map_err(to_json_error("room version"))?,
        head_event: EventId::parse(row.get::<_, String>(3)?).map_err(to_json_error("event id"))?,
        head_pos: row.get(4)?,
        depth: row.get(5)?,
        joined: row.get(6)?,
        invited: row.get(7)?,
        notify_total: row.get(8)?,
        main_total: row.get(9)?,
    })
}
