//! The state that goes with a timeline.
//!
//! A client that applies `state`, then the timeline, must have the room's state. So `state` is what the state before the timeline
//! has that the client does not know, and whatever changed inside the timeline's range but is not in it (a filter dropped it).

use std::collections::HashSet;

use ruma::{OwnedUserId, UserId};

use super::{lazy::SentMember, request::StateMember, room::Scope};
use crate::{
    filter,
    gate::{Viewer, Visible},
    store::{Members, Position, Room, StoreError, StoredEvent},
};

/// The state for an answer.
pub(super) struct State {
    pub(super) events: Vec<Visible>,
    /// Members given because of lazy loading.
    pub(super) members: Vec<SentMember>,
}

/// `since`: what the client knows; `None`: nothing, or everything is asked for. `start`: the position before the timeline,
/// `end`: its end.
pub(super) fn state(
    scope: &Scope<'_>,
    viewer: &Viewer<'_>,
    room: &Room,
    since: Option<Position>,
    (start, end): (Position, Position),
    timeline: &[Visible],
    heroes: &[OwnedUserId],
) -> Result<State, StoreError> {
    let snapshot = viewer.snapshot();
    let lazy = filter::lazy_members(&scope.filter().room.state);
    let at = if scope.state_member() == StateMember::Before { start } else { end };
    let members = if lazy.is_some() { Members::None } else { Members::All };
    let mut found = match since {
        Some(since) => snapshot.state_changed(room.nid, since, at)?,
        None => snapshot.state_at(room.nid, at, members)?,
    };
    if at < end {
        add_missing(&mut found, snapshot.state_changed(room.nid, start, end)?, timeline);
    }
    let mut given = Vec::new();
    if let Some(repeat_known) = lazy {
        let mut needed: Vec<OwnedUserId> = Vec::new();
        if since.is_none() {
            needed.push(scope.user().to_owned());
        }
        needed.extend(heroes.iter().cloned());
        needed.extend(timeline.iter().flat_map(people));
        let mut seen = HashSet::new();
        needed.retain(|user| seen.insert(user.clone()));
        if !repeat_known && since.is_some() {
            needed = scope.members_unknown(room.nid, needed);
        }
        for user in needed {
            let has = found.iter().any(|event| event.is_member_of(&user));
            if !has && let Some(event) = snapshot.state_event(room.nid, "m.room.member", user.as_str(), at)? {
                found.push(event);
            }
            given.push((room.nid, user));
        }
        let changed = found.iter().filter(|event| event.kind == "m.room.member");
        let changed = changed.filter_map(|event| UserId::parse(event.state_key.as_deref()?).ok());
        given.extend(changed.map(|user| (room.nid, user)));
        // In the timeline themselves: no need to give them twice.
        if at < end {
            found.retain(|event| !timeline.iter().any(|shown| shown.event().pos == event.pos));
        }
    }
    let wanted = &scope.filter().room.state;
    let events = found.into_iter().filter_map(|event| viewer.see_state(event));
    Ok(State {
        events: events.filter(|event| filter::wants(wanted, &room.id, event)).collect(),
        members: given,
    })
}

/// Adds what changed after the start but is not in the timeline, in place of what it replaced.
fn add_missing(found: &mut Vec<StoredEvent>, changed: Vec<StoredEvent>, timeline: &[Visible]) {
    let shown: HashSet<Position> = timeline.iter().map(|visible| visible.event().pos).collect();
    for event in changed.into_iter().filter(|event| !shown.contains(&event.pos)) {
        found.retain(|known| !(known.kind == event.kind && known.state_key == event.state_key));
        found.push(event);
    }
}

/// Whose names a client needs to show an event: its author, and the member it is about.
fn people(visible: &Visible) -> impl Iterator<Item = OwnedUserId> {
    let event = visible.event();
    let target = event.state_key.as_deref().filter(|_| event.kind == "m.room.member");
    let target = target.and_then(|target| UserId::parse(target).ok());
    [Some(event.sender.clone()), target].into_iter().flatten()
}
