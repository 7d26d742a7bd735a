//! What a user's clients keep on the server: for the account, and for each room. Tags and push rules live here too.
//!
//! What was deleted (MSC3391) keeps its row with the content `{}`, so that clients that were away are told. To everybody else it
//! does not exist.

use ruma::{OwnedRoomId, RoomId, UserId};
use rusqlite::OptionalExtension;
use serde_json::value::RawValue;

use super::{LogEntry, LogKind, Position, Snapshot, StoreError, Tx, media_refs::Holder, to_json_error};
use crate::{gate::Ignored, push};

/// The content of what was deleted.
const DELETED: &str = "{}";

/// One piece of account data.
pub(crate) struct AccountData {
    /// Event type.
    pub(crate) kind: String,
    /// Its content.
    pub(crate) content: Box<RawValue>,
}

impl Snapshot<'_> {
    /// The content of one type, for the account (`room` is `None`) or for a room.
    pub(crate) fn account_data(
        &self,
        user: &UserId,
        room: Option<&RoomId>,
        kind: &str,
    ) -> Result<Option<Box<RawValue>>, StoreError> {
        let stored: Option<String> = self
            .prepare("SELECT json FROM account_data WHERE user_id = $1 AND room_id = $2 AND type = $3")?
            .query_row((user.as_str(), place(room), kind), |row| row.get(0))
            .optional()?;
        stored.filter(|json| json != DELETED).map(raw).transpose()
    }

    /// When the push rules of a user, or the list of those they ignore, were changed last.
    pub(crate) fn rules_changed_at(&self, user: &UserId) -> Result<Position, StoreError> {
        Ok(self
            .prepare(
                "SELECT coalesce(max(pos), 0) FROM account_data
                 WHERE user_id = $1 AND room_id = '' AND type IN ($2, $3)",
            )?
            .query_row((user.as_str(), push::TYPE, Ignored::TYPE), |row| row.get(0))?)
    }

    /// How much a user keeps here in all, in bytes.
    pub(crate) fn account_data_size(&self, user: &UserId) -> Result<i64, StoreError> {
        Ok(self
            .prepare("SELECT coalesce(sum(octet_length(json)), 0) FROM account_data WHERE user_id = $1")?
            .query_row([user.as_str()], |row| row.get(0))?)
    }

    /// What of the account changed in `from < pos <= to`, in the order of change. Everything (`from` at the start) includes the
    /// push rules, and they are always whole.
    pub(crate) fn account_data_since(
        &self,
        user: &UserId,
        from: Position,
        to: Position,
    ) -> Result<Vec<AccountData>, StoreError> {
        let mut changed = self.changed_account_data(user, None, from, to)?;
        let stored = changed.iter_mut().find(|data| data.kind == push::TYPE);
        match stored {
            Some(rules) => rules.content = self.push_rules_content(user)?,
            None if from == Position::START => {
                changed.push(AccountData {
                    kind: push::TYPE.to_owned(),
                    content: self.push_rules_content(user)?,
                });
            }
            None => {}
        }
        Ok(changed)
    }

    /// What of `room` changed in `from < pos <= to`, in the order of change.
    pub(crate) fn room_account_data_since(
        &self,
        user: &UserId,
        room: &RoomId,
        from: Position,
        to: Position,
    ) -> Result<Vec<AccountData>, StoreError> {
        self.changed_account_data(user, Some(room), from, to)
    }

    /// The rooms in which `user`'s account data changed in `from < pos <= to`, each once.
    pub(crate) fn rooms_with_account_data_since(
        &self,
        user: &UserId,
        from: Position,
        to: Position,
    ) -> Result<Vec<OwnedRoomId>, StoreError> {
        let mut statement = self.prepare(
            "SELECT DISTINCT room_id FROM account_data
             WHERE user_id = $1 AND pos > $2 AND pos <= $3 AND room_id <> ''",
        )?;
        let mut rows = statement.query((user.as_str(), from, to))?;
        let mut rooms = Vec::new();
        while let Some(row) = rows.next()? {
            rooms.push(RoomId::parse(row.get::<_, String>(0)?).map_err(to_json_error("room id"))?);
        }
        Ok(rooms)
    }

    fn changed_account_data(
        &self,
        user: &UserId,
        room: Option<&RoomId>,
        from: Position,
        to: Position,
    ) -> Result<Vec<AccountData>, StoreError> {
        let mut statement = self.prepare(
            "SELECT type, json FROM account_data
             WHERE user_id = $1 AND room_id = $2 AND pos > $3 AND pos <= $4 AND ($3 > 0 OR json <> '{}') ORDER BY pos",
        )?;
        let mut rows = statement.query((user.as_str(), place(room), from, to))?;
        let mut changed = Vec::new();
        while let Some(row) = rows.next()? {
            changed.push(AccountData { kind: row.get(0)?, content: raw(row.get(1)?)? });
        }
        Ok(changed)
    }
}

impl Tx<'_> {
    /// Deletes all that a user's clients keep for a room, for good: nobody is told.
    pub(crate) fn delete_account_data_of_room(
        &mut self,
        user: &UserId,
        room: &RoomId,
    ) -> Result<(), StoreError> {
        self.delete_rows(
            user,
            "SELECT room_id, type FROM account_data WHERE user_id = $1 AND room_id = $2",
            room.as_str(),
        )
    }

    /// Deletes all that a user's clients keep, for good.
    pub(crate) fn delete_all_account_data(&mut self, user: &UserId) -> Result<(), StoreError> {
        self.delete_rows(
            user,
            "SELECT room_id, type FROM account_data WHERE user_id = $1 AND room_id >= $2",
            "",
        )
    }

    fn delete_rows(&mut self, user: &UserId, which: &str, room: &str) -> Result<(), StoreError> {
        let mut statement = self.prepare(which)?;
        let rows = statement.query_map((user.as_str(), room), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rows: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
        drop(statement);
        for (room, kind) in rows {
            let room = Some(room).filter(|room| !room.is_empty());
            let room = room.map(RoomId::parse).transpose().map_err(to_json_error("room id"))?;
            let room = room.as_deref();
            self.prepare("DELETE FROM account_data WHERE user_id = $1 AND room_id = $2 AND type = $3")?
                .execute((user.as_str(), place(room), &kind))?;
            self.refer_anew_to_media(Holder::Account(user, room, &kind), "")?;
        }
        Ok(())
    }

    /// Sets the content of one type and wakes the user's clients; an empty object deletes it. Setting what is there already changes
    /// nothing.
    pub(crate) fn set_account_data(
        &mut self,
        user: &UserId,
        room: Option<&RoomId>,
        kind: &str,
        content: &RawValue,
    ) -> Result<(), StoreError> {
        let stored = self.account_data(user, room, kind)?;
        let before = stored.as_ref().map_or(DELETED, |stored| stored.get());
        let after = if is_empty(content) { DELETED } else { content.get() };
        if before == after {
            return Ok(());
        }
        let pos = self.append(LogEntry { kind: LogKind::AccountData, room: None, user: Some(user) })?;
        self.prepare(
            "INSERT INTO account_data (user_id, room_id, type, json, pos) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (user_id, room_id, type) DO UPDATE SET json = excluded.json, pos = excluded.pos",
        )?
        .execute((user.as_str(), place(room), kind, after, pos))?;
        self.refer_anew_to_media(Holder::Account(user, room, kind), after)
    }
}

/// True for an object without members, however it is written.
fn is_empty(content: &RawValue) -> bool {
    let inside = content.get().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inside.is_some_and(|inside| inside.trim_ascii().is_empty())
}

fn place(room: Option<&RoomId>) -> &str {
    room.map_or("", RoomId::as_str)
}

fn raw(json: String) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(json).map_err(to_json_error("account data"))
}
