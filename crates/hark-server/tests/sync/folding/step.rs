//! What may happen in a room.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Person, unique};

/// One thing that happens. People and past messages go by number.
#[derive(Clone, Debug)]
pub(super) enum Step {
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
    Visibility(&'static str),
    Read(usize),
    Tag(usize, u8),
    Redact(usize),
    Rename(usize, u8),
    /// The observer syncs.
    Sync,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let visibility =
        prop_oneof![Just("shared"), Just("joined"), Just("invited"), Just("world_readable")].boxed();
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
        1 => visibility.prop_map(Step::Visibility),
        1 => (0..3_usize).prop_map(Step::Read),
        1 => (0..3_usize, 0..4_u8).prop_map(|(who, order)| Step::Tag(who, order)),
        1 => (0..8_usize).prop_map(Step::Redact),
        1 => (0..3_usize, 0..4_u8).prop_map(|(who, name)| Step::Rename(who, name)),
        3 => Just(Step::Sync),
    ]
}

/// A room and those around it.
pub(super) struct Scene {
    pub(super) people: [Person; 3],
    pub(super) room: String,
    /// Ids of what was said.
    pub(super) said: Vec<String>,
}

impl Scene {
    /// Takes a step. One that the room's rules refuse changes nothing, which is part of what is tried.
    pub(super) async fn take(&mut self, step: &Step) {
        let (people, room) = (&self.people, &self.room);
        match step {
            Step::Say(who) => {
                let path = format!("rooms/{room}/send/m.room.message/{}", unique());
                let answer = people[*who].put(&path, json!({ "msgtype": "m.text", "body": "x" })).await;
                self.said.extend(answer.body["event_id"].as_str().map(ToOwned::to_owned));
            }
            Step::Reply(who, back) => {
                let Some(root) = self.said.iter().rev().nth(*back) else { return };
                let path = format!("rooms/{room}/send/m.room.message/{}", unique());
                let relation = json!({ "rel_type": "m.thread", "event_id": root });
                let content = json!({ "msgtype": "m.text", "body": "x", "m.relates_to": relation });
                let answer = people[*who].put(&path, content).await;
                self.said.extend(answer.body["event_id"].as_str().map(ToOwned::to_owned));
            }
            Step::Name(who, name) => {
                people[*who].set_state(room, "m.room.name", json!({ "name": name.to_string() })).await;
            }
            Step::Join(who) => drop(people[*who].join(room).await),
            Step::Leave(who) => drop(people[*who].leave(room).await),
            Step::Invite(who, target) => drop(people[*who].invite(room, &people[*target]).await),
            Step::Kick(target) => self.moderate("kick", *target).await,
            Step::Ban(target) => self.moderate("ban", *target).await,
            Step::Unban(target) => self.moderate("unban", *target).await,
            Step::Forget(who) => drop(people[*who].post(&format!("rooms/{room}/forget"), json!({})).await),
            Step::Topic(topic) => self.set("m.room.topic", json!({ "topic": topic.to_string() })).await,
            Step::Visibility(visibility) => {
                self.set("m.room.history_visibility", json!({ "history_visibility": visibility })).await;
            }
            Step::Read(who) => {
                if let Some(event) = self.said.last() {
                    people[*who].post(&format!("rooms/{room}/receipt/m.read/{event}"), json!({})).await;
                }
            }
            Step::Tag(who, order) => {
                let path = format!("user/{}/rooms/{room}/tags/u.tag", people[*who].id);
                people[*who].put(&path, json!({ "order": f64::from(*order) / 10.0 })).await;
            }
            Step::Redact(back) => {
                if let Some(event) = self.said.iter().rev().nth(*back) {
                    people[0].redact(room, event).await;
                }
            }
            Step::Rename(who, name) => {
                let path = format!("profile/{}/displayname", people[*who].id);
                people[*who].put(&path, json!({ "displayname": name.to_string() })).await;
            }
            Step::Sync => {}
        }
    }

    async fn set(&self, kind: &str, content: Value) {
        self.people[0].set_state(&self.room, kind, content).await;
    }

    async fn moderate(&self, how: &str, target: usize) {
        let body = json!({ "user_id": self.people[target].id });
        self.people[0].post(&format!("rooms/{}/{how}", self.room), body).await;
    }
}
