//! A bounded memory of whose the tokens are, so that a request usually needs no database to know who asks, and of when and from
//! where each device asked last.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ruma::{OwnedUserId, UserId};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::{
    http::Session,
    store::{
        devices::Device,
        tokens::{Bearer, TokenHash},
    },
};

/// Sessions kept in memory; when it is full it starts anew.
const KEPT: usize = 100_000;
/// Ended sessions that a slow listener may still be told of.
const ENDED_KEPT: usize = 256;
/// How far the database may be behind with when a device asked last, ms.
const SEEN_BEHIND_MS: i64 = 10 * 60 * 1000;

/// When and from where a device asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) at_ms: i64,
    pub(crate) from: IpAddr,
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
    by_token: HashMap<TokenHash, Entry>,
    /// Counts revocations. What was read from the database before one is not remembered after it.
    revocations: u64,
    /// When the last was, ms.
    revoked_ms: i64,
}

struct Entry {
    bearer: Bearer,
    seen: Seen,
    /// What the database knows of `seen`.
    stored_ms: i64,
}

/// What was signed out.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    /// The tokens of one device.
    Device(Session),
    /// Every token of a user.
    User(OwnedUserId),
}

impl Ended {
    fn concerns(&self, user: &UserId, device: &ruma::DeviceId) -> bool {
        match self {
            Self::Device(ended) => ended.user_id == user && ended.device_id == device,
            Self::User(ended) => ended == user,
        }
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self { known: Mutex::default(), ended: broadcast::Sender::new(ENDED_KEPT) }
    }
}

impl Sessions {
    /// What a token stands for, if it is remembered. True when the database should be told that its device was seen.
    pub(super) fn get(&self, hash: &TokenHash, seen: Seen) -> Option<(Bearer, bool)> {
        let mut known = self.lock();
        let entry = known.by_token.get_mut(hash)?;
        entry.seen = seen;
        let behind = seen.at_ms - entry.stored_ms > SEEN_BEHIND_MS;
        if behind {
            entry.stored_ms = seen.at_ms;
        }
        Some((entry.bearer.clone(), behind))
    }

    /// To be taken before reading the database, and handed to [`remember`](Self::remember).
    pub(super) fn revocations(&self) -> u64 {
        self.lock().revocations
    }

    /// Whether anything was revoked in the last two seconds.
    pub(super) fn revoked_lately(&self, now_ms: i64) -> bool {
        now_ms - self.lock().revoked_ms < 2_000
    }

    /// Remembers what was read, unless something was revoked in between.
    pub(super) fn remember(&self, revocations: u64, hash: TokenHash, bearer: Bearer, seen: Seen) {
        let mut known = self.lock();
        if known.revocations == revocations {
            if known.by_token.len() >= KEPT {
                known.by_token.clear();
            }
            let stored_ms = bearer.seen_ms;
            known.by_token.insert(hash, Entry { bearer, seen, stored_ms });
        }
    }

    /// Puts what is remembered of the last requests of a user's devices in place of what the database knows.
    pub(super) fn update(&self, user: &UserId, devices: &mut [Device]) {
        let known = self.lock();
        for entry in known.by_token.values().filter(|entry| entry.bearer.user_id == user) {
            let device = devices.iter_mut().find(|device| device.id == entry.bearer.device_id);
            if let Some(device) = device.filter(|device| device.last_seen_ms <= entry.seen.at_ms) {
                device.last_seen_ms = entry.seen.at_ms;
                device.last_seen_ip = entry.seen.from.to_string();
            }
        }
    }

    /// Says, before it is committed, that something is about to be revoked: whoever answers from now on makes sure once more
    /// that their session is one still.
    pub(super) fn about_to_revoke(&self, now_ms: i64) {
        let mut known = self.lock();
        known.revocations += 1;
        known.revoked_ms = now_ms;
    }

    /// Forgets sessions. Called after the database forgot them.
    pub(super) fn revoke(&self, ended: Ended, now_ms: i64) {
        let mut known = self.lock();
        known.by_token.retain(|_, entry| !ended.concerns(&entry.bearer.user_id, &entry.bearer.device_id));
        known.revocations += 1;
        known.revoked_ms = now_ms;
        drop(known);
        // Nobody listening is fine: then no session is being served.
        let _listeners = self.ended.send(ended);
    }

    /// Reads a user's sessions from the database again when they ask next. They go on.
    pub(super) fn forget(&self, user: &UserId) {
        let mut known = self.lock();
        known.by_token.retain(|_, entry| entry.bearer.user_id != user);
        known.revocations += 1;
    }

    /// Resolves when `session` ends after this call; `None` when so many ended that it cannot be said whether it was among them.
    pub(super) fn end_of(&self, session: Session) -> impl Future<Output = Option<()>> + Send + use<> {
        let mut ended = self.ended.subscribe();
        async move {
            loop {
                match ended.recv().await {
                    Ok(ended) if ended.concerns(&session.user_id, &session.device_id) => return Some(()),
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

    use super::{Ended, Seen, Sessions};
    use crate::{
        accounts::Token,
        http::Session,
        store::{devices::Device, tokens::Bearer},
    };

    fn bearer() -> Bearer {
        Bearer {
            user_id: owned_user_id!("@a:x.org"),
            device_id: "D".into(),
            expires_ms: None,
            is_unused: false,
            suspended: false,
            locked: false,
            seen_ms: 0,
        }
    }

    fn seen(at_ms: i64) -> Seen {
        Seen { at_ms, from: [127, 0, 0, 1].into() }
    }

    #[test]
    fn what_was_read_before_a_revocation_is_not_remembered_after_it() {
        let sessions = Sessions::default();
        let hash = Token::generate().hash();
        let before = sessions.revocations();
        sessions.revoke(Ended::User(owned_user_id!("@b:x.org")), 0);
        sessions.remember(before, hash, bearer(), seen(0));
        assert_eq!(sessions.get(&hash, seen(0)), None);
        sessions.remember(sessions.revocations(), hash, bearer(), seen(0));
        assert_eq!(sessions.get(&hash, seen(0)), Some((bearer(), false)));
        let session = Session { user_id: bearer().user_id, device_id: bearer().device_id };
        sessions.revoke(Ended::Device(session), 0);
        assert_eq!(sessions.get(&hash, seen(0)), None);
    }

    #[test]
    fn the_database_is_told_now_and_then_and_the_list_of_devices_always() {
        let sessions = Sessions::default();
        let hash = Token::generate().hash();
        let start = 1_000_000_000;
        sessions.remember(sessions.revocations(), hash, bearer(), seen(start));
        let told: Vec<bool> = [1, 2, 60_000, 601_000, 602_000]
            .map(|ms| sessions.get(&hash, seen(start + ms)).unwrap().1)
            .into();
        assert_eq!(told, [true, false, false, true, false]);
        let mut devices = [Device {
            id: "D".into(),
            display_name: "D".to_owned(),
            last_seen_ms: start,
            last_seen_ip: String::new(),
        }];
        sessions.update(&bearer().user_id, &mut devices);
        assert_eq!(devices[0].last_seen_ms, start + 602_000);
        assert_eq!(devices[0].last_seen_ip, "127.0.0.1");
    }
}
