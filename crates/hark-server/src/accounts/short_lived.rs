//! Tokens that are good for one thing and for a short while. They live in memory: after a restart they are asked for again.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use ruma::{OwnedUserId, UserId};

use super::{Token, token};
use crate::store::tokens::TokenHash;

/// Tokens kept; beyond it the oldest go.
const KEPT: usize = 10_000;

/// Tokens of one kind.
pub(crate) struct ShortLived {
    /// How long each is good for.
    pub(crate) lifetime: Duration,
    /// Held for a few instructions only, never across an await.
    kept: Mutex<HashMap<TokenHash, (OwnedUserId, Instant)>>,
}

impl ShortLived {
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { lifetime, kept: Mutex::default() }
    }

    /// A new token of `user`.
    pub(crate) fn issue(&self, user: OwnedUserId, now: Instant) -> Token {
        let token = Token::generate();
        let mut kept = self.lock();
        if kept.len() >= KEPT {
            kept.retain(|_, (_, issued)| now - *issued < self.lifetime);
        }
        if kept.len() >= KEPT {
            let oldest = kept.iter().min_by_key(|(_, (_, issued))| *issued).map(|(hash, _)| *hash);
            oldest.and_then(|hash| kept.remove(&hash));
        }
        kept.insert(token.hash(), (user, now));
        token
    }

    /// Whose token this is.
    pub(crate) fn owner(&self, token: &str, now: Instant) -> Option<OwnedUserId> {
        let kept = self.lock();
        let (user, issued) = kept.get(&token::hash(token))?;
        (now - *issued < self.lifetime).then(|| user.clone())
    }

    /// Whose token this was: it is good once.
    pub(crate) fn take(&self, token: &str, now: Instant) -> Option<OwnedUserId> {
        let (user, issued) = self.lock().remove(&token::hash(token))?;
        (now - issued < self.lifetime).then_some(user)
    }

    /// Ends every token of `user`.
    pub(super) fn end(&self, user: &UserId) {
        self.lock().retain(|_, (owner, _)| owner != user);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, (OwnedUserId, Instant)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ruma::owned_user_id;

    use super::{KEPT, ShortLived};
    use crate::clock;

    #[test]
    fn a_token_is_good_for_its_time_and_taken_once() {
        let tokens = ShortLived::new(Duration::from_secs(10));
        let (alice, now) = (owned_user_id!("@alice:x.org"), clock::instant());
        let token = tokens.issue(alice.clone(), now).reveal();
        let later = now + Duration::from_secs(9);
        assert_eq!(tokens.owner(&token, later), Some(alice.clone()));
        assert_eq!(tokens.owner(&token, now + Duration::from_secs(10)), None);
        assert_eq!(tokens.take(&token, later), Some(alice.clone()));
        assert_eq!(tokens.take(&token, later), None);
        let token = tokens.issue(alice.clone(), now).reveal();
        tokens.end(&alice);
        assert_eq!(tokens.owner(&token, now), None);
    }

    #[test]
    fn however_many_are_asked_for_the_newest_are_kept() {
        let tokens = ShortLived::new(Duration::from_hours(1));
        let (alice, now) = (owned_user_id!("@alice:x.org"), clock::instant());
        let first = tokens.issue(alice.clone(), now).reveal();
        for n in 1..=KEPT as u64 {
            tokens.issue(alice.clone(), now + Duration::from_micros(n));
        }
        let after = now + Duration::from_secs(1);
        assert_eq!(tokens.owner(&first, after), None);
        let last = tokens.issue(alice.clone(), after).reveal();
        assert_eq!(tokens.owner(&last, after), Some(alice));
        assert!(tokens.lock().len() <= KEPT);
    }
}
