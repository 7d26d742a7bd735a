//! Tokens that let somebody register.

use super::{Snapshot, StoreError, Tx};

impl Snapshot<'_> {
    /// Whether a token could be used now.
    pub(crate) fn registration_token_valid(&self, token: &str) -> Result<bool, StoreError> {
        Ok(self
            .prepare(
                "SELECT 1 FROM registration_tokens WHERE token = $1 AND (uses_left IS NULL OR uses_left > 0)",
            )?
            .exists([token])?)
    }
}

impl Tx<'_> {
    /// Adds a token; `uses` of `None` is without end.
    pub(crate) fn add_registration_token(
        &mut self,
        token: &str,
        uses: Option<u32>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.prepare("INSERT INTO registration_tokens (token, uses_left, created_ms) VALUES ($1, $2, $3)")?
            .execute((token, uses, now_ms))?;
        Ok(())
    }

    /// Takes one use out of a token. False when it has none left or does not exist.
    pub(crate) fn use_registration_token(&mut self, token: &str) -> Result<bool, StoreError> {
        let used = self
            .prepare(
                "UPDATE registration_tokens SET uses_left = uses_left - 1
                 WHERE token = $1 AND (uses_left IS NULL OR uses_left > 0)",
            )?
            .execute([token])?;
        Ok(used == 1)
    }
}
