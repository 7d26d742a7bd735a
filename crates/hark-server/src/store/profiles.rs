//! What people show of themselves: name, picture, and free fields (spec v1.16).

use ruma::UserId;
use rusqlite::OptionalExtension;
use serde_json::{Map, Value};

use super::{LogEntry, LogKind, Snapshot, StoreError, Tx, media_refs::Holder, to_json_error};

impl Snapshot<'_> {
    /// Every field of `user`'s profile.
    pub(crate) fn profile(&self, user: &UserId) -> Result<Map<String, Value>, StoreError> {
        let mut statement = self.prepare("SELECT field, value FROM profiles WHERE user_id = $1")?;
        let mut rows = statement.query([user.as_str()])?;
        let mut fields = Map::new();
        while let Some(row) = rows.next()? {
            fields.insert(row.get(0)?, parsed(row.get_ref(1)?.as_str().map_err(to_json_error("profile"))?)?);
        }
        Ok(fields)
    }

    /// One field of `user`'s profile.
    pub(crate) fn profile_field(&self, user: &UserId, field: &str) -> Result<Option<Value>, StoreError> {
        let stored: Option<String> = self
            .prepare("SELECT value FROM profiles WHERE user_id = $1 AND field = $2")?
            .query_row((user.as_str(), field), |row| row.get(0))
            .optional()?;
        stored.map(|json| parsed(&json)).transpose()
    }
}

fn parsed(json: &str) -> Result<Value, StoreError> {
    serde_json::from_str(json).map_err(to_json_error("profile"))
}

impl Tx<'_> {
    /// Sets a field, or removes it. False when it was like that already.
    pub(crate) fn set_profile_field(
        &mut self,
        user: &UserId,
        field: &str,
        value: Option<&Value>,
    ) -> Result<bool, StoreError> {
        if self.profile_field(user, field)?.as_ref() == value {
            return Ok(false);
        }
        match value {
            Some(value) => self
                .prepare(
                    "INSERT INTO profiles (user_id, field, value) VALUES ($1, $2, $3)
                     ON CONFLICT (user_id, field) DO UPDATE SET value = excluded.value",
                )?
                .execute((user.as_str(), field, value.to_string()))?,
            None => self
                .prepare("DELETE FROM profiles WHERE user_id = $1 AND field = $2")?
                .execute((user.as_str(), field))?,
        };
        let json = value.map(ToString::to_string).unwrap_or_default();
        self.refer_anew_to_media(Holder::Profile(user, field), &json)?;
        self.append(LogEntry { kind: LogKind::Profile, room: None, user: Some(user) })?;
        Ok(true)
    }
}
