//! Where the devices or keys of users changed, and who must hear of it.
//!
//! A change is one row, however many rooms its user is in. Who asks is told of those they share a room with.

use ruma::{OwnedUserId, UserId, events::room::member::MembershipState};

use super::{LogEntry, LogKind, Position, RoomNid, Snapshot, StoreError, Tx, log::Logged, to_json_error};

/// How much two users have to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sharing {
    /// They are in no room together.
    Nothing,
    /// One of them is in a room that the other was invited to, so keys may be sent ahead.
    Invitation,
    /// They are in a room together.
    Room,
}

impl Snapshot<'_> {
    /// The users whose devices or keys changed after `from`, as far as `asking` may be told: everybody's public changes, and what
    /// is for `asking` alone.
    pub(crate) fn device_lists_changed(
        &self,
        asking: &UserId,
        from: Position,
    ) -> Result<DeviceLists, StoreError> {
        let mut statement =
            self.prepare("SELECT user_id FROM device_lists WHERE told_to = $1 AND pos > $2")?;
        let mut changed = |told_to: &str| {
            let mut rows = statement.query((told_to, from))?;
            users(&mut rows)
        };
        Ok(DeviceLists { of_all: changed("")?, for_one: changed(asking.as_str())? })
    }

    /// What `one`, by being in rooms, has to do with `other` at `at`.
    pub(crate) fn sharing(&self, one: &UserId, other: &UserId, at: Position) -> Result<Sharing, StoreError> {
        let most: i64 = self
            .prepare(
                "SELECT coalesce(max(CASE a.membership WHEN 'join' THEN 2 ELSE 1 END), 0) FROM memberships a
                 JOIN memberships b ON b.user_id = $1 AND b.room_nid = a.room_nid
                     AND b.from_pos <= $2 AND b.to_pos > $2 AND b.membership = 'join'
                 WHERE a.user_id = $3 AND a.from_pos <= $2 AND a.to_pos > $2 AND a.membership IN ('join', 'invite')",
            )?
            .query_row((one.as_str(), at, other.as_str()), |row| row.get(0))?;
        Ok(match most {
            0 => Sharing::Nothing,
            1 => Sharing::Invitation,
            _ => Sharing::Room,
        })
    }

    /// Whose membership of a room changed in `from < pos <= to`, each once.
    pub(crate) fn members_changed(
        &self,
        room: RoomNid,
        from: Position,
        to: Position,
    ) -> Result<Vec<OwnedUserId>, StoreError> {
        let mut statement = self.prepare(
            "SELECT DISTINCT user_id FROM memberships WHERE room_nid = $1 AND from_pos > $2 AND from_pos <= $3",
        )?;
        users(&mut statement.query((room, from, to))?)
    }
}

/// Users whose devices or keys changed.
pub(crate) struct DeviceLists {
    /// Whoever shares a room with them may know.
    pub(crate) of_all: Vec<OwnedUserId>,
    /// The one who asks may know, whether they share a room or not.
    pub(crate) for_one: Vec<OwnedUserId>,
}

fn users(rows: &mut rusqlite::Rows<'_>) -> Result<Vec<OwnedUserId>, StoreError> {
    let mut users = Vec::new();
    while let Some(row) = rows.next()? {
        users.push(UserId::parse(row.get::<_, String>(0)?).map_err(to_json_error("user id"))?);
    }
    Ok(users)
}

impl Tx<'_> {
    /// Notes that the devices or public keys of `user` changed, and wakes everybody who is in a room with them.
    pub(crate) fn device_list_changed(&mut self, user: &UserId) -> Result<(), StoreError> {
        let pos = self.append(LogEntry { kind: LogKind::DeviceList, room: None, user: Some(user) })?;
        self.note_device_list(user, "", pos)?;
        let shared = self
            .rooms_of(user)?
            .into_iter()
            .filter(|membership| matches!(membership.state, MembershipState::Join | MembershipState::Invite));
        let woken = shared.map(|membership| Logged {
            pos,
            kind: LogKind::DeviceList,
            room: Some(membership.room),
            user: None,
        });
        self.pending.entries.extend(woken);
        Ok(())
    }

    /// Notes that `told_to`, and nobody else, sees other keys or signatures of `user` from now on.
    pub(crate) fn device_list_changed_for(
        &mut self,
        user: &UserId,
        told_to: &UserId,
    ) -> Result<(), StoreError> {
        let pos = self.append(LogEntry { kind: LogKind::DeviceList, room: None, user: Some(told_to) })?;
        self.note_device_list(user, told_to.as_str(), pos)
    }

    fn note_device_list(&mut self, user: &UserId, told_to: &str, pos: Position) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO device_lists (user_id, told_to, pos) VALUES ($1, $2, $3)
             ON CONFLICT (user_id, told_to) DO UPDATE SET pos = excluded.pos",
        )?
        .execute((user.as_str(), told_to, pos))?;
        Ok(())
    }
}
