//! Tokens, and a bounded memory of whose they are, so that a request usually needs no database to know who asks.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::{http::Session, random, store::devices::TokenHash};

/// Sessions kept in memory; when it is full it starts anew.
const KEPT: usize = 100_000;

/// An access token, made here and seen in full only by its device.
pub(crate) struct Token(String);

impl Token {
    /// A new token: 192 random bits behind a prefix that secret scanners can recognise.
    pub(super) fn generate() -> Self {
        Self(format!("hk_{}", random::url_safe::<24>()))
    }

    /// What is stored of it.
    pub(super) fn hash(&self) -> TokenHash {
        hash(&self.0)
    }

    /// The text that is sent to its device, once.
    pub(crate) fn reveal(self) -> String {
        self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// SHA-256 of a token as it came in.
pub(super) fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

/// Known sessions by token hash.
pub(super) struct Sessions {
    /// Held for a few instructions only, never across an await.
    known: Mutex<HashMap<TokenHash, Session>>,
    /// Counts revocations. What was read from the database before one is not remembered after it.
    revoked: watch::Sender<u64>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { known: Mutex::default(), revoked: watch::Sender::new(0) }
    }
}

impl Sessions {
    pub(super) fn get(&self, hash: &TokenHash) -> Option<Session> {
        self.lock().get(hash).cloned()
    }

    /// To be taken before reading the database, and handed to [`remember`](Self::remember).
    pub(super) fn epoch(&self) -> u64 {
        *self.revoked.borrow()
    }

    /// Remembers what was read, unless something was revoked in between.
    pub(super) fn remember(&self, epoch: u64, hash: TokenHash, session: Session) {
        let mut known = self.lock();
        if self.epoch() == epoch {
            if known.len() >= KEPT {
                known.clear();
            }
            known.insert(hash, session);
        }
    }

    /// Forgets the sessions that `gone` names. Called after the database forgot them.
    pub(super) fn revoke(&self, gone: impl Fn(&Session) -> bool) {
        let mut known = self.lock();
        known.retain(|_, session| !gone(session));
        self.revoked.send_modify(|count| *count += 1);
    }

    pub(super) fn revocations(&self) -> watch::Receiver<u64> {
        self.revoked.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, Session>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use ruma::owned_user_id;

    use super::{Sessions, Token};
    use crate::http::Session;

    #[test]
    fn what_was_read_before_a_revocation_is_not_remembered_after_it() {
        let sessions = Sessions::default();
        let session = Session { user_id: owned_user_id!("@a:x.org"), device_id: "D".into() };
        let hash = Token::generate().hash();
        let epoch = sessions.epoch();
        sessions.revoke(|_| false);
        sessions.remember(epoch, hash, session.clone());
        assert_eq!(sessions.get(&hash), None);
        sessions.remember(sessions.epoch(), hash, session.clone());
        assert_eq!(sessions.get(&hash), Some(session));
        sessions.revoke(|_| true);
        assert_eq!(sessions.get(&hash), None);
    }

    #[test]
    fn a_token_is_long_marked_and_not_printed() {
        let token = Token::generate();
        let shown = format!("{token:?}");
        let text = token.reveal();
        assert!(text.starts_with("hk_") && text.len() == 35, "{}", text.len());
        assert!(!shown.contains(&text));
    }
}
