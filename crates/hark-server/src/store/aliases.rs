//! Room aliases.

use ruma::{OwnedRoomAliasId, RoomAliasId, UserId};
use rusqlite::OptionalExtension;

use super::{RoomNid, Snapshot, StoreError, Tx, to_json_error};

impl Tx<'_> {
    /// Points an alias at a room. False if it is taken.
    pub(crate) fn insert_alias(
        &mut self,
        alias: &RoomAliasId,
        room: RoomNid,
        creator: &UserId,
    ) -> Result<bool, StoreError> {
        let inserted = self
            .prepare("INSERT OR IGNORE INTO aliases (alias, room_nid, creator) VALUES ($1, $2, $3)")?
            .execute((alias.as_str(), room, creator.as_str()))?;
        Ok(inserted == 1)
    }

    /// Has every alias of a room lead to another one.
    pub(crate) fn move_aliases(&mut self, from: RoomNid, to: RoomNid) -> Result<(), StoreError> {
        self.prepare("UPDATE aliases SET room_nid = $1 WHERE room_nid = $2")?.execute((to, from))?;
        Ok(())
    }

    /// Forgets an alias.
    pub(crate) fn delete_alias(&mut self, alias: &RoomAliasId) -> Result<(), StoreError> {
        self.prepare("DELETE FROM aliases WHERE alias = $1")?.execute([alias.as_str()])?;
        Ok(())
    }
}

impl Snapshot<'_> {
    /// Where an alias leads, and who made it.
    pub(crate) fn alias(&self, alias: &RoomAliasId) -> Result<Option<(RoomNid, String)>, StoreError> {
        Ok(self
            .prepare("SELECT room_nid, creator FROM aliases WHERE alias = $1")?
            .query_row([alias.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }

    /// The aliases that lead to a room.
    pub(crate) fn aliases_of(&self, room: RoomNid) -> Result<Vec<OwnedRoomAliasId>, StoreError> {
        let mut statement = self.prepare("SELECT alias FROM aliases WHERE room_nid = $1 ORDER BY alias")?;
        let aliases = statement.query_map([room], |row| row.get::<_, String>(0))?;
        aliases.map(|alias| RoomAliasId::parse(alias?).map_err(to_json_error("alias"))).collect()
    }
}
