//! One room of an answer: in `join`, `leave`, `invite` or `knock`.

use ruma::{OwnedUserId, UserId, api::client::filter::FilterDefinition};

use super::{
    Sync, Token, Window, ephemeral,
    lazy::SentMember,
    naming::Naming,
    request::{StateMember, Wanted},
    state::{self, State},
    summary::Summary,
};
use crate::{
    filter,
    gate::{self, Ignored, Reader, Viewer, Visible},
    http::Session,
    json::Object,
    push,
    render::{self, Form, Renderer},
    store::{AccountData, Membership, Position, Room, RoomNid, Snapshot, StoreError},
    timeline,
    unread::{Counter, Counts, Unread},
};

/// Events of a timeline if the client does not say, and at most.
const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 100;

/// What is the same for every room of an answer.
pub(super) struct Scope<'a> {
    pub(super) sync: &'a Sync,
    pub(super) snapshot: &'a Snapshot<'a>,
    pub(super) session: &'a Session,
    pub(super) wanted: &'a Wanted,
    pub(super) window: Window,
    pub(super) ignored: Ignored,
    pub(super) counter: Counter<'a>,
    /// What of the account changed in the window.
    pub(super) account_data: Vec<AccountData>,
    pub(super) form: Form,
    /// Rooms whose typing list changed.
    pub(super) typing: Vec<RoomNid>,
}

/// A rendered room.
pub(super) struct RoomBody {
    pub(super) json: String,
    pub(super) members: Vec<SentMember>,
    /// Who came into view: all who are there in a room that is new to the client, new members of one it knows.
    pub(super) newcomers: Vec<OwnedUserId>,
}

impl Scope<'_> {
    pub(super) fn filter(&self) -> &FilterDefinition {
        &self.wanted.filter
    }

    pub(super) fn state_member(&self) -> StateMember {
        self.wanted.state
    }

    pub(super) fn user(&self) -> &UserId {
        &self.session.user_id
    }

    /// True if account data of this type changed since the client's last sync.
    pub(super) fn has_changed(&self, kind: &str) -> bool {
        self.window.from.is_some() && self.account_data.iter().any(|data| data.kind == kind)
    }

    /// True if what counts as unread is another thing now than in the client's last sync.
    pub(super) fn counts_otherwise(&self) -> bool {
        self.has_changed(push::TYPE) || self.has_changed(Ignored::TYPE)
    }

    pub(super) fn members_unknown(&self, room: RoomNid, members: Vec<OwnedUserId>) -> Vec<OwnedUserId> {
        self.sync.sent_members.unknown(self.session, self.window.from, room, members)
    }

    fn limit(&self) -> usize {
        let asked = self.filter().room.timeline.limit;
        asked
            .map_or(DEFAULT_LIMIT, |limit| usize::try_from(u64::from(limit)).unwrap_or(MAX_LIMIT))
            .min(MAX_LIMIT)
    }

    fn token(&self, pos: Position) -> String {
        Token::at(self.sync.store.epoch(), pos).to_string()
    }

    fn renderer(&self) -> Renderer<'_> {
        let reader = Reader { user: self.user(), device: Some(&self.session.device_id) };
        Renderer::new(self.snapshot, reader, None, &self.form)
    }

    fn viewer(&self, room: RoomNid) -> Result<Viewer<'_>, StoreError> {
        Viewer::load(self.snapshot, self.user(), room, self.ignored.clone())
    }
}

/// The newest events of a room in a window.
struct Timeline {
    /// Oldest first.
    events: Vec<Visible>,
    limited: bool,
    /// The position before the first of them.
    start: Position,
}

impl Timeline {
    fn cut(
        scope: &Scope<'_>,
        viewer: &Viewer<'_>,
        room: &Room,
        since: Option<Position>,
        end: Position,
    ) -> Result<Self, StoreError> {
        let wanted = &scope.filter().room.timeline;
        let range = (since.unwrap_or(Position::START), end);
        // Clients look for the state in the timeline, too: what is in force is shown where it was set, were it out of sight.
        let stretch = timeline::newest(viewer, room.nid, range, scope.limit(), |event| {
            Ok(viewer.see_or_know(event, end)?.filter(|event| filter::wants(wanted, &room.id, event)))
        })?;
        let mut events = stretch.events;
        events.reverse();
        let start = events.first().map_or(end, |first| first.event().pos.before());
        // Whoever joins anew inside the window does not continue what they had.
        let joined_anew = since.is_none() && scope.window.from.is_some();
        Ok(Self { events, limited: stretch.next.is_some() || joined_anew, start })
    }

    fn write(&self, scope: &Scope<'_>, viewer: &Viewer<'_>, mut out: Object<'_>) -> Result<(), StoreError> {
        out.array("events", scope.renderer().bundling(viewer).events(&self.events)?);
        out.flag("limited", self.limited).text("prev_batch", &scope.token(self.start));
        Ok(())
    }
}

/// A room the user is in; `None` if there is nothing to tell of it.
pub(super) fn joined(
    scope: &Scope<'_>,
    room: &Room,
    since: Option<Position>,
) -> Result<Option<RoomBody>, StoreError> {
    let viewer = scope.viewer(room.nid)?;
    let end = scope.window.to;
    let timeline = Timeline::cut(scope, &viewer, room, since, end)?;
    let whole = since.is_none() || scope.wanted.full_state;

    let naming = match since {
        Some(since) => Naming::between(scope.snapshot, room, since, end)?,
        None => Naming::anew(scope, room)?,
    };
    let summary = match naming {
        Naming::Same => None,
        _ => Some(Summary::load(scope.snapshot, room, scope.user(), end)?),
    };
    let heroes: Vec<OwnedUserId> = summary
        .iter()
        .flat_map(|summary| summary.heroes.iter().flatten().map(|hero| hero.user.clone()))
        .collect();
    let known = if whole { None } else { since };
    let State { events: state, members } =
        state::state(scope, &viewer, room, known, (timeline.start, end), &timeline.events, &heroes)?;

    let (ephemeral, read_by_me) = ephemeral_events(scope, room, since, timeline.start)?;
    let account_data = account_data(scope, room, since)?;

    let nothing = timeline.events.is_empty()
        && !timeline.limited
        && state.is_empty()
        && ephemeral.is_empty()
        && account_data.is_empty()
        && !naming.is_news()
        && !read_by_me;
    if nothing && !whole && !counts_may_differ(scope, room, since)? {
        return Ok(None);
    }

    let mut json = String::new();
    let mut out = Object::new(&mut json);
    timeline.write(scope, &viewer, out.object("timeline"))?;
    write_state(scope, &state, &mut out)?;
    out.object("ephemeral").array("events", ephemeral);
    out.object("account_data").array("events", account_data);
    write_counts(scope, &scope.counter.count(room)?, &mut out);
    match summary {
        Some(summary) => summary.write(out.object("summary")),
        None => drop(out.object("summary")),
    }
    drop(out);
    Ok(Some(RoomBody { json, members, newcomers: naming.newcomers() }))
}

/// A room the user has left: it ends with their leaving.
pub(super) fn left(
    scope: &Scope<'_>,
    room: &Room,
    since: Option<Position>,
    membership: &Membership,
) -> Result<RoomBody, StoreError> {
    let viewer = scope.viewer(room.nid)?;
    let end = membership.from;
    // Whoever turned an invitation down was never in the room: there is only that to tell.
    let since = if viewer.was_joined() { since } else { Some(end.before()) };
    let timeline = Timeline::cut(scope, &viewer, room, since, end)?;
    // Banned after leaving: of the state they know what was so when they left.
    let known = viewer.state_position().map_or(end, |upto| upto.min(end));
    let range = (timeline.start.min(known), known);
    let State { events: mut state, members } =
        state::state(scope, &viewer, room, since, range, &timeline.events, &[])?;
    let shown = |events: &[Visible]| events.iter().any(|event| event.event().pos == end);
    // What is before the timeline may leave out what is in it; what is after it may not.
    let in_timeline = scope.state_member() == StateMember::Before && shown(&timeline.events);
    if !in_timeline
        && !shown(&state)
        && let Some(leaving) = scope.snapshot.event_at(end)?.and_then(|leaving| viewer.see(leaving))
        && filter::wants(&scope.filter().room.state, &room.id, &leaving)
    {
        state.retain(|event| !event.event().is_member_of(scope.user()));
        state.push(leaving);
    }
    let mut json = String::new();
    let mut out = Object::new(&mut json);
    timeline.write(scope, &viewer, out.object("timeline"))?;
    write_state(scope, &state, &mut out)?;
    out.object("account_data").array("events", account_data(scope, room, since)?);
    drop(out);
    Ok(RoomBody { json, members, newcomers: Vec::new() })
}

/// A room the user is invited to (`invite_state`) or asks to be let into (`knock_state`).
pub(super) fn asked(
    scope: &Scope<'_>,
    membership: &Membership,
    member: &str,
) -> Result<RoomBody, StoreError> {
    let shown = gate::stripped(scope.snapshot, membership)?;
    let mut json = String::new();
    let mut out = Object::new(&mut json);
    out.object(member).array("events", shown.iter().map(render::stripped));
    drop(out);
    Ok(RoomBody { json, members: Vec::new(), newcomers: Vec::new() })
}

/// True if the client may know other counts of a room of which there is nothing else to tell: a filter dropped what changed them,
/// or something else counts now.
fn counts_may_differ(scope: &Scope<'_>, room: &Room, since: Option<Position>) -> Result<bool, StoreError> {
    let Some(since) = since else { return Ok(true) };
    if scope.counts_otherwise() {
        return scope.counter.may_wait(room);
    }
    scope.counter.has_changed(room, since)
}

fn write_counts(scope: &Scope<'_>, counts: &Counts, out: &mut Object<'_>) {
    let write = |mut out: Object<'_>, unread: Unread| {
        out.number("highlight_count", unread.highlights).number("notification_count", unread.notifications);
    };
    let Some(name) = scope.wanted.thread_counts else {
        return write(out.object("unread_notifications"), counts.merged());
    };
    write(out.object("unread_notifications"), counts.main);
    if !counts.threads.is_empty() {
        let mut threads = out.object(name);
        for (root, unread) in &counts.threads {
            write(threads.object(root.as_str()), *unread);
        }
    }
}

fn write_state(scope: &Scope<'_>, state: &[Visible], out: &mut Object<'_>) -> Result<(), StoreError> {
    let member = match scope.state_member() {
        StateMember::Before => "state",
        StateMember::After => "state_after",
        StateMember::AfterUnstable => "org.matrix.msc4222.state_after",
    };
    out.object(member).array("events", scope.renderer().events(state)?);
    Ok(())
}

/// The receipts and typing list to tell, and whether the user has read on in the window.
fn ephemeral_events(
    scope: &Scope<'_>,
    room: &Room,
    since: Option<Position>,
    start: Position,
) -> Result<(Vec<String>, bool), StoreError> {
    let wanted = &scope.filter().room.ephemeral;
    let mut receipts = scope.snapshot.receipts_since(
        room.nid,
        scope.user(),
        since.unwrap_or(Position::START),
        scope.window.to,
    )?;
    let read_by_me = receipts.iter().any(|receipt| receipt.user == scope.user());
    // Of a room that is new to the client, those of the messages it gets.
    receipts.extend(match since {
        Some(since) => scope.snapshot.played_since(room.nid, since, scope.window.to)?,
        None => scope.snapshot.played_of(room.nid, start, scope.window.to)?,
    });
    receipts.retain(|receipt| !scope.ignored.contains(&receipt.user));
    let mut events = Vec::new();
    if filter::wants_type(wanted, &room.id, "m.receipt") {
        events.extend(ephemeral::receipts(None, receipts));
    }
    let news = scope.typing.contains(&room.nid) || since.is_none();
    if news && filter::wants_type(wanted, &room.id, "m.typing") {
        let users: Vec<_> = scope
            .sync
            .typing
            .in_room(room.nid)
            .into_iter()
            .filter(|user| !scope.ignored.contains(user))
            .collect();
        if !users.is_empty() || scope.typing.contains(&room.nid) {
            events.push(ephemeral::typing(&users));
        }
    }
    Ok((events, read_by_me))
}

fn account_data(scope: &Scope<'_>, room: &Room, since: Option<Position>) -> Result<Vec<String>, StoreError> {
    let from = since.unwrap_or(Position::START);
    let changed = scope.snapshot.room_account_data_since(scope.user(), &room.id, from, scope.window.to)?;
    let wanted = &scope.filter().room.account_data;
    let changed = changed.into_iter().filter(|data| filter::wants_type(wanted, &room.id, &data.kind));
    Ok(changed.map(|data| account_data_event(&data.kind, data.content.get())).collect())
}

/// Account data as an event.
pub(crate) fn account_data_event(kind: &str, content: &str) -> String {
    let mut json = String::new();
    Object::new(&mut json).raw("content", content).text("type", kind);
    json
}
