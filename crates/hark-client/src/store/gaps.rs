//! Holes in the history: where the server has more than this store (SY5).

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::place::{GAP, Place};
use super::{Result, Tx};

/// Room in `seq` for what a gap may hold.
pub(crate) const GAP_SIZE: i64 = GAP;

/// Events directly before a place are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) room_id: String,
    /// The oldest event known after the hole.
    pub(crate) at: Place,
    /// What is filled in does not sort below this.
    pub(crate) low_sort: i64,
    /// Where `/messages` goes on, backwards.
    pub(crate) token: String,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Gap> {
    Ok(Gap {
        room_id: row.get(0)?,
        at: Place { sort: row.get(2)?, seq: row.get(1)? },
        low_sort: row.get(3)?,
        token: row.get(4)?,
    })
}

/// The newest hole of a conversation whose upper edge is not above `before`.
pub(crate) fn newest(
    db: &Connection,
    conversation: &str,
    before: Option<Place>,
) -> rusqlite::Result<Option<Gap>> {
    let before = before.unwrap_or(Place { sort: i64::MAX, seq: i64::MAX });
    db.prepare_cached(
        "SELECT g.room_id, g.seq, g.sort, g.low_sort, g.token
         FROM rooms r JOIN gaps g ON g.room_id = r.room_id
         WHERE r.conversation = ?1 AND r.membership = 'join' AND (g.sort, g.seq) <= (?2, ?3)
         ORDER BY g.sort DESC, g.seq DESC LIMIT 1",
    )?
    .query_row(params![conversation, before.sort, before.seq], from_row)
    .optional()
}

/// The newest hole of a room.
pub(crate) fn newest_of_room(db: &Connection, room_id: &str) -> rusqlite::Result<Option<Gap>> {
    db.prepare_cached(
        "SELECT room_id, seq, sort, low_sort, token FROM gaps WHERE room_id = ?1 ORDER BY seq DESC LIMIT 1",
    )?
    .query_row([room_id], from_row)
    .optional()
}

/// Rooms that have a hole between two known parts, most recently active first: history someone will look at.
pub(crate) fn rooms_with_inner_gaps(db: &Connection, limit: u32) -> rusqlite::Result<Vec<String>> {
    db.prepare_cached(
        "SELECT DISTINCT g.room_id FROM gaps g JOIN rooms r ON r.room_id = g.room_id
         WHERE g.low_sort > 0 AND r.membership = 'join' ORDER BY r.end_sort DESC LIMIT ?1",
    )?
    .query_map([limit], |row| row.get(0))?
    .collect()
}

impl Tx<'_> {
    /// Notes a hole.
    pub(crate) fn open_gap(&self, gap: &Gap) -> Result<()> {
        self.db()
            .prepare_cached(
                "INSERT OR REPLACE INTO gaps (room_id, seq, sort, low_sort, token) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![gap.room_id, gap.at.seq, gap.at.sort, gap.low_sort, gap.token])?;
        Ok(())
    }

    /// Whether a room has any hole.
    pub(crate) fn has_gap(&self, room_id: &str) -> Result<bool> {
        Ok(self.db().prepare_cached("SELECT 1 FROM gaps WHERE room_id = ?1")?.exists([room_id])?)
    }

    /// The hole is filled.
    pub(crate) fn close_gap(&self, gap: &Gap) -> Result<()> {
        self.db()
            .prepare_cached("DELETE FROM gaps WHERE room_id = ?1 AND seq = ?2")?
            .execute(params![gap.room_id, gap.at.seq])?;
        Ok(())
    }

    /// Whether the hole is still there as it was when its page was asked for.
    pub(crate) fn gap_stands(&self, gap: &Gap) -> Result<bool> {
        Ok(self
            .db()
            .prepare_cached("SELECT 1 FROM gaps WHERE room_id = ?1 AND seq = ?2 AND token = ?3")?
            .exists(params![gap.room_id, gap.at.seq, gap.token])?)
    }
}
