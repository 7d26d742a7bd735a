//! Which events relate to which (`m.relates_to`). An event whose column `related` is 0 has no children: nothing is asked for it.

use ruma::{EventId, OwnedEventId, OwnedUserId, UserId};
use rusqlite::OptionalExtension;

use super::{Position, RoomNid, Snapshot, StoreError, Tx, to_json_error, unread::thread_or_main};

/// An event that relates to another one, without what it says.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) pos: Position,
    pub(crate) event_id: OwnedEventId,
    pub(crate) rel_type: String,
    pub(crate) kind: String,
    pub(crate) sender: OwnedUserId,
    /// It has children itself.
    pub(crate) related: bool,
}

/// Where an event stands among those it relates to.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) pos: Position,
    /// The root of its thread; `None`: it is in the main timeline.
    pub(crate) thread: Option<Position>,
    /// `m.relates_to.event_id`, as the client wrote it.
    pub(crate) relates_to: Option<String>,
    /// `m.relates_to.rel_type`.
    pub(crate) rel_type: Option<String>,
    /// It has children.
    pub(crate) related: bool,
}

/// A message in a thread.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) pos: Position,
    /// Id of the thread's first message, as the client wrote it.
    pub(crate) root: String,
    pub(crate) sender: OwnedUserId,
}

impl Snapshot<'_> {
    /// Where an event of a room stands.
    pub(crate) fn place(&self, room: RoomNid, event_id: &str) -> Result<Option<Place>, StoreError> {
        Ok(self
            .prepare("SELECT pos, thread, relates_to, rel_type, related FROM events WHERE event_id = $1 AND room_nid = $2")?
            .query_row((event_id, room), |row| {
                Ok(Place {
                    pos: row.get(0)?,
                    thread: thread_or_main(row.get(1)?),
                    relates_to: row.get(2)?,
                    rel_type: row.get(3)?,
                    related: row.get(4)?,
                })
            })
            .optional()?)
    }

    /// The events of a room that relate to `parent` in any way, oldest first.
    pub(crate) fn children(&self, room: RoomNid, parent: &EventId) -> Result<Vec<Child>, StoreError> {
        let mut statement = self.prepare(
            "SELECT pos, event_id, rel_type, type, sender, related FROM events
             WHERE relates_to = $1 AND room_nid = $2 ORDER BY pos",
        )?;
        let mut rows = statement.query((parent.as_str(), room))?;
        let mut children = Vec::new();
        while let Some(row) = rows.next()? {
            children.push(Child {
                pos: row.get(0)?,
                event_id: EventId::parse(row.get::<_, String>(1)?).map_err(to_json_error("event id"))?,
                rel_type: row.get(2)?,
                kind: row.get(3)?,
                sender: user(row.get(4)?)?,
                related: row.get(5)?,
            });
        }
        Ok(children)
    }

    /// The messages of one thread, newest first: where they are and whose they are. Read from an index alone.
    pub(crate) fn thread(
        &self,
        room: RoomNid,
        root: &EventId,
    ) -> Result<Vec<(Position, OwnedUserId)>, StoreError> {
        let mut statement = self.prepare(
            "SELECT pos, sender FROM events
             WHERE relates_to = $1 AND rel_type = 'm.thread' AND room_nid = $2 ORDER BY pos DESC",
        )?;
        let mut rows = statement.query((root.as_str(), room))?;
        let mut replies = Vec::new();
        while let Some(row) = rows.next()? {
            replies.push((row.get(0)?, user(row.get(1)?)?));
        }
        Ok(replies)
    }

    /// The ids of the events that refer to one (`m.reference`), oldest first, with their places and authors.
    pub(crate) fn references(
        &self,
        room: RoomNid,
        parent: &EventId,
    ) -> Result<Vec<(Position, OwnedUserId, String)>, StoreError> {
        let mut statement = self.prepare(
            "SELECT pos, sender, event_id FROM events
             WHERE relates_to = $1 AND rel_type = 'm.reference' AND room_nid = $2 ORDER BY pos",
        )?;
        let mut rows = statement.query((parent.as_str(), room))?;
        let mut references = Vec::new();
        while let Some(row) = rows.next()? {
            references.push((row.get(0)?, user(row.get(1)?)?, row.get(2)?));
        }
        Ok(references)
    }

    /// What an event's own author sent to replace it, the newest first (by time, then by id).
    pub(crate) fn replacements(
        &self,
        room: RoomNid,
        parent: &EventId,
        sender: &UserId,
        kind: &str,
    ) -> Result<Vec<Position>, StoreError> {
        let mut statement = self.prepare(
            "SELECT pos FROM events
             WHERE relates_to = $1 AND rel_type = 'm.replace' AND room_nid = $2 AND sender = $3 AND type = $4
                 AND state_key IS NULL
             ORDER BY ts DESC, event_id DESC",
        )?;
        let found = statement.query_map((parent.as_str(), room, sender.as_str(), kind), |row| row.get(0))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// The newest messages in threads of a room, at or before `upto`, newest first.
    pub(crate) fn thread_replies(
        &self,
        room: RoomNid,
        upto: Position,
        limit: usize,
    ) -> Result<Vec<Reply>, StoreError> {
        let mut statement = self.prepare(
            "SELECT pos, relates_to, sender FROM events
             WHERE room_nid = $1 AND rel_type = 'm.thread' AND pos <= $2 ORDER BY pos DESC LIMIT $3",
        )?;
        let mut rows = statement.query((room, upto, limit as i64))?;
        let mut replies = Vec::new();
        while let Some(row) = rows.next()? {
            replies.push(Reply { pos: row.get(0)?, root: row.get(1)?, sender: user(row.get(2)?)? });
        }
        Ok(replies)
    }
}

impl Tx<'_> {
    /// Remembers that an event has children.
    pub(crate) fn mark_related(&mut self, parent: &Place) -> Result<(), StoreError> {
        if !parent.related {
            self.prepare("UPDATE events SET related = 1 WHERE pos = $1")?.execute([parent.pos])?;
        }
        Ok(())
    }
}

fn user(id: String) -> Result<OwnedUserId, StoreError> {
    UserId::parse(id).map_err(to_json_error("user id"))
}
