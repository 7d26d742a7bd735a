//! What names a room without a name: counts and heroes.

use ruma::{UserId, events::room::member::MembershipState};

use crate::{
    json::{self, Object},
    store::{Membership, Position, Room, Snapshot, StoreError},
};

/// Heroes named.
const HEROES: usize = 5;

/// A room's summary.
pub(super) struct Summary {
    joined: i64,
    invited: i64,
    /// `None`: the room has a name.
    pub(super) heroes: Option<Vec<Membership>>,
}

impl Summary {
    /// As `me` sees the room at `at`.
    pub(super) fn load(
        snapshot: &Snapshot<'_>,
        room: &Room,
        me: &UserId,
        at: Position,
    ) -> Result<Self, StoreError> {
        Ok(Self { joined: room.joined, invited: room.invited, heroes: heroes(snapshot, room, me, at)? })
    }

    /// As a member of the answer.
    pub(super) fn write(&self, mut out: Object<'_>) {
        if let Some(heroes) = &self.heroes {
            out.array("m.heroes", heroes.iter().map(|hero| json::text(hero.user.as_str())));
        }
        out.number("m.invited_member_count", self.invited).number("m.joined_member_count", self.joined);
    }
}

fn heroes(
    snapshot: &Snapshot<'_>,
    room: &Room,
    me: &UserId,
    at: Position,
) -> Result<Option<Vec<Membership>>, StoreError> {
    let is_named = |kind, member| {
        let text = snapshot.state_text(room.nid, kind, member, at)?;
        Ok::<_, StoreError>(text.is_some_and(|text| !text.is_empty()))
    };
    if is_named("m.room.name", "name")? || is_named("m.room.canonical_alias", "alias")? {
        return Ok(None);
    }
    let here = [MembershipState::Join, MembershipState::Invite];
    let gone = [MembershipState::Leave, MembershipState::Ban];
    let mut heroes = snapshot.some_members(room.nid, at, here, me, HEROES)?;
    if heroes.is_empty() {
        heroes = snapshot.some_members(room.nid, at, gone, me, HEROES)?;
    }
    Ok(Some(heroes))
}
