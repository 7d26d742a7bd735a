//! The part of a filter that speaks of relations (spec: `RoomEventFilter`, MSC3874).

use ruma::OwnedUserId;
use serde::Deserialize;

use crate::{
    gate::{Viewer, Visible},
    store::StoreError,
};

/// Which relations an event must or must not have.
#[derive(Default, Deserialize)]
pub(crate) struct RelationFilter {
    /// The event itself relates in one of these ways.
    #[serde(alias = "org.matrix.msc3874.rel_types")]
    rel_types: Option<Vec<String>>,
    /// The event itself relates in none of these ways.
    #[serde(default, alias = "org.matrix.msc3874.not_rel_types")]
    not_rel_types: Vec<String>,
    /// Some event relates to it in one of these ways…
    related_by_rel_types: Option<Vec<String>>,
    /// … and was sent by one of these.
    related_by_senders: Option<Vec<OwnedUserId>>,
}

impl RelationFilter {
    /// True if the filter lets the event through.
    pub(crate) fn wants(&self, viewer: &Viewer<'_>, visible: &Visible) -> Result<bool, StoreError> {
        let event = visible.event();
        let is = |types: &[String]| types.iter().any(|kind| Some(kind) == event.rel_type.as_ref());
        if self.rel_types.as_deref().is_some_and(|types| !is(types)) || is(&self.not_rel_types) {
            return Ok(false);
        }
        if self.related_by_rel_types.is_none() && self.related_by_senders.is_none() {
            return Ok(true);
        }
        if !event.related {
            return Ok(false);
        }
        let children = viewer.snapshot().children(event.room, &event.event_id)?;
        Ok(children.iter().any(|child| {
            viewer.sees_message(child.pos, &child.sender)
                && self.related_by_rel_types.as_ref().is_none_or(|types| types.contains(&child.rel_type))
                && self.related_by_senders.as_ref().is_none_or(|senders| senders.contains(&child.sender))
        }))
    }
}
