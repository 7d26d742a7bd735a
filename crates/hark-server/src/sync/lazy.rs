//! Which member events a device was given, so that lazy loading does not repeat them. Bounded, in memory; after a restart they
//! are given again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use ruma::{OwnedDeviceId, OwnedUserId, UserId};

use crate::{
    http::Session,
    store::{Position, RoomNid},
};

/// Devices remembered; past it all start anew.
const MAX_DEVICES: usize = 2_000;
/// Members remembered for one device.
const MAX_MEMBERS: usize = 5_000;

/// A member of a room that a device was told of.
pub(super) type SentMember = (RoomNid, OwnedUserId);

/// For each device: when it was given which members.
#[derive(Default)]
pub(super) struct SentMembers(Mutex<HashMap<(OwnedUserId, OwnedDeviceId), HashMap<SentMember, Position>>>);

impl SentMembers {
    /// Those of `members` the device does not have, given that it has everything up to `since`. An answer that was lost on its
    /// way is asked for again with an older token, and so given again.
    pub(super) fn unknown(
        &self,
        session: &Session,
        since: Option<Position>,
        room: RoomNid,
        members: impl IntoIterator<Item = OwnedUserId>,
    ) -> Vec<OwnedUserId> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = all.get(&(session.user_id.clone(), session.device_id.clone()));
        let is_known = |user: &UserId| {
            let given = sent.and_then(|sent| sent.get(&(room, user.to_owned())));
            matches!((given, since), (Some(given), Some(since)) if *given <= since)
        };
        members.into_iter().filter(|user| !is_known(user)).collect()
    }

    /// The device is being given these members in an answer that ends at `pos`.
    pub(super) fn remember(&self, session: &Session, pos: Position, members: Vec<SentMember>) {
        if members.is_empty() {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() > MAX_DEVICES {
            all.clear();
        }
        let sent = all.entry((session.user_id.clone(), session.device_id.clone())).or_default();
        if sent.len() > MAX_MEMBERS {
            sent.clear();
        }
        sent.extend(members.into_iter().map(|member| (member, pos)));
    }
}
