//! What the server was heard to say: ids and tokens that are real, so that what is wrong is not always the id.

use serde_json::Value;

use super::random::Random;

/// As many of a kind are remembered.
const KEPT: usize = 48;

/// Real values by the name they have in paths and bodies.
pub(super) struct Known {
    rooms: Vec<String>,
    events: Vec<String>,
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
            events: one("$unknown"),
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

    /// A value for a name in braces, as `{room}` in a path or a body; `None` for a name that is not one.
    pub(super) fn value(&self, name: &str, me: &str, random: &mut Random) -> Option<String> {
        let values = match name {
            "room" => &self.rooms,
            "event" => &self.events,
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

    /// Remembers what an answer names.
    pub(super) fn hear(&mut self, answer: &Value, random: &mut Random) {
        match answer {
            Value::Object(members) => {
                for (name, value) in members {
                    match value {
                        Value::String(text) => self.remember(name, text, random),
                        _ => self.hear(value, random),
                    }
                    // Rooms of a sync.
                    if name.starts_with('!') {
                        self.remember("room_id", name, random);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.hear(item, random)),
            _ => {}
        }
    }

    pub(super) fn remember(&mut self, name: &str, value: &str, random: &mut Random) {
        let (values, value) = match name {
            "room_id" | "replacement_room" => (&mut self.rooms, value),
            "event_id" => (&mut self.events, value),
            "user_id" | "sender" => (&mut self.users, value),
            "next_batch" | "prev_batch" | "start" | "end" | "next_batch_token" => {
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
        "rule" => {
            &[".m.rule.master", ".m.rule.contains_user_name", "mine", "other", "!unknown:test.home.arpa"]
        }
        "key" => &["displayname", "avatar_url", "m.tz", "org.example.field"],
        "tag" => &["m.favourite", "m.lowpriority", "u.work"],
        "rel_type" => &["m.replace", "m.annotation", "m.reference", "m.thread"],
        "receipt" => &["m.read", "m.read.private", "m.fully_read"],
        "file" => &["photo.png", "a b.txt"],
        "version" => &["10", "11", "12"],
        "presence" => &["online", "unavailable", "offline"],
        "membership" => &["join", "invite", "leave", "ban", "knock"],
        "" => &["", "x", "@alice:test.home.arpa", "@bob:test.home.arpa"],
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
            "m.direct",
            "m.ignored_user_list",
            "m.push_rules",
            "m.fully_read",
            "org.example.any",
        ],
        _ => return None,
    })
}
