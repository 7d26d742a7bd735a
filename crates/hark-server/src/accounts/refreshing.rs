//! Tokens that live for a while and are then got anew with a refresh token (spec: "Refreshing access tokens").
//!
//! Each refresh makes a new pair. The refresh token it was made with stays good until the new pair is used for the first time, so
//! that a client whose answer was lost asks again; from then on it is worth nothing. Repeated, a refresh makes another pair in
//! place of the one that nobody used.

use std::time::Duration;

use super::{Accounts, Token, token};
use crate::{clock, http::ApiError, store::tokens::NewToken};

/// What a device holds. Shown once.
#[derive(Debug)]
pub(crate) struct Tokens {
    /// For every request.
    pub(crate) access: Token,
    /// For another pair, with how long `access` lives.
    pub(crate) refresh: Option<(Token, Duration)>,
}

impl Tokens {
    /// Puts them into the answer of whatever gave them out.
    pub(crate) fn reveal_in(self, answer: &mut serde_json::Value) {
        answer["access_token"] = self.access.reveal().into();
        if let Some((refresh, lifetime)) = self.refresh {
            answer["refresh_token"] = refresh.reveal().into();
            answer["expires_in_ms"] = (lifetime.as_millis() as u64).into();
        }
    }
}

impl Accounts {
    /// New tokens, and what is stored of them.
    pub(super) fn make_tokens(&self, refreshes: bool) -> (Tokens, NewToken) {
        let access = Token::generate();
        let refresh = refreshes.then(|| (Token::generate_refresh(), self.token_lifetime));
        let expires_ms =
            refreshes.then(|| clock::now_ms().saturating_add(self.token_lifetime.as_millis() as i64));
        let stored = NewToken {
            access: access.hash(),
            refresh: refresh.as_ref().map(|(refresh, _)| refresh.hash()),
            expires_ms,
            follows: None,
        };
        (Tokens { access, refresh }, stored)
    }

    /// A new pair for the one whose refresh token this is.
    pub(crate) async fn refresh(&self, refresh: &str) -> Result<Tokens, ApiError> {
        let hash = token::hash(refresh);
        let (tokens, stored) = self.make_tokens(true);
        self.store
            .write::<_, ApiError, _>(move |tx| {
                let held = tx.refreshed_by(&hash)?.ok_or_else(ApiError::unknown_token)?;
                if tx.account(&held.user_id)?.is_some_and(|account| account.locked) {
                    return Err(ApiError::locked());
                }
                tx.token_used(&held.access, clock::now_ms())?;
                tx.remove_unused_after(&held)?;
                let stored = NewToken { follows: Some(held.access), ..stored };
                Ok(tx.add_token(&held.user_id, &held.device_id, &stored)?)
            })
            .await?;
        Ok(tokens)
    }
}
