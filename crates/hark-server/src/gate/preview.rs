//! What of a room those outside it may know: its card and, of a space, which rooms are in it.

use ruma::{UserId, events::room::member::MembershipState};

use super::{Pass, Visible};
use crate::store::{Card, Position, RoomNid, Snapshot, StoreError};

/// A room that somebody may know of, whether they are in it or not.
pub(crate) struct Preview {
    card: Card,
    membership: Option<MembershipState>,
}

impl Preview {
    /// The room, if `user` (or the world, without one) may know of it: they are in it or invited, they may join or ask to, or
    /// everybody may read it (spec: "GET …/hierarchy").
    pub(crate) fn of(
        snapshot: &Snapshot<'_>,
        user: Option<&UserId>,
        room: RoomNid,
    ) -> Result<Option<Self>, StoreError> {
        let Some(card) = snapshot.card(room)? else { return Ok(None) };
        let membership = match user {
            Some(user) => snapshot.membership(user, room)?.map(|membership| membership.state),
            None => None,
        };
        let open = card.world_readable
            || matches!(card.join_rule.as_str(), "public" | "knock" | "knock_restricted")
            || matches!(membership, Some(MembershipState::Join | MembershipState::Invite));
        let may_know = open || user.map_or(Ok(false), |user| is_in_any(snapshot, user, &card))?;
        Ok(may_know.then_some(Self { card, membership }))
    }

    /// What the room shows.
    pub(crate) fn card(&self) -> &Card {
        &self.card
    }

    /// What the user is in the room.
    pub(crate) fn membership(&self) -> MembershipState {
        self.membership.clone().unwrap_or(MembershipState::Leave)
    }

    /// The events at `at` that say which rooms are in this space; none of an ordinary room.
    pub(crate) fn children(&self, snapshot: &Snapshot<'_>, at: Position) -> Result<Vec<Visible>, StoreError> {
        if self.card.kind.as_deref() != Some("m.space") {
            return Ok(Vec::new());
        }
        let events = snapshot.state_of_kind(self.card.nid, "m.space.child", at)?;
        let shown =
            events.into_iter().map(|event| Visible { event, membership: self.membership(), pass: Pass(()) });
        Ok(shown.collect())
    }
}

/// True if the user is in one of the rooms whose members may join.
fn is_in_any(snapshot: &Snapshot<'_>, user: &UserId, card: &Card) -> Result<bool, StoreError> {
    for allowed in &card.allowed_rooms {
        if let Some(nid) = snapshot.room_nid(allowed)?
            && snapshot.membership(user, nid)?.is_some_and(|membership| membership.is_joined())
        {
            return Ok(true);
        }
    }
    Ok(false)
}
