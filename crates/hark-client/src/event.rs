//! An event as a client gets it, read leniently: servers and other clients send what they like.

use serde_json::{Map, Value};

/// A timeline, state or stripped event. What is missing or of the wrong type is empty.
#[expect(clippy::struct_field_names, reason = "an event id is called that everywhere")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    /// Empty on stripped state.
    pub(crate) event_id: String,
    pub(crate) kind: String,
    pub(crate) sender: String,
    pub(crate) ts: i64,
    pub(crate) state_key: Option<String>,
    pub(crate) content: Map<String, Value>,
    pub(crate) unsigned: Map<String, Value>,
    redacts: Option<String>,
}

/// Longest id a server may give.
const LONGEST_ID: usize = 255;

impl Event {
    /// None: not an event at all.
    pub(crate) fn parse(value: Value) -> Option<Self> {
        let Value::Object(mut fields) = value else { return None };
        let kind = text(&fields, "type")?.to_owned();
        let sender = text(&fields, "sender").unwrap_or_default().to_owned();
        let event_id = text(&fields, "event_id").unwrap_or_default().to_owned();
        if sender.len() > LONGEST_ID || event_id.len() > LONGEST_ID {
            return None;
        }
        Some(Self {
            event_id,
            kind,
            sender,
            ts: fields.get("origin_server_ts").and_then(Value::as_i64).unwrap_or(0).clamp(0, 1 << 45),
            state_key: text(&fields, "state_key").map(str::to_owned),
            redacts: text(&fields, "redacts").map(str::to_owned),
            content: object(fields.remove("content")),
            unsigned: object(fields.remove("unsigned")),
        })
    }

    /// The transaction id, if this device sent it.
    pub(crate) fn txn_id(&self) -> Option<&str> {
        text(&self.unsigned, "transaction_id")
    }

    /// What it removes: in the content since room version 11, at the top before.
    pub(crate) fn redacts(&self) -> Option<&str> {
        text(&self.content, "redacts").or(self.redacts.as_deref())
    }

    /// The newest edit, where the server sends it along.
    pub(crate) fn bundled_edit(&self) -> Option<Self> {
        Self::parse(self.unsigned.get("m.relations")?.get("m.replace")?.clone())
    }

    /// A text field of the content.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        text(&self.content, name)
    }

    /// The membership before this member event, where the server says.
    pub(crate) fn previous_membership(&self) -> Option<&str> {
        self.unsigned.get("prev_content")?.get("membership")?.as_str()
    }
}

/// A text field of an object.
pub(crate) fn text<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    map.get(name)?.as_str()
}

fn object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
