//! What Matrix knows: rooms, my standing in them, and which conversation shows them.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::place::Place;
use super::{Result, Tx};

/// A room, as far as others than the inbox care.
#[expect(clippy::struct_field_names, reason = "a room id is called that everywhere")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) room_id: String,
    pub(crate) conversation: String,
    pub(crate) contact: Option<String>,
    /// join, invite or leave
    pub(crate) membership: String,
    pub(crate) encrypted: bool,
    pub(crate) inviter: Option<String>,
    /// Place of the newest event.
    pub(crate) end: Place,
    /// Whether my marker was ever set.
    pub(crate) marked: bool,
}

/// A room that could carry a conversation of two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DmRoom {
    pub(crate) room_id: String,
    /// join or invite
    pub(crate) membership: String,
    pub(crate) encrypted: bool,
}

const COLUMNS: &str =
    "room_id, conversation, contact, membership, encrypted, inviter, end_sort, end_seq, read_sort";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Room> {
    Ok(Room {
        room_id: row.get(0)?,
        conversation: row.get(1)?,
        contact: row.get(2)?,
        membership: row.get(3)?,
        encrypted: row.get(4)?,
        inviter: row.get(5)?,
        end: Place { sort: row.get(6)?, seq: row.get(7)? },
        marked: row.get::<_, i64>(8)? >= 0,
    })
}

pub(crate) fn get(db: &Connection, room_id: &str) -> rusqlite::Result<Option<Room>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM rooms WHERE room_id = ?1"))?
        .query_row([room_id], from_row)
        .optional()
}

/// The room of an alias, where it is known here.
pub(crate) fn by_alias(db: &Connection, alias: &str) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT room_id FROM rooms WHERE alias = ?1 LIMIT 1")?
        .query_row([alias], |row| row.get(0))
        .optional()
}

/// Every room of a conversation.
pub(crate) fn of_conversation(db: &Connection, conversation: &str) -> rusqlite::Result<Vec<Room>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM rooms WHERE conversation = ?1 ORDER BY created_ts, room_id"
    ))?
    .query_map([conversation], from_row)?
    .collect()
}

/// The directory's hit (DM1): the room messages to a contact go to. Verified (DM2): joined, still usable, and the
/// contact has not left it. Of several the oldest, then the smallest id, which every client picks (DM5).
pub(crate) fn primary(db: &Connection, contact: &str) -> rusqlite::Result<Option<DmRoom>> {
    direct_room(db, contact, "join")
}

/// An invitation of the contact to a conversation of two.
pub(crate) fn invited(db: &Connection, contact: &str) -> rusqlite::Result<Option<DmRoom>> {
    direct_room(db, contact, "invite")
}

fn direct_room(db: &Connection, contact: &str, membership: &str) -> rusqlite::Result<Option<DmRoom>> {
    db.prepare_cached(
        "SELECT r.room_id, r.membership, r.encrypted FROM rooms r
         LEFT JOIN members m ON m.room_id = r.room_id AND m.user_id = ?1
         WHERE r.conversation = ?1 AND r.membership = ?2 AND r.usable = 1
           AND coalesce(m.membership, 'join') IN ('join', 'invite')
         ORDER BY r.created_ts, r.room_id LIMIT 1",
    )?
    .query_row(params![contact, membership], dm_from_row)
    .optional()
}

/// A joined room that holds exactly the two of us and has no name: a conversation of two nobody wrote down (DM2).
pub(crate) fn unlisted(db: &Connection, contact: &str, me: &str) -> rusqlite::Result<Option<DmRoom>> {
    db.prepare_cached(
        "SELECT r.room_id, r.membership, r.encrypted
         FROM members m JOIN rooms r ON r.room_id = m.room_id
         WHERE m.user_id = ?1 AND m.membership IN ('join', 'invite') AND r.membership = 'join' AND r.usable = 1
           AND r.contact IS NULL AND r.name IS NULL AND r.alias IS NULL AND r.hidden = 0
           AND NOT EXISTS (SELECT 1 FROM members o WHERE o.room_id = r.room_id AND o.user_id NOT IN (?1, ?2)
                           AND o.membership IN ('join', 'invite'))
           AND (SELECT count(*) FROM json_each(r.heroes)) <= 1
         ORDER BY r.created_ts, r.room_id LIMIT 1",
    )?
    .query_row([contact, me], dm_from_row)
    .optional()
}

fn dm_from_row(row: &Row<'_>) -> rusqlite::Result<DmRoom> {
    Ok(DmRoom { room_id: row.get(0)?, membership: row.get(1)?, encrypted: row.get(2)? })
}

impl Tx<'_> {
    /// A room as it stands in this transaction.
    pub(crate) fn room(&self, room_id: &str) -> Result<Option<Room>> {
        Ok(get(self.db(), room_id)?)
    }

    /// Makes the room known, and my standing in it.
    pub(crate) fn set_membership(&mut self, room_id: &str, membership: &str) -> Result<()> {
        self.db()
            .prepare_cached(
                "INSERT INTO rooms (room_id, conversation, membership) VALUES (?1, ?1, ?2)
                 ON CONFLICT (room_id) DO UPDATE SET
                     usable = CASE WHEN membership = ?2 THEN usable ELSE 1 END,
                     hidden = CASE WHEN membership = ?2 THEN hidden ELSE 0 END,
                     membership = ?2",
            )?
            .execute([room_id, membership])?;
        self.touch_room(room_id)
    }

    /// Its inbox line follows again.
    pub(crate) fn touch_room(&mut self, room_id: &str) -> Result<()> {
        let conversation: Option<String> = self
            .db()
            .prepare_cached("SELECT conversation FROM rooms WHERE room_id = ?1")?
            .query_row([room_id], |row| row.get(0))
            .optional()?;
        if let Some(conversation) = conversation {
            self.touch(&conversation);
        }
        Ok(())
    }

    /// Out of the inbox: left by own will.
    pub(crate) fn hide_room(&mut self, room_id: &str) -> Result<()> {
        self.db().prepare_cached("UPDATE rooms SET hidden = 1 WHERE room_id = ?1")?.execute([room_id])?;
        self.touch_room(room_id)
    }

    /// The server no longer takes messages of mine there (DM7); a new membership makes it usable again.
    pub(crate) fn mark_unusable(&mut self, room_id: &str) -> Result<()> {
        self.db().prepare_cached("UPDATE rooms SET usable = 0 WHERE room_id = ?1")?.execute([room_id])?;
        self.touch_room(room_id)
    }

    /// `m.room.create`: when the room began.
    pub(crate) fn set_created(&self, room_id: &str, ts: i64) -> Result<()> {
        self.update("created_ts", room_id, ts)
    }

    /// `m.room.name`
    pub(crate) fn set_room_name(&self, room_id: &str, name: Option<&str>) -> Result<()> {
        self.update("name", room_id, name)
    }

    /// `m.room.canonical_alias`
    pub(crate) fn set_alias(&self, room_id: &str, alias: Option<&str>) -> Result<()> {
        self.update("alias", room_id, alias)
    }

    /// `m.room.avatar`
    pub(crate) fn set_room_avatar(&self, room_id: &str, avatar: Option<&str>) -> Result<()> {
        self.update("avatar", room_id, avatar)
    }

    /// `m.room.encryption` was seen: it is never taken back.
    pub(crate) fn set_encrypted(&self, room_id: &str) -> Result<()> {
        self.update("encrypted", room_id, 1)
    }

    /// `m.heroes` of the summary.
    pub(crate) fn set_heroes(&self, room_id: &str, heroes: &[String]) -> Result<()> {
        self.update("heroes", room_id, serde_json::to_string(heroes)?)
    }

    /// Who types now, without me.
    pub(crate) fn set_typing(&self, room_id: &str, users: &[String]) -> Result<()> {
        self.update("typing", room_id, serde_json::to_string(users)?)
    }

    /// Whom an `is_direct` invitation makes this a conversation with.
    pub(crate) fn set_direct_hint(&self, room_id: &str, contact: &str) -> Result<()> {
        self.update("direct_hint", room_id, contact)
    }

    /// Where the newest event stands.
    pub(crate) fn set_end(&self, room_id: &str, end: Place) -> Result<()> {
        self.update("end_sort", room_id, end.sort)?;
        self.update("end_seq", room_id, end.seq)
    }

    /// Who invited me, and when.
    pub(crate) fn set_inviter(&self, room_id: &str, inviter: &str, ts: i64) -> Result<()> {
        self.update("inviter", room_id, inviter)?;
        self.update("invite_ts", room_id, ts)
    }

    fn update(&self, column: &'static str, room_id: &str, value: impl rusqlite::ToSql) -> Result<()> {
        self.db()
            .prepare_cached(&format!("UPDATE rooms SET {column} = ?2 WHERE room_id = ?1"))?
            .execute(params![room_id, value])?;
        Ok(())
    }

    /// Nobody types any more: the link that would say so is gone.
    pub(crate) fn clear_typing(&mut self) -> Result<()> {
        let rooms: Vec<String> = self
            .db()
            .prepare_cached("UPDATE rooms SET typing = '[]' WHERE typing <> '[]' RETURNING conversation")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for conversation in rooms {
            self.touch(&conversation);
        }
        Ok(())
    }

    /// Whether anything was ever synced.
    pub(crate) fn has_rooms(&self) -> Result<bool> {
        Ok(self.db().prepare_cached("SELECT 1 FROM rooms LIMIT 1")?.exists([])?)
    }

    /// A first sync names every room I am in: what it does not name I am no longer in.
    pub(crate) fn leave_all_but(&mut self, named: &HashSet<&str>) -> Result<()> {
        let here: Vec<String> = self
            .db()
            .prepare_cached("SELECT room_id FROM rooms WHERE membership <> 'leave'")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for room_id in here.iter().filter(|room_id| !named.contains(room_id.as_str())) {
            self.set_membership(room_id, "leave")?;
        }
        Ok(())
    }

    /// Where nothing says what I have read here, the server's number is believed: that many of the newest are unread.
    pub(crate) fn mark_all_but(&mut self, room_id: &str, unread: u64) -> Result<()> {
        if self.room(room_id)?.is_none_or(|room| room.marked) {
            return Ok(());
        }
        let upto = self
            .db()
            .prepare_cached(
                "SELECT sort, seq FROM messages WHERE room_id = ?1 AND mine = 0 AND counts = 1
                 ORDER BY sort DESC, seq DESC LIMIT 1 OFFSET ?2",
            )?
            .query_row(params![room_id, i64::try_from(unread).unwrap_or(i64::MAX)], |row| {
                Ok(Place { sort: row.get(0)?, seq: row.get(1)? })
            })
            .optional()?;
        upto.map_or(Ok(()), |upto| self.advance_marker(room_id, upto))
    }
}
