//! The tree of a space, as one user may see it.
//!
//! A space names its rooms by `m.space.child` events. The walk goes into depth first, takes each room once however many spaces
//! have it (so that circles end), and leaves out what the user may not know of. It follows the tree as it was at one position, so
//! that pages fit together while people rearrange the space.

use std::collections::HashSet;

use ruma::{OwnedRoomId, RoomId, UserId};
use serde::Deserialize;

use crate::{
    gate::{Preview, Visible},
    store::{Position, Snapshot, StoreError},
};

/// Rooms looked at for one page, those left out and those of earlier pages included.
const MAX_VISITED: usize = 5_000;

/// Which part of the tree is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    /// Only rooms their space recommends.
    pub(crate) suggested_only: bool,
    /// How far below the root.
    pub(crate) max_depth: u64,
    /// When the tree was like that.
    pub(crate) at: Position,
}

/// A room of the tree and the events that name the rooms in it.
pub(crate) struct Place {
    pub(crate) preview: Preview,
    pub(crate) children: Vec<Visible>,
}

/// A piece of a walk.
pub(crate) struct Page {
    pub(crate) places: Vec<Place>,
    /// There are places after these.
    pub(crate) more: bool,
}

impl Walk {
    /// The places after the first `skip`, `limit` at most. Empty if the root is not for the user's eyes.
    pub(crate) fn page(
        self,
        snapshot: &Snapshot<'_>,
        user: &UserId,
        root: &RoomId,
        (skip, limit): (usize, usize),
    ) -> Result<Page, StoreError> {
        let mut page = Page { places: Vec::new(), more: false };
        let mut ahead: Vec<(OwnedRoomId, u64)> = vec![(root.to_owned(), 0)];
        let mut seen = HashSet::new();
        let mut found = 0;
        while let Some((room, depth)) = ahead.pop() {
            if seen.len() == MAX_VISITED || !seen.insert(room.clone()) {
                continue;
            }
            let Some(nid) = snapshot.room_nid(&room)? else { continue };
            let Some(preview) = Preview::of(snapshot, Some(user), nid)? else { continue };
            if page.places.len() == limit {
                page.more = true;
                break;
            }
            let children = self.children(snapshot, &preview)?;
            if depth < self.max_depth {
                let below = children.iter().rev().filter_map(named);
                ahead.extend(below.map(|room| (room, depth + 1)));
            }
            if found >= skip {
                page.places.push(Place { preview, children });
            }
            found += 1;
        }
        Ok(page)
    }

    /// The events that name a child, in the order the spec gives them: by `order` where it is valid, then by age, then by id.
    fn children(self, snapshot: &Snapshot<'_>, preview: &Preview) -> Result<Vec<Visible>, StoreError> {
        let events = preview.children(snapshot, self.at)?;
        let mut children: Vec<_> = events
            .into_iter()
            .filter_map(|event| Some((Child::read(&event)?, event)))
            .filter(|(child, _)| child.suggested || !self.suggested_only)
            .collect();
        children.sort_by_key(|(child, event)| {
            let order = child.order.clone();
            (order.is_none(), order, event.event().ts, event.event().state_key.clone())
        });
        Ok(children.into_iter().map(|(_, event)| event).collect())
    }
}

/// The room a child event names.
fn named(event: &Visible) -> Option<OwnedRoomId> {
    RoomId::parse(event.event().state_key.as_deref()?).ok()
}

/// What a child event says.
struct Child {
    /// A valid `order`: at most 50 printable ASCII characters.
    order: Option<String>,
    suggested: bool,
}

impl Child {
    /// `None`: the event names no child, for it says no server through which to join it.
    fn read(event: &Visible) -> Option<Self> {
        #[derive(Deserialize)]
        struct Content {
            via: Vec<String>,
            order: Option<serde_json::Value>,
            suggested: Option<serde_json::Value>,
        }
        named(event)?;
        let content: Content = serde_json::from_str(event.content()).ok()?;
        if content.via.is_empty() {
            return None;
        }
        let order = content.order.as_ref().and_then(serde_json::Value::as_str);
        let order = order
            .filter(|order| order.len() <= 50 && order.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        Some(Self {
            order: order.map(ToOwned::to_owned),
            suggested: content.suggested == Some(serde_json::Value::Bool(true)),
        })
    }
}
