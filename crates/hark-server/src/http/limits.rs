//! How often one may ask (SE6). One timestamp per asker and kind of request, by the generic cell rate algorithm: no timer, no queue,
//! and a full bucket costs nothing to keep, so it is not kept.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use ruma::OwnedUserId;

use super::ApiError;

/// How many askers are remembered before those with a full bucket are dropped.
const SWEEP_AT: usize = 10_000;

/// What kind of request it is; each kind has its own bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Limit {
    /// Sync, keys, media and history: bounded by other means.
    None,
    /// Messages and state: 10 a second, 100 at once, so that an outbox can flush.
    Messages,
    /// Typing and receipts: as often as messages, but not out of their bucket.
    Signals,
    /// Messages from device to device, and the keys they are written with: 20 a second, 1,000 at once, so that those of a large
    /// room can be reached.
    ToDevice,
    /// Everything else: 100 a minute.
    #[default]
    Ordinary,
    /// Reports: 20 at once, then one every 30 seconds.
    Reports,
    /// Signing in and registering, by address: 30 at once, then one every 2 seconds.
    SignIn,
    /// Wrong passwords, by account: 10 at once, then one every 10 seconds.
    WrongPassword,
}

impl Limit {
    /// How much one request takes, and how much there is.
    fn cost_and_burst(self) -> Option<(Duration, u32)> {
        match self {
            Self::None => None,
            Self::Messages | Self::Signals => Some((Duration::from_millis(100), 100)),
            Self::ToDevice => Some((Duration::from_millis(50), 1000)),
            Self::Ordinary => Some((Duration::from_millis(600), 100)),
            Self::Reports => Some((Duration::from_secs(30), 20)),
            Self::SignIn => Some((Duration::from_secs(2), 30)),
            Self::WrongPassword => Some((Duration::from_secs(10), 10)),
        }
    }
}

/// Whose bucket it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Asker {
    /// A signed-in user, or the account somebody tries to sign in to.
    User(OwnedUserId),
    /// Somebody unknown. An IPv6 network of 64 bits counts as one.
    Address(IpAddr),
}

impl Asker {
    /// The asker behind a peer address.
    pub(crate) fn at(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => Self::Address((v6.to_bits() >> 64 << 64).to_be_bytes().into()),
            v4 @ IpAddr::V4(_) => Self::Address(v4),
        }
    }
}

/// All buckets of the server.
#[derive(Debug)]
pub(crate) struct Limits {
    enabled: bool,
    /// When each bucket will be full again. Held for a few instructions only.
    full_at: Mutex<HashMap<(Limit, Asker), Instant>>,
}

impl Limits {
    /// `enabled: false` lets everything pass.
    pub(crate) fn new(enabled: bool) -> Self {
        Self { enabled, full_at: Mutex::default() }
    }

    /// Takes one request out of the bucket, or says how long to wait.
    pub(crate) fn take(&self, limit: Limit, asker: Asker, now: Instant) -> Result<(), ApiError> {
        let Some((cost, burst)) = limit.cost_and_burst().filter(|_| self.enabled) else {
            return Ok(());
        };
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= SWEEP_AT {
            buckets.retain(|_, full_at| *full_at > now);
        }
        let full_at = buckets.entry((limit, asker)).or_insert(now);
        let after = (*full_at).max(now) + cost;
        let wait = (after - now).saturating_sub(cost * burst);
        if wait.is_zero() {
            *full_at = after;
            Ok(())
        } else {
            Err(ApiError::limit_exceeded(wait))
        }
    }

    /// Whether the bucket has anything left, without taking from it.
    pub(crate) fn check(&self, limit: Limit, asker: &Asker, now: Instant) -> Result<(), ApiError> {
        let Some((cost, burst)) = limit.cost_and_burst().filter(|_| self.enabled) else {
            return Ok(());
        };
        let buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = buckets.get(&(limit, asker.clone())).copied().unwrap_or(now).max(now);
        let wait = (full_at + cost - now).saturating_sub(cost * burst);
        if wait.is_zero() { Ok(()) } else { Err(ApiError::limit_exceeded(wait)) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Asker, Limit, Limits};
    use crate::clock;

    fn alice() -> Asker {
        Asker::User(ruma::user_id!("@alice:x.org").to_owned())
    }

    #[test]
    fn a_hundred_messages_pass_at_once_and_then_ten_a_second() {
        let limits = Limits::new(true);
        let now = clock::instant();
        for _ in 0..100 {
            limits.take(Limit::Messages, alice(), now).unwrap();
        }
        assert_eq!(limits.take(Limit::Messages, alice(), now).unwrap_err().errcode(), "M_LIMIT_EXCEEDED");
        let later = now + Duration::from_secs(1);
        for _ in 0..10 {
            limits.take(Limit::Messages, alice(), later).unwrap();
        }
        assert!(limits.take(Limit::Messages, alice(), later).is_err());
    }

    #[test]
    fn kinds_and_askers_do_not_share_a_bucket() {
        let limits = Limits::new(true);
        let now = clock::instant();
        while limits.take(Limit::Messages, alice(), now).is_ok() {}
        limits.take(Limit::Signals, alice(), now).unwrap();
        limits.take(Limit::Messages, Asker::at([127, 0, 0, 1].into()), now).unwrap();
    }

    #[test]
    fn switched_off_means_off() {
        let limits = Limits::new(false);
        let now = clock::instant();
        for _ in 0..1000 {
            limits.take(Limit::SignIn, alice(), now).unwrap();
        }
    }

    #[test]
    fn looking_takes_nothing() {
        let limits = Limits::new(true);
        let now = clock::instant();
        for _ in 0..1000 {
            limits.check(Limit::WrongPassword, &alice(), now).unwrap();
        }
        for _ in 0..10 {
            limits.take(Limit::WrongPassword, alice(), now).unwrap();
        }
        assert!(limits.check(Limit::WrongPassword, &alice(), now).is_err());
    }

    #[test]
    fn one_ipv6_network_is_one_asker() {
        let one: std::net::IpAddr = "2001:db8:1:2::1".parse().unwrap();
        let other: std::net::IpAddr = "2001:db8:1:2:ffff::9".parse().unwrap();
        assert_eq!(Asker::at(one), Asker::at(other));
        let mapped: std::net::IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        assert_eq!(Asker::at(mapped), Asker::at([10, 0, 0, 1].into()));
    }
}
