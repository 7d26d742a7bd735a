//! Whatever happens in a room, its counts are what going through its events one by one gives.

use std::collections::BTreeMap;

use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};

use crate::support::{House, Person, unique};

/// One thing that happens. Events are named by how far back they are.
#[derive(Clone, Debug)]
enum Step {
    /// Ann or Bob says something, and may mention Bob.
    Say(Who, Place, bool),
    /// Ann edits an event, which mentions Bob.
    Edit(usize),
    /// Bob says how far he has read.
    Read(Receipt, usize),
    Redact(usize),
    /// Bob changes his name.
    Rename(u8),
    Look,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Ann,
    Bob,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Main,
    /// In a thread at this event, or in the thread it is in.
    Thread(usize),
}

#[derive(Clone, Copy, Debug)]
enum Receipt {
    Everything,
    Main,
    /// For the thread at this event.
    Thread(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let who = prop_oneof![5 => Just(Who::Ann), 1 => Just(Who::Bob)];
    let place = prop_oneof![2 => Just(Place::Main), 3 => (0..6_usize).prop_map(Place::Thread)];
    let receipt = prop_oneof![
        2 => Just(Receipt::Everything),
        2 => Just(Receipt::Main),
        4 => (0..8_usize).prop_map(Receipt::Thread),
    ];
    prop_oneof![
        8 => (who, place, prop::bool::weighted(0.3)).prop_map(|(who, place, mention)| Step::Say(who, place, mention)),
        1 => (0..6_usize).prop_map(Step::Edit),
        4 => (receipt, 0..8_usize).prop_map(|(receipt, back)| Step::Read(receipt, back)),
        2 => (0..8_usize).prop_map(Step::Redact),
        1 => (0..9_u8).prop_map(Step::Rename),
        1 => Just(Step::Look),
    ]
}

/// An event as the count is made from it.
struct Said {
    id: String,
    by: Who,
    /// Place of the thread's root in the list.
    thread: Option<usize>,
    relates: bool,
    notifies: bool,
    mentions: bool,
    redacted: bool,
}

/// A room as one goes through it one by one.
#[derive(Default)]
struct Book {
    said: Vec<Said>,
    /// How many events Bob has read, by receipts for everything, and for each timeline.
    everything: usize,
    timelines: BTreeMap<Option<usize>, usize>,
}

type Counts = ((i64, i64), BTreeMap<String, (i64, i64)>);

impl Book {
    fn back(&self, back: usize) -> Option<usize> {
        self.said.len().checked_sub(back + 1)
    }

    fn read(&mut self, timeline: Option<usize>, upto: usize) {
        let read = self.timelines.entry(timeline).or_default();
        *read = (*read).max(upto + 1);
    }

    fn add(&mut self, said: Said) {
        let (by, thread) = (said.by, said.thread);
        self.said.push(said);
        if by == Who::Bob {
            self.read(thread, self.said.len() - 1);
        }
    }

    /// True if a receipt for the timeline may name the event.
    fn is_in(&self, event: usize, timeline: Option<usize>) -> bool {
        let root_is_root = timeline.is_none_or(|root| self.said[root].thread.is_none());
        let edited = |event: usize| self.said[event].thread == timeline;
        root_is_root && (edited(event) || timeline == Some(event))
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (index, said) in self.said.iter().enumerate() {
            let read = self.everything.max(self.timelines.get(&said.thread).copied().unwrap_or_default());
            if index < read || said.by == Who::Bob || said.redacted || !said.notifies && !said.mentions {
                continue;
            }
            let timeline = match said.thread {
                None => &mut counts.0,
                Some(root) => counts.1.entry(self.said[root].id.clone()).or_default(),
            };
            timeline.0 += 1;
            timeline.1 += i64::from(said.mentions);
        }
        counts
    }
}

async fn shown(bob: &Person, room: &str) -> Counts {
    let filter = r#"{"room":{"timeline":{"unread_thread_notifications":true}}}"#;
    let shown = bob.sync(&format!("filter={filter}")).await["rooms"]["join"][room].clone();
    let pair = |counts: &Value| {
        (counts["notification_count"].as_i64().unwrap(), counts["highlight_count"].as_i64().unwrap())
    };
    let threads = shown["unread_thread_notifications"].as_object().cloned().unwrap_or_default();
    let threads = threads.iter().map(|(root, counts)| (root.clone(), pair(counts))).collect();
    (pair(&shown["unread_notifications"]), threads)
}

async fn send(person: &Person, room: &str, relation: Value, mention: Option<&Person>) -> Option<String> {
    let mut content = json!({ "msgtype": "m.text", "body": "x" });
    if relation.is_object() {
        content["m.relates_to"] = relation;
    }
    if let Some(mentioned) = mention {
        content["m.mentions"] = json!({ "user_ids": [mentioned.id] });
    }
    let answer = person.put(&format!("rooms/{room}/send/m.room.message/{}", unique()), content).await;
    answer.body["event_id"].as_str().map(ToOwned::to_owned)
}

async fn run(steps: Vec<Step>, own_rules: bool) {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    if own_rules {
        // It fits nothing that is said; but now each event is looked at.
        let rule = json!({ "pattern": "nothing like it", "actions": ["notify"] });
        bob.put("pushrules/global/content/word", rule).await.ok();
    }
    let mut book = Book::default();
    for step in steps.iter().chain([&Step::Look]) {
        match *step {
            Step::Say(by, place, mentions) => {
                let person = if by == Who::Ann { &ann } else { &bob };
                let root = match place {
                    Place::Main => None,
                    Place::Thread(back) => {
                        let Some(at) = book.back(back) else { continue };
                        let root = book.said[at].thread.unwrap_or(at);
                        if book.said[root].relates {
                            continue;
                        }
                        Some(root)
                    }
                };
                let relation =
                    root.map(|root| json!({ "rel_type": "m.thread", "event_id": book.said[root].id }));
                let id = send(person, &room, relation.into(), mentions.then_some(&bob)).await.unwrap();
                let relates = root.is_some();
                book.add(Said { id, by, thread: root, relates, notifies: true, mentions, redacted: false });
            }
            Step::Edit(back) => {
                let Some(at) = book.back(back) else { continue };
                let relation = json!({ "rel_type": "m.replace", "event_id": book.said[at].id });
                let id = send(&ann, &room, relation, Some(&bob)).await.unwrap();
                let thread = book.said[at].thread;
                let said = Said {
                    id,
                    by: Who::Ann,
                    thread,
                    relates: true,
                    notifies: false,
                    mentions: true,
                    redacted: false,
                };
                book.add(said);
            }
            Step::Read(receipt, back) => {
                let Some(at) = book.back(back) else { continue };
                let timeline = match receipt {
                    Receipt::Everything => None,
                    Receipt::Main => Some(None),
                    Receipt::Thread(back) => match book.back(back) {
                        Some(at) => Some(Some(book.said[at].thread.unwrap_or(at))),
                        None => continue,
                    },
                };
                let body = match timeline {
                    None => json!({}),
                    Some(None) => json!({ "thread_id": "main" }),
                    Some(Some(root)) => json!({ "thread_id": book.said[root].id }),
                };
                // Edits of a root may be named for the thread, too: they are left out here.
                if let Some(Some(root)) = timeline
                    && book.said[at].thread.is_none()
                    && at != root
                {
                    continue;
                }
                let path = format!("rooms/{room}/receipt/m.read/{}", book.said[at].id);
                let taken = bob.post(&path, body).await.status == 200;
                match timeline {
                    None => book.everything = book.everything.max(at + 1),
                    Some(timeline) if book.is_in(at, timeline) => {
                        assert!(taken, "{steps:?}");
                        book.read(timeline, at);
                    }
                    Some(_) => assert!(!taken, "{steps:?}"),
                }
            }
            Step::Redact(back) => {
                let Some(at) = book.back(back) else { continue };
                ann.redact(&room, &book.said[at].id).await.ok();
                book.said[at].redacted = true;
            }
            Step::Rename(name) => {
                let path = format!("profile/{}/displayname", bob.id);
                bob.put(&path, json!({ "displayname": format!("Bob {name}") })).await.ok();
            }
            Step::Look => assert_eq!(shown(&bob, &room).await, book.counts(), "{steps:?}"),
        }
    }
}

/// How many stories are tried: few in every run, as many as `HARK_COUNTING_CASES` says in a search.
fn cases() -> u32 {
    std::env::var("HARK_COUNTING_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(Config { cases: cases(), max_shrink_iters: 60, ..Config::default() })]

    #[test]
    fn counts_are_what_going_through_the_events_gives(steps in prop::collection::vec(step(), 1..40), own_rules: bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps, own_rules));
    }
}
