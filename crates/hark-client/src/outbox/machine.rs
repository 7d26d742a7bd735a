//! What is sent when: the order of the outbox as a pure machine. It sees events and the time, and says what to do; the
//! task around it does it.
//!
//! Each conversation is a lane with at most one message under way. Only the head of a lane moves, so nothing overtakes
//! (SE8); a message the server refused for good steps aside. Being offline uses up no try; three tries the server left
//! unanswered mark a message *failed*, and it is still tried every 30 s (SE4).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::sync::Backoff;

/// Tries before a message counts as failed.
const TRIES: u32 = 3;
/// Between tries of a failed message.
const SLOW: Duration = Duration::from_secs(30);
/// Conversations that send at once.
const LANES: usize = 8;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A message is in the outbox: new, or found at start.
    Queued { key: i64, conversation: String, tries: u32, refused: bool },
    /// The server has it, by acknowledgement or echo.
    Settled { key: i64 },
    /// A try did not succeed.
    Failed { key: i64, verdict: Verdict },
    /// The link stands, or is gone.
    Link { up: bool },
    /// A person asks for another try.
    Retry { key: i64 },
    /// A person deleted it.
    Discarded { key: i64 },
    /// Time has passed.
    Tick,
}

/// What a failed try means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing reached the server: says nothing about the message.
    Offline,
    /// The server was there and did not take it.
    Unanswered(String),
    /// Not now.
    Wait(Duration),
    /// Never.
    Refused(String),
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Out {
    /// Try to send it.
    Start(i64),
    /// It waits again.
    Waiting { key: i64, tries: u32 },
    /// It failed, with the reason.
    Failed { key: i64, tries: u32, reason: String, refused: bool },
}

#[derive(Clone, Debug)]
struct Item {
    key: i64,
    tries: u32,
    refused: bool,
}

#[derive(Clone, Debug, Default)]
struct Lane {
    items: VecDeque<Item>,
    busy: Option<i64>,
    not_before: i64,
    backoff: Backoff,
}

/// The outbox's mind.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    lanes: BTreeMap<String, Lane>,
    up: bool,
    hold_until: i64,
}

impl Machine {
    /// Empty, and hopeful: the first try finds out whether the link stands.
    pub(crate) fn new() -> Self {
        Self { lanes: BTreeMap::new(), up: true, hold_until: 0 }
    }

    /// Takes in one event. `now` in milliseconds; `jitter` 0..1.
    pub(crate) fn handle(&mut self, event: Event, now: i64, jitter: f64) -> Vec<Out> {
        let mut out = Vec::new();
        match event {
            Event::Queued { key, conversation, tries, refused } => {
                let items = &mut self.lanes.entry(conversation).or_default().items;
                if items.iter().all(|item| item.key != key) {
                    let at = items.partition_point(|item| item.key < key);
                    items.insert(at, Item { key, tries, refused });
                }
            }
            Event::Settled { key } | Event::Discarded { key } => self.remove(key, now),
            Event::Failed { key, verdict } => out.extend(self.failed(key, verdict, now, jitter)),
            Event::Link { up } => self.link(up, now),
            Event::Retry { key } => out.extend(self.retry(key, now)),
            Event::Tick => {}
        }
        self.launch(now, &mut out);
        out
    }

    /// When `Tick` is due.
    pub(crate) fn next_wake(&self, now: i64) -> Option<i64> {
        if !self.up {
            return None;
        }
        let ready = |lane: &&Lane| lane.busy.is_none() && lane.items.iter().any(|item| !item.refused);
        let due = self.lanes.values().filter(ready).map(|lane| lane.not_before).min()?;
        Some(due.max(self.hold_until).max(now))
    }

    /// Whether this one is being sent right now.
    pub(crate) fn is_under_way(&self, key: i64) -> bool {
        self.lanes.values().any(|lane| lane.busy == Some(key))
    }

    fn lane_of(&mut self, key: i64) -> Option<&mut Lane> {
        self.lanes.values_mut().find(|lane| lane.items.iter().any(|item| item.key == key))
    }

    fn remove(&mut self, key: i64, now: i64) {
        let Some(lane) = self.lane_of(key) else { return };
        lane.items.retain(|item| item.key != key);
        if lane.busy == Some(key) {
            lane.busy = None;
        }
        lane.not_before = now;
        lane.backoff.reset();
        self.lanes.retain(|_, lane| !lane.items.is_empty() || lane.busy.is_some());
    }

    fn failed(&mut self, key: i64, verdict: Verdict, now: i64, jitter: f64) -> Option<Out> {
        if let Verdict::Wait(wait) = verdict {
            self.hold_until = self.hold_until.max(now + millis(wait));
        }
        let lane = self.lane_of(key)?;
        if lane.busy == Some(key) {
            lane.busy = None;
        }
        let slow = lane.backoff.next(jitter);
        let item = lane.items.iter_mut().find(|item| item.key == key)?;
        Some(match verdict {
            Verdict::Offline => {
                lane.not_before = now + millis(slow);
                Out::Waiting { key, tries: item.tries }
            }
            Verdict::Wait(_) => {
                lane.backoff.reset();
                Out::Waiting { key, tries: item.tries }
            }
            Verdict::Unanswered(reason) => {
                item.tries += 1;
                if item.tries < TRIES {
                    lane.not_before = now + millis(slow);
                    Out::Waiting { key, tries: item.tries }
                } else {
                    lane.not_before = now + millis(SLOW);
                    Out::Failed { key, tries: item.tries, reason, refused: false }
                }
            }
            Verdict::Refused(reason) => {
                item.refused = true;
                lane.not_before = now;
                lane.backoff.reset();
                Out::Failed { key, tries: item.tries, reason, refused: true }
            }
        })
    }

    fn link(&mut self, up: bool, now: i64) {
        if up && !self.up {
            for lane in self.lanes.values_mut() {
                lane.not_before = now;
                lane.backoff.reset();
            }
        }
        self.up = up;
    }

    fn retry(&mut self, key: i64, now: i64) -> Option<Out> {
        let lane = self.lane_of(key)?;
        let item = lane.items.iter_mut().find(|item| item.key == key)?;
        item.tries = 0;
        item.refused = false;
        lane.not_before = now;
        lane.backoff.reset();
        Some(Out::Waiting { key, tries: 0 })
    }

    fn launch(&mut self, now: i64, out: &mut Vec<Out>) {
        if !self.up || now < self.hold_until {
            return;
        }
        let mut busy = self.lanes.values().filter(|lane| lane.busy.is_some()).count();
        for lane in self.lanes.values_mut() {
            if busy >= LANES || lane.busy.is_some() || now < lane.not_before {
                continue;
            }
            if let Some(head) = lane.items.iter().find(|item| !item.refused) {
                lane.busy = Some(head.key);
                out.push(Out::Start(head.key));
                busy += 1;
            }
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    fn queued(key: i64, conversation: &str) -> Event {
        Event::Queued { key, conversation: conversation.to_owned(), tries: 0, refused: false }
    }

    fn failed(key: i64, verdict: Verdict) -> Event {
        Event::Failed { key, verdict }
    }

    #[test]
    fn offline_uses_up_no_try_and_the_links_return_skips_the_wait() {
        let mut machine = Machine::new();
        assert_eq!(machine.handle(queued(1, "a"), 0, 0.0), [Out::Start(1)]);
        for _ in 0..20 {
            let out = machine.handle(failed(1, Verdict::Offline), 0, 0.0);
            assert_eq!(out, [Out::Waiting { key: 1, tries: 0 }]);
            machine.handle(Event::Link { up: false }, 0, 0.0);
            assert_eq!(machine.handle(Event::Link { up: true }, 1, 0.0), [Out::Start(1)]);
        }
    }

    #[test]
    fn three_unanswered_tries_fail_and_it_is_still_tried_every_thirty_seconds() {
        let mut machine = Machine::new();
        machine.handle(queued(1, "a"), 0, 0.0);
        let no = || Verdict::Unanswered("silence".to_owned());
        assert_eq!(machine.handle(failed(1, no()), 0, 0.0), [Out::Waiting { key: 1, tries: 1 }]);
        assert_eq!(machine.next_wake(0), Some(1_000));
        assert_eq!(machine.handle(Event::Tick, 1_000, 0.0), [Out::Start(1)]);
        assert_eq!(machine.handle(failed(1, no()), 1_000, 0.0), [Out::Waiting { key: 1, tries: 2 }]);
        assert_eq!(machine.handle(Event::Tick, 3_000, 0.0), [Out::Start(1)]);
        let out = machine.handle(failed(1, no()), 3_000, 0.0);
        assert_eq!(out, [Out::Failed { key: 1, tries: 3, reason: "silence".to_owned(), refused: false }]);
        assert_eq!(machine.handle(Event::Tick, 32_999, 0.0), []);
        assert_eq!(machine.handle(Event::Tick, 33_000, 0.0), [Out::Start(1)]);
    }

    #[test]
    fn a_limit_of_the_server_holds_everything_and_keeps_the_order() {
        let mut machine = Machine::new();
        machine.handle(queued(1, "a"), 0, 0.0);
        machine.handle(queued(2, "a"), 0, 0.0);
        let wait = Verdict::Wait(Duration::from_secs(7));
        assert_eq!(machine.handle(failed(1, wait), 0, 0.0), [Out::Waiting { key: 1, tries: 0 }]);
        assert_eq!(machine.handle(queued(3, "b"), 10, 0.0), []);
        assert_eq!(machine.next_wake(10), Some(7_000));
        assert_eq!(machine.handle(Event::Tick, 7_000, 0.0), [Out::Start(1), Out::Start(3)]);
        assert_eq!(machine.handle(Event::Settled { key: 1 }, 7_001, 0.0), [Out::Start(2)]);
    }

    #[test]
    fn a_refused_message_steps_aside_and_returns_to_its_place_when_retried() {
        let mut machine = Machine::new();
        machine.handle(queued(1, "a"), 0, 0.0);
        machine.handle(queued(2, "a"), 0, 0.0);
        let out = machine.handle(failed(1, Verdict::Refused("no".to_owned())), 0, 0.0);
        assert_eq!(out[1], Out::Start(2));
        assert_eq!(machine.next_wake(0), None);
        machine.handle(failed(2, Verdict::Offline), 0, 0.0);
        assert_eq!(
            machine.handle(Event::Retry { key: 1 }, 0, 0.0),
            [Out::Waiting { key: 1, tries: 0 }, Out::Start(1)]
        );
    }

    #[derive(Clone, Debug)]
    enum Step {
        Queue(u8),
        Finish { which: usize, how: u8 },
        Link(bool),
        Wait(u16),
        Restart,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0_u8..4).prop_map(Step::Queue),
            (any::<usize>(), 0_u8..5).prop_map(|(which, how)| Step::Finish { which, how }),
            any::<bool>().prop_map(Step::Link),
            (0_u16..40_000).prop_map(Step::Wait),
            Just(Step::Restart),
        ]
    }

    /// What a perfect world outside would hold: used to check every start and to restart from.
    #[derive(Default)]
    struct World {
        waiting: BTreeMap<i64, (String, u32, bool)>,
        under_way: BTreeSet<i64>,
        sent: BTreeMap<String, Vec<i64>>,
        next: i64,
    }

    impl World {
        fn take(&mut self, outs: Vec<Out>) -> Result<(), TestCaseError> {
            for out in outs {
                match out {
                    Out::Start(key) => {
                        let lane = self.waiting[&key].0.clone();
                        let clash = self.under_way.iter().any(|other| self.waiting[other].0 == lane);
                        prop_assert!(!clash, "two under way in one conversation");
                        let head = self.waiting.iter().find(|(_, (l, _, refused))| *l == lane && !refused);
                        prop_assert_eq!(head.map(|(key, _)| *key), Some(key), "only the head moves");
                        self.under_way.insert(key);
                    }
                    Out::Waiting { key, tries } => self.waiting.get_mut(&key).expect("known").1 = tries,
                    Out::Failed { key, tries, refused, .. } => {
                        let entry = self.waiting.get_mut(&key).expect("known");
                        (entry.1, entry.2) = (tries, refused);
                    }
                }
            }
            Ok(())
        }
    }

    proptest! {
        #[test]
        fn whatever_happens_each_goes_once_and_in_order(steps in proptest::collection::vec(step(), 1..120)) {
            let (mut machine, mut world, mut now) = (Machine::new(), World::default(), 0_i64);
            for step in steps {
                let outs = match step {
                    Step::Queue(lane) => {
                        world.next += 1;
                        let conversation = format!("c{lane}");
                        world.waiting.insert(world.next, (conversation.clone(), 0, false));
                        machine.handle(queued(world.next, &conversation), now, 0.5)
                    }
                    Step::Finish { which, how } => {
                        let Some(key) = world.under_way.iter().nth(which % world.under_way.len().max(1)).copied() else {
                            continue;
                        };
                        world.under_way.remove(&key);
                        let verdict = match how {
                            0 => None,
                            1 => Some(Verdict::Offline),
                            2 => Some(Verdict::Unanswered("x".to_owned())),
                            3 => Some(Verdict::Wait(Duration::from_millis(500))),
                            _ => Some(Verdict::Refused("x".to_owned())),
                        };
                        if let Some(verdict) = verdict {
                            machine.handle(failed(key, verdict), now, 0.5)
                        } else {
                            let (lane, ..) = world.waiting.remove(&key).expect("known");
                            world.sent.entry(lane).or_default().push(key);
                            machine.handle(Event::Settled { key }, now, 0.5)
                        }
                    }
                    Step::Link(up) => machine.handle(Event::Link { up }, now, 0.5),
                    Step::Wait(ms) => {
                        now += i64::from(ms);
                        machine.handle(Event::Tick, now, 0.5)
                    }
                    Step::Restart => {
                        machine = Machine::new();
                        world.under_way.clear();
                        let rows: Vec<_> = world.waiting.clone().into_iter().collect();
                        let mut outs = Vec::new();
                        for (key, (conversation, tries, refused)) in rows {
                            outs.extend(machine.handle(Event::Queued { key, conversation, tries, refused }, now, 0.5));
                        }
                        outs
                    }
                };
                world.take(outs)?;
            }
            // The world becomes good: everything not refused goes out.
            world.take(machine.handle(Event::Link { up: true }, now, 0.5))?;
            for _ in 0..2_000 {
                if let Some(key) = world.under_way.pop_first() {
                    let (lane, ..) = world.waiting.remove(&key).expect("known");
                    world.sent.entry(lane).or_default().push(key);
                    world.take(machine.handle(Event::Settled { key }, now, 0.5))?;
                } else if let Some(wake) = machine.next_wake(now) {
                    now = wake;
                    world.take(machine.handle(Event::Tick, now, 0.5))?;
                }
            }
            prop_assert!(world.waiting.values().all(|(_, _, refused)| *refused), "{:?}", world.waiting);
            for keys in world.sent.values() {
                prop_assert!(keys.is_sorted(), "{keys:?}");
            }
        }
    }
}
