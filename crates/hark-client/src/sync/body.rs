//! The body of a /sync response, read leniently: one bad room or event is left out, the rest is taken.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::event::Event;

/// What one response says.
#[derive(Debug, Deserialize)]
pub(crate) struct SyncBody {
    /// Where the next one goes on. The one field without which it is no response.
    pub(crate) next_batch: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) rooms: Rooms,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) account_data: Events,
}

/// Rooms by my standing in them.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Rooms {
    #[serde(default, deserialize_with = "each")]
    pub(crate) join: HashMap<String, JoinedRoom>,
    #[serde(default, deserialize_with = "each")]
    pub(crate) invite: HashMap<String, InvitedRoom>,
    #[serde(default, deserialize_with = "each")]
    pub(crate) leave: HashMap<String, LeftRoom>,
}

/// A room I am in.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct JoinedRoom {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) state: Events,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) timeline: Timeline,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) ephemeral: Events,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) account_data: Events,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) summary: Summary,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) unread_notifications: Counts,
}

/// A room I am invited to.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct InvitedRoom {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) invite_state: Events,
}

/// A room I am no longer in.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct LeftRoom {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) state: Events,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) timeline: Timeline,
}

/// Events in the server's order.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Timeline {
    #[serde(default, deserialize_with = "events")]
    pub(crate) events: Vec<Event>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) limited: bool,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) prev_batch: Option<String>,
}

/// A list of events.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Events {
    #[serde(default, deserialize_with = "events")]
    pub(crate) events: Vec<Event>,
}

/// What a room without a name is named by.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Summary {
    #[serde(default, rename = "m.heroes", deserialize_with = "lenient")]
    pub(crate) heroes: Option<Vec<String>>,
}

/// The server's idea of what is unread: a hint (SY6).
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Counts {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) notification_count: Option<u64>,
}

/// A page of history.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct History {
    #[serde(default, deserialize_with = "events")]
    pub(crate) chunk: Vec<Event>,
    #[serde(default, deserialize_with = "events")]
    pub(crate) state: Vec<Event>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) end: Option<String>,
}

fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(deserializer: D) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

fn each<'de, D, T>(deserializer: D) -> Result<HashMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let Value::Object(fields) = Value::deserialize(deserializer)? else { return Ok(HashMap::new()) };
    Ok(fields
        .into_iter()
        .filter(|(id, _)| id.starts_with('!') && id.len() <= 255)
        .filter_map(|(id, value)| Some((id, serde_json::from_value(value).ok()?)))
        .collect())
}

fn events<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Event>, D::Error> {
    let Value::Array(values) = Value::deserialize(deserializer)? else { return Ok(Vec::new()) };
    Ok(values.into_iter().filter_map(Event::parse).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::SyncBody;

    #[test]
    fn one_bad_room_or_event_is_left_out_and_the_rest_is_taken() {
        let body = json!({
            "next_batch": "s1",
            "rooms": {
                "join": {
                    "!good:x": {"timeline": {"events": [
                        {"type": "m.room.message", "event_id": "$1", "sender": "@a:x", "content": {"body": 5}},
                        "rubbish", 7, {"no": "type"},
                        {"type": "m.room.message", "event_id": "$2", "sender": "@a:x", "content": "rubbish"},
                    ], "limited": "perhaps"}, "summary": [], "unread_notifications": null},
                    "!odd:x": 17,
                    "not a room": {},
                },
                "invite": [],
            },
            "account_data": "none",
        });
        let body: SyncBody = serde_json::from_value(body).expect("a response");
        assert_eq!(body.rooms.join.len(), 1);
        let room = &body.rooms.join["!good:x"];
        let ids: Vec<_> = room.timeline.events.iter().map(|event| event.event_id.as_str()).collect();
        assert_eq!(ids, ["$1", "$2"]);
        assert!(!room.timeline.limited);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in ".{0,200}") {
            let _ = serde_json::from_str::<SyncBody>(&format!("{{\"next_batch\":\"s\",\"rooms\":{bytes}}}"));
        }
    }
}
