//! Who is in which room, over time.

use ruma::{OwnedUserId, UserId, events::room::member::MembershipState};
use rusqlite::{OptionalExtension, Row};

use super::{Position, RoomNid, Snapshot, StoreError, Tx, to_json_error};

/// One stretch of a user's membership of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) user: OwnedUserId,
    pub(crate) room: RoomNid,
    /// The member event.
    pub(crate) from: Position,
    /// The next member event, or [`Position::FOREVER`].
    pub(crate) to: Position,
    pub(crate) state: MembershipState,
    /// Who set it.
    pub(crate) sender: OwnedUserId,
    pub(crate) forgotten: bool,
}

impl Membership {
    pub(crate) fn is_joined(&self) -> bool {
        self.state == MembershipState::Join
    }
}

const COLUMNS: &str = "user_id, room_nid, from_pos, to_pos, membership, sender, forgotten";

fn read(row: &Row<'_>) -> Result<Membership, StoreError> {
    let user = |index| {
        row.get::<_, String>(index)
            .map_err(StoreError::from)
            .and_then(|id| UserId::parse(id).map_err(to_json_error("user id")))
    };
    Ok(Membership {
        user: user(0)?,
        room: row.get(1)?,
        from: row.get(2)?,
        to: row.get(3)?,
        state: row.get::<_, String>(4)?.into(),
        sender: user(5)?,
        forgotten: row.get(6)?,
    })
}

impl Tx<'_> {
    /// Starts a new stretch of membership at a member event. Returns the one it ends.
    pub(crate) fn set_membership(
        &mut self,
        user: &UserId,
        room: RoomNid,
        pos: Position,
        state: &MembershipState,
        sender: &UserId,
    ) -> Result<Option<Membership>, StoreError> {
        let before = self.membership(user, room)?;
        if let Some(before) = &before {
            self.prepare(
                "UPDATE memberships SET to_pos = $1 WHERE user_id = $2 AND room_nid = $3 AND from_pos = $4",
            )?
            .execute((pos, user.as_str(), room, before.from))?;
        }
        self.prepare(
            "INSERT INTO memberships (user_id, room_nid, from_pos, to_pos, membership, sender)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )?
        .execute((user.as_str(), room, pos, Position::FOREVER, state.as_str(), sender.as_str()))?;
        Ok(before)
    }

    /// Marks the present stretch as forgotten.
    pub(crate) fn set_forgotten(&mut self, user: &UserId, room: RoomNid) -> Result<(), StoreError> {
        self.prepare(
            "UPDATE memberships SET forgotten = 1 WHERE user_id = $1 AND room_nid = $2 AND to_pos = $3",
        )?
        .execute((user.as_str(), room, Position::FOREVER))?;
        Ok(())
    }
}

impl Snapshot<'_> {
    fn memberships(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<Membership>, StoreError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(parameters)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(row)?);
        }
        Ok(found)
    }

    /// A user's present membership of a room.
    pub(crate) fn membership(&self, user: &UserId, room: RoomNid) -> Result<Option<Membership>, StoreError> {
        self.membership_at(user, room, Position::FOREVER.before())
    }

    /// A user's membership of a room at `at` (that event's own effect included).
    pub(crate) fn membership_at(
        &self,
        user: &UserId,
        room: RoomNid,
        at: Position,
    ) -> Result<Option<Membership>, StoreError> {
        self.prepare(&format!(
            "SELECT {COLUMNS} FROM memberships WHERE user_id = $1 AND room_nid = $2 AND from_pos <= $3
             ORDER BY from_pos DESC LIMIT 1"
        ))?
        .query_row((user.as_str(), room, at), |row| Ok(read(row)))
        .optional()?
        .transpose()
    }

    /// Every stretch of a user's membership of a room, oldest first.
    pub(crate) fn membership_history(
        &self,
        user: &UserId,
        room: RoomNid,
    ) -> Result<Vec<Membership>, StoreError> {
        self.memberships(
            &format!(
                "SELECT {COLUMNS} FROM memberships WHERE user_id = $1 AND room_nid = $2 ORDER BY from_pos"
            ),
            (user.as_str(), room),
        )
    }

    /// The member event by which a user who is in the room came in: changes of their name since do not count.
    pub(crate) fn joined_since(&self, user: &UserId, room: RoomNid) -> Result<Option<Position>, StoreError> {
        let mut statement = self.prepare(
            "SELECT from_pos, membership = 'join' FROM memberships WHERE user_id = $1 AND room_nid = $2
             ORDER BY from_pos DESC",
        )?;
        let mut rows = statement.query((user.as_str(), room))?;
        let mut since = None;
        while let Some(row) = rows.next()? {
            if !row.get(1)? {
                break;
            }
            since = Some(row.get(0)?);
        }
        Ok(since)
    }

    /// A user's present memberships, of every room.
    pub(crate) fn rooms_of(&self, user: &UserId) -> Result<Vec<Membership>, StoreError> {
        self.memberships(
            &format!(
                "SELECT {COLUMNS} FROM memberships WHERE user_id = $1 AND to_pos = $2 ORDER BY from_pos"
            ),
            (user.as_str(), Position::FOREVER),
        )
    }

    /// The rooms a user has any membership of, be it a former one.
    pub(crate) fn room_nids_of(&self, user: &UserId) -> Result<Vec<RoomNid>, StoreError> {
        let mut statement =
            self.prepare("SELECT room_nid FROM memberships WHERE user_id = $1 AND to_pos = $2")?;
        let rooms = statement.query_map((user.as_str(), Position::FOREVER), |row| row.get(0))?;
        Ok(rooms.collect::<Result<_, _>>()?)
    }

    /// The members of a room at `at`, in the order of their member events.
    pub(crate) fn members_at(&self, room: RoomNid, at: Position) -> Result<Vec<Membership>, StoreError> {
        self.memberships(
            &format!(
                "SELECT {COLUMNS} FROM memberships WHERE room_nid = $1 AND to_pos > $2 AND from_pos <= $2 ORDER BY from_pos"
            ),
            (room, at),
        )
    }

    /// True if two users are joined to the same room.
    pub(crate) fn share_a_room(&self, one: &UserId, other: &UserId) -> Result<bool, StoreError> {
        Ok(self
            .prepare(
                "SELECT EXISTS (SELECT 1 FROM memberships a
                     JOIN memberships b ON b.user_id = $1 AND b.room_nid = a.room_nid AND b.to_pos = $2 AND b.membership = 'join'
                     WHERE a.user_id = $3 AND a.to_pos = $2 AND a.membership = 'join')",
            )?
            .query_row((one.as_str(), Position::FOREVER, other.as_str()), |row| row.get(0))?)
    }

    /// Who came and went in a room in `from < pos <= to`, in that order. Who only changed their profile is not among them.
    pub(crate) fn moves(
        &self,
        room: RoomNid,
        from: Position,
        to: Position,
    ) -> Result<Vec<Membership>, StoreError> {
        self.memberships(
            "SELECT m.user_id, m.room_nid, m.from_pos, m.to_pos, m.membership, m.sender, m.forgotten
             FROM room_state s JOIN memberships m
                 ON m.user_id = s.state_key AND m.room_nid = s.room_nid AND m.from_pos = s.from_pos
             WHERE s.room_nid = $1 AND s.from_pos > $2 AND s.from_pos <= $3 AND s.type = 'm.room.member'
                 AND NOT EXISTS (SELECT 1 FROM memberships b WHERE b.user_id = m.user_id AND b.room_nid = m.room_nid
                                 AND b.to_pos = m.from_pos AND b.membership = m.membership)
             ORDER BY s.from_pos",
            (room, from, to),
        )
    }

    /// At most `limit` members other than `me` that have one of two memberships at `at`, in the order of their member events.
    pub(crate) fn some_members(
        &self,
        room: RoomNid,
        at: Position,
        states: [MembershipState; 2],
        me: &UserId,
        limit: usize,
    ) -> Result<Vec<Membership>, StoreError> {
        self.memberships(
            &format!(
                "SELECT {COLUMNS} FROM memberships WHERE room_nid = $1 AND to_pos > $2 AND from_pos <= $2
                 AND membership IN ($3, $4) AND user_id != $5 ORDER BY from_pos LIMIT $6"
            ),
            (room, at, states[0].as_str(), states[1].as_str(), me.as_str(), limit as i64),
        )
    }
}
