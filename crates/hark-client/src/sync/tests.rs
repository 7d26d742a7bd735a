//! Whatever the order in which responses, acknowledgements, echoes, repeats, pages of history and crashes come, the
//! store ends the same (SY1).

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use zeroize::Zeroizing;

use super::{Applied, History, SyncBody, apply, prepend};
use crate::model::{Content, Message, MessageState, SendingStep};
use crate::store::{self, NewMessage, Store, conversations, gaps, index, messages};

const ROOM: &str = "!r:x";
const ME: &str = "@me:x";
const BOB: &str = "@bob:x";

/// What happened in the room, as the server ordered it.
#[derive(Clone, Debug)]
enum Said {
    Bob,
    /// From this device's outbox.
    Me,
    MeElsewhere,
    /// By the sender of an earlier event.
    Edit(usize),
    Redaction(usize),
    Renamed,
    /// Bob has read up to an earlier event.
    Receipt(usize),
}

/// What reaches the client.
#[derive(Clone, Debug)]
enum Step {
    Sync { events: usize, visible: usize, repeated: usize, hide_txn: bool },
    Ack(usize),
    History(usize),
    Crash,
}

fn script() -> impl Strategy<Value = Vec<Said>> {
    let said = prop_oneof![
        3 => Just(Said::Bob),
        4 => Just(Said::Me),
        1 => Just(Said::MeElsewhere),
        2 => any::<usize>().prop_map(Said::Edit),
        1 => any::<usize>().prop_map(Said::Redaction),
        1 => Just(Said::Renamed),
        1 => any::<usize>().prop_map(Said::Receipt),
    ];
    proptest::collection::vec(said, 1..24)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1_usize..8, 0_usize..8, 0_usize..3, any::<bool>())
            .prop_map(|(events, visible, repeated, hide_txn)| Step::Sync { events, visible, repeated, hide_txn }),
        3 => any::<usize>().prop_map(Step::Ack),
        2 => (1_usize..5).prop_map(Step::History),
        1 => Just(Step::Crash),
    ];
    proptest::collection::vec(step, 0..24)
}

/// The server's side: events in order, and which of them are mine from here.
struct Room {
    events: Vec<Value>,
    /// Position in `events` by number in the outbox.
    outbox: Vec<usize>,
    /// After this many events Bob has read up to that one.
    receipts: Vec<(usize, usize)>,
}

impl Room {
    fn of(script: &[Said]) -> Self {
        let mut room = Self { events: Vec::new(), outbox: Vec::new(), receipts: Vec::new() };
        for said in script {
            let at = room.events.len();
            let earlier = |n: &usize| if at == 0 { None } else { Some(n % at) };
            match said {
                Said::Bob => room.push(BOB, "m.room.message", &words(&format!("bob {at}"))),
                Said::Me => {
                    let number = room.outbox.len();
                    room.outbox.push(at);
                    room.push(ME, "m.room.message", &words(&format!("mine {number}")));
                    room.events[at]["unsigned"] = json!({"transaction_id": format!("t{number}")});
                }
                Said::MeElsewhere => room.push(ME, "m.room.message", &words(&format!("elsewhere {at}"))),
                Said::Edit(n) => {
                    let Some(target) = earlier(n) else { continue };
                    let sender = room.events[target]["sender"].as_str().expect("one").to_owned();
                    let content = json!({"msgtype": "m.text", "body": "* edit", "m.new_content": words(&format!("edit {at}")),
                        "m.relates_to": {"rel_type": "m.replace", "event_id": format!("${target}")}});
                    room.push(&sender, "m.room.message", &content);
                }
                Said::Redaction(n) => {
                    let Some(target) = earlier(n) else { continue };
                    room.push(BOB, "m.room.redaction", &json!({"redacts": format!("${target}")}));
                }
                Said::Renamed => {
                    room.push(BOB, "m.room.name", &json!({"name": format!("name {at}")}));
                    room.events[at]["state_key"] = json!("");
                }
                Said::Receipt(n) => {
                    let Some(target) = earlier(n) else { continue };
                    room.receipts.push((at, target));
                }
            }
        }
        room
    }

    fn push(&mut self, sender: &str, kind: &str, content: &Value) {
        let at = self.events.len();
        // Clocks of servers differ: time runs against the order now and then.
        let ts = 1_000_000 + at * 1000 - if at % 5 == 4 { 2500 } else { 0 };
        self.events.push(json!({"type": kind, "event_id": format!("${at}"), "sender": sender,
            "origin_server_ts": ts, "content": content}));
    }

    /// A response that covers events `from..to` and shows the last `visible` of them.
    fn sync(&self, from: usize, to: usize, visible: usize, repeated: usize, hide_txn: bool) -> SyncBody {
        let limited = to - from > visible;
        let start = if limited { to - visible } else { from.saturating_sub(repeated) };
        let mut events = self.events[start..to].to_vec();
        if hide_txn {
            for event in &mut events {
                event["unsigned"] = json!({});
            }
        }
        let state: Vec<&Value> = self.events[from..start.max(from)]
            .iter()
            .rev()
            .filter(|e| e.get("state_key").is_some())
            .take(1)
            .collect();
        let receipts: Vec<Value> = self
            .receipts
            .iter()
            .filter(|(after, _)| (from < *after || from == 0) && *after <= to)
            .map(|(_, target)| {
                json!({"type": "m.receipt", "content": {format!("${target}"): {"m.read": {BOB: {"ts": 5_000}}}}})
            })
            .collect();
        let body = json!({"next_batch": format!("s{to}"), "rooms": {"join": {ROOM: {
            "state": {"events": state},
            "timeline": {"events": events, "limited": limited, "prev_batch": format!("p{start}")},
            "ephemeral": {"events": receipts},
        }}}});
        serde_json::from_value(body).expect("a response")
    }

    fn page(&self, token: &str, size: usize) -> History {
        let to: usize = token.trim_start_matches('p').parse().expect("a place");
        let from = to.saturating_sub(size);
        let chunk: Vec<&Value> = self.events[from..to].iter().rev().collect();
        let mut page = json!({"chunk": chunk});
        if from > 0 {
            page["end"] = json!(format!("p{from}"));
        }
        serde_json::from_value(page).expect("a page")
    }
}

fn words(body: &str) -> Value {
    json!({"msgtype": "m.text", "body": body, "m.mentions": {}})
}

/// The client's side.
struct Client<'a> {
    room: &'a Room,
    dir: &'a Path,
    store: Store,
    keys: Vec<i64>,
    synced: usize,
}

impl<'a> Client<'a> {
    async fn new(room: &'a Room, dir: &'a Path) -> Self {
        let store = open(dir);
        store
            .write(|tx| {
                tx.begin_login(ME, "login")?;
                tx.set_membership(ROOM, "join")
            })
            .await
            .expect("begun");
        let mut client = Self { room, dir, store, keys: Vec::new(), synced: 0 };
        for number in 0..room.outbox.len() {
            client.enqueue(number).await;
        }
        client
    }

    async fn enqueue(&mut self, number: usize) {
        let key = self.store.write(move |tx| {
            let content = Content::Text { body: format!("mine {number}") };
            let txn_id = format!("t{number}");
            let new = NewMessage {
                room_id: ROOM,
                event_id: None,
                txn_id: Some(&txn_id),
                sender: ME,
                timestamp: tx.now,
                place: None,
                counts: true,
                highlight: false,
                content: &content,
                state: &MessageState::Sending { step: SendingStep::Waiting },
            };
            let key = tx.insert_message(&new, ROOM)?;
            tx.enqueue(key, ROOM, &txn_id, "{}", None)?;
            Ok(key)
        });
        self.keys.push(key.await.expect("queued"));
    }

    async fn sync(&mut self, events: usize, visible: usize, repeated: usize, hide_txn: bool) {
        let to = (self.synced + events).min(self.room.events.len());
        let body = self.room.sync(self.synced, to, visible, repeated, hide_txn);
        self.store.write(move |tx| apply(tx, body, "login", false)).await.expect("applied");
        self.synced = to;
    }

    async fn ack(&self, number: usize) {
        let (key, event_id) = (self.keys[number], format!("${}", self.room.outbox[number]));
        self.store.write(move |tx| tx.acknowledge(key, &event_id)).await.expect("noted");
    }

    /// False: no hole is left.
    async fn history(&self, size: usize) -> bool {
        let gap = self.store.read(|db| gaps::newest_of_room(db, ROOM)).await.expect("read");
        let Some(gap) = gap else { return false };
        let page = self.room.page(&gap.token, size);
        let filled = self.store.write(move |tx| prepend(&gap, &page, tx, &mut Applied::default()));
        filled.await.expect("filled");
        true
    }

    async fn crash(&mut self) {
        self.store.close().await;
        self.store = open(self.dir);
    }

    /// Everything a person could see.
    async fn seen(&self) -> Seen {
        let (rows, inbox, found) = self
            .store
            .read(|db| {
                Ok((
                    messages::page(db, ROOM, None, 200)?,
                    conversations::get(db, ROOM)?.expect("there"),
                    index::find(db, "e", 200)?,
                ))
            })
            .await
            .expect("read");
        let plain = |message: Message| {
            let mine = self.keys.iter().position(|key| *key == message.key);
            (message.event_id, mine, message.timestamp, message.content, message.state, message.edited)
        };
        Seen {
            rows: rows.into_iter().map(|row| plain(row.message)).collect(),
            name: inbox.name,
            unread: inbox.unread,
            waiting: inbox.waiting,
            last: inbox.last.map(plain),
            found: found.into_iter().map(|(message, _)| plain(message)).collect(),
        }
    }
}

type Plain = (Option<String>, Option<usize>, u64, Content, MessageState, bool);

#[derive(Debug, PartialEq)]
struct Seen {
    rows: Vec<Plain>,
    name: String,
    unread: u32,
    waiting: u32,
    last: Option<Plain>,
    found: Vec<Plain>,
}

fn open(dir: &Path) -> Store {
    let opened = store::open(&dir.join("store.db"), &Zeroizing::new([7; 32]), 0).expect("opened");
    assert_eq!(opened.kept_aside, None);
    Store::start(opened, broadcast::channel(64).0).expect("started")
}

async fn straight(room: &Room) -> Seen {
    let dir = tempfile::tempdir().expect("a folder");
    let mut client = Client::new(room, dir.path()).await;
    client.sync(room.events.len(), room.events.len(), 0, false).await;
    for number in 0..room.outbox.len() {
        client.ack(number).await;
    }
    client.seen().await
}

async fn crooked(room: &Room, steps: Vec<Step>) -> Seen {
    let dir = tempfile::tempdir().expect("a folder");
    let mut client = Client::new(room, dir.path()).await;
    let mut acked = vec![false; room.outbox.len()];
    for step in steps {
        match step {
            Step::Sync { events, visible, repeated, hide_txn } => {
                client.sync(events, visible, repeated, hide_txn).await;
            }
            Step::Ack(n) if !acked.is_empty() => {
                let number = n % acked.len();
                client.ack(number).await;
                acked[number] = true;
            }
            Step::Ack(_) => {}
            Step::History(size) => drop(client.history(size).await),
            Step::Crash => client.crash().await,
        }
    }
    client.sync(room.events.len(), 3, 1, false).await;
    for number in (0..acked.len()).rev().filter(|number| !acked[*number]) {
        client.ack(number).await;
    }
    while client.history(4).await {}
    client.seen().await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_order_of_sync_ack_echo_history_and_crash_the_store_ends_the_same(
        script in script(),
        steps in steps(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let room = Room::of(&script);
            let (straight, crooked) = (straight(&room).await, crooked(&room, steps).await);
            prop_assert_eq!(straight, crooked);
            Ok(())
        })?;
    }
}
