//! The whole answer. Written by hand, because clients insist on members that are empty and ruma's types leave those out.

use std::collections::BTreeSet;

use ruma::{OwnedUserId, UserId, presence::PresenceState};

use super::{
    Sync, Token, Window,
    changes::{Change, Listed, changes, invitations},
    device_keys,
    device_lists::{self, DeviceLists},
    lazy::SentMember,
    presence,
    request::Wanted,
    room::{self, Scope, account_data_event},
    sections::{Section, Sections},
};
use crate::{
    filter,
    gate::Ignored,
    http::{ApiError, Session},
    invites,
    json::{Object, text},
    store::{Position, RoomNid, Snapshot, StoreError, to_device::ToDevice},
    unread::Counter,
};

/// To-device messages of one answer.
const MAX_TO_DEVICE: usize = 100;

/// An answer is written in pieces of this many bytes, or of one room if that is larger: what is given away needs no memory any more.
pub(super) const PIECE: usize = 128 * 1024;

/// An answer under way. The window is fixed when it is begun; each piece may be read from a newer snapshot, for what is newer than
/// the window is told again in the next answer.
pub(super) struct Draft {
    window: Window,
    ticks: (u32, u64),
    /// Rooms whose typing list changed.
    typing: Vec<RoomNid>,
    /// What is yet to be written, the next last.
    left: Vec<Change>,
    sections: Sections,
    /// Who may have come into view: members of rooms that are new to the client, new members of those it knows.
    newcomers: BTreeSet<OwnedUserId>,
    device_lists: DeviceLists,
    /// What is written.
    pub(super) body: String,
    /// Members written with it because of lazy loading.
    pub(super) members: Vec<SentMember>,
}

impl Draft {
    /// Where the answer ends in the log.
    pub(super) fn end(&self) -> Position {
        self.window.to
    }
}

/// What an answer was, once it is written to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// Nothing in it is news.
    pub(super) is_empty: bool,
    /// It brings messages that the device has yet to acknowledge.
    pub(super) has_to_device: bool,
}

/// Finds what is to be told.
pub(super) fn begin(
    sync: &Sync,
    snapshot: &Snapshot<'_>,
    session: &Session,
    wanted: &Wanted,
) -> Result<Draft, ApiError> {
    let window = Window { from: wanted.since.as_ref().map(|since| since.pos), to: snapshot.position()? };
    let draft = Draft {
        window,
        // The counter first: what changes while the answer is built is told in the next one.
        ticks: sync.ticks.now(),
        typing: sync.typing.changed_since(wanted.since.as_ref().and_then(|since| since.ticks)),
        left: Vec::new(),
        sections: Sections::default(),
        newcomers: BTreeSet::new(),
        device_lists: DeviceLists::default(),
        body: String::from(r#"{"rooms":"#),
        members: Vec::new(),
    };
    let scope = scope(sync, snapshot, session, wanted, &draft)?;
    let candidates = candidates(&scope)?;
    let device_lists = device_lists(&scope, candidates.as_deref())?;
    let left = concerned(&scope, candidates)?;
    drop(scope);
    Ok(Draft { left, device_lists, ..draft })
}

/// Writes the next piece. Returns what the answer was if that was the last one.
pub(super) fn go_on(
    sync: &Sync,
    snapshot: &Snapshot<'_>,
    session: &Session,
    wanted: &Wanted,
    draft: &mut Draft,
) -> Result<Option<Written>, ApiError> {
    let scope = scope(sync, snapshot, session, wanted, draft)?;
    while let Some(change) = draft.left.pop() {
        // One damaged room must not keep a user from all the others.
        match add_room(&scope, &change, draft) {
            Err(error) if error.is_of_one_place() => {
                let room = change.membership().room;
                tracing::error!(?room, %error, "a room is left out of a sync");
            }
            other => other?,
        }
        if draft.body.len() >= PIECE && !draft.left.is_empty() {
            return Ok(None);
        }
    }
    let has_rooms = std::mem::take(&mut draft.sections).close(&mut draft.body);
    finish(&scope, draft, has_rooms).map(Some)
}

fn scope<'a>(
    sync: &'a Sync,
    snapshot: &'a Snapshot<'a>,
    session: &'a Session,
    wanted: &'a Wanted,
    draft: &Draft,
) -> Result<Scope<'a>, ApiError> {
    let ignored = Ignored::load(snapshot, &session.user_id)?;
    let from = draft.window.from.unwrap_or(Position::START);
    Ok(Scope {
        sync,
        snapshot,
        session,
        wanted,
        window: draft.window,
        counter: Counter::new(snapshot, &session.user_id, ignored.clone())?.remembering(&sync.told),
        ignored,
        account_data: snapshot.account_data_since(&session.user_id, from, draft.window.to)?,
        form: filter::form(&wanted.filter),
        typing: draft.typing.clone(),
    })
}

/// Writes all that does not belong to a room.
fn finish(scope: &Scope<'_>, draft: &mut Draft, has_rooms: bool) -> Result<Written, ApiError> {
    let presence = presence(scope, &draft.newcomers)?;
    let account_data = account_data(scope);
    let (to_device, cut_at) = to_device(scope)?;

    let end = Token::at(scope.sync.store.epoch(), draft.window.to);
    let next = Token { to_device: cut_at, ticks: Some(draft.ticks), ..end };
    let has_to_device = !to_device.is_empty();
    let is_empty = !has_rooms
        && account_data.is_empty()
        && !has_to_device
        && presence.is_empty()
        && draft.device_lists.is_empty()
        && !device_keys::were_claimed(scope)?;
    let mut out = Object::go_on(&mut draft.body);
    out.text("next_batch", &next.to_string());
    out.object("account_data").array("events", account_data);
    out.object("to_device").array("events", to_device);
    out.object("presence").array("events", presence);
    if draft.window.from.is_some() {
        let ids =
            |users: &BTreeSet<OwnedUserId>| users.iter().map(|user| text(user.as_str())).collect::<Vec<_>>();
        out.object("device_lists")
            .array("changed", ids(&draft.device_lists.changed))
            .array("left", ids(&draft.device_lists.left));
    }
    device_keys::write(scope, &mut out)?;
    drop(out);
    Ok(Written { is_empty, has_to_device })
}

/// The rooms that are to be told of, the first last.
fn concerned(scope: &Scope<'_>, candidates: Option<Vec<RoomNid>>) -> Result<Vec<Change>, ApiError> {
    let filter = &scope.wanted.filter.room;
    let listed = Listed { left: filter.include_leave, standing: scope.wanted.full_state };
    let mut found = changes(scope.snapshot, scope.user(), scope.window, candidates, listed)?;
    if scope.has_changed(Ignored::TYPE) {
        // An invitation that was hidden may not be any more.
        found.retain(|change| !matches!(change, Change::Invited(_)));
        found.extend(invitations(scope.snapshot, scope.user())?);
    }
    found.sort_by_key(section);
    found.reverse();
    Ok(found)
}

fn section(change: &Change) -> Section {
    match change {
        Change::Joined { .. } => Section::Join,
        Change::Invited(_) => Section::Invite,
        Change::Knocked(_) => Section::Knock,
        Change::Left { .. } => Section::Leave,
    }
}

/// Whether the user wants to hear of an invitation.
fn is_wanted(scope: &Scope<'_>, inviter: &UserId) -> Result<bool, StoreError> {
    let ignored = scope.ignored.contains(inviter);
    Ok(!ignored && invites::verdict(scope.snapshot, scope.user(), inviter)? == invites::Verdict::Allow)
}

fn add_room(scope: &Scope<'_>, change: &Change, draft: &mut Draft) -> Result<(), StoreError> {
    let Some(room) = scope.snapshot.room(change.membership().room)? else { return Ok(()) };
    if !filter::wants_room(&scope.wanted.filter.room, &room.id) {
        return Ok(());
    }
    let body = match change {
        Change::Joined { since, .. } => room::joined(scope, &room, *since)?,
        Change::Left { since, membership } => Some(room::left(scope, &room, *since, membership)?),
        Change::Invited(membership) if !is_wanted(scope, &membership.sender)? => None,
        Change::Invited(membership) => Some(room::asked(scope, membership, "invite_state")?),
        Change::Knocked(membership) => Some(room::asked(scope, membership, "knock_state")?),
    };
    if let Some(body) = body {
        draft.sections.room(&mut draft.body, section(change), room.id.as_str(), &body.json);
        draft.members.extend(body.members);
        draft.newcomers.extend(body.newcomers);
    }
    Ok(())
}

/// The presence of the user themselves and of those who share a room with them: what changed, and what they have not heard yet.
fn presence(scope: &Scope<'_>, newcomers: &BTreeSet<OwnedUserId>) -> Result<Vec<String>, StoreError> {
    let known = &scope.sync.presence;
    let changed = known.changed_since(scope.wanted.since.as_ref().and_then(|since| since.ticks));
    let mut told = BTreeSet::new();
    for user in changed {
        if user == scope.user() || scope.snapshot.share_a_room(scope.user(), &user)? {
            told.insert(user);
        }
    }
    for user in newcomers {
        if known.of(user).is_some_and(|shown| shown.state != PresenceState::Offline) {
            told.insert(user.clone());
        }
    }
    told.retain(|user| {
        filter::wants_presence(&scope.wanted.filter.presence, user) && !scope.ignored.contains(user)
    });
    Ok(told.iter().filter_map(|user| Some(presence::event(user, &known.of(user)?))).collect())
}

/// Whose devices to ask about anew. A first sync is told nothing of it: its client asks about everybody anyhow.
fn device_lists(scope: &Scope<'_>, candidates: Option<&[RoomNid]>) -> Result<DeviceLists, StoreError> {
    match (scope.window.from, candidates) {
        (Some(from), Some(rooms)) => {
            device_lists::between(scope.snapshot, scope.user(), from, scope.window.to, rooms)
        }
        _ => Ok(DeviceLists::default()),
    }
}

/// The rooms in which anything may have happened, from memory where it is known there.
fn candidates(scope: &Scope<'_>) -> Result<Option<Vec<RoomNid>>, ApiError> {
    let Some(from) = scope.window.from else { return Ok(None) };
    let known = scope.sync.wakes.rooms_changed(scope.user(), from, scope.window.to);
    let mut rooms = match known {
        Some(rooms) => rooms,
        None => scope.snapshot.rooms_changed(from, scope.window.to)?,
    };
    rooms.extend(&scope.typing);
    for room_id in scope.snapshot.rooms_with_account_data_since(scope.user(), from, scope.window.to)? {
        rooms.extend(scope.snapshot.room_nid(&room_id)?);
    }
    if scope.wanted.full_state || scope.counts_otherwise() {
        rooms.extend(scope.snapshot.rooms_of(scope.user())?.iter().map(|membership| membership.room));
    }
    let mut seen = std::collections::HashSet::new();
    rooms.retain(|room| seen.insert(*room));
    Ok(Some(rooms))
}

fn account_data(scope: &Scope<'_>) -> Vec<String> {
    let wanted = &scope.wanted.filter.account_data;
    let changed = scope.account_data.iter().filter(|data| filter::wants_global(wanted, &data.kind));
    changed.map(|data| account_data_event(&data.kind, data.content.get())).collect()
}

/// The messages that wait for the device, and where they were cut if there are more.
fn to_device(scope: &Scope<'_>) -> Result<(Vec<String>, Option<Position>), ApiError> {
    let since = scope.wanted.since.as_ref();
    let after = since.map_or(Position::START, |since| since.to_device.unwrap_or(since.pos));
    let waiting = scope.snapshot.to_device_after(
        scope.user(),
        &scope.session.device_id,
        after,
        scope.window.to,
        MAX_TO_DEVICE,
    )?;
    let cut_at = waiting.last().filter(|_| waiting.len() == MAX_TO_DEVICE).map(|last| last.pos);
    Ok((waiting.iter().map(to_device_event).collect(), cut_at))
}

/// A message from device to device, as its receiver sees it.
pub(crate) fn to_device_event(message: &ToDevice) -> String {
    let mut json = String::new();
    Object::new(&mut json)
        .raw("content", message.content.get())
        .text("sender", message.sender.as_str())
        .text("type", &message.kind);
    json
}
