//! An event as clients see it: the stored content with `event_id`, `unsigned` and the rest written around it.

use ruma::{RoomId, events::room::member::MembershipState};
use serde_json::Value;

use crate::{
    clock,
    gate::{Reader, Viewer, Visible},
    json::{self, Object},
    relations::Bundle,
    store::{Snapshot, StoreError},
};

/// Where an event is going.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    /// Only these members, as dotted paths (filter `event_fields`).
    pub(crate) fields: Option<Vec<String>>,
    /// The event as other servers would see it (filter `event_format: federation`).
    pub(crate) federation: bool,
}

/// How much of what belongs to an event is written into it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Its redaction and what relates to it.
    Whole,
    /// The same, but no thread: the event is shown as the newest one of a thread.
    InThread,
    /// Nothing: the event is shown inside another one.
    Alone,
}

/// Renders events for one reader.
pub(crate) struct Renderer<'a> {
    snapshot: &'a Snapshot<'a>,
    reader: Reader<'a>,
    /// `None`: the room id stands outside (in /sync).
    room_id: Option<&'a RoomId>,
    form: &'a Form,
    /// Present: edits, threads and references are bundled, as far as this view goes.
    bundling: Option<&'a Viewer<'a>>,
    now: i64,
}

impl<'a> Renderer<'a> {
    /// With the room id inside each event, or without.
    pub(crate) fn new(
        snapshot: &'a Snapshot<'a>,
        reader: Reader<'a>,
        room_id: Option<&'a RoomId>,
        form: &'a Form,
    ) -> Self {
        Self { snapshot, reader, room_id, form, bundling: None, now: clock::now_ms() }
    }

    /// Writes what relates to an event into it (spec: "Aggregations of child events"). For everything but lists of state.
    pub(crate) fn bundling(mut self, viewer: &'a Viewer<'a>) -> Self {
        self.bundling = Some(viewer);
        self
    }

    /// The event as JSON.
    pub(crate) fn event(&self, visible: &Visible) -> Result<String, StoreError> {
        let json = if self.form.federation {
            with_event_id(visible)
        } else {
            self.client_event(visible, Depth::Whole)?
        };
        Ok(match &self.form.fields {
            Some(fields) => only(&json, fields),
            None => json,
        })
    }

    /// Several events, as JSON.
    pub(crate) fn events<'v>(
        &self,
        events: impl IntoIterator<Item = &'v Visible>,
    ) -> Result<Vec<String>, StoreError> {
        events.into_iter().map(|event| self.event(event)).collect()
    }

    fn client_event(&self, visible: &Visible, depth: Depth) -> Result<String, StoreError> {
        let event = visible.event();
        let mut out = String::with_capacity(visible.content().len() + 400);
        let mut object = Object::new(&mut out);
        match &event.redacts {
            Some(target) if event.redacted_by.is_none() => {
                object.raw("content", &with_member(visible.content(), "redacts", target.as_str()));
                object.text("redacts", target.as_str());
            }
            _ => {
                object.raw("content", visible.content());
            }
        }
        object.text("event_id", event.event_id.as_str()).number("origin_server_ts", event.ts);
        if let Some(room_id) = self.room_id {
            object.text("room_id", room_id.as_str());
        }
        object.text("sender", event.sender.as_str());
        if let Some(state_key) = &event.state_key {
            object.text("state_key", state_key);
        }
        object.text("type", &event.kind);
        self.unsigned(visible, depth, object.object("unsigned"))?;
        drop(object);
        Ok(out)
    }

    fn unsigned(&self, visible: &Visible, depth: Depth, mut unsigned: Object<'_>) -> Result<(), StoreError> {
        let event = visible.event();
        unsigned.number("age", (self.now - event.ts).max(0));
        unsigned.text("membership", visible.membership().as_str());
        if let Some(txn) = event.txn_for(self.reader.user, self.reader.device) {
            unsigned.text("transaction_id", txn);
        }
        if let Some(replaced) = visible.replaced(self.snapshot)? {
            unsigned.raw("prev_content", replaced.content());
            unsigned.text("prev_sender", replaced.event().sender.as_str());
            unsigned.text("replaces_state", replaced.event().event_id.as_str());
        }
        if depth == Depth::Alone {
            return Ok(());
        }
        if let Some(redaction) = visible.redaction(self.snapshot)? {
            unsigned.raw("redacted_because", &self.client_event(&redaction, Depth::Alone)?);
        }
        if let Some(viewer) = self.bundling {
            let bundle = Bundle::of(viewer, visible, depth == Depth::Whole)?;
            if !bundle.is_empty() {
                self.relations(&bundle, unsigned.object("m.relations"))?;
            }
        }
        Ok(())
    }

    fn relations(&self, bundle: &Bundle, mut out: Object<'_>) -> Result<(), StoreError> {
        if !bundle.references.is_empty() {
            let chunk = bundle.references.iter().map(|id| format!(r#"{{"event_id":{}}}"#, json::text(id)));
            out.object("m.reference").array("chunk", chunk);
        }
        if let Some(replacement) = &bundle.replacement {
            out.raw("m.replace", &self.client_event(replacement, Depth::Alone)?);
        }
        if let Some(thread) = &bundle.thread {
            let latest = self.client_event(&thread.latest, Depth::InThread)?;
            out.object("m.thread")
                .raw("latest_event", &latest)
                .number("count", thread.count)
                .flag("current_user_participated", thread.participated);
        }
        Ok(())
    }
}

/// A state event as invited users see it.
pub(crate) fn stripped(visible: &Visible) -> String {
    let event = visible.event();
    let mut out = String::new();
    let mut object = Object::new(&mut out);
    object.raw("content", visible.content()).text("sender", event.sender.as_str());
    object.text("state_key", event.state_key.as_deref().unwrap_or_default()).text("type", &event.kind);
    // MSC4311: the create event names itself, because the room id is made from it.
    if event.kind == "m.room.create"
        || *visible.membership() == MembershipState::Invite && event.kind == "m.room.member"
    {
        object.text("event_id", event.event_id.as_str()).number("origin_server_ts", event.ts);
    }
    drop(object);
    out
}

/// The PDU and its id, which servers compute and clients cannot.
fn with_event_id(visible: &Visible) -> String {
    let (id, pdu) = (visible.event().event_id.as_str(), visible.pdu());
    match pdu.strip_prefix('{') {
        Some(members) => format!("{{\"event_id\":{},{members}", json::text(id)),
        None => pdu.to_owned(),
    }
}

/// The object with one more member, unless it is there.
fn with_member(json: &str, name: &str, value: &str) -> String {
    match serde_json::from_str::<Value>(json) {
        Ok(Value::Object(mut object)) => {
            object.entry(name).or_insert_with(|| value.into());
            Value::Object(object).to_string()
        }
        _ => json.to_owned(),
    }
}

/// The event cut down to some members, given as paths with dots between names and `\.` for a dot inside one.
fn only(json: &str, fields: &[String]) -> String {
    let Ok(whole) = serde_json::from_str::<Value>(json) else { return json.to_owned() };
    let mut kept = Value::Object(serde_json::Map::new());
    for field in fields {
        let path: Vec<String> =
            field.replace("\\.", "\u{0}").split('.').map(|name| name.replace('\u{0}', ".")).collect();
        copy(&whole, &mut kept, &path);
    }
    kept.to_string()
}

fn copy(from: &Value, to: &mut Value, path: &[String]) {
    let Some((name, rest)) = path.split_first() else { return };
    let (Some(value), Some(object)) = (from.get(name), to.as_object_mut()) else { return };
    if rest.is_empty() {
        object.insert(name.clone(), value.clone());
    } else if value.is_object() {
        copy(value, object.entry(name).or_insert_with(|| Value::Object(serde_json::Map::new())), rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_fields_keep_only_what_was_asked_for() {
        let event = r#"{"content":{"body":"x","m.relates_to":{"a":1}},"sender":"@a:x","type":"m"}"#;
        let fields = ["content.body", r"content.m\.relates_to.a", "type", "none.of"].map(ToOwned::to_owned);
        let kept: Value = serde_json::from_str(&only(event, &fields)).unwrap();
        let expected = serde_json::json!({"content": {"body": "x", "m.relates_to": {"a": 1}}, "type": "m"});
        assert_eq!(kept, expected);
    }
}
