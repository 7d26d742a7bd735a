//! Whose devices and keys a client must ask about anew, and whose it may forget. The one function behind `device_lists` of /sync and
//! behind /keys/changes.

use std::collections::BTreeSet;

use ruma::{OwnedUserId, UserId, events::room::member::MembershipState};

use crate::store::{Position, RoomNid, Sharing, Snapshot, StoreError};

/// What happened to the devices and keys of others, as one user sees it.
#[derive(Debug, Default)]
pub(crate) struct DeviceLists {
    /// Their devices or keys changed, or they have come into view.
    pub(crate) changed: BTreeSet<OwnedUserId>,
    /// They are in no room with the user any more.
    pub(crate) left: BTreeSet<OwnedUserId>,
}

impl DeviceLists {
    /// Nothing happened.
    pub(crate) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.left.is_empty()
    }
}

/// What happened in `from < pos <= to`, `rooms` being those where anything may have happened. What changed again after `to` is
/// among it: a client that asks too often learns nothing wrong.
pub(crate) fn between(
    snapshot: &Snapshot<'_>,
    me: &UserId,
    from: Position,
    to: Position,
    rooms: &[RoomNid],
) -> Result<DeviceLists, StoreError> {
    let mut lists = DeviceLists::default();
    let changed = snapshot.device_lists_changed(me, from)?;
    lists.changed.extend(changed.for_one);
    for user in changed.of_all {
        // One's own devices are among them, wherever one is.
        if user == me || snapshot.sharing(me, &user, to)? > Sharing::Nothing {
            lists.changed.insert(user);
        }
    }
    let mut moved = BTreeSet::new();
    for room in rooms {
        moved.extend(moved_in(snapshot, me, *room, from, to)?);
    }
    moved.remove(me);
    for user in moved {
        let (before, now) = (snapshot.sharing(me, &user, from)?, snapshot.sharing(me, &user, to)?);
        if now > before {
            lists.changed.insert(user);
        } else if now == Sharing::Nothing && before > now {
            lists.changed.remove(&user);
            lists.left.insert(user);
        }
    }
    Ok(lists)
}

/// Who may have come into view or gone out of it by what happened in a room.
fn moved_in(
    snapshot: &Snapshot<'_>,
    me: &UserId,
    room: RoomNid,
    from: Position,
    to: Position,
) -> Result<Vec<OwnedUserId>, StoreError> {
    let members = snapshot.members_changed(room, from, to)?;
    if members.is_empty() {
        return Ok(members);
    }
    let was_in =
        |at| Ok::<_, StoreError>(snapshot.membership_at(me, room, at)?.is_some_and(|m| m.is_joined()));
    let at = match (was_in(from)?, was_in(to)?) {
        (true, true) => return Ok(members),
        (false, false) => return Ok(Vec::new()),
        (false, true) => to,
        (true, false) => from,
    };
    let all = snapshot.members_at(room, at)?.into_iter();
    let all = all.filter(|member| matches!(member.state, MembershipState::Join | MembershipState::Invite));
    Ok(all.map(|member| member.user).collect())
}
