//! Whatever happens between them, increments add up to what a first sync shows, and gaps that /messages fills leave no hole.

mod client;
mod step;

use std::collections::BTreeMap;

use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};

use self::{
    client::{Client, Room, Timeline},
    step::{Scene, Step, step},
};
use crate::support::{House, Person};

/// How an observer looks on.
#[derive(Clone, Debug)]
struct Look {
    observer: usize,
    /// They are invited and never join.
    outside: bool,
    filter: Value,
    after: bool,
}

fn look() -> impl Strategy<Value = Look> {
    let filter = (0..4_u8, 1..6_u8, any::<bool>()).prop_map(|(kind, limit, left)| match kind {
        0 => json!({ "room": {
            "include_leave": left, "timeline": { "limit": limit, "unread_thread_notifications": true },
        } }),
        1 => json!({ "room": {
            "include_leave": left, "timeline": { "limit": limit }, "state": { "lazy_load_members": true },
        } }),
        2 => json!({ "room": {
            "include_leave": left, "timeline": { "limit": limit, "types": ["m.room.message", "m.room.redaction"] },
        } }),
        _ => Value::Null,
    });
    (0..3_usize, prop::bool::weighted(0.2), filter, any::<bool>()).prop_map(
        |(observer, outside, filter, after)| Look {
            observer,
            outside: outside && observer > 0,
            filter,
            after,
        },
    )
}

async fn run(steps: Vec<Step>, look: Look) {
    let house = House::open().await;
    let people = [house.person("ann").await, house.person("bob").await, house.person("cem").await];
    let rules = json!({ "preset": "public_chat", "power_level_content_override": { "state_default": 0, "events": {} } });
    let room = people[0].create_room(rules).await;
    let observer = people[look.observer].clone();
    let mut scene = Scene { people, room, said: Vec::new() };
    let mut client = Client::new(&look.filter, look.after);
    client.sync(&observer).await;
    for step in &steps {
        match step {
            Step::Join(who) if look.outside && *who == look.observer => {}
            Step::Sync => client.sync(&observer).await,
            _ => scene.take(step).await,
        }
    }
    client.sync(&observer).await;
    let mut fresh = Client::new(&look.filter, look.after);
    fresh.sync(&observer).await;
    let case = format!("{look:?} after {steps:?}");
    for id in client.rooms.keys().cloned().collect::<Vec<_>>() {
        client.scroll_up(&observer, &id).await;
    }
    let all_left = look.filter["room"]["include_leave"] == true;
    for (id, folded) in &client.rooms {
        fresh.scroll_up(&observer, id).await;
        match fresh.rooms.get(id) {
            Some(fresh) => {
                assert_eq!(folded.section, fresh.section, "{case}");
                compare(folded, fresh, &look, &case);
            }
            // Left and not listed again: because it need not be, or was forgotten.
            None => {
                assert!(folded.section == "leave" && (!all_left || is_forgotten(&steps, &look)), "{case}");
            }
        }
        if !folded.timeline.is_empty() {
            let whole = client.whole_timeline(&observer, id).await;
            compare_timelines(folded, whole, &observer, &case);
        }
    }
    let unknown = fresh.rooms.keys().find(|id| !client.rooms.contains_key(*id));
    assert_eq!(unknown, None, "{case}");
}

fn is_forgotten(steps: &[Step], look: &Look) -> bool {
    steps.iter().any(|step| matches!(step, Step::Forget(who) if *who == look.observer))
}

fn compare(folded: &Room, fresh: &Room, look: &Look, case: &str) {
    if ["invite", "knock"].contains(&folded.section) {
        assert_eq!(folded.stripped, fresh.stripped, "{case}");
        return;
    }
    // Loaded lazily, the members a first sync shows are those of its timeline: the client has been given all of these.
    for (key, event) in &fresh.state {
        assert_eq!(folded.state.get(key), Some(event), "{key:?}, {case}");
    }
    let besides = |state: &BTreeMap<(String, String), String>| {
        state.keys().filter(|(kind, _)| kind != "m.room.member").cloned().collect::<Vec<_>>()
    };
    assert_eq!(besides(&folded.state), besides(&fresh.state), "state, {case}");
    if look.filter["room"]["state"]["lazy_load_members"] != true {
        assert_eq!(folded.state, fresh.state, "members, {case}");
    }
    if folded.section == "join" {
        assert_eq!(folded.unread, fresh.unread, "unread, {case}");
        assert_eq!(folded.summary, fresh.summary, "summary, {case}");
        assert_eq!(folded.account_data, fresh.account_data, "account data, {case}");
        assert_eq!(folded.receipts, fresh.receipts, "receipts, {case}");
    }
}

/// The timeline that was put together is the whole one. What a room became after one has left it is not in it, though the world may
/// look in; and a redaction after that does not reach it.
fn compare_timelines(folded: &Room, mut whole: Timeline, observer: &Person, case: &str) {
    let ids = |timeline: &Timeline| timeline.iter().map(|event| event.id.clone()).collect::<Vec<_>>();
    // State that was set out of sight is in the timelines of /sync, and not in the past of the room.
    let known = ids(&whole);
    let mut timeline = folded.timeline.clone();
    timeline.retain(|event| !event.is_state || known.contains(&event.id));
    if folded.section == "join" {
        assert_eq!(timeline, whole, "the timeline of {}, {case}", observer.id);
        return;
    }
    let last = timeline.last().map(|event| &event.id);
    if let Some(end) = whole.iter().position(|event| Some(&event.id) == last) {
        whole.truncate(end + 1);
        assert_eq!(ids(&timeline), ids(&whole), "the timeline of {}, {case}", observer.id);
    }
}

/// How many interleavings are tried: few in every run, as many as `HARK_FOLDING_CASES` says in a search.
fn cases() -> u32 {
    std::env::var("HARK_FOLDING_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(32)
}

proptest! {
    #![proptest_config(Config { cases: cases(), max_shrink_iters: 200, ..Config::default() })]

    #[test]
    fn increments_add_up_to_a_first_sync(steps in prop::collection::vec(step(), 1..40), look in look()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps, look));
    }
}
