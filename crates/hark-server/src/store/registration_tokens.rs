//! Tokens that let somebody register.

use super::{Snapshot, StoreError, Tx};

impl Snapshot<'_> {
    /// Whether a token could be used at `now_ms`.
    pub(crate) fn registration_token_valid(&self, token: &str, now_ms: i64) -> Result<bool, StoreError> {
        Ok(self
            .prepare(
                "SELECT 1 FROM registration_tokens
                 WHERE token = $1 AND (uses_left IS NULL OR uses_left > 0) AND (expires_ms IS NULL OR expires_ms > $2)",
            )?
            .exists((token, now_ms))?)
    }
}

impl Tx<'_> {
    /// Adds a token; `uses` of `None` is without end, `expires_ms` of `None` for ever. False when there is one of that name.
    pub(crate) fn add_registration_token(
        &mut self,
        token: &str,
        uses: Option<u32>,
        expires_ms: Option<i64>,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let added = self
            .prepare(
                "INSERT INTO registration_tokens (token, uses_left, expires_ms, created_ms) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (token) DO NOTHING",
            )?
            .execute((token, uses, expires_ms, now_ms))?;
        Ok(added == 1)
    }

    /// Takes one use out of a token. False when it has none left, has ended or does not exist.
    pub(crate) fn use_registration_token(&mut self, token: &str, now_ms: i64) -> Result<bool, StoreError> {
        let used = self
            .prepare(
                "UPDATE registration_tokens SET uses_left = uses_left - 1
                 WHERE token = $1 AND (uses_left IS NULL OR uses_left > 0) AND (expires_ms IS NULL OR expires_ms > $2)",
            )?
            .execute((token, now_ms))?;
        Ok(used == 1)
    }

    /// Ends a token. False when there is none of that name.
    pub(crate) fn remove_registration_token(&mut self, token: &str) -> Result<bool, StoreError> {
        let removed = self.prepare("DELETE FROM registration_tokens WHERE token = $1")?.execute([token])?;
        Ok(removed == 1)
    }
}
