//! Which rooms concern a user in a window, and how. The one function every kind of sync is rendered from.

use ruma::{UserId, events::room::member::MembershipState};

use super::Window;
use crate::store::{Membership, Position, RoomNid, Snapshot, StoreError};

/// How a room concerns a user.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// They are in it, and may have something new. `since`: what they know of it; `None`: nothing.
    Joined { since: Option<Position>, membership: Membership },
    /// They were invited.
    Invited(Membership),
    /// They ask to be let in.
    Knocked(Membership),
    /// They left it, were shown out, or turned an invitation down.
    Left { since: Option<Position>, membership: Membership },
}

impl Change {
    /// The membership that makes the room concern the user.
    pub(super) fn membership(&self) -> &Membership {
        let (Self::Joined { membership, .. }
        | Self::Left { membership, .. }
        | Self::Invited(membership)
        | Self::Knocked(membership)) = self;
        membership
    }
}

/// What is listed though it is not new.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    /// Rooms the user left (`include_leave`).
    pub(crate) left: bool,
    /// Everything, whenever it began (`full_state`).
    pub(crate) standing: bool,
}

/// The rooms that concern `user` in the window. `candidates`: the rooms where anything may have happened, or `None` to find them.
pub(crate) fn changes(
    snapshot: &Snapshot<'_>,
    user: &UserId,
    window: Window,
    candidates: Option<Vec<RoomNid>>,
    listed: Listed,
) -> Result<Vec<Change>, StoreError> {
    let Some(from) = window.from else { return first(snapshot, user, listed) };
    let candidates = match candidates {
        Some(candidates) => candidates,
        None => snapshot.rooms_changed(from, window.to)?,
    };
    let mut found = Vec::new();
    for room in candidates {
        let history = snapshot.membership_history(user, room)?;
        let change = since(&history, from);
        found.extend(match (change, history.last()) {
            (None, Some(membership)) if listed.standing => standing(membership.clone(), listed),
            (change, _) => change,
        });
    }
    Ok(found)
}

/// The invitations that stand, whenever they were made.
pub(crate) fn invitations(snapshot: &Snapshot<'_>, user: &UserId) -> Result<Vec<Change>, StoreError> {
    let memberships = snapshot.rooms_of(user)?.into_iter();
    Ok(memberships
        .filter(|standing| standing.state == MembershipState::Invite)
        .map(Change::Invited)
        .collect())
}

/// Everything, for somebody who knows nothing yet.
fn first(snapshot: &Snapshot<'_>, user: &UserId, listed: Listed) -> Result<Vec<Change>, StoreError> {
    let memberships = snapshot.rooms_of(user)?.into_iter();
    Ok(memberships.filter_map(|membership| standing(membership, listed)).collect())
}

/// What a membership means to somebody who is told of it whenever it began.
fn standing(membership: Membership, listed: Listed) -> Option<Change> {
    match membership.state {
        MembershipState::Join => Some(Change::Joined { since: None, membership }),
        MembershipState::Invite => Some(Change::Invited(membership)),
        MembershipState::Knock => Some(Change::Knocked(membership)),
        // Who was shown out is told so; a room one left oneself is listed only if asked for.
        MembershipState::Leave | MembershipState::Ban
            if !membership.forgotten && (listed.left || membership.sender != membership.user) =>
        {
            Some(Change::Left { since: None, membership })
        }
        _ => None,
    }
}

/// What a user's history in one room means to somebody who knows it up to `from`.
fn since(history: &[Membership], from: Position) -> Option<Change> {
    let membership = history.last()?.clone();
    let at_from = history.iter().rev().find(|stretch| stretch.from <= from);
    let unbroken = at_from.is_some_and(Membership::is_joined)
        && history.iter().rev().skip(1).filter(|stretch| stretch.from > from).all(Membership::is_joined);
    let since = unbroken.then_some(from);
    let is_new = membership.from > from;
    match membership.state {
        MembershipState::Join => Some(Change::Joined { since, membership }),
        MembershipState::Invite if is_new => Some(Change::Invited(membership)),
        MembershipState::Knock if is_new => Some(Change::Knocked(membership)),
        MembershipState::Leave | MembershipState::Ban if is_new => Some(Change::Left { since, membership }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(states: &[(i64, MembershipState)]) -> Vec<Membership> {
        let end = |index: usize| states.get(index + 1).map_or(Position::FOREVER, |(from, _)| Position(*from));
        let stretch = |(index, (from, state)): (usize, &(i64, MembershipState))| Membership {
            user: ruma::owned_user_id!("@a:x"),
            room: RoomNid(1),
            from: Position(*from),
            to: end(index),
            state: state.clone(),
            sender: ruma::owned_user_id!("@a:x"),
            forgotten: false,
        };
        states.iter().enumerate().map(stretch).collect()
    }

    #[test]
    fn leaving_and_coming_back_inside_the_window_is_joining_anew() {
        use MembershipState::{Join, Leave};
        let there_and_back = history(&[(1, Join), (5, Leave), (7, Join)]);
        assert!(matches!(since(&there_and_back, Position(3)), Some(Change::Joined { since: None, .. })));
        assert!(matches!(since(&there_and_back, Position(6)), Some(Change::Joined { since: None, .. })));
        assert!(matches!(
            since(&there_and_back, Position(7)),
            Some(Change::Joined { since: Some(Position(7)), .. })
        ));
        let renamed = history(&[(1, Join), (5, Join)]);
        assert!(matches!(
            since(&renamed, Position(3)),
            Some(Change::Joined { since: Some(Position(3)), .. })
        ));
    }

    #[test]
    fn a_room_that_was_left_is_told_once() {
        use MembershipState::{Invite, Join, Leave};
        let left = history(&[(1, Join), (5, Leave)]);
        assert!(matches!(since(&left, Position(3)), Some(Change::Left { since: Some(Position(3)), .. })));
        assert!(since(&left, Position(5)).is_none());
        let came_and_went = history(&[(4, Join), (5, Leave)]);
        assert!(matches!(since(&came_and_went, Position(3)), Some(Change::Left { since: None, .. })));
        let refused = history(&[(4, Invite), (5, Leave)]);
        assert!(matches!(since(&refused, Position(4)), Some(Change::Left { since: None, .. })));
    }
}
