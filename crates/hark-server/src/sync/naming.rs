//! What happened to a room's name, its alias and its members, which together say what a client calls it.

use std::collections::BTreeMap;

use ruma::{OwnedUserId, events::room::member::MembershipState};

use super::room::Scope;
use crate::store::{Membership, Position, Room, Snapshot, StoreError};

/// What happened to that which names a room.
pub(super) enum Naming {
    /// Nothing.
    Same,
    /// Members are called something else: other heroes may come first, but that alone is no news.
    Profiles,
    /// The room has another name or alias, or these came and went, in the order they did.
    News(Vec<Membership>),
}

impl Naming {
    /// What happened in `from < pos <= to`.
    pub(super) fn between(
        snapshot: &Snapshot<'_>,
        room: &Room,
        from: Position,
        to: Position,
    ) -> Result<Self, StoreError> {
        let changed = snapshot.naming_changed(room.nid, from, to)?;
        if changed.is_empty() {
            return Ok(Self::Same);
        }
        let of_members = |kind: &String| kind == "m.room.member";
        let moves =
            if changed.iter().any(of_members) { snapshot.moves(room.nid, from, to)? } else { Vec::new() };
        Ok(if moves.is_empty() && changed.iter().all(of_members) {
            Self::Profiles
        } else {
            Self::News(moves)
        })
    }

    /// For a client to whom the room is new. A first sync is told of everybody who is there anyhow, and needs no list of them.
    pub(super) fn anew(scope: &Scope<'_>, room: &Room) -> Result<Self, StoreError> {
        let (from, to) = (Position::START, scope.window.to);
        let first = scope.window.from.is_none();
        Ok(Self::News(if first { Vec::new() } else { scope.snapshot.moves(room.nid, from, to)? }))
    }

    /// True if the room is to be told of because of it.
    pub(super) fn is_news(&self) -> bool {
        matches!(self, Self::News(_))
    }

    /// Those who came and are there still.
    pub(super) fn newcomers(self) -> Vec<OwnedUserId> {
        let Self::News(moves) = self else { return Vec::new() };
        let last: BTreeMap<_, _> = moves.into_iter().map(|moved| (moved.user, moved.state)).collect();
        last.into_iter().filter(|(_, state)| *state == MembershipState::Join).map(|(user, _)| user).collect()
    }
}
