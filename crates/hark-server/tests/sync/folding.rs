//! Whatever happens between them, increments add up to what a first sync shows.

use std::collections::BTreeMap;

use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};

use crate::{
    support::{House, Person, token},
    urlencoding,
};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Say(usize),
    /// In a thread on one of the last messages.
    Reply(usize, usize),
    Name(usize, u8),
    Join(usize),
    Leave(usize),
    Invite(usize, usize),
    Kick(usize),
    Ban(usize),
    Unban(usize),
    Forget(usize),
    Topic(u8),
    Read(usize),
    Redact(usize),
    /// The observer syncs.
    Sync,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_usize).prop_map(Step::Say),
        2 => (0..3_usize, 0..4_usize).prop_map(|(who, back)| Step::Reply(who, back)),
        1 => (0..3_usize, 0..4_u8).prop_map(|(who, name)| Step::Name(who, name)),
        2 => (0..3_usize).prop_map(Step::Join),
        2 => (0..3_usize).prop_map(Step::Leave),
        1 => (0..3_usize, 0..3_usize).prop_map(|(who, target)| Step::Invite(who, target)),
        1 => (0..3_usize).prop_map(Step::Kick),
        1 => (1..3_usize).prop_map(Step::Ban),
        1 => (1..3_usize).prop_map(Step::Unban),
        1 => (0..3_usize).prop_map(Step::Forget),
        1 => (0..4_u8).prop_map(Step::Topic),
        1 => (0..3_usize).prop_map(Step::Read),
        1 => (0..8_usize).prop_map(Step::Redact),
        3 => Just(Step::Sync),
    ]
}

/// A room as a client keeps it.
#[derive(Debug, Default, PartialEq)]
struct Room {
    /// `(type, state key)` → event id.
    state: BTreeMap<(String, String), String>,
    /// Ids and contents, oldest first; emptied as redactions say.
    timeline: Vec<(String, Value)>,
    summary: BTreeMap<String, Value>,
    unread: Value,
}

/// Everything a client knows.
#[derive(Debug, Default)]
struct Client {
    rooms: BTreeMap<String, Room>,
    at: Option<Value>,
}

impl Client {
    async fn sync(&mut self, person: &Person, options: &str) {
        let since = self.at.as_ref().map(|at| format!("since={}&", token(at))).unwrap_or_default();
        let sync = person.sync(&format!("{since}timeout=0&{options}")).await;
        let rooms = &sync["rooms"];
        for section in ["leave", "invite", "knock"] {
            for id in rooms[section].as_object().unwrap().keys() {
                self.rooms.remove(id);
            }
        }
        for (id, shown) in rooms["join"].as_object().unwrap() {
            self.rooms.entry(id.clone()).or_default().apply(shown);
        }
        self.at = Some(sync);
    }
}

impl Room {
    fn apply(&mut self, shown: &Value) {
        let timeline = &shown["timeline"];
        if timeline["limited"] == true {
            self.timeline.clear();
        }
        let after = shown.get("state_after");
        if let Some(after) = after {
            self.set(after["events"].as_array().unwrap());
        } else {
            self.set(shown["state"]["events"].as_array().unwrap());
            self.set(timeline["events"].as_array().unwrap());
        }
        for event in timeline["events"].as_array().unwrap() {
            self.timeline.push((event["event_id"].as_str().unwrap().to_owned(), event["content"].clone()));
            if let Some(target) = event["redacts"].as_str() {
                for (id, content) in &mut self.timeline {
                    if id == target {
                        *content = json!({});
                    }
                }
            }
        }
        // Heroes stand in for a name; once there is one they mean nothing.
        if self.state.contains_key(&("m.room.name".to_owned(), String::new())) {
            self.summary.remove("m.heroes");
        }
        if let Some(summary) = shown["summary"].as_object() {
            self.summary.extend(summary.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        self.unread = json!([shown["unread_notifications"], shown["unread_thread_notifications"]]);
    }

    fn set(&mut self, events: &[Value]) {
        for event in events.iter().filter(|event| event["state_key"].is_string()) {
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            self.state.insert((text("type"), text("state_key")), text("event_id"));
        }
    }
}

async fn run(steps: Vec<Step>, observer: usize, options: &str) {
    let house = House::open().await;
    let people = [house.person("ann").await, house.person("bob").await, house.person("cem").await];
    let rules = json!({ "preset": "public_chat", "power_level_content_override": { "state_default": 0, "events": {} } });
    let room = people[0].create_room(rules).await;
    let observer = &people[observer];
    let mut client = Client::default();
    let mut said = Vec::new();
    client.sync(observer, options).await;
    for step in &steps {
        // A step the room's rules refuse changes nothing, which is part of what is tried.
        match step {
            Step::Say(who) => {
                let path = format!("rooms/{room}/send/m.room.message/{}", crate::support::unique());
                let answer = people[*who].put(&path, json!({ "msgtype": "m.text", "body": "x" })).await;
                said.extend(answer.body["event_id"].as_str().map(ToOwned::to_owned));
            }
            Step::Reply(who, back) => {
                let Some(root) = said.iter().rev().nth(*back) else { continue };
                let path = format!("rooms/{room}/send/m.room.message/{}", crate::support::unique());
                let relation = json!({ "rel_type": "m.thread", "event_id": root });
                let content = json!({ "msgtype": "m.text", "body": "x", "m.relates_to": relation });
                let answer = people[*who].put(&path, content).await;
                said.extend(answer.body["event_id"].as_str().map(ToOwned::to_owned));
            }
            Step::Name(who, name) => {
                people[*who].set_state(&room, "m.room.name", json!({ "name": name.to_string() })).await;
            }
            Step::Join(who) => drop(people[*who].join(&room).await),
            Step::Leave(who) => drop(people[*who].leave(&room).await),
            Step::Invite(who, target) => drop(people[*who].invite(&room, &people[*target]).await),
            Step::Kick(target) => {
                people[0].post(&format!("rooms/{room}/kick"), json!({ "user_id": people[*target].id })).await;
            }
            Step::Ban(target) => {
                people[0].post(&format!("rooms/{room}/ban"), json!({ "user_id": people[*target].id })).await;
            }
            Step::Unban(target) => {
                people[0]
                    .post(&format!("rooms/{room}/unban"), json!({ "user_id": people[*target].id }))
                    .await;
            }
            Step::Forget(who) => drop(people[*who].post(&format!("rooms/{room}/forget"), json!({})).await),
            Step::Topic(topic) => {
                people[0].set_state(&room, "m.room.topic", json!({ "topic": topic.to_string() })).await;
            }
            Step::Read(who) => {
                if let Some(event) = said.last() {
                    people[*who].post(&format!("rooms/{room}/receipt/m.read/{event}"), json!({})).await;
                }
            }
            Step::Redact(back) => {
                if let Some(event) = said.iter().rev().nth(*back) {
                    people[0].redact(&room, event).await;
                }
            }
            Step::Sync => client.sync(observer, options).await,
        }
    }
    client.sync(observer, options).await;
    let mut fresh = Client::default();
    fresh.sync(observer, options).await;
    assert_eq!(client.rooms.keys().collect::<Vec<_>>(), fresh.rooms.keys().collect::<Vec<_>>(), "{steps:?}");
    for (id, folded) in &client.rooms {
        let fresh = &fresh.rooms[id];
        // Loaded lazily, the members a first sync shows are those of its timeline: the client has been given all of these.
        for (key, event) in &fresh.state {
            assert_eq!(folded.state.get(key), Some(event), "{key:?} after {steps:?}");
        }
        let besides = |state: &BTreeMap<(String, String), String>| {
            state.keys().filter(|(kind, _)| kind != "m.room.member").cloned().collect::<Vec<_>>()
        };
        assert_eq!(besides(&folded.state), besides(&fresh.state), "state after {steps:?}");
        if !options.contains(&urlencoding("lazy_load_members")) {
            assert_eq!(folded.state, fresh.state, "members after {steps:?}");
        }
        assert_eq!(folded.unread, fresh.unread, "unread after {steps:?}");
        assert_eq!(folded.summary, fresh.summary, "summary after {steps:?}");
        let common = folded.timeline.len().min(fresh.timeline.len());
        let newest = |timeline: &Vec<(String, Value)>| timeline[timeline.len() - common..].to_vec();
        assert_eq!(newest(&folded.timeline), newest(&fresh.timeline), "timeline after {steps:?}");
    }
}

/// How many interleavings are tried: few in every run, as many as `HARK_FOLDING_CASES` says in a search.
fn cases() -> u32 {
    std::env::var("HARK_FOLDING_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(32)
}

proptest! {
    #![proptest_config(Config { cases: cases(), max_shrink_iters: 60, ..Config::default() })]

    #[test]
    fn increments_add_up_to_a_first_sync(steps in prop::collection::vec(step(), 1..40), observer in 0..3_usize, limit in 1..6_u8, after: bool, kind in 0..3_usize) {
        let filter = match kind {
            0 => json!({ "room": { "timeline": { "limit": limit, "unread_thread_notifications": true } } }),
            1 => json!({ "room": { "timeline": { "limit": limit }, "state": { "lazy_load_members": true } } }),
            _ => json!({ "room": { "timeline": { "limit": limit, "types": ["m.room.message", "m.room.redaction"] } } }),
        };
        let options = format!("filter={}&use_state_after={after}", urlencoding(&filter.to_string()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps, observer, &options));
    }
}
