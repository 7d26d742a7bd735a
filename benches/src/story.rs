//! What the scripted homeserver tells: conversations, and their messages batch by batch.

use serde_json::{Value, json};

use crate::corpus::Corpus;

/// Conversations of the account.
pub(crate) const CONVERSATIONS: usize = 1000;
/// Messages of the longest one, where the story holds at least twice as many.
pub(crate) const LONGEST: usize = 10_000;
/// Messages of one incremental response.
const PER_BATCH: usize = 2000;
/// Messages of each conversation in the first response.
const FIRST: usize = 20;
/// Time of the first message.
const BEGIN_MS: u64 = 1_700_000_000_000;

/// A story of `messages` messages: the first conversation is long, the others share the rest evenly.
pub(crate) struct Story {
    messages: usize,
    responses: Vec<Vec<u8>>,
}

impl Story {
    /// Writes it all down at once, so that telling it costs nothing while the engine is measured.
    pub(crate) fn new(messages: usize) -> Self {
        let mut teller = Teller { corpus: Corpus::new(1), count: 0 };
        let mut responses = vec![teller.first()];
        let long = LONGEST.min(messages / 2);
        let mut order: Vec<usize> = std::iter::repeat_n(0, long.saturating_sub(FIRST)).collect();
        let others = messages.saturating_sub(CONVERSATIONS * FIRST + order.len());
        order.extend((0..others).map(|n| 1 + n % (CONVERSATIONS - 1)));
        for rooms in order.chunks(PER_BATCH) {
            responses.push(teller.next(responses.len(), rooms));
        }
        Self { messages: teller.count, responses }
    }

    /// How many messages are in it.
    pub(crate) fn messages(&self) -> usize {
        self.messages
    }

    /// Messages of the first response.
    pub(crate) fn first_messages() -> usize {
        CONVERSATIONS * FIRST
    }

    /// How many responses.
    pub(crate) fn batches(&self) -> usize {
        self.responses.len()
    }

    /// Response number `batch`.
    pub(crate) fn batch(&self, batch: usize) -> Vec<u8> {
        self.responses[batch].clone()
    }
}

/// The account of the story.
pub(crate) const ME: &str = "@me:story.test";

/// The other person of conversation `number`.
pub(crate) fn contact(number: usize) -> String {
    format!("@contact{number}:story.test")
}

fn room(number: usize) -> String {
    format!("!room{number}:story.test")
}

struct Teller {
    corpus: Corpus,
    count: usize,
}

impl Teller {
    /// The first sync: every conversation with its state, its newest messages, and the directory.
    fn first(&mut self) -> Vec<u8> {
        let mut rooms = serde_json::Map::new();
        let mut direct = serde_json::Map::new();
        for number in 0..CONVERSATIONS {
            direct.insert(contact(number), json!([room(number)]));
            let events: Vec<Value> = (0..FIRST).map(|_| self.message(number)).collect();
            rooms.insert(room(number), json!({
                "summary": { "m.heroes": [contact(number)], "m.joined_member_count": 2, "m.invited_member_count": 0 },
                "state": { "events": state(number) },
                "timeline": { "events": events, "limited": false, "prev_batch": format!("p{number}") },
                "ephemeral": { "events": [] },
                "account_data": { "events": [] },
                "unread_notifications": { "highlight_count": 0, "notification_count": 1 },
            }));
        }
        let account_data = json!({ "events": [{ "type": "m.direct", "content": direct }] });
        response(1, json!(rooms), account_data)
    }

    /// An incremental sync with one message for each entry of `numbers`.
    fn next(&mut self, batch: usize, numbers: &[usize]) -> Vec<u8> {
        let mut timelines: std::collections::BTreeMap<usize, Vec<Value>> = std::collections::BTreeMap::new();
        for number in numbers {
            let message = self.message(*number);
            timelines.entry(*number).or_default().push(message);
        }
        let mut rooms = serde_json::Map::new();
        for (number, events) in timelines {
            rooms.insert(
                room(number),
                json!({
                    "timeline": { "events": events, "limited": false, "prev_batch": format!("s{batch}") },
                }),
            );
        }
        response(batch + 1, json!(rooms), json!({ "events": [] }))
    }

    fn message(&mut self, number: usize) -> Value {
        self.count += 1;
        let sender = if self.count.is_multiple_of(3) { ME.to_owned() } else { contact(number) };
        json!({
            "type": "m.room.message",
            "event_id": format!("$message{:0>36}", self.count),
            "sender": sender,
            "origin_server_ts": BEGIN_MS + self.count as u64 * 1000,
            "content": { "msgtype": "m.text", "body": self.corpus.sentence() },
            "unsigned": { "age": 5 },
        })
    }
}

fn response(next: usize, joined: Value, account_data: Value) -> Vec<u8> {
    let body = json!({
        "next_batch": format!("s{next}"),
        "account_data": account_data,
        "rooms": { "join": joined },
        "device_one_time_keys_count": {},
    });
    body.to_string().into_bytes()
}

fn state(number: usize) -> Vec<Value> {
    let mut count = 0;
    let mut event = |kind: &str, key: &str, sender: &str, content: Value| {
        count += 1;
        json!({ "type": kind, "state_key": key, "event_id": format!("$state{count}of{number:0>36}"), "sender": sender,
            "origin_server_ts": BEGIN_MS, "content": content })
    };
    let contact = contact(number);
    vec![
        event("m.room.create", "", &contact, json!({ "room_version": "11" })),
        event(
            "m.room.member",
            &contact,
            &contact,
            json!({ "membership": "join", "displayname": format!("Contact {number}") }),
        ),
        event("m.room.member", ME, ME, json!({ "membership": "join", "displayname": "Me" })),
        event("m.room.power_levels", "", &contact, json!({ "users": { contact.as_str(): 100, ME: 100 } })),
        event("m.room.join_rules", "", &contact, json!({ "join_rule": "invite" })),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_tells_as_many_messages_as_asked_each_once_and_the_longest_conversation_has_its_share() {
        let story = Story::new(45_000);
        let mut ids = std::collections::HashSet::new();
        let mut longest = 0;
        for batch in 0..story.batches() {
            let response: Value = serde_json::from_slice(&story.batch(batch)).unwrap();
            assert_eq!(response["next_batch"], format!("s{}", batch + 1));
            for (room_id, joined) in response["rooms"]["join"].as_object().unwrap() {
                let events = joined["timeline"]["events"].as_array().unwrap();
                longest += if *room_id == room(0) { events.len() } else { 0 };
                ids.extend(events.iter().map(|event| event["event_id"].as_str().unwrap().to_owned()));
            }
        }
        assert_eq!((story.messages(), ids.len(), longest), (45_000, 45_000, LONGEST));
    }
}
