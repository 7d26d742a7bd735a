//! Who bears a token: what every request with one begins with.

use std::net::IpAddr;

use super::{Accounts, Seen, Standing, token};
use crate::{
    clock,
    http::{ApiError, Session},
    store::{StoreError, tokens::Bearer},
};

impl Accounts {
    /// Whose token this is, asking from an address for what those of some standing may. A failing database is an error, never
    /// "unknown token".
    pub(crate) async fn session(
        &self,
        token: &str,
        from: IpAddr,
        needed: Standing,
    ) -> Result<Session, ApiError> {
        let seen = Seen { at_ms: clock::now_ms(), from };
        let bearer = self.bearer(token, seen).await?.ok_or_else(ApiError::unknown_token)?;
        if bearer.has_expired(seen.at_ms) {
            return Err(ApiError::expired_token());
        }
        if bearer.locked && needed != Standing::Any {
            return Err(ApiError::locked());
        }
        if bearer.suspended && needed == Standing::Good {
            return Err(ApiError::suspended());
        }
        Ok(Session { user_id: bearer.user_id, device_id: bearer.device_id })
    }

    async fn bearer(&self, token: &str, seen: Seen) -> Result<Option<Bearer>, StoreError> {
        let hash = token::hash(token);
        if let Some((bearer, behind)) = self.sessions.get(&hash, seen) {
            if behind {
                self.note_seen(&bearer, seen);
            }
            return Ok(Some(bearer));
        }
        let revocations = self.sessions.revocations();
        let found = self.store.read::<_, StoreError, _>(move |snap| snap.bearer(&hash)).await?;
        let Some(mut bearer) = found else { return Ok(None) };
        if bearer.is_unused && !bearer.has_expired(seen.at_ms) {
            self.store.write::<_, StoreError, _>(move |tx| tx.token_used(&hash, seen.at_ms)).await?;
            bearer.is_unused = false;
        }
        self.sessions.remember(revocations, hash, bearer.clone(), seen);
        Ok(Some(bearer))
    }

    /// Nobody waits for it, and nothing is lost without it but when a device asked last.
    fn note_seen(&self, bearer: &Bearer, seen: Seen) {
        let (store, user, device) = (self.store.clone(), bearer.user_id.clone(), bearer.device_id.clone());
        tokio::spawn(async move {
            let from = seen.from.to_string();
            let noted = store
                .write::<_, StoreError, _>(move |tx| tx.device_seen(&user, &device, seen.at_ms, &from))
                .await;
            if let Err(error) = noted {
                tracing::debug!(%error, "when a device asked last was not noted");
            }
        });
    }
}
