//! Which events a client wants (spec: "Filtering").

use ruma::{
    RoomId, UserId,
    api::client::filter::{
        EventFormat, Filter, FilterDefinition, LazyLoadOptions, RoomEventFilter, RoomFilter, UrlFilter,
    },
};

use crate::{gate::Visible, http::ApiError, render::Form, store::Snapshot};

/// The JSON of a filter that the user left here.
pub(crate) fn stored(snapshot: &Snapshot<'_>, user: &UserId, id: &str) -> Result<String, ApiError> {
    snapshot.filter(user, id)?.ok_or_else(|| ApiError::not_found("You have no filter of this id."))
}

/// True if a request has the filter itself, and not the id of one.
pub(crate) fn is_inline(named: &str) -> bool {
    named.trim_start().starts_with('{')
}

/// Reads the JSON of a filter.
pub(crate) fn parse(json: &str) -> Result<FilterDefinition, ApiError> {
    serde_json::from_str(json).map_err(|_| not_of_their_type())
}

fn not_of_their_type() -> ApiError {
    ApiError::bad_json("The filter has members that are not of their type.")
}

/// The name under which a filter asks for unread counts of threads, if it does. The second is of the time before MSC3773 was
/// accepted, and ruma does not know it.
pub(crate) fn thread_counts(json: &str) -> Result<Option<&'static str>, ApiError> {
    #[derive(Default, serde::Deserialize)]
    struct Whole {
        #[serde(default)]
        room: Room,
    }
    #[derive(Default, serde::Deserialize)]
    struct Room {
        #[serde(default)]
        timeline: Timeline,
    }
    #[derive(Default, serde::Deserialize)]
    struct Timeline {
        #[serde(default)]
        unread_thread_notifications: bool,
        #[serde(default, rename = "org.matrix.msc3773.unread_thread_notifications")]
        unstable: bool,
    }
    if !json.contains("unread_thread_notifications") {
        return Ok(None);
    }
    let wanted: Whole = serde_json::from_str(json).map_err(|_| not_of_their_type())?;
    let Timeline { unread_thread_notifications, unstable } = wanted.room.timeline;
    Ok(match (unread_thread_notifications, unstable) {
        (true, _) => Some("unread_thread_notifications"),
        (false, true) => Some("org.matrix.msc3773.unread_thread_notifications"),
        (false, false) => None,
    })
}

/// How a filter wants events written.
pub(crate) fn form(filter: &FilterDefinition) -> Form {
    Form { fields: filter.event_fields.clone(), federation: filter.event_format == EventFormat::Federation }
}

/// True if the client wants to hear of the room.
pub(crate) fn wants_room(filter: &RoomFilter, room: &RoomId) -> bool {
    in_rooms(filter.rooms.as_deref(), &filter.not_rooms, room)
}

/// True if this part of the filter lets the event through.
pub(crate) fn wants(filter: &RoomEventFilter, room: &RoomId, event: &Visible) -> bool {
    let about = event.event();
    in_rooms(filter.rooms.as_deref(), &filter.not_rooms, room)
        && by_type(filter.types.as_deref(), &filter.not_types, &about.kind)
        && by_sender(filter.senders.as_deref(), &filter.not_senders, &about.sender)
        && filter.url_filter.as_ref().is_none_or(|wanted| {
            let has_url =
                serde_json::from_str::<WithUrl>(event.content()).is_ok_and(|content| content.url.is_some());
            has_url == (*wanted == UrlFilter::EventsWithUrl)
        })
}

/// True if this part of the filter lets something of a room through that is not an event: account data, receipts, typing.
pub(crate) fn wants_type(filter: &RoomEventFilter, room: &RoomId, kind: &str) -> bool {
    in_rooms(filter.rooms.as_deref(), &filter.not_rooms, room)
        && by_type(filter.types.as_deref(), &filter.not_types, kind)
}

/// True if the filter lets account data of this type through.
pub(crate) fn wants_global(filter: &Filter, kind: &str) -> bool {
    by_type(filter.types.as_deref(), &filter.not_types, kind)
}

/// True if the filter lets the presence of this user through.
pub(crate) fn wants_presence(filter: &Filter, user: &UserId) -> bool {
    wants_global(filter, "m.presence") && by_sender(filter.senders.as_deref(), &filter.not_senders, user)
}

/// Whether member events are left out but for those needed; and if so, whether known ones are repeated.
pub(crate) fn lazy_members(filter: &RoomEventFilter) -> Option<bool> {
    match filter.lazy_load_options {
        LazyLoadOptions::Enabled { include_redundant_members } => Some(include_redundant_members),
        LazyLoadOptions::Disabled => None,
    }
}

#[derive(serde::Deserialize)]
struct WithUrl {
    url: Option<serde::de::IgnoredAny>,
}

fn in_rooms(rooms: Option<&[ruma::OwnedRoomId]>, not_rooms: &[ruma::OwnedRoomId], room: &RoomId) -> bool {
    rooms.is_none_or(|rooms| rooms.iter().any(|wanted| wanted == room))
        && !not_rooms.iter().any(|not| not == room)
}

fn by_type(types: Option<&[String]>, not_types: &[String], kind: &str) -> bool {
    types.is_none_or(|types| types.iter().any(|pattern| matches(pattern, kind)))
        && !not_types.iter().any(|pattern| matches(pattern, kind))
}

fn by_sender(
    senders: Option<&[ruma::OwnedUserId]>,
    not_senders: &[ruma::OwnedUserId],
    sender: &UserId,
) -> bool {
    senders.is_none_or(|senders| senders.iter().any(|wanted| wanted == sender))
        && !not_senders.iter().any(|not| not == sender)
}

/// `*` stands for any characters. Linear in the text for each part of the pattern.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, expected) in [
            ("m.room.message", "m.room.message", true),
            ("m.room.message", "m.room.message2", false),
            ("m.room.*", "m.room.member", true),
            ("m.room.*", "m.roo", false),
            ("*", "", true),
            ("m.*.key*", "m.room.key.x", true),
            ("a*a", "a", false),
            ("*member", "m.room.member", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_excluded_stays_out_even_if_it_is_included_too() {
        let filter: RoomEventFilter =
            serde_json::from_str(r#"{"types":["m.*"],"not_types":["m.room.topic"],"org.other":1}"#).unwrap();
        let room = ruma::room_id!("!r:x");
        assert!(wants_type(&filter, room, "m.room.name") && !wants_type(&filter, room, "m.room.topic"));
    }
}
