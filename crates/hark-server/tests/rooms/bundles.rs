//! Any order of sending, editing, reacting, replying and redacting, against a model that is plainly right.

use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use crate::support::{House, Person, unique};

/// What somebody does; numbers choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    Say,
    Relate(&'static str, usize),
    Redact(usize),
}

fn steps() -> impl Strategy<Value = Vec<(bool, Step)>> {
    let kinds = proptest::sample::select(vec!["m.replace", "m.thread", "m.reference", "m.annotation"]);
    let step =
        (0..8_u8, kinds, any::<proptest::sample::Index>()).prop_map(|(choice, kind, at)| match choice {
            0 | 1 => Step::Say,
            2 => Step::Redact(at.index(1_000)),
            _ => Step::Relate(kind, at.index(1_000)),
        });
    vec((any::<bool>(), step), 40)
}

/// One event as the model knows it.
struct Known {
    id: String,
    by: usize,
    relation: Option<(&'static str, usize)>,
    redacted: bool,
}

/// What must be bundled into an event for a person.
fn expected(events: &[Known], at: usize, person: usize) -> Value {
    let root = &events[at];
    let children = |kind: &str| -> Vec<&Known> {
        let relates = |event: &&Known| {
            !event.redacted && event.relation.is_some_and(|(rel, parent)| rel == kind && parent == at)
        };
        events.iter().filter(relates).collect()
    };
    let mut bundle = json!({});
    let thread = children("m.thread");
    if let Some(latest) = thread.last() {
        let took_part = root.by == person || thread.iter().any(|event| event.by == person);
        bundle["m.thread"] = json!([latest.id, thread.len(), took_part]);
    }
    if !root.redacted {
        let is_edit = root.relation.is_some_and(|(kind, _)| kind == "m.replace");
        let edits = children("m.replace");
        if let (Some(edit), false) = (edits.iter().rfind(|edit| edit.by == root.by), is_edit) {
            bundle["m.replace"] = json!(edit.id);
        }
        let references: Vec<_> = children("m.reference").iter().map(|event| event.id.clone()).collect();
        if !references.is_empty() {
            bundle["m.reference"] = json!(references);
        }
    }
    bundle
}

/// The same of an event as the server gave it.
fn shown(event: &Value) -> Value {
    let relations = &event["unsigned"]["m.relations"];
    let mut bundle = json!({});
    if let Some(thread) = relations.get("m.thread") {
        bundle["m.thread"] =
            json!([thread["latest_event"]["event_id"], thread["count"], thread["current_user_participated"]]);
    }
    if let Some(edit) = relations.get("m.replace") {
        bundle["m.replace"] = edit["event_id"].clone();
    }
    if let Some(references) = relations.get("m.reference") {
        let chunk = references["chunk"].as_array().unwrap().iter();
        bundle["m.reference"] = chunk.map(|reference| reference["event_id"].clone()).collect();
    }
    bundle
}

async fn play(people: &[Person; 2], room: &str, steps: Vec<(bool, Step)>) -> Vec<Known> {
    let mut events: Vec<Known> = Vec::new();
    for (second, step) in steps {
        let by = usize::from(second);
        let person = &people[by];
        let (content, relation) = match step {
            Step::Redact(_) | Step::Relate(..) if events.is_empty() => continue,
            Step::Say => (json!({ "msgtype": "m.text", "body": "x" }), None),
            Step::Relate(kind, at) => {
                let at = at % events.len();
                let key = unique();
                let relates = json!({ "rel_type": kind, "event_id": events[at].id, "key": key });
                let content = json!({ "msgtype": "m.text", "body": "x", "m.new_content": { "body": "y" }, "m.relates_to": relates });
                (content, Some((kind, at)))
            }
            Step::Redact(at) => {
                let at = at % events.len();
                let event = &mut events[at];
                let allowed = by == 0 || event.by == by;
                let answer = person.redact(room, &event.id).await;
                assert_eq!(answer.status, if allowed { 200 } else { 403 });
                if allowed {
                    event.redacted = true;
                    event.relation = None;
                }
                continue;
            }
        };
        let sent = person.put(&format!("rooms/{room}/send/m.room.message/{}", unique()), content).await;
        let refused = relation.is_some_and(|(kind, at)| kind == "m.thread" && events[at].relation.is_some());
        assert_eq!(sent.status, if refused { 400 } else { 200 }, "{}", sent.body);
        if !refused {
            let id = sent.body["event_id"].as_str().unwrap().to_owned();
            events.push(Known { id, by, relation, redacted: false });
        }
    }
    events
}

#[tokio::test]
async fn bundles_are_what_is_left_of_what_was_sent() {
    let house = House::open().await;
    let people = [house.person("ann").await, house.person("bob").await];
    let mut runner = TestRunner::deterministic();
    for _ in 0..12 {
        let room = people[0].create_room(json!({ "preset": "public_chat" })).await;
        people[1].join(&room).await.ok();
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let events = play(&people, &room, steps.clone()).await;
        for (number, person) in people.iter().enumerate() {
            let page = person.get(&format!("rooms/{room}/messages?dir=f&limit=1000")).await.ok();
            for (at, event) in events.iter().enumerate() {
                let given = page["chunk"].as_array().unwrap().iter();
                let given = given.clone().find(|given| given["event_id"] == event.id.as_str()).unwrap();
                assert_eq!(shown(given), expected(&events, at, number), "event {at} of {steps:?}");
            }
        }
    }
}
