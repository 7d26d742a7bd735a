//! The whole answer. Written by hand, because clients insist on members that are empty and ruma's types leave those out.

use std::collections::BTreeSet;

use ruma::{OwnedUserId, UserId, presence::PresenceState};

use super::{
    Sync, Token, Window,
    changes::{Change, changes, invitations},
    lazy::SentMember,
    presence,
    request::Wanted,
    room::{self, Scope, account_data_event},
};
use crate::{
    filter,
    gate::Ignored,
    http::{ApiError, Session},
    invites,
    json::Object,
    store::{Position, Room, RoomNid, Snapshot, StoreError},
    unread::Counter,
};

/// To-device messages of one answer.
const MAX_TO_DEVICE: usize = 100;

/// An answer, ready to go.
pub(super) struct Built {
    pub(super) body: String,
    pub(super) next: Token,
    /// Nothing in it is news.
    pub(super) is_empty: bool,
    /// It brings messages that the device has yet to acknowledge.
    pub(super) has_to_device: bool,
    pub(super) members: Vec<SentMember>,
}

/// The rooms of an answer, by section, each `"!room":{…}`.
#[derive(Default)]
struct Rooms {
    join: Vec<(String, String)>,
    invite: Vec<(String, String)>,
    knock: Vec<(String, String)>,
    leave: Vec<(String, String)>,
    /// Who may have come into view: members of rooms that are new to the client, new members of those it knows.
    newcomers: BTreeSet<OwnedUserId>,
}

/// Builds the answer to what is wanted, from one snapshot.
pub(super) fn build(
    sync: &Sync,
    snapshot: &Snapshot<'_>,
    session: &Session,
    wanted: &Wanted,
) -> Result<Built, ApiError> {
    let to = snapshot.position()?;
    let window = Window { from: wanted.since.as_ref().map(|since| since.pos), to };
    // The counter first: what changes while the answer is built is told in the next one.
    let ticks = sync.ticks.now();
    let typing = sync.typing.changed_since(wanted.since.as_ref().and_then(|since| since.ticks));
    let ignored = Ignored::load(snapshot, &session.user_id)?;
    let counter = Counter::new(snapshot, &session.user_id, ignored.clone())?.remembering(&sync.told);
    let from = window.from.unwrap_or(Position::START);
    let changed = snapshot.account_data_since(&session.user_id, from, to)?;
    let scope = Scope {
        sync,
        snapshot,
        session,
        wanted,
        window,
        ignored,
        counter,
        account_data: changed,
        form: filter::form(&wanted.filter),
        typing,
    };
    let mut members = Vec::new();
    let rooms = rooms(&scope, &mut members)?;
    let presence = presence(&scope, &rooms.newcomers)?;
    let account_data = account_data(&scope);
    let (to_device, cut_at) = to_device(&scope)?;

    let next = Token { to_device: cut_at, ticks: Some(ticks), ..Token::at(sync.store.epoch(), to) };
    let has_to_device = !to_device.is_empty();
    let is_empty = rooms.is_empty() && account_data.is_empty() && !has_to_device && presence.is_empty();
    let mut body = String::new();
    let mut out = Object::new(&mut body);
    out.text("next_batch", &next.to_string());
    rooms.write(out.object("rooms"));
    out.object("account_data").array("events", account_data);
    out.object("to_device").array("events", to_device);
    out.object("presence").array("events", presence);
    if window.from.is_some() {
        out.object("device_lists").array::<&str>("changed", []).array::<&str>("left", []);
    }
    // Explicit zeros: an absent count or list means something else to clients.
    out.object("device_one_time_keys_count").number("signed_curve25519", 0);
    out.array::<&str>("device_unused_fallback_key_types", []);
    drop(out);
    Ok(Built { body, next, is_empty, has_to_device, members })
}

impl Rooms {
    fn is_empty(&self) -> bool {
        [&self.join, &self.invite, &self.knock, &self.leave].iter().all(|section| section.is_empty())
    }

    fn write(&self, mut out: Object<'_>) {
        let sections =
            [("join", &self.join), ("invite", &self.invite), ("knock", &self.knock), ("leave", &self.leave)];
        for (name, rooms) in sections {
            let mut section = out.object(name);
            for (room_id, json) in rooms {
                section.raw(room_id, json);
            }
        }
    }
}

fn rooms(scope: &Scope<'_>, members: &mut Vec<SentMember>) -> Result<Rooms, ApiError> {
    let filter = &scope.wanted.filter.room;
    let mut rooms = Rooms::default();
    let mut found =
        changes(scope.snapshot, scope.user(), scope.window, candidates(scope)?, filter.include_leave)?;
    if scope.has_changed(Ignored::TYPE) {
        // An invitation that was hidden may not be any more.
        found.retain(|change| !matches!(change, Change::Invited(_)));
        found.extend(invitations(scope.snapshot, scope.user())?);
    }
    for change in found {
        let room = change.membership().room;
        // One damaged room must not keep a user from all the others.
        match add_room(scope, &change, &mut rooms, members) {
            Err(error) if error.is_of_one_place() => {
                tracing::error!(?room, %error, "a room is left out of a sync");
            }
            other => other?,
        }
    }
    Ok(rooms)
}

fn add_room(
    scope: &Scope<'_>,
    change: &Change,
    rooms: &mut Rooms,
    members: &mut Vec<SentMember>,
) -> Result<(), StoreError> {
    let Some(room) = scope.snapshot.room(change.membership().room)? else { return Ok(()) };
    if !filter::wants_room(&scope.wanted.filter.room, &room.id) {
        return Ok(());
    }
    let id = room.id.to_string();
    match change {
        Change::Joined { since, .. } => {
            if let Some(body) = room::joined(scope, &room, *since)? {
                members.extend(body.members);
                rooms.join.push((id, body.json));
                note_newcomers(scope, &room, *since, &mut rooms.newcomers)?;
            }
        }
        Change::Left { since, membership } => {
            let body = room::left(scope, &room, *since, membership)?;
            members.extend(body.members);
            rooms.leave.push((id, body.json));
        }
        Change::Invited(membership) if is_wanted(scope, &membership.sender)? => {
            rooms.invite.push((id, room::asked(scope, membership, "invite_state")?));
        }
        Change::Invited(_) => {}
        Change::Knocked(membership) => {
            rooms.knock.push((id, room::asked(scope, membership, "knock_state")?));
        }
    }
    Ok(())
}

/// Whether the user wants to hear of an invitation.
fn is_wanted(scope: &Scope<'_>, inviter: &UserId) -> Result<bool, StoreError> {
    let ignored = scope.ignored.contains(inviter);
    Ok(!ignored && invites::verdict(scope.snapshot, scope.user(), inviter)? == invites::Verdict::Allow)
}

/// A first sync is told of everybody who is there anyhow.
fn note_newcomers(
    scope: &Scope<'_>,
    room: &Room,
    since: Option<Position>,
    newcomers: &mut BTreeSet<OwnedUserId>,
) -> Result<(), StoreError> {
    if scope.window.from.is_some() {
        let from = since.unwrap_or(Position::START);
        newcomers.extend(scope.snapshot.newly_joined(room.nid, from, scope.window.to)?);
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
    let events = waiting.into_iter().map(|message| {
        let mut json = String::new();
        Object::new(&mut json)
            .raw("content", message.content.get())
            .text("sender", message.sender.as_str())
            .text("type", &message.kind);
        json
    });
    Ok((events.collect(), cut_at))
}
