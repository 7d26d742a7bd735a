//! A stretch of a room's events as one user sees it: what /sync, /messages and /context cut their pieces from.

use crate::{
    gate::{Viewer, Visible},
    store::{Position, RoomNid, StoreError, StoredEvent},
};

/// Events looked at for one answer when a filter or the room's visibility drops most of them.
const MAX_SCANNED: usize = 5_000;
/// Events read at once.
const MIN_PAGE: usize = 32;

/// A cut out of a timeline.
pub(crate) struct Stretch {
    /// In the order asked for.
    pub(crate) events: Vec<Visible>,
    /// Where the next cut in the same direction starts, if there may be more.
    pub(crate) next: Option<Position>,
}

/// The newest events in `after < pos <= upto`, newest first.
pub(crate) fn backwards(
    viewer: &Viewer<'_>,
    room: RoomNid,
    range: (Position, Position),
    limit: usize,
    wanted: impl Fn(&Visible) -> bool,
) -> Result<Stretch, StoreError> {
    newest(viewer, room, range, limit, |event| Ok(viewer.see(event).filter(&wanted)))
}

/// The newest events in `after < pos <= upto` of those that `show` lets through, newest first.
pub(crate) fn newest(
    viewer: &Viewer<'_>,
    room: RoomNid,
    (after, upto): (Position, Position),
    limit: usize,
    show: impl Fn(StoredEvent) -> Result<Option<Visible>, StoreError>,
) -> Result<Stretch, StoreError> {
    let page = (limit + 1).max(MIN_PAGE);
    let (mut events, mut cursor, mut scanned) = (Vec::new(), upto.min(viewer.horizon()), 0);
    loop {
        let found = viewer.snapshot().newest_events(room, after, cursor, page)?;
        let exhausted = found.len() < page;
        scanned += found.len();
        for event in found {
            let pos = event.pos;
            if let Some(visible) = show(event)? {
                if events.len() == limit {
                    return Ok(Stretch { events, next: Some(pos) });
                }
                events.push(visible);
            }
            cursor = pos.before();
        }
        if exhausted {
            return Ok(Stretch { events, next: None });
        }
        if scanned >= MAX_SCANNED {
            return Ok(Stretch { events, next: Some(cursor) });
        }
    }
}

/// The oldest events in `after < pos <= upto`, oldest first.
pub(crate) fn forwards(
    viewer: &Viewer<'_>,
    room: RoomNid,
    (after, upto): (Position, Position),
    limit: usize,
    wanted: impl Fn(&Visible) -> bool,
) -> Result<Stretch, StoreError> {
    let page = (limit + 1).max(MIN_PAGE);
    let upto = upto.min(viewer.horizon());
    let (mut events, mut cursor, mut scanned) = (Vec::new(), after, 0);
    loop {
        let found = viewer.snapshot().oldest_events(room, cursor, upto, page)?;
        let exhausted = found.len() < page;
        scanned += found.len();
        for event in found {
            let pos = event.pos;
            if let Some(visible) = viewer.see(event).filter(|visible| wanted(visible)) {
                if events.len() == limit {
                    return Ok(Stretch { events, next: Some(pos.before()) });
                }
                events.push(visible);
            }
            cursor = pos;
        }
        if exhausted {
            return Ok(Stretch { events, next: None });
        }
        if scanned >= MAX_SCANNED {
            return Ok(Stretch { events, next: Some(cursor) });
        }
    }
}
