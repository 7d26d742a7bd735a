//! The rules of key backups (spec: "Server-side key backups"). What is in them is encrypted by its owner and opaque here, the
//! algorithm included.

use http::StatusCode;
use ruma::UserId;

use crate::{
    http::ApiError,
    store::{
        Snapshot, StoreError, Tx,
        key_backups::{BackedUpKey, Backup, KeysByRoom, Scope},
    },
};

/// Versions one user may have.
const MAX_VERSIONS: i64 = 100;
/// Sessions of one version.
const MAX_SESSIONS: i64 = 100_000;
/// The largest `session_data`, in bytes.
const MAX_SESSION: usize = 16_384;
/// The largest `auth_data`, in bytes.
const MAX_AUTH_DATA: usize = 65_536;
/// The longest name of anything, in bytes.
const MAX_NAME: usize = 255;

/// What was asked of a backup and cannot be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    /// No such version, or no such session.
    #[error("{0}")]
    NotFound(&'static str),
    /// Keys are for another version than the one in use.
    #[error("This is not the backup in use: find out what is before you go on.")]
    WrongVersion {
        /// The version in use.
        current: i64,
    },
    /// The request contradicts what is there.
    #[error("{0}")]
    Contradiction(&'static str),
    /// Over a limit.
    #[error("{0}")]
    TooLarge(&'static str),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<BackupError> for ApiError {
    fn from(error: BackupError) -> Self {
        let sentence = error.to_string();
        match error {
            BackupError::NotFound(_) => Self::not_found(sentence),
            BackupError::WrongVersion { current } => {
                Self::new(StatusCode::FORBIDDEN, "M_WRONG_ROOM_KEYS_VERSION", sentence)
                    .with("current_version", current.to_string().into())
            }
            BackupError::Contradiction(_) => Self::invalid_param(sentence),
            BackupError::TooLarge(_) => Self::too_large(sentence),
            BackupError::Store(error) => error.into(),
        }
    }
}

/// A backup as clients know it.
pub(crate) struct Described {
    pub(crate) backup: Backup,
    /// Its sessions.
    pub(crate) count: i64,
}

/// A version that exists. Numbers that are none name no version.
fn existing(snapshot: &Snapshot<'_>, user: &UserId, version: &str) -> Result<Backup, BackupError> {
    let found = match version.parse() {
        Ok(version) => snapshot.backup(user, version)?,
        Err(_) => None,
    };
    found.ok_or(BackupError::NotFound("There is no such backup."))
}

fn describe(snapshot: &Snapshot<'_>, user: &UserId, backup: Backup) -> Result<Described, BackupError> {
    let count = snapshot.backed_up_count(user, backup.version)?;
    Ok(Described { backup, count })
}

/// The version in use.
pub(crate) fn latest(snapshot: &Snapshot<'_>, user: &UserId) -> Result<Described, BackupError> {
    let latest = snapshot.latest_backup(user)?.ok_or(BackupError::NotFound("There is no backup."))?;
    describe(snapshot, user, latest)
}

/// One version.
pub(crate) fn one(snapshot: &Snapshot<'_>, user: &UserId, version: &str) -> Result<Described, BackupError> {
    describe(snapshot, user, existing(snapshot, user, version)?)
}

/// What a backup says of itself.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Settings {
    algorithm: String,
    auth_data: Box<serde_json::value::RawValue>,
    /// Only in changes, and there only to be sure.
    version: Option<String>,
}

impl Settings {
    fn check(&self) -> Result<(), BackupError> {
        if self.algorithm.len() > MAX_NAME || self.auth_data.get().len() > MAX_AUTH_DATA {
            return Err(BackupError::TooLarge(
                "A backup's algorithm has at most 255 bytes, its auth_data at most 65,536.",
            ));
        }
        Ok(())
    }
}

/// Begins a new version, which is the one in use from now on. Returns its number.
pub(crate) fn create(tx: &mut Tx<'_>, user: &UserId, settings: &Settings) -> Result<i64, BackupError> {
    settings.check()?;
    if tx.backups(user)? >= MAX_VERSIONS {
        return Err(BackupError::TooLarge("There are 100 backups: delete some of the former ones."));
    }
    Ok(tx.create_backup(user, &settings.algorithm, &settings.auth_data)?)
}

/// Changes what a version says of itself. Its keys stay, so the algorithm must.
pub(crate) fn update(
    tx: &mut Tx<'_>,
    user: &UserId,
    version: &str,
    settings: &Settings,
) -> Result<(), BackupError> {
    settings.check()?;
    let backup = existing(tx, user, version)?;
    if settings.version.as_deref().is_some_and(|said| said != version) {
        return Err(BackupError::Contradiction("The version in the body is not the one in the address."));
    }
    if backup.algorithm != settings.algorithm {
        return Err(BackupError::Contradiction("A backup's algorithm cannot change: begin a new backup."));
    }
    Ok(tx.set_backup_auth_data(user, backup.version, &settings.auth_data)?)
}

/// Deletes a version with its keys. One that was deleted before is deleted already.
pub(crate) fn delete(tx: &mut Tx<'_>, user: &UserId, version: &str) -> Result<(), BackupError> {
    match existing(tx, user, version) {
        Err(BackupError::NotFound(_)) if existed(tx, user, version)? => Ok(()),
        found => Ok(tx.delete_backup(user, found?.version)?),
    }
}

/// Whether there is or was a version of this number.
fn existed(snapshot: &Snapshot<'_>, user: &UserId, version: &str) -> Result<bool, BackupError> {
    let last = snapshot.last_backup_version(user)?;
    Ok(version.parse::<i64>().is_ok_and(|version| (1..=last).contains(&version)))
}

/// The sessions of a version, of all rooms or of one.
pub(crate) fn keys(
    snapshot: &Snapshot<'_>,
    user: &UserId,
    version: &str,
    room: Option<&str>,
) -> Result<KeysByRoom, BackupError> {
    let backup = existing(snapshot, user, version)?;
    Ok(snapshot.backed_up_keys(user, backup.version, room)?)
}

/// One session.
pub(crate) fn key(
    snapshot: &Snapshot<'_>,
    user: &UserId,
    version: &str,
    room: &str,
    session: &str,
) -> Result<BackedUpKey, BackupError> {
    let backup = existing(snapshot, user, version)?;
    snapshot
        .backed_up_key(user, backup.version, room, session)?
        .ok_or(BackupError::NotFound("There is no such session in this backup."))
}

/// Adds sessions to the version in use, each where none is there or a worse one.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    user: &UserId,
    version: &str,
    keys: &KeysByRoom,
) -> Result<Described, BackupError> {
    let current = tx.latest_backup(user)?.ok_or(BackupError::NotFound("There is no backup."))?;
    let backup = existing(tx, user, version)?;
    if backup.version != current.version {
        return Err(BackupError::WrongVersion { current: current.version });
    }
    let mut changed = false;
    for (room, sessions) in keys {
        for (session, key) in sessions {
            check_key(room, session, key)?;
            let there = tx.backed_up_key(user, backup.version, room, session)?;
            if there.is_none_or(|there| is_better(key, &there)) {
                tx.put_backed_up_key(user, backup.version, (room, session), key)?;
                changed = true;
            }
        }
    }
    let described = changed_if(tx, user, backup, changed)?;
    if described.count > MAX_SESSIONS {
        return Err(BackupError::TooLarge("A backup has at most 100,000 sessions."));
    }
    Ok(described)
}

fn check_key(room: &str, session: &str, key: &BackedUpKey) -> Result<(), BackupError> {
    if room.len() > MAX_NAME || session.len() > MAX_NAME || key.session_data.get().len() > MAX_SESSION {
        return Err(BackupError::TooLarge("A session has at most 16,384 bytes, and its id at most 255."));
    }
    if key.first_message_index < 0 || key.forwarded_count < 0 {
        return Err(BackupError::Contradiction("The numbers of a session begin at 0."));
    }
    Ok(())
}

/// Which of two copies of a session is worth more: the verified one, then the one that reads more messages, then the one that came
/// more directly.
pub(crate) fn is_better(new: &BackedUpKey, old: &BackedUpKey) -> bool {
    let worth = |key: &BackedUpKey| (!key.is_verified, key.first_message_index, key.forwarded_count);
    worth(new) < worth(old)
}

/// Deletes sessions of a version, be it a former one.
pub(crate) fn delete_keys(
    tx: &mut Tx<'_>,
    user: &UserId,
    version: &str,
    which: &Scope,
) -> Result<Described, BackupError> {
    let backup = existing(tx, user, version)?;
    let deleted = tx.delete_backed_up_keys(user, backup.version, which)?;
    changed_if(tx, user, backup, deleted > 0)
}

/// A version after a change, which others find out about by its etag.
fn changed_if(
    tx: &mut Tx<'_>,
    user: &UserId,
    mut backup: Backup,
    changed: bool,
) -> Result<Described, BackupError> {
    if changed {
        tx.bump_backup_etag(user, backup.version)?;
        backup.etag += 1;
    }
    describe(tx, user, backup)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::{BackedUpKey, is_better};

    fn key() -> impl Strategy<Value = BackedUpKey> {
        (any::<bool>(), 0..4_i64, 0..4_i64).prop_map(|(is_verified, first_message_index, forwarded_count)| {
            let session_data = RawValue::NULL.to_owned();
            BackedUpKey { first_message_index, forwarded_count, is_verified, session_data }
        })
    }

    fn worth(key: &BackedUpKey) -> (bool, i64, i64) {
        (key.is_verified, key.first_message_index, key.forwarded_count)
    }

    proptest! {
        /// However copies of a session arrive, the same one is left: none that arrived is better.
        #[test]
        fn the_best_copy_is_left_in_whatever_order_they_arrive(
            (keys, shuffled) in proptest::collection::vec(key(), 1..12)
                .prop_flat_map(|keys| {
                    let order: Vec<usize> = (0..keys.len()).collect();
                    (Just(keys), Just(order).prop_shuffle())
                })
        ) {
            let left = |order: &mut dyn Iterator<Item = usize>| {
                let mut left: Option<usize> = None;
                for next in order {
                    if left.is_none_or(|left| is_better(&keys[next], &keys[left])) {
                        left = Some(next);
                    }
                }
                left.map(|left| worth(&keys[left]))
            };
            let one = left(&mut (0..keys.len()));
            prop_assert_eq!(one, left(&mut shuffled.iter().copied()));
            let (is_verified, first, _) = one.unwrap();
            prop_assert_eq!(is_verified, keys.iter().any(|key| key.is_verified));
            let rivals = keys.iter().filter(|key| key.is_verified == is_verified);
            prop_assert_eq!(Some(first), rivals.map(|key| key.first_message_index).min());
        }
    }
}
