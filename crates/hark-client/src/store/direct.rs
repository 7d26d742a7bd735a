//! The directory of direct messages: contact → rooms, room → contact (DM1), and what of it the server still has to learn.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, Tx};

/// Rooms `m.direct` on the server lacks, with their contact.
pub(crate) fn pending(db: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    db.prepare_cached("SELECT room_id, contact FROM direct_pending ORDER BY room_id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Invitations of accepted contacts, to be joined without asking (DM4).
pub(crate) fn invitations_to_join(db: &Connection) -> rusqlite::Result<Vec<String>> {
    db.prepare_cached(
        "SELECT r.room_id FROM rooms r JOIN contacts c ON c.user_id = r.inviter
         WHERE r.membership = 'invite' AND r.hidden = 0 AND r.usable = 1",
    )?
    .query_map([], |row| row.get(0))?
    .collect()
}

/// Since when a room with the contact is being made, if that was begun and its end was never seen.
pub(crate) fn creating_since(db: &Connection, contact: &str) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT since FROM creating WHERE contact = ?1")?
        .query_row([contact], |row| row.get(0))
        .optional()
}

/// Whether invitations of someone are joined by themselves.
pub(crate) fn is_contact(db: &Connection, user_id: &str) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM contacts WHERE user_id = ?1")?.exists([user_id])
}

impl Tx<'_> {
    /// Replaces what `m.direct` says. Answers the rooms whose contact may have changed.
    pub(crate) fn set_direct(&mut self, entries: &[(String, String)]) -> Result<Vec<String>> {
        let mut rooms: Vec<String> = self
            .db()
            .prepare_cached("DELETE FROM direct RETURNING room_id")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for (contact, room_id) in entries {
            self.db()
                .prepare_cached("INSERT OR IGNORE INTO direct (room_id, contact) VALUES (?1, ?2)")?
                .execute([room_id, contact])?;
            rooms.push(room_id.clone());
        }
        rooms.sort();
        rooms.dedup();
        Ok(rooms)
    }

    /// Enters a room under a contact here, and queues the write of `m.direct` (DM3).
    pub(crate) fn enter_direct(&mut self, contact: &str, room_id: &str) -> Result<()> {
        let listed = self
            .db()
            .prepare_cached("SELECT 1 FROM direct WHERE room_id = ?1 AND contact = ?2")?
            .exists([room_id, contact])?;
        if !listed {
            self.db()
                .prepare_cached("INSERT OR REPLACE INTO direct_pending (room_id, contact) VALUES (?1, ?2)")?
                .execute([room_id, contact])?;
        }
        self.add_contact(contact)?;
        self.assign(room_id)
    }

    /// The server's `m.direct` has these now.
    pub(crate) fn direct_written(&mut self, written: &[(String, String)]) -> Result<()> {
        for (room_id, contact) in written {
            self.db()
                .prepare_cached("INSERT OR IGNORE INTO direct (room_id, contact) VALUES (?1, ?2)")?
                .execute([room_id, contact])?;
            self.db()
                .prepare_cached("DELETE FROM direct_pending WHERE room_id = ?1 AND contact = ?2")?
                .execute([room_id, contact])?;
        }
        Ok(())
    }

    /// From now on invitations of this person are joined by themselves.
    pub(crate) fn add_contact(&self, user_id: &str) -> Result<()> {
        self.db()
            .prepare_cached("INSERT OR IGNORE INTO contacts (user_id) VALUES (?1)")?
            .execute([user_id])?;
        Ok(())
    }

    /// Whether invitations of someone are joined by themselves.
    pub(crate) fn is_contact(&self, user_id: &str) -> Result<bool> {
        Ok(is_contact(self.db(), user_id)?)
    }

    /// A room with this contact is about to be made; the note outlives a crash.
    pub(crate) fn begin_creating(&self, contact: &str) -> Result<()> {
        self.db()
            .prepare_cached("INSERT OR IGNORE INTO creating (contact, since) VALUES (?1, ?2)")?
            .execute(params![contact, self.now])?;
        Ok(())
    }

    /// It is made, or certainly not.
    pub(crate) fn end_creating(&self, contact: &str) -> Result<()> {
        self.db().prepare_cached("DELETE FROM creating WHERE contact = ?1")?.execute([contact])?;
        Ok(())
    }

    /// Decides whose conversation a room belongs to (DM5): `m.direct`, else what is queued for it, else what an
    /// invitation said. Where `m.direct` names several people, one who is in the room wins.
    pub(crate) fn assign(&mut self, room_id: &str) -> Result<()> {
        let Some(room) = self.room(room_id)? else { return Ok(()) };
        let contact = self.contact_of(room_id)?;
        let conversation = contact.clone().unwrap_or_else(|| room_id.to_owned());
        if conversation != room.conversation || contact != room.contact {
            self.db()
                .prepare_cached("UPDATE rooms SET conversation = ?2, contact = ?3 WHERE room_id = ?1")?
                .execute(params![room_id, conversation, contact])?;
            let keys: Vec<i64> = self
                .db()
                .prepare_cached(
                    "UPDATE messages SET conversation = ?3 WHERE conversation = ?2 AND room_id = ?1 RETURNING key",
                )?
                .query_map([room_id, &room.conversation, &conversation], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for key in keys {
                self.db()
                    .prepare_cached("UPDATE outbox SET conversation = ?2 WHERE key = ?1")?
                    .execute(params![key, conversation])?;
                self.row_changed(key, false);
            }
            self.touch(&room.conversation);
        }
        if let (Some(contact), "join") = (&contact, room.membership.as_str()) {
            self.add_contact(contact)?;
        }
        self.touch(&conversation);
        Ok(())
    }

    fn contact_of(&self, room_id: &str) -> Result<Option<String>> {
        let listed: Option<String> = self
            .db()
            .prepare_cached(
                "SELECT d.contact FROM (
                     SELECT contact, 0 AS source FROM direct WHERE room_id = ?1
                     UNION ALL SELECT contact, 1 FROM direct_pending WHERE room_id = ?1) d
                 LEFT JOIN members m ON m.room_id = ?1 AND m.user_id = d.contact
                 WHERE d.contact <> ?2
                 ORDER BY coalesce(m.membership, '') NOT IN ('join', 'invite'), d.source, d.contact LIMIT 1",
            )?
            .query_row([room_id, &self.me], |row| row.get(0))
            .optional()?;
        if listed.is_some() {
            return Ok(listed);
        }
        Ok(self
            .db()
            .prepare_cached("SELECT direct_hint FROM rooms WHERE room_id = ?1 AND direct_hint IS NOT NULL")?
            .query_row([room_id], |row| row.get(0))
            .optional()?)
    }
}
