//! Asking for a sync, and looking into one.

use serde_json::Value;

use crate::{
    support::{Person, token},
    urlencoding,
};

/// A sync with a filter: from the beginning, or what happened since another one.
pub(crate) async fn filtered(person: &Person, since: Option<&Value>, filter: Value) -> Value {
    let since = since.map(|since| format!("since={}&timeout=0&", token(since))).unwrap_or_default();
    person.sync(&format!("{since}filter={}", urlencoding(&filter.to_string()))).await
}

/// True if such an event is in a room's timeline.
pub(crate) fn sees_in_timeline(room: &Value, wanted: impl Fn(&Value) -> bool) -> bool {
    room["timeline"]["events"].as_array().unwrap().iter().any(wanted)
}

/// The member events of a list, as `(user, membership)`, sorted.
pub(crate) fn members(events: &Value) -> Vec<(String, String)> {
    let events = events.as_array().unwrap().iter().filter(|event| event["type"] == "m.room.member");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut members: Vec<_> =
        events.map(|event| (text(&event["state_key"]), text(&event["content"]["membership"]))).collect();
    members.sort();
    members
}
