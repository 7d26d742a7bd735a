//! What the server was heard to say: ids and tokens that are real, so that what is wrong is not always the id.

use serde_json::Value;

use super::random::Random;

/// As many of a kind are remembered: few, so that people meet.
const KEPT: usize = 12;
/// As many events of all rooms.
const KEPT_EVENTS: usize = 96;

/// Real values by the name they have in paths and bodies.
pub(super) struct Known {
    rooms: Vec<String>,
    /// Each with its room.
    events: Vec<(String, String)>,
    users: Vec<String>,
    tokens: Vec<String>,
    /// Places in lists that are not those of events.
    pages: Vec<String>,
    aliases: Vec<String>,
    devices: Vec<String>,
    filters: Vec<String>,
    media: Vec<String>,
    sessions: Vec<String>,
}

impl Known {
    pub(super) fn new() -> Self {
        let one = |value: &str| vec![value.to_owned()];
        Self {
            rooms: one("!unknown:test.home.arpa"),
            events: Vec::new(),
            users: one("@nobody:test.home.arpa"),
            tokens: one("h0.0"),
            pages: one("e30"),
            aliases: one("#t0:test.home.arpa"),
            devices: one("DEVICE"),
            filters: one("1"),
            media: one("unknown"),
            sessions: one("unknown"),
        }
    }

    /// Where something is to happen.
    pub(super) fn room(&self, random: &mut Random) -> String {
        self.rooms[random.below(self.rooms.len())].clone()
    }

    /// An event, mostly one of this room.
    fn event(&self, room: &str, random: &mut Random) -> String {
        let here: Vec<&(String, String)> = self.events.iter().filter(|(of, _)| of == room).collect();
        match (here.len(), self.events.len()) {
            (_, 0) => "$unknown".to_owned(),
            (1.., _) if !random.once_in(10) => here[random.below(here.len())].1.clone(),
            (_, all) => self.events[random.below(all)].1.clone(),
        }
    }

    /// A value for a name in braces, as `{room}` in a path or a body, for something that `me` does in `room`; `None` for a name
    /// that is not one.
    pub(super) fn value(&self, name: &str, me: &str, room: &str, random: &mut Random) -> Option<String> {
        let values = match name {
            "room" if !random.once_in(10) => return Some(room.to_owned()),
            "room" => &self.rooms,
            "event" => return Some(self.event(room, random)),
            "other" | "user" => &self.users,
            "token" => &self.tokens,
            "page" => &self.pages,
            "alias" => &self.aliases,
            "device" => &self.devices,
            "filter" => &self.filters,
            "media" => &self.media,
            "session" => &self.sessions,
            "me" => return Some(me.to_owned()),
            _ => return fixed(name).map(|values| random.one_of(values).to_owned()),
        };
        Some(values[random.below(values.len())].clone())
    }

    /// Remembers what an answer names; `room` is the one it is about.
    pub(super) fn hear(&mut self, answer: &Value, room: &str, random: &mut Random) {
        match answer {
            Value::Object(members) => {
                let room = members.get("room_id").and_then(Value::as_str).unwrap_or(room);
                for (name, value) in members {
                    match value {
                        Value::String(event) if name == "event_id" => {
                            self.remember_event(room, event, random);
                        }
                        Value::String(text) => self.remember(name, text, random),
                        // A room of a sync.
                        _ if name.starts_with('!') => self.hear(value, name, random),
                        _ => self.hear(value, room, random),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.hear(item, room, random)),
            _ => {}
        }
    }

    fn remember_event(&mut self, room: &str, event: &str, random: &mut Random) {
        if self.events.iter().any(|(_, known)| known == event) {
            return;
        }
        let heard = (room.to_owned(), event.to_owned());
        if self.events.len() < KEPT_EVENTS {
            self.events.push(heard);
        } else {
            self.events[random.below(KEPT_EVENTS)] = heard;
        }
    }

    pub(super) fn remember(&mut self, name: &str, value: &str, random: &mut Random) {
        let (values, value) = match name {
            "room_id" => (&mut self.rooms, value),
            "user_id" | "sender" => (&mut self.users, value),
            "next_batch" | "prev_batch" | "start" | "end" | "next_token" | "next_batch_token" => {
                let is_place = value.starts_with('h') && value.contains('.') && !value.contains('_');
                (if is_place { &mut self.tokens } else { &mut self.pages }, value)
            }
            "room_alias" | "alias" => (&mut self.aliases, value),
            "device_id" => (&mut self.devices, value),
            "filter_id" => (&mut self.filters, value),
            "content_uri" => (&mut self.media, value.rsplit('/').next().unwrap_or(value)),
            "session" => (&mut self.sessions, value),
            _ => return,
        };
        if values.iter().any(|known| known == value) {
            return;
        }
        if values.len() < KEPT {
            values.push(value.to_owned());
        } else {
            let at = random.below(KEPT);
            value.clone_into(&mut values[at]);
        }
    }
}

/// Values that need not be made first.
fn fixed(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "server" => &["test.home.arpa", "test.home.arpa", "elsewhere.example.org"],
        "txn" => &["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"],
        "kind" => &["override", "content", "room", "sender", "underride"],
        "key" => &["displayname", "avatar_url", "m.tz", "org.example.field"],
        "tag" => &["m.favourite", "m.lowpriority", "u.work"],
        "rel_type" => &["m.replace", "m.annotation", "m.reference", "m.thread"],
        "receipt" => &["m.read", "m.read.private", "m.fully_read"],
        "file" => &["photo.png", "a b.txt"],
        "version" => &["10", "11", "12"],
        "presence" => &["online", "unavailable", "offline"],
        "membership" => &["join", "invite", "leave", "ban", "knock"],
        "data" => &["m.direct", "m.ignored_user_list", "m.push_rules", "org.example.any"],
        "rule" => &["mine", "other", ".m.rule.master", ".m.rule.contains_user_name"],
        "" => &["", "", "", "x", "@alice:test.home.arpa", "@bob:test.home.arpa"],
        "type" => &[
            "m.room.message",
            "m.room.encrypted",
            "m.reaction",
            "m.room.redaction",
            "m.room.member",
            "m.room.power_levels",
            "m.room.join_rules",
            "m.room.history_visibility",
            "m.room.canonical_alias",
            "m.room.name",
            "m.room.topic",
            "m.room.create",
            "m.room.tombstone",
            "m.room.encryption",
            "m.room.server_acl",
            "m.space.child",
            "org.example.any",
        ],
        _ => return None,
    })
}
