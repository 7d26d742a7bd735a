//! Where an event stands.
//!
//! Within a room the server's order is the order: `seq` counts up at the live end and down into history; a gap leaves
//! room for more events than any gap has. `sort` is the event's time, bent where needed so that it never runs against
//! `seq`; by it the rooms of one person are merged (DM5).

use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, Tx};

/// Room in `seq` for what a gap may hold.
pub(crate) const GAP: i64 = 1 << 32;
/// `sort` of what the server has not placed yet: after everything.
pub(crate) const WAITING: i64 = 1 << 46;

/// A place in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Compares first.
    pub(crate) sort: i64,
    /// Compares second.
    pub(crate) seq: i64,
}

impl Place {
    /// The place after this one for an event of that time.
    pub(crate) fn next(self, ts: i64, now: i64) -> Self {
        Self { sort: self.sort.max(ts.clamp(0, now.max(0))), seq: self.seq + 1 }
    }

    /// The place before this one, not below `low`.
    pub(crate) fn previous(self, ts: i64, low: i64) -> Self {
        Self { sort: ts.min(self.sort).max(low).max(0), seq: self.seq - 1 }
    }

    /// As text that compares like the place; `key` decides between rooms.
    pub(crate) fn order(self, key: i64) -> String {
        let seq = i128::from(self.seq) - i128::from(i64::MIN);
        format!("{:012x}{seq:016x}{key:010x}", self.sort)
    }

    /// Reads [`Self::order`] back.
    pub(crate) fn parse(order: &str) -> Option<(Self, i64)> {
        let sort = i64::from_str_radix(order.get(0..12)?, 16).ok()?;
        let seq = i128::from_str_radix(order.get(12..28)?, 16).ok()? + i128::from(i64::MIN);
        let key = i64::from_str_radix(order.get(28..)?, 16).ok()?;
        Some((Self { sort, seq: i64::try_from(seq).ok()? }, key))
    }
}

/// Where an event of the server stands: a row of its own, or a hidden one.
pub(super) fn of_event(db: &Connection, event_id: &str) -> rusqlite::Result<Option<Place>> {
    db.prepare_cached(
        "SELECT sort, seq FROM messages WHERE event_id = ?1 AND placed = 1
         UNION ALL SELECT sort, seq FROM hidden_events WHERE event_id = ?1",
    )?
    .query_row([event_id], |row| Ok(Place { sort: row.get(0)?, seq: row.get(1)? }))
    .optional()
}

impl Tx<'_> {
    /// Remembers the place of an event that is not shown.
    pub(crate) fn hide(&self, room_id: &str, event_id: &str, at: Place) -> Result<()> {
        self.db()
            .prepare_cached(
                "INSERT OR IGNORE INTO hidden_events (event_id, room_id, sort, seq) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![event_id, room_id, at.sort, at.seq])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Place;

    proptest! {
        #[test]
        fn the_text_compares_like_the_place(
            a in (0_i64..1 << 46, any::<i64>(), 0_i64..1 << 39),
            b in (0_i64..1 << 46, any::<i64>(), 0_i64..1 << 39),
        ) {
            let [x, y] = [a, b].map(|(sort, seq, key)| (Place { sort, seq }, key));
            let [tx, ty] = [x, y].map(|(place, key)| place.order(key));
            prop_assert_eq!(x.cmp(&y), tx.cmp(&ty));
            prop_assert_eq!(Place::parse(&tx), Some(x));
        }
    }
}
