//! One response, one transaction (SY1): everything it says and the token after it are committed together, so a crash at
//! any instruction neither loses nor repeats an event.

use super::body::SyncBody;
use super::{account_data, invited, joined, left};
use crate::store::{Result, Tx};

/// What others have to do about a response, once it is on disk.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    /// Outbox rows whose echo came: they are sent, whatever became of their acknowledgement.
    pub(crate) settled: Vec<i64>,
    /// Rooms whose history has a new hole between two known parts.
    pub(crate) gaps: Vec<String>,
    /// An invitation of an accepted contact waits to be joined.
    pub(crate) invitations: bool,
}

/// Applies a response. `login` must still be the one that asked.
pub(crate) fn apply(tx: &mut Tx<'_>, body: SyncBody, login: &str, first: bool) -> Result<Applied> {
    tx.require_login(login)?;
    tx.quiet = first && !tx.has_rooms()?;
    let mut applied = Applied::default();
    let reassigned = account_data::apply(&body.account_data, tx)?;
    if first {
        let named = body.rooms.join.keys().chain(body.rooms.invite.keys()).map(String::as_str);
        tx.leave_all_but(&named.collect())?;
    }
    for (room_id, room) in body.rooms.join {
        joined::apply(&room_id, room, first, tx, &mut applied)?;
    }
    for (room_id, room) in body.rooms.invite {
        invited::apply(&room_id, &room, tx, &mut applied)?;
    }
    for (room_id, room) in body.rooms.leave {
        left::apply(&room_id, room, tx, &mut applied)?;
    }
    for room_id in reassigned {
        tx.assign(&room_id)?;
    }
    tx.set_sync_token(&body.next_batch)?;
    Ok(applied)
}
