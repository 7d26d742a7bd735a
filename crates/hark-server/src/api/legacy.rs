//! What clients asked before there was /sync: everything at once, one room at once, and the stream of what happens.
//!
//! Old bots still do. It is put together from what /sync and /messages are made of; the stream has events only, no signals.

use std::collections::HashSet;

use ruma::{OwnedRoomId, UserId, events::room::member::MembershipState};
use serde::Deserialize;

use super::{room_history::renderer, room_id};
use crate::{
    gate::{Ignored, Viewer, Visible},
    http::{
        Answer, ApiError, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    invites,
    json::Object,
    render::Form,
    store::{Members, Membership, Position, Room, RoomNid, Snapshot},
    sync::{self, Sync, Token, account_data_event, receipts_event},
    timeline,
};

/// Messages of a room if the client does not say, and at most.
const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 100;
/// Events of one answer of the stream.
const MAX_EVENTS: usize = 100;
/// How long the stream waits if the client does not say, in ms.
const DEFAULT_WAIT: u64 = 30_000;

#[derive(Deserialize)]
struct First {
    limit: Option<usize>,
    #[serde(default)]
    archived: bool,
}

impl First {
    fn limit(&self) -> usize {
        self.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT)
    }
}

/// `GET …/initialSync`
pub(super) async fn everything(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let first: First = request.query()?;
    let (epoch, sync) = (app.store.epoch().to_owned(), app.sync.clone());
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let asked = Asked::of(snapshot, &session, first.limit(), &epoch, &sync)?;
            let (mut rooms, mut receipts) = (Vec::new(), Vec::new());
            for membership in snapshot.rooms_of(&session.user_id)? {
                let Some(room) = snapshot.room(membership.room)? else { continue };
                rooms.extend(asked.listed(&room, &membership, first.archived)?);
                receipts.extend(asked.receipts(&room, Some(&membership))?);
            }
            let account_data = snapshot.account_data_since(&session.user_id, Position::START, asked.head)?;
            let mut body = String::new();
            let mut out = Object::new(&mut body);
            out.text("end", &Token::at(&epoch, asked.head).to_string()).array("rooms", rooms);
            out.array("presence", asked.presence(None)?).array("receipts", receipts);
            out.array(
                "account_data",
                account_data.iter().map(|data| account_data_event(&data.kind, data.content.get())),
            );
            drop(out);
            Ok(Body(body))
        })
        .await
}

/// `GET …/rooms/{roomId}/initialSync`
pub(super) async fn one_room(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let first: First = request.query()?;
    let room = room_id(&request.path[0])?;
    let (epoch, sync) = (app.store.epoch().to_owned(), app.sync.clone());
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let asked = Asked::of(snapshot, &session, first.limit(), &epoch, &sync)?;
            let (viewer, room) = Viewer::of_request(snapshot, &session.user_id, &room)?;
            Ok(Body(asked.room(&viewer, &room)?))
        })
        .await
}

/// One request for what there is.
struct Asked<'a> {
    snapshot: &'a Snapshot<'a>,
    session: &'a Session,
    limit: usize,
    epoch: &'a str,
    sync: &'a Sync,
    head: Position,
    ignored: Ignored,
}

impl<'a> Asked<'a> {
    fn of(
        snapshot: &'a Snapshot<'a>,
        session: &'a Session,
        limit: usize,
        epoch: &'a str,
        sync: &'a Sync,
    ) -> Result<Self, ApiError> {
        let ignored = Ignored::load(snapshot, &session.user_id)?;
        Ok(Self { snapshot, session, limit, epoch, sync, head: snapshot.position()?, ignored })
    }

    /// A room of the user's list, if they are in it, are invited, or ask for rooms they have left, too.
    fn listed(
        &self,
        room: &Room,
        membership: &Membership,
        archived: bool,
    ) -> Result<Option<String>, ApiError> {
        match membership.state {
            MembershipState::Invite => {
                let (user, inviter) = (&self.session.user_id, &membership.sender);
                if invites::verdict(self.snapshot, user, inviter)? != invites::Verdict::Allow {
                    return Ok(None);
                }
                let mut json = String::new();
                Object::new(&mut json)
                    .text("inviter", membership.sender.as_str())
                    .text("membership", membership.state.as_str())
                    .text("room_id", room.id.as_str());
                Ok(Some(json))
            }
            MembershipState::Leave | MembershipState::Ban if !archived || membership.forgotten => Ok(None),
            MembershipState::Join | MembershipState::Leave | MembershipState::Ban => {
                let user = &self.session.user_id;
                let viewer = Viewer::load(self.snapshot, user, room.nid, self.ignored.clone())?;
                if viewer.state_position().is_none() {
                    return Ok(None);
                }
                Ok(Some(self.room(&viewer, room)?))
            }
            _ => Ok(None),
        }
    }

    /// How far everybody has read in a room, for those who are in it.
    fn receipts(&self, room: &Room, membership: Option<&Membership>) -> Result<Option<String>, ApiError> {
        if !membership.is_some_and(Membership::is_joined) {
            return Ok(None);
        }
        let user = &self.session.user_id;
        let mut receipts = self.snapshot.receipts_since(room.nid, user, Position::START, self.head)?;
        receipts.retain(|receipt| !self.ignored.contains(&receipt.user));
        Ok(receipts_event(Some(&room.id), receipts))
    }

    /// Who is there: of everybody around, or of those in one room, if the user is in it.
    fn presence(&self, room: Option<RoomNid>) -> Result<Vec<String>, ApiError> {
        let is_in = |user: &UserId, room| {
            Ok::<_, ApiError>(
                self.snapshot.membership(user, room)?.is_some_and(|membership| membership.is_joined()),
            )
        };
        if let Some(room) = room
            && !is_in(&self.session.user_id, room)?
        {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        for (user, shown) in self.sync.presence_around(self.snapshot, &self.session.user_id)? {
            let outside = match room {
                Some(room) => !is_in(&user, room)?,
                None => false,
            };
            if outside || self.ignored.contains(&user) {
                continue;
            }
            let mut json = String::new();
            let mut event = Object::new(&mut json);
            let mut content = event.object("content");
            shown.write(&mut content);
            content.text("user_id", user.as_str());
            drop(content);
            event.text("sender", user.as_str()).text("type", "m.presence");
            drop(event);
            events.push(json);
        }
        Ok(events)
    }

    /// A room as its viewer may see it: those who left get the state as it was then.
    fn room(&self, viewer: &Viewer<'_>, room: &Room) -> Result<String, ApiError> {
        let user = &self.session.user_id;
        let range = (Position::START, self.head);
        let page = timeline::backwards(viewer, room.nid, range, self.limit, |_| true)?;
        let start = page.next.unwrap_or(Position::START);
        let state = viewer.state(Position::FOREVER.before(), Members::All)?;
        let account_data =
            self.snapshot.room_account_data_since(user, &room.id, Position::START, self.head)?;
        let membership = self.snapshot.membership(user, room.nid)?;
        let listed = self.snapshot.card(room.nid)?.is_some_and(|card| card.listed);
        let form = Form::default();
        let renderer = renderer(viewer, self.session, room, &form);
        let mut json = String::new();
        let mut out = Object::new(&mut json);
        out.text("room_id", room.id.as_str());
        out.text("membership", membership.as_ref().map_or("leave", |membership| membership.state.as_str()));
        out.text("visibility", if listed { "public" } else { "private" });
        let mut messages = out.object("messages");
        messages.array("chunk", renderer.events(page.events.iter().rev())?);
        messages.text("start", &Token::at(self.epoch, start).to_string());
        messages.text("end", &Token::at(self.epoch, self.head).to_string());
        drop(messages);
        out.array("state", renderer.events(&state)?);
        out.array("presence", self.presence(Some(room.nid))?);
        out.array("receipts", self.receipts(room, membership.as_ref())?);
        out.array(
            "account_data",
            account_data.iter().map(|data| account_data_event(&data.kind, data.content.get())),
        );
        drop(out);
        Ok(json)
    }
}

#[derive(Deserialize)]
struct Stream {
    from: Option<String>,
    timeout: Option<u64>,
    room_id: Option<OwnedRoomId>,
}

/// `GET …/events`: what happened after `from`, in all of the user's rooms or in one that they may look into. Waits if there is
/// nothing yet.
pub(super) async fn stream(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let query: Stream = request.query()?;
    let head = app.store.committed();
    let from = match query.from.as_deref().filter(|from| !from.is_empty()) {
        Some(from) => Token::parse(from, app.store.epoch(), head)?.pos,
        None => head,
    };
    let deadline = sync::deadline(Some(query.timeout.unwrap_or(DEFAULT_WAIT)));
    let found = app.sync.until_news(&session.user_id, deadline, |over| {
        let (session, room, epoch) = (session.clone(), query.room_id.clone(), app.store.epoch().to_owned());
        app.store.read(move |snapshot| happened(snapshot, &session, room, from, &epoch, over))
    });
    Ok(Body(app.accounts.while_signed_in(&session, found).await?))
}

/// The answer, if there is anything in it or the time is over.
fn happened(
    snapshot: &Snapshot<'_>,
    session: &Session,
    room: Option<OwnedRoomId>,
    from: Position,
    epoch: &str,
    over: bool,
) -> Result<Option<String>, ApiError> {
    let to = snapshot.position()?;
    let ignored = Ignored::load(snapshot, &session.user_id)?;
    let form = Form::default();
    let (mut events, mut end) = (Vec::new(), to);
    for nid in looked_at(snapshot, &session.user_id, room, (from, to))? {
        let Some(room) = snapshot.room(nid)? else { continue };
        let viewer = Viewer::load(snapshot, &session.user_id, nid, ignored.clone())?;
        let page = timeline::forwards(&viewer, nid, (from, to), MAX_EVENTS, |_: &Visible| true)?;
        end = page.next.map_or(end, |next| end.min(next));
        let renderer = renderer(&viewer, session, &room, &form);
        for event in &page.events {
            events.push((event.event().pos, renderer.event(event)?));
        }
    }
    events.sort();
    events.retain(|(pos, _)| *pos <= end);
    if events.len() > MAX_EVENTS {
        events.truncate(MAX_EVENTS);
        end = events.last().map_or(end, |(pos, _)| *pos);
    }
    if events.is_empty() && end == to && !over {
        return Ok(None);
    }
    let mut body = String::new();
    let mut out = Object::new(&mut body);
    out.text("start", &Token::at(epoch, from).to_string()).text("end", &Token::at(epoch, end).to_string());
    out.array("chunk", events.iter().map(|(_, json)| json));
    drop(out);
    Ok(Some(body))
}

/// The one room asked for, or those of the user in which anything happened.
fn looked_at(
    snapshot: &Snapshot<'_>,
    user: &UserId,
    room: Option<OwnedRoomId>,
    (from, to): (Position, Position),
) -> Result<Vec<RoomNid>, ApiError> {
    if let Some(room) = room {
        let (_, room) = Viewer::of_request(snapshot, user, &room)?;
        return Ok(vec![room.nid]);
    }
    let changed: HashSet<RoomNid> = snapshot.rooms_changed(from, to)?.into_iter().collect();
    let mine = snapshot.rooms_of(user)?.into_iter().map(|membership| membership.room);
    Ok(mine.filter(|room| changed.contains(room)).collect())
}
