//! Pushers: which devices are woken, and how far their gateways were told.

use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use rusqlite::{OptionalExtension, Row};

use super::{Position, Snapshot, StoreError, Tx, to_json_error};

/// What names a pusher.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PusherKey {
    pub(crate) user: OwnedUserId,
    pub(crate) app_id: String,
    pub(crate) pushkey: String,
}

/// A pusher of kind `http`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pusher {
    pub(crate) key: PusherKey,
    /// The device that set it.
    pub(crate) device: OwnedDeviceId,
    pub(crate) app_display_name: String,
    pub(crate) device_display_name: String,
    pub(crate) profile_tag: Option<String>,
    pub(crate) lang: String,
    /// The gateway.
    pub(crate) url: String,
    /// What the gateway is handed besides: a JSON object, without the url.
    pub(crate) data: String,
    pub(crate) set_ms: i64,
    /// Up to where the gateway was told.
    pub(crate) pos: Position,
    /// How much waited when it was told last; `None`: it was told nothing yet.
    pub(crate) badge: Option<i64>,
}

const COLUMNS: &str = "user_id, app_id, pushkey, device_id, app_display_name, device_display_name, profile_tag, lang, url, data, \
     set_ms, pos, badge";

fn read(row: &Row<'_>) -> Result<Pusher, StoreError> {
    Ok(Pusher {
        key: PusherKey {
            user: UserId::parse(row.get::<_, String>(0)?).map_err(to_json_error("user id"))?,
            app_id: row.get(1)?,
            pushkey: row.get(2)?,
        },
        device: row.get::<_, String>(3)?.into(),
        app_display_name: row.get(4)?,
        device_display_name: row.get(5)?,
        profile_tag: row.get(6)?,
        lang: row.get(7)?,
        url: row.get(8)?,
        data: row.get(9)?,
        set_ms: row.get(10)?,
        pos: row.get(11)?,
        badge: row.get(12)?,
    })
}

impl Snapshot<'_> {
    /// The pushers of `user`, in the order of their names.
    pub(crate) fn pushers(&self, user: &UserId) -> Result<Vec<Pusher>, StoreError> {
        let mut statement = self
            .prepare(&format!("SELECT {COLUMNS} FROM pushers WHERE user_id = $1 ORDER BY app_id, pushkey"))?;
        let mut rows = statement.query([user.as_str()])?;
        let mut pushers = Vec::new();
        while let Some(row) = rows.next()? {
            pushers.push(read(row)?);
        }
        Ok(pushers)
    }

    /// One pusher.
    pub(crate) fn pusher(&self, key: &PusherKey) -> Result<Option<Pusher>, StoreError> {
        self.prepare(&format!(
            "SELECT {COLUMNS} FROM pushers WHERE user_id = $1 AND app_id = $2 AND pushkey = $3"
        ))?
        .query_row((key.user.as_str(), &key.app_id, &key.pushkey), |row| Ok(read(row)))
        .optional()?
        .transpose()
    }

    /// Every pusher there is, with when it was set.
    pub(crate) fn all_pushers(&self) -> Result<Vec<(PusherKey, i64)>, StoreError> {
        let mut statement =
            self.prepare("SELECT user_id, app_id, pushkey, set_ms FROM pushers /* every row */")?;
        let mut rows = statement.query(())?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let user = UserId::parse(row.get::<_, String>(0)?).map_err(to_json_error("user id"))?;
            found.push((PusherKey { user, app_id: row.get(1)?, pushkey: row.get(2)? }, row.get(3)?));
        }
        Ok(found)
    }
}

impl Tx<'_> {
    /// Sets a pusher, in place of the one of its name. How far an older one's gateway was told stays.
    pub(crate) fn set_pusher(&mut self, new: &Pusher) -> Result<(), StoreError> {
        self.prepare(
            "INSERT INTO pushers (user_id, app_id, pushkey, device_id, app_display_name, device_display_name, profile_tag, lang,
                                  url, data, set_ms, pos)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (user_id, app_id, pushkey) DO UPDATE
             SET device_id = excluded.device_id, app_display_name = excluded.app_display_name,
                 device_display_name = excluded.device_display_name, profile_tag = excluded.profile_tag, lang = excluded.lang,
                 url = excluded.url, data = excluded.data, set_ms = excluded.set_ms",
        )?
        .execute(rusqlite::params![
            new.key.user.as_str(),
            new.key.app_id,
            new.key.pushkey,
            new.device.as_str(),
            new.app_display_name,
            new.device_display_name,
            new.profile_tag,
            new.lang,
            new.url,
            new.data,
            new.set_ms,
            new.pos,
        ])?;
        Ok(())
    }

    /// Remembers that a pusher's gateway was told up to `pos`, and how much waited then.
    pub(crate) fn pushed_up_to(
        &mut self,
        key: &PusherKey,
        pos: Position,
        badge: Option<i64>,
    ) -> Result<(), StoreError> {
        self.prepare(
            "UPDATE pushers SET pos = $1, badge = $2 WHERE user_id = $3 AND app_id = $4 AND pushkey = $5",
        )?
        .execute((pos, badge, key.user.as_str(), &key.app_id, &key.pushkey))?;
        Ok(())
    }

    /// Removes a pusher, if it is there.
    pub(crate) fn remove_pusher(&mut self, key: &PusherKey) -> Result<(), StoreError> {
        self.prepare("DELETE FROM pushers WHERE user_id = $1 AND app_id = $2 AND pushkey = $3")?
            .execute((key.user.as_str(), &key.app_id, &key.pushkey))?;
        Ok(())
    }

    /// Removes the pushers that would wake the same app on the same device for somebody else.
    pub(crate) fn remove_same_pushers_of_others(&mut self, key: &PusherKey) -> Result<(), StoreError> {
        self.prepare("DELETE FROM pushers WHERE app_id = $1 AND pushkey = $2 AND user_id != $3")?
            .execute((&key.app_id, &key.pushkey, key.user.as_str()))?;
        Ok(())
    }

    /// Removes what a device set. For when its session ends: by signing out, by being deleted, by a change of the password.
    pub(crate) fn remove_pushers_of_device(
        &mut self,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<(), StoreError> {
        self.prepare("DELETE FROM pushers WHERE user_id = $1 AND device_id = $2")?
            .execute((user.as_str(), device.as_str()))?;
        Ok(())
    }

    /// Removes every pusher of `user`.
    pub(crate) fn remove_pushers(&mut self, user: &UserId) -> Result<(), StoreError> {
        self.prepare("DELETE FROM pushers WHERE user_id = $1")?.execute([user.as_str()])?;
        Ok(())
    }
}
