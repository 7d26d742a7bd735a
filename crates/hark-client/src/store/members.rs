//! Who is in a room, and what they are called there.

use rusqlite::{Connection, OptionalExtension, params};

use super::messages::display_name;
use super::{Result, Tx};
use crate::model::Person;

/// A person in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// join, invite, leave, ban, knock
    pub(crate) membership: String,
    /// Empty = none set.
    pub(crate) name: String,
    pub(crate) avatar: Option<String>,
}

pub(crate) fn get(db: &Connection, room_id: &str, user_id: &str) -> rusqlite::Result<Option<Member>> {
    db.prepare_cached("SELECT membership, name, avatar FROM members WHERE room_id = ?1 AND user_id = ?2")?
        .query_row([room_id, user_id], |row| {
            Ok(Member { membership: row.get(0)?, name: row.get(1)?, avatar: row.get(2)? })
        })
        .optional()
}

/// The name to show for someone in a room.
pub(crate) fn name_of(db: &Connection, room_id: &str, user_id: &str) -> rusqlite::Result<String> {
    Ok(display_name(get(db, room_id, user_id)?.map(|member| member.name), user_id))
}

/// People I share a room with whose name or id holds the term.
pub(crate) fn find(db: &Connection, term: &str, me: &str, limit: u32) -> rusqlite::Result<Vec<Person>> {
    let term = term.to_lowercase();
    db.prepare_cached(
        "SELECT user_id, max(name), max(avatar) FROM members WHERE user_id <> ?1
         GROUP BY user_id HAVING instr(lower(max(name)), ?2) > 0 OR instr(user_id, ?2) > 0
         ORDER BY user_id LIMIT ?3",
    )?
    .query_map(params![me, term, limit], |row| {
        let user_id: String = row.get(0)?;
        Ok(Person { display_name: display_name(row.get(1)?, &user_id), user_id, avatar: row.get(2)? })
    })?
    .collect()
}

impl Tx<'_> {
    /// Someone in a room, as known so far.
    pub(crate) fn member(&self, room_id: &str, user_id: &str) -> Result<Option<Member>> {
        Ok(get(self.db(), room_id, user_id)?)
    }

    /// The name to show for someone in a room.
    pub(crate) fn member_name(&self, room_id: &str, user_id: &str) -> Result<String> {
        Ok(name_of(self.db(), room_id, user_id)?)
    }

    /// Takes over what a member event says.
    pub(crate) fn set_member(&self, room_id: &str, user_id: &str, member: &Member) -> Result<()> {
        self.db()
            .prepare_cached(
                "INSERT INTO members (room_id, user_id, membership, name, avatar) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (room_id, user_id) DO UPDATE SET membership = ?3, name = ?4, avatar = ?5",
            )?
            .execute(params![room_id, user_id, member.membership, member.name, member.avatar])?;
        Ok(())
    }
}
