//! Tokens, and a bounded memory of whose they are, so that a request usually needs no database to know who asks.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ruma::OwnedUserId;
use sha2::{Digest, Sha256};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::{http::Session, random, store::devices::TokenHash};

/// Sessions kept in memory; when it is full it starts anew.
const KEPT: usize = 100_000;
/// Ended sessions that a slow listener may still be told of.
const ENDED_KEPT: usize = 256;

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
    known: Mutex<Known>,
    /// Tells those who serve a session for long that it has ended.
    ended: broadcast::Sender<Ended>,
}

#[derive(Default)]
struct Known {
    by_token: HashMap<TokenHash, Session>,
    /// Counts revocations. What was read from the database before one is not remembered after it.
    revocations: u64,
}

/// What was signed out.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    /// The token of one device.
    Device(Session),
    /// Every token of a user.
    User(OwnedUserId),
}

impl Ended {
    fn concerns(&self, session: &Session) -> bool {
        match self {
            Self::Device(ended) => ended == session,
            Self::User(user) => *user == session.user_id,
        }
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self { known: Mutex::default(), ended: broadcast::Sender::new(ENDED_KEPT) }
    }
}

impl Sessions {
    pub(super) fn get(&self, hash: &TokenHash) -> Option<Session> {
        self.lock().by_token.get(hash).cloned()
    }

    /// To be taken before reading the database, and handed to [`remember`](Self::remember).
    pub(super) fn revocations(&self) -> u64 {
        self.lock().revocations
    }

    /// Remembers what was read, unless something was revoked in between.
    pub(super) fn remember(&self, revocations: u64, hash: TokenHash, session: Session) {
        let mut known = self.lock();
        if known.revocations == revocations {
            if known.by_token.len() >= KEPT {
                known.by_token.clear();
            }
            known.by_token.insert(hash, session);
        }
    }

    /// Forgets sessions. Called after the database forgot them.
    pub(super) fn revoke(&self, ended: Ended) {
        let mut known = self.lock();
        known.by_token.retain(|_, session| !ended.concerns(session));
        known.revocations += 1;
        drop(known);
        // Nobody listening is fine: then no session is being served.
        let _listeners = self.ended.send(ended);
    }

    /// Resolves when `session` ends after this call; `None` when so many ended that it cannot be said whether it was among them.
    pub(super) fn end_of(&self, session: Session) -> impl Future<Output = Option<()>> + Send + use<> {
        let mut ended = self.ended.subscribe();
        async move {
            loop {
                match ended.recv().await {
                    Ok(ended) if ended.concerns(&session) => return Some(()),
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return None,
                    Err(RecvError::Closed) => return std::future::pending().await,
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use ruma::owned_user_id;

    use super::{Ended, Sessions, Token};
    use crate::http::Session;

    #[test]
    fn what_was_read_before_a_revocation_is_not_remembered_after_it() {
        let sessions = Sessions::default();
        let session = Session { user_id: owned_user_id!("@a:x.org"), device_id: "D".into() };
        let hash = Token::generate().hash();
        let before = sessions.revocations();
        sessions.revoke(Ended::User(owned_user_id!("@b:x.org")));
        sessions.remember(before, hash, session.clone());
        assert_eq!(sessions.get(&hash), None);
        sessions.remember(sessions.revocations(), hash, session.clone());
        assert_eq!(sessions.get(&hash), Some(session.clone()));
        sessions.revoke(Ended::Device(session));
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
