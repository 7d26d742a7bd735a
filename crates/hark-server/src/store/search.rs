//! The index of words: what unencrypted messages, room names and topics say.
//!
//! It is filled after the fact, in batches, so that sending a message costs nothing for it. `meta.search_indexed` is the position
//! up to which it goes and moves in the same transaction; whoever searches has the rest added first.

use super::{Position, RoomNid, Snapshot, StoreError, Tx};

/// An event that says all the words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) pos: Position,
    pub(crate) room: RoomNid,
    /// The larger, the better it fits.
    pub(crate) rank: f64,
}

/// An event that has not been looked at yet.
pub(crate) struct Unindexed {
    pub(crate) pos: Position,
    pub(crate) room: RoomNid,
    pub(crate) kind: String,
    /// Content of events that may have text.
    pub(crate) content: Option<Vec<u8>>,
}

impl Snapshot<'_> {
    /// Up to where the index goes.
    pub(crate) fn indexed_upto(&self) -> Result<Position, StoreError> {
        let stored = self.setting("search_indexed")?;
        Ok(stored.and_then(|pos| pos.parse().ok()).map_or(Position::START, Position))
    }

    /// The first events behind `after`.
    pub(crate) fn unindexed(&self, after: Position, limit: usize) -> Result<Vec<Unindexed>, StoreError> {
        let mut statement = self.prepare(
            "SELECT pos, room_nid, type, CASE WHEN type IN ('m.room.message', 'm.room.name', 'm.room.topic')
                 THEN substr(cast(json AS BLOB), content_at + 1, content_len) END
             FROM events WHERE pos > $1 ORDER BY pos LIMIT $2",
        )?;
        let found = statement.query_map((after, limit as i64), |row| {
            Ok(Unindexed { pos: row.get(0)?, room: row.get(1)?, kind: row.get(2)?, content: row.get(3)? })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// The newest events of the rooms, at or before `upto`, that match `text`, an expression of the index.
    pub(crate) fn search(
        &self,
        rooms: &[RoomNid],
        text: &str,
        upto: Position,
        limit: usize,
    ) -> Result<Vec<Hit>, StoreError> {
        let rooms: Vec<String> = rooms.iter().map(|room| room_word(*room)).collect();
        let expression = format!("room : ({}) AND text : ({text})", rooms.join(" OR "));
        let mut statement = self.prepare(
            "SELECT e.pos, e.room_nid, -bm25(search, 0.0, 1.0) FROM search JOIN events e ON e.pos = search.rowid
             WHERE search MATCH $1 AND search.rowid <= $2 ORDER BY search.rowid DESC LIMIT $3",
        )?;
        let hits = statement.query_map((expression, upto, limit as i64), |row| {
            Ok(Hit { pos: row.get(0)?, room: row.get(1)?, rank: row.get(2)? })
        })?;
        Ok(hits.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Adds what an event says.
    pub(crate) fn index(&mut self, pos: Position, room: RoomNid, text: &str) -> Result<(), StoreError> {
        self.prepare("INSERT INTO search (rowid, room, text) VALUES ($1, $2, $3)")?.execute((
            pos,
            room_word(room),
            text,
        ))?;
        Ok(())
    }

    /// Moves the mark up to which everything is in the index.
    pub(crate) fn set_indexed_upto(&mut self, pos: Position) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO meta (key, value) VALUES ('search_indexed', $1)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute([pos.0.to_string()])?;
        Ok(())
    }

    /// Takes an event out of the index, if it is in it.
    pub(super) fn unindex(&mut self, pos: Position) -> Result<(), StoreError> {
        self.prepare("DELETE FROM search WHERE rowid = $1")?.execute([pos])?;
        Ok(())
    }
}

/// The room as a word, so that a search reads what was said in the searcher's rooms only.
fn room_word(room: RoomNid) -> String {
    format!("r{}", room.0)
}
