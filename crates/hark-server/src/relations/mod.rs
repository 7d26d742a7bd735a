//! What relates to an event: edits, threads, references (spec: "Forming relationships between events").
//!
//! An event says itself what it relates to; nothing is stored in the parent but one mark that it has children at all. So what is
//! bundled into the parent is made anew for each reader, as far as the gate lets them see, and a redaction needs no repair: a
//! redacted child relates to nothing any more.

mod filter;
mod threads;

use serde_json::Value;

pub(crate) use self::{filter::RelationFilter, threads::threads};
use crate::{
    gate::{Viewer, Visible},
    store::StoreError,
};

/// How deep a recursive look for relations goes.
pub(crate) const MAX_DEPTH: usize = 3;

/// What is written into an event of those that relate to it.
#[derive(Default)]
pub(crate) struct Bundle {
    /// The newest valid edit.
    pub(crate) replacement: Option<Visible>,
    /// Ids of the events that refer to it.
    pub(crate) references: Vec<String>,
    pub(crate) thread: Option<Thread>,
}

/// A thread as its root tells of it.
pub(crate) struct Thread {
    pub(crate) latest: Visible,
    /// Messages, without the root.
    pub(crate) count: i64,
    /// The reader wrote the root or one of the messages.
    pub(crate) participated: bool,
}

impl Bundle {
    /// What relates to an event, for one reader. A redacted event keeps its thread and nothing else.
    pub(crate) fn of(viewer: &Viewer<'_>, visible: &Visible, with_thread: bool) -> Result<Self, StoreError> {
        let event = visible.event();
        if !event.related {
            return Ok(Self::default());
        }
        let thread = if with_thread { Thread::of(viewer, visible)? } else { None };
        if event.redacted_by.is_some() {
            return Ok(Self { thread, ..Self::default() });
        }
        let references = viewer.snapshot().references(event.room, &event.event_id)?;
        let references = references.into_iter().filter(|(pos, sender, _)| viewer.sees_message(*pos, sender));
        Ok(Self {
            replacement: replacement(viewer, visible)?,
            references: references.map(|(_, _, id)| id).collect(),
            thread,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.replacement.is_none() && self.references.is_empty() && self.thread.is_none()
    }
}

impl Thread {
    /// The thread under a root; `None` if the reader sees nothing in it.
    pub(crate) fn of(viewer: &Viewer<'_>, root: &Visible) -> Result<Option<Self>, StoreError> {
        let root = root.event();
        let snapshot = viewer.snapshot();
        let mut replies = snapshot.thread(root.room, &root.event_id)?;
        replies.retain(|(pos, sender)| viewer.sees_message(*pos, sender));
        let Some((newest, _)) = replies.first() else { return Ok(None) };
        let latest = snapshot.event_at(*newest)?.and_then(|event| viewer.see(event));
        let participated =
            root.sender == viewer.user() || replies.iter().any(|(_, sender)| sender == viewer.user());
        let count = replies.len() as i64;
        Ok(latest.map(|latest| Self { latest, count, participated }))
    }
}

/// The newest valid edit of an event (spec: "Validity of replacement events"). State and edits themselves have none.
fn replacement(viewer: &Viewer<'_>, visible: &Visible) -> Result<Option<Visible>, StoreError> {
    let event = visible.event();
    if event.state_key.is_some() || event.rel_type.as_deref() == Some("m.replace") {
        return Ok(None);
    }
    let snapshot = viewer.snapshot();
    for pos in snapshot.replacements(event.room, &event.event_id, &event.sender, &event.kind)? {
        let edit = snapshot.event_at(pos)?.and_then(|edit| viewer.see(edit));
        if let Some(edit) = edit.filter(has_new_content) {
            return Ok(Some(edit));
        }
    }
    Ok(None)
}

/// What an encrypted edit says cannot be looked at: it counts.
fn has_new_content(edit: &Visible) -> bool {
    edit.event().kind == "m.room.encrypted"
        || serde_json::from_str::<Value>(edit.content())
            .is_ok_and(|content| content.get("m.new_content").is_some_and(Value::is_object))
}
