//! What a pusher has to tell next.

use super::message;
use crate::{
    push::{Listener, Listening, Told},
    rooms::RoomError,
    store::{Position, PusherKey, Snapshot},
    unread::Counter,
};

/// Positions looked at in one step.
const AT_ONCE: i64 = 2_000;
/// What is older is of no use to be woken for any more.
const OLDEST_MS: i64 = 24 * 60 * 60 * 1_000;

/// The next thing to tell, if any.
pub(super) enum Found {
    /// The row is gone.
    NoPusher,
    Message {
        url: String,
        body: String,
        /// Up to where everything was told with it.
        upto: Position,
        badge: i64,
    },
    Nothing {
        /// Up to where there is nothing.
        upto: Position,
        /// Up to where it is stored.
        stored: Position,
        /// Nothing is behind it.
        at_head: bool,
        /// How much waits must still be counted again.
        recount: bool,
        /// What the gateway was told last of how much waits.
        badge: Option<i64>,
    },
}

/// Looks behind `looked`, or behind what is stored, for the first event to tell of, and else for another number of what waits.
pub(super) fn next(
    snapshot: &Snapshot<'_>,
    key: &PusherKey,
    looked: Option<Position>,
    recount: bool,
    now_ms: i64,
) -> Result<Found, RoomError> {
    let Some(pusher) = snapshot.pusher(key)? else { return Ok(Found::NoPusher) };
    let from = looked.unwrap_or(pusher.pos);
    let head = snapshot.position()?;
    let upto = head.min(Position(from.0 + AT_ONCE));
    let listener = Listener::load(snapshot, &key.user)?;
    let news = News::read(&listener, from, upto, now_ms - OLDEST_MS)?;
    let recount = recount || news.recount;
    let at_head = upto == head;
    let nothing =
        |recount| Found::Nothing { upto, stored: pusher.pos, at_head, recount, badge: pusher.badge };
    let Some((room, told)) = news.first else {
        // A number nobody was told yet is not taken back.
        let Some(before) = pusher.badge.filter(|_| recount && at_head) else { return Ok(nothing(recount)) };
        let badge = badge(&listener)?;
        if badge == before {
            return Ok(nothing(false));
        }
        let body = message::of_number(&pusher, badge)?;
        return Ok(Found::Message { url: pusher.url, body, upto, badge });
    };
    let badge = badge(&listener)?;
    let body = message::of_event(&room, &told, &pusher, badge)?;
    Ok(Found::Message { url: pusher.url, body, upto: told.visible.event().pos, badge })
}

/// What is new for a user.
struct News<'a> {
    /// The oldest event they are told of and have not read.
    first: Option<(Listening<'a>, Told<'a>)>,
    /// They have read or sent something.
    recount: bool,
}

impl<'a> News<'a> {
    fn read(
        listener: &'a Listener<'a>,
        from: Position,
        upto: Position,
        oldest_ms: i64,
    ) -> Result<Self, RoomError> {
        let snapshot = listener.snapshot();
        let changes = snapshot.sent_and_read(from, upto)?;
        let mut news = Self { first: None, recount: changes.readers.contains(listener.user()) };
        for room in changes.sent {
            let Some(membership) = snapshot.membership(listener.user(), room)? else { continue };
            // Those who leave a room have no more unread messages there.
            news.recount |= !membership.is_joined();
            let Some(room) = listener.in_room(membership)? else { continue };
            news.hear(room, (from, upto), oldest_ms)?;
        }
        Ok(news)
    }

    /// Looks for an event that is older than the first one found so far.
    fn hear(
        &mut self,
        room: Listening<'a>,
        (from, upto): (Position, Position),
        oldest_ms: i64,
    ) -> Result<(), RoomError> {
        let first = self.first.as_ref().map(|(_, told)| told.visible.event().pos);
        let upto = first.map_or(upto, |first| upto.min(first));
        let (snapshot, user) = (room.viewer.snapshot(), room.viewer.user());
        for event in snapshot.oldest_events(room.head.nid, from.max(room.after), upto, AT_ONCE as usize)? {
            self.recount |= event.sender == user;
            if event.ts < oldest_ms {
                continue;
            }
            if let Some(told) = room.told(event)?.filter(|told| !told.read) {
                self.first = Some((room, told));
                break;
            }
        }
        Ok(())
    }
}

/// How many unread messages a user has, in all of their rooms.
fn badge(listener: &Listener<'_>) -> Result<i64, RoomError> {
    let snapshot = listener.snapshot();
    let counter = Counter::new(snapshot, listener.user(), listener.ignored().clone())?;
    let mut unread = 0;
    for membership in snapshot.rooms_of(listener.user())? {
        if membership.is_joined()
            && let Some(room) = snapshot.room(membership.room)?
        {
            unread += counter.count(&room)?.merged().notifications;
        }
    }
    Ok(unread)
}
