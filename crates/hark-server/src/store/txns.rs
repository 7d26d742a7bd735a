//! Transaction ids: a request repeated by a device has its effect once (spec: "Transaction identifiers").
//!
//! The row is written in the same transaction as the effect. The scope is the device and the path without the transaction id, so
//! that a refresh of the token does not matter and the same id in another room is another request.

use ruma::{DeviceId, UserId};
use rusqlite::OptionalExtension;
use sha2::{Digest, Sha256};

use super::{Snapshot, StoreError, Tx};

/// How long a transaction id is remembered.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// What identifies one request of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TxnKey([u8; 16]);

impl TxnKey {
    /// `scope` is the path of the request without its transaction id, for example `send/!room/m.room.message`.
    pub(crate) fn new(user: &UserId, device: &DeviceId, scope: &[&str], txn: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [user.as_str(), device.as_str()].iter().chain(scope).chain(&[txn]) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finalize()[..16]);
        Self(key)
    }
}

impl Snapshot<'_> {
    /// What the first request with this key answered: an event id for what makes an event, else the empty text.
    pub(crate) fn answered(&self, key: &TxnKey) -> Result<Option<String>, StoreError> {
        Ok(self
            .prepare("SELECT answer FROM txns WHERE key = $1")?
            .query_row([&key.0[..]], |row| row.get(0))
            .optional()?)
    }
}

impl Tx<'_> {
    /// Remembers the answer to a request, to be given again to its repetitions.
    pub(crate) fn remember_answer(
        &mut self,
        key: &TxnKey,
        answer: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.prepare("INSERT INTO txns (key, answer, ts) VALUES ($1, $2, $3)")?.execute((
            &key.0[..],
            answer,
            now_ms,
        ))?;
        Ok(())
    }

    /// Runs `effect` unless this request was already answered; then `None`.
    pub(crate) fn once<T, E: From<StoreError>>(
        &mut self,
        key: &TxnKey,
        now_ms: i64,
        effect: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        if self.answered(key)?.is_some() {
            return Ok(None);
        }
        let done = effect(self)?;
        self.remember_answer(key, "", now_ms)?;
        Ok(Some(done))
    }

    /// Forgets what is older than a day. Returns how many rows went.
    pub(crate) fn forget_old_txns(&mut self, now_ms: i64) -> Result<usize, StoreError> {
        Ok(self.prepare("DELETE FROM txns /* every row */ WHERE ts < $1")?.execute([now_ms - KEPT_MS])?)
    }
}
