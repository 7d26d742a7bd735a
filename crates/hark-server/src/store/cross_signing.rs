//! Cross-signing keys, and signatures that were added to devices and master keys later.

use ruma::{OwnedUserId, UserId};
use rusqlite::OptionalExtension;
use serde_json::value::RawValue;

use super::{Snapshot, StoreError, Tx, to_json_error};

/// What a cross-signing key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Usage {
    /// Stands for the user.
    Master,
    /// Signs the user's devices.
    SelfSigning,
    /// Signs the master keys of others; known to its owner alone.
    UserSigning,
}

impl Usage {
    /// As it stands in a key's `usage`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::SelfSigning => "self_signing",
            Self::UserSigning => "user_signing",
        }
    }
}

/// A cross-signing key as it was uploaded.
#[derive(Clone, Debug)]
pub(crate) struct CrossSigningKey {
    /// Unpadded base64; the part of its name behind `ed25519:`.
    pub(crate) public: String,
    /// The signed key.
    pub(crate) json: Box<RawValue>,
}

/// A signature that is not part of the object it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct KeySignature {
    /// Who signed.
    pub(crate) signer: OwnedUserId,
    /// With which key, algorithm included.
    pub(crate) key: String,
    /// Unpadded base64.
    pub(crate) signature: String,
}

impl Snapshot<'_> {
    /// A user's key of one kind.
    pub(crate) fn cross_signing_key(
        &self,
        user: &UserId,
        usage: Usage,
    ) -> Result<Option<CrossSigningKey>, StoreError> {
        let found: Option<(String, String)> = self
            .prepare("SELECT public_key, json FROM cross_signing_keys WHERE user_id = $1 AND usage = $2")?
            .query_row((user.as_str(), usage.as_str()), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        found
            .map(|(public, json)| {
                let json = RawValue::from_string(json).map_err(to_json_error("cross-signing key"))?;
                Ok(CrossSigningKey { public, json })
            })
            .transpose()
    }

    /// The signatures that were added to a device or a master key.
    pub(crate) fn key_signatures(
        &self,
        user: &UserId,
        target: &str,
    ) -> Result<Vec<KeySignature>, StoreError> {
        let mut statement = self.prepare(
            "SELECT signer, signing_key, signature FROM key_signatures WHERE target_user = $1 AND target_key = $2",
        )?;
        let mut rows = statement.query((user.as_str(), target))?;
        let mut signatures = Vec::new();
        while let Some(row) = rows.next()? {
            signatures.push(KeySignature {
                signer: UserId::parse(row.get::<_, String>(0)?).map_err(to_json_error("user id"))?,
                key: row.get(1)?,
                signature: row.get(2)?,
            });
        }
        Ok(signatures)
    }
}

impl Tx<'_> {
    /// Puts a key in the place of the one before, which goes with all it has signed and all that was signed of it. Whether anybody
    /// hears of it is up to the caller.
    pub(crate) fn set_cross_signing_key(
        &mut self,
        user: &UserId,
        usage: Usage,
        key: &CrossSigningKey,
    ) -> Result<(), StoreError> {
        if self.cross_signing_key(user, usage)?.is_some_and(|before| before.public != key.public) {
            self.delete_cross_signing_key(user, usage)?;
        }
        self.prepare(
            "INSERT INTO cross_signing_keys (user_id, usage, public_key, json) VALUES ($1, $2, $3, $4)
             ON CONFLICT (user_id, usage) DO UPDATE SET public_key = excluded.public_key, json = excluded.json",
        )?
        .execute((user.as_str(), usage.as_str(), &key.public, key.json.get()))?;
        Ok(())
    }

    /// Removes a key with all it has signed and all that was signed of it.
    pub(crate) fn delete_cross_signing_key(&mut self, user: &UserId, usage: Usage) -> Result<(), StoreError> {
        let Some(key) = self.cross_signing_key(user, usage)? else { return Ok(()) };
        self.prepare("DELETE FROM cross_signing_keys WHERE user_id = $1 AND usage = $2")?
            .execute((user.as_str(), usage.as_str()))?;
        self.forget_signatures_of(user, &key.public)?;
        self.forget_signatures_by(user, &key.public)
    }

    /// Adds a signature to a device or a master key. False if it is there.
    pub(crate) fn add_key_signature(
        &mut self,
        user: &UserId,
        target: &str,
        added: &KeySignature,
    ) -> Result<bool, StoreError> {
        let changed = self
            .prepare(
                "INSERT INTO key_signatures (target_user, target_key, signer, signing_key, signature)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (target_user, target_key, signer, signing_key) DO UPDATE
                 SET signature = excluded.signature WHERE signature <> excluded.signature",
            )?
            .execute((user.as_str(), target, added.signer.as_str(), &added.key, &added.signature))?;
        Ok(changed == 1)
    }

    /// Forgets what was signed of a device or a master key.
    pub(super) fn forget_signatures_of(&mut self, user: &UserId, target: &str) -> Result<(), StoreError> {
        self.prepare("DELETE FROM key_signatures WHERE target_user = $1 AND target_key = $2")?
            .execute((user.as_str(), target))?;
        Ok(())
    }

    /// Forgets what a device or a cross-signing key has signed.
    pub(super) fn forget_signatures_by(&mut self, user: &UserId, key: &str) -> Result<(), StoreError> {
        self.prepare("DELETE FROM key_signatures WHERE signer = $1 AND signing_key = $2")?
            .execute((user.as_str(), format!("ed25519:{key}")))?;
        Ok(())
    }
}
