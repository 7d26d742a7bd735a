//! Which devices have taken all that was left for them, as far as their tokens say.
//!
//! A token that comes back acknowledges the to-device messages before it, and they are deleted. Most polls acknowledge nothing,
//! and must not ask the database to find that out. Bounded, in memory; after a restart each device is asked about once.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use ruma::{OwnedDeviceId, OwnedUserId};

use crate::http::Session;

/// Devices remembered; past it all are asked about again.
const MAX_DEVICES: usize = 10_000;

/// Devices that were given no message they have not acknowledged.
#[derive(Default)]
pub(super) struct Acknowledged(Mutex<HashSet<(OwnedUserId, OwnedDeviceId)>>);

impl Acknowledged {
    /// True if the device's token can acknowledge nothing.
    pub(super) fn has_all(&self, session: &Session) -> bool {
        self.lock().contains(&key(session))
    }

    /// Everything the device was given is acknowledged.
    pub(super) fn settle(&self, session: &Session) {
        let mut devices = self.lock();
        if devices.len() >= MAX_DEVICES {
            devices.clear();
        }
        devices.insert(key(session));
    }

    /// The device is being given messages.
    pub(super) fn give(&self, session: &Session) {
        self.lock().remove(&key(session));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<(OwnedUserId, OwnedDeviceId)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(session: &Session) -> (OwnedUserId, OwnedDeviceId) {
    (session.user_id.clone(), session.device_id.clone())
}
