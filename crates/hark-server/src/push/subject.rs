//! An event as push rules look at it.

use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, RoomId};
use serde_json::Value;

use crate::gate::Visible;

/// What rules may ask of an event.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) room_id: OwnedRoomId,
    pub(crate) event_id: OwnedEventId,
    pub(crate) kind: String,
    pub(crate) sender: OwnedUserId,
    pub(crate) state_key: Option<String>,
    pub(crate) content: Value,
}

impl Subject {
    /// Of an event somebody may see.
    pub(crate) fn of(visible: &Visible, room_id: &RoomId) -> Self {
        let event = visible.event();
        Self {
            room_id: room_id.to_owned(),
            event_id: event.event_id.clone(),
            kind: event.kind.clone(),
            sender: event.sender.clone(),
            state_key: event.state_key.clone(),
            content: serde_json::from_str(visible.content()).unwrap_or_default(),
        }
    }

    /// The value of a property, where it has one.
    pub(super) fn get(&self, path: &Path) -> Option<Property<'_>> {
        let (first, rest) = path.0.split_first()?;
        let text = match first.as_str() {
            "content" => {
                let found = rest.iter().try_fold(&self.content, |value, name| value.as_object()?.get(name));
                return found.map(Property::Json);
            }
            "type" => self.kind.as_str(),
            "sender" => self.sender.as_str(),
            "room_id" => self.room_id.as_str(),
            "event_id" => self.event_id.as_str(),
            "state_key" => self.state_key.as_deref()?,
            _ => return None,
        };
        rest.is_empty().then_some(Property::Text(text))
    }
}

/// The value of a property of an event.
#[derive(Clone, Copy, Debug)]
pub(super) enum Property<'a> {
    Text(&'a str),
    Json(&'a Value),
}

impl<'a> Property<'a> {
    pub(super) fn as_str(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Json(value) => value.as_str(),
        }
    }

    /// Exactly this value, which is no object and no list.
    pub(super) fn is(self, wanted: &Value) -> bool {
        match self {
            Self::Text(text) => wanted.as_str() == Some(text),
            Self::Json(value) => value == wanted,
        }
    }

    /// A list with exactly this value in it.
    pub(super) fn contains(self, wanted: &Value) -> bool {
        matches!(self, Self::Json(Value::Array(values)) if values.contains(wanted))
    }
}

/// Where a property is (spec: "Dot-separated property paths").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Vec<String>);

impl Path {
    /// Names are separated by dots; a backslash before a dot or another backslash takes away its meaning.
    pub(super) fn new(key: &str) -> Self {
        let mut names = vec![String::new()];
        let mut letters = key.chars().peekable();
        while let Some(letter) = letters.next() {
            let escaped =
                if letter == '\\' { letters.next_if(|next| matches!(next, '.' | '\\')) } else { None };
            match (letter, escaped, names.last_mut()) {
                ('.', _, _) | (_, _, None) => names.push(String::new()),
                (_, escaped, Some(name)) => name.push(escaped.unwrap_or(letter)),
            }
        }
        Self(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_separate_names_unless_they_are_escaped() {
        let names = |key| Path::new(key).0;
        assert_eq!(names("content.body"), ["content", "body"]);
        assert_eq!(names(r"content.m\.mentions.room"), ["content", "m.mentions", "room"]);
        assert_eq!(names(r"a\\.b\c\"), [r"a\", r"b\c\"]);
        assert_eq!(names(""), [""]);
    }
}
