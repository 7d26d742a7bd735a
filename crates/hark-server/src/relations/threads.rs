//! The threads of a room, the one with the newest message first.

use std::collections::HashSet;

use ruma::EventId;

use super::Thread;
use crate::{
    gate::{Viewer, Visible},
    store::{Position, RoomNid, StoreError},
};

/// Messages looked at for one answer.
const MAX_SCANNED: usize = 5_000;
/// Messages read at once.
const PAGE: usize = 100;

/// The roots of the threads whose newest message is at or before `upto`, and where the next page starts, if there may be more.
pub(crate) fn threads(
    viewer: &Viewer<'_>,
    room: RoomNid,
    upto: Position,
    limit: usize,
    only_mine: bool,
) -> Result<(Vec<Visible>, Option<Position>), StoreError> {
    let snapshot = viewer.snapshot();
    let (mut roots, mut seen) = (Vec::new(), HashSet::new());
    let (mut cursor, mut scanned) = (upto, 0);
    loop {
        let replies = snapshot.thread_replies(room, cursor, PAGE)?;
        let exhausted = replies.len() < PAGE;
        scanned += replies.len();
        for reply in replies {
            cursor = reply.pos.before();
            if !viewer.sees_message(reply.pos, &reply.sender) || !seen.insert(reply.root.clone()) {
                continue;
            }
            let Ok(root) = EventId::parse(reply.root) else { continue };
            let Some(root) = viewer.event(&root)? else { continue };
            let Some(thread) = Thread::of(viewer, &root)? else { continue };
            // A thread with a newer message was on an earlier page.
            if thread.latest.event().pos > upto || only_mine && !thread.participated {
                continue;
            }
            if roots.len() == limit {
                return Ok((roots, Some(reply.pos)));
            }
            roots.push(root);
        }
        if exhausted {
            return Ok((roots, None));
        }
        if scanned >= MAX_SCANNED {
            return Ok((roots, Some(cursor)));
        }
    }
}
