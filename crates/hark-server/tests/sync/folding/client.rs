//! A client that keeps what /sync tells it, as clients do: sections, state, a timeline whose gaps are filled by /messages.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    support::{Person, token},
    urlencoding,
};

/// A timeline, oldest first.
pub(super) type Timeline = Vec<Shown>;

/// What a client keeps of an event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) id: String,
    content: Value,
    redacts: Option<String>,
    pub(super) is_state: bool,
}

/// A room as a client keeps it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Room {
    /// `join`, `invite`, `knock` or `leave`.
    pub(super) section: &'static str,
    /// What an invited user was shown.
    pub(super) stripped: Value,
    /// `(type, state key)` → event id.
    pub(super) state: BTreeMap<(String, String), String>,
    pub(super) timeline: Timeline,
    /// The token from which to go on before the timeline's first event.
    start: Option<String>,
    /// The room came with a timeline that was said to have all there is.
    came_whole: bool,
    pub(super) summary: BTreeMap<String, Value>,
    pub(super) unread: Value,
    /// `(kind, user)` → event id.
    pub(super) receipts: BTreeMap<(String, String), String>,
    pub(super) account_data: BTreeMap<String, Value>,
}

/// Everything a client knows.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) rooms: BTreeMap<String, Room>,
    /// The query of each /sync, besides `since`.
    options: String,
    /// The timeline's part of the filter.
    wanted: Value,
    at: Option<Value>,
}

impl Client {
    /// `filter` is asked for in every /sync, unless it is null.
    pub(super) fn new(filter: &Value, after: bool) -> Self {
        let mut options = format!("timeout=0&use_state_after={after}");
        if !filter.is_null() {
            options.push_str("&filter=");
            options.push_str(&urlencoding(&filter.to_string()));
        }
        let types = &filter["room"]["timeline"]["types"];
        let wanted = if types.is_null() { json!({}) } else { json!({ "types": types }) };
        Self { rooms: BTreeMap::new(), options, wanted, at: None }
    }

    pub(super) async fn sync(&mut self, person: &Person) {
        let since = self.at.as_ref().map(|at| format!("since={}&", token(at))).unwrap_or_default();
        let sync = person.sync(&format!("{since}{}", self.options)).await;
        for section in ["invite", "knock"] {
            for (id, shown) in sync["rooms"][section].as_object().unwrap() {
                let room = self.rooms.entry(id.clone()).or_default();
                room.section = section;
                room.stripped = shown[&format!("{section}_state")].clone();
            }
        }
        for section in ["leave", "join"] {
            for (id, shown) in sync["rooms"][section].as_object().unwrap() {
                let room = self.rooms.entry(id.clone()).or_default();
                room.section = section;
                room.apply(shown);
                room.extend(person, id, &shown["timeline"], &self.wanted).await;
            }
        }
        self.at = Some(sync);
    }

    /// All that /messages gives of a room, back from its end.
    pub(super) async fn whole_timeline(&self, person: &Person, room: &str) -> Timeline {
        backwards(person, room, None, &self.wanted, &BTreeSet::new()).await
    }

    /// Scrolls to the beginning of a room.
    pub(super) async fn scroll_up(&mut self, person: &Person, id: &str) {
        let Some(room) = self.rooms.get_mut(id) else { return };
        let Some(start) = room.start.take() else { return };
        let mut older = backwards(person, id, Some(&start), &self.wanted, &BTreeSet::new()).await;
        assert!(older.is_empty() || !room.came_whole, "there was more: {older:?}");
        older.append(&mut room.timeline);
        room.timeline = older;
        room.redact();
    }
}

impl Room {
    fn apply(&mut self, shown: &Value) {
        let after = shown.get("state_after");
        if let Some(after) = after {
            self.set(after["events"].as_array().unwrap());
        } else {
            self.set(shown["state"]["events"].as_array().unwrap());
            self.set(shown["timeline"]["events"].as_array().unwrap());
        }
        // Heroes stand in for a name; once there is one they mean nothing.
        if self.state.contains_key(&("m.room.name".to_owned(), String::new())) {
            self.summary.remove("m.heroes");
        }
        if let Some(summary) = shown["summary"].as_object() {
            self.summary.extend(summary.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        self.unread = json!([shown["unread_notifications"], shown["unread_thread_notifications"]]);
        for data in shown["account_data"]["events"].as_array().unwrap() {
            self.account_data.insert(data["type"].as_str().unwrap().to_owned(), data["content"].clone());
        }
        for event in shown["ephemeral"]["events"].as_array().into_iter().flatten() {
            if event["type"] == "m.receipt" {
                self.read(event["content"].as_object().unwrap());
            }
        }
    }

    fn set(&mut self, events: &[Value]) {
        for event in events.iter().filter(|event| event["state_key"].is_string()) {
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            self.state.insert((text("type"), text("state_key")), text("event_id"));
        }
    }

    fn read(&mut self, receipts: &serde_json::Map<String, Value>) {
        for (event, by_kind) in receipts {
            for (kind, by_user) in by_kind.as_object().unwrap() {
                for user in by_user.as_object().unwrap().keys() {
                    self.receipts.insert((kind.clone(), user.clone()), event.clone());
                }
            }
        }
    }

    /// Puts new events behind those there are, and what lies between before them. What lies before the first is left for later.
    async fn extend(&mut self, person: &Person, id: &str, shown: &Value, wanted: &Value) {
        let new: Timeline = shown["events"].as_array().unwrap().iter().map(Shown::of).collect();
        // A timeline that starts anew may reach back behind what is known.
        self.timeline.retain(|known| !new.iter().any(|event| event.id == known.id));
        if self.timeline.is_empty() && (self.start.is_none() || !new.is_empty()) {
            self.start = shown["prev_batch"].as_str().map(ToOwned::to_owned);
            self.came_whole = shown["limited"] == false && self.section == "join";
        } else if shown["limited"] == true {
            let known = self.timeline.iter().map(|event| event.id.clone()).collect();
            let from = shown["prev_batch"].as_str();
            self.timeline.extend(backwards(person, id, from, wanted, &known).await);
        }
        self.timeline.extend(new);
        self.redact();
    }

    /// Empties what the redactions of the timeline are about.
    fn redact(&mut self) {
        let targets: BTreeSet<String> =
            self.timeline.iter().filter_map(|event| event.redacts.clone()).collect();
        for event in self.timeline.iter_mut().filter(|event| targets.contains(&event.id)) {
            event.content = json!({});
        }
    }
}

impl Shown {
    fn of(event: &Value) -> Self {
        Self {
            id: event["event_id"].as_str().unwrap().to_owned(),
            content: event["content"].clone(),
            redacts: event["redacts"].as_str().map(ToOwned::to_owned),
            is_state: event["state_key"].is_string(),
        }
    }
}

/// The events before `from`, until one is known or there are no more. Nothing where the room's past is not shown at all.
async fn backwards(
    person: &Person,
    room: &str,
    from: Option<&str>,
    wanted: &Value,
    known: &BTreeSet<String>,
) -> Timeline {
    let mut from = from.map(ToOwned::to_owned);
    let mut found = Timeline::new();
    let filter = urlencoding(&wanted.to_string());
    loop {
        let start = from.as_ref().map(|from| format!("&from={from}")).unwrap_or_default();
        let page = person.get(&format!("rooms/{room}/messages?dir=b&limit=3&filter={filter}{start}")).await;
        if page.status == 403 {
            break;
        }
        let page = page.ok();
        let events = page["chunk"].as_array().unwrap();
        let is_new = |event: &Shown| !known.contains(&event.id);
        let new: Timeline = events.iter().map(Shown::of).take_while(is_new).collect();
        let met = new.len() < events.len();
        found.extend(new);
        from = page["end"].as_str().map(ToOwned::to_owned);
        if met || from.is_none() {
            break;
        }
    }
    found.reverse();
    found
}
