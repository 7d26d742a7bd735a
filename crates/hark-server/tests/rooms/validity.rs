//! Rooms that went through a lot are still valid Matrix, event for event.

use serde_json::{Value, json};

use crate::{
    checker::{self, published_keys},
    support::{House, Person, unique},
};

/// Small, repeatable chance (a linear congruential generator): a failing life can be lived again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn of<'a, T>(&mut self, choice: &'a [T]) -> &'a T {
        &choice[self.below(choice.len())]
    }
}

/// One thing somebody does.
struct Act {
    who: Person,
    method: &'static str,
    path: String,
    body: Value,
}

impl Act {
    async fn run(self) -> u16 {
        let answer = self.who.call(self.method, &self.path, Some(self.body.clone())).await;
        assert!(answer.status < 500, "{} {} {}: {answer:?}", self.method, self.path, self.body);
        answer.status
    }
}

/// People in a room beside a club whose members may join it when its rule says so.
struct Life {
    chance: Chance,
    people: Vec<Person>,
    room: String,
    club: String,
}

impl Life {
    /// What happens next. It need not be allowed.
    fn next(&mut self, events: &[String]) -> Act {
        let mut who = self.chance.of(&self.people).clone();
        let target = self.chance.of(&self.people).id.clone();
        let kind = self.chance.below(18);
        // The first stays, to see it all; whoever kicks themselves leaves.
        if matches!(kind, 2 | 5 | 13) && who.id == self.people[0].id {
            who = self.people[1].clone();
        }
        let room = self.room.clone();
        let post = |what: &str, body: Value| ("POST", format!("rooms/{room}/{what}"), body);
        let state =
            |kind: &str, key: &str, body: Value| ("PUT", format!("rooms/{room}/state/{kind}/{key}"), body);
        let send = |kind: &str, body: Value| ("PUT", format!("rooms/{room}/send/{kind}/{}", unique()), body);
        let event = if events.is_empty() { "$none" } else { self.chance.of(events).as_str() };
        let (method, path, body) = match kind {
            0 | 1 => post("join", json!({})),
            2 => post("leave", json!({ "reason": "enough" })),
            3 | 4 => post("invite", json!({ "user_id": target })),
            5 => post("kick", json!({ "user_id": target, "reason": "no" })),
            6 => post("ban", json!({ "user_id": target })),
            7 => post("unban", json!({ "user_id": target })),
            8 => ("POST", format!("knock/{room}"), json!({ "reason": "please" })),
            9 => state("m.room.name", "", json!({ "name": format!("name {}", self.chance.below(4)) })),
            10 => state("m.room.join_rules", "", self.join_rule()),
            11 => state("m.room.power_levels", "", self.levels()),
            12 => state("m.room.member", &who.id, json!({ "membership": "join", "displayname": unique() })),
            13 => state(
                "m.room.member",
                &target,
                json!({ "membership": self.chance.of(&["leave", "ban", "invite"]) }),
            ),
            14 => ("PUT", format!("profile/{}/displayname", who.id), json!({ "displayname": unique() })),
            15 => ("PUT", format!("rooms/{room}/redact/{event}/{}", unique()), json!({ "reason": "gone" })),
            16 => send("m.room.redaction", json!({ "redacts": event })),
            _ => {
                send("m.room.message", json!({ "msgtype": "m.text", "body": "ü \"quoted\" \u{1f600} \u{7}" }))
            }
        };
        Act { who, method, path, body }
    }

    fn join_rule(&mut self) -> Value {
        let rule = *self.chance.of(&["public", "invite", "knock", "restricted", "knock_restricted"]);
        json!({ "join_rule": rule, "allow": [{ "type": "m.room_membership", "room_id": self.club }] })
    }

    /// Levels of everybody but the first, who always stays able to go on.
    fn levels(&mut self) -> Value {
        let mut users = serde_json::Map::new();
        for person in self.people.clone().iter().skip(1) {
            users.insert(person.id.clone(), json!(self.chance.of(&[0, 25, 50, 99])));
        }
        // In version 12, whose room ids name no server, creators have no level.
        if self.room.contains(':') {
            users.insert(self.people[0].id.clone(), json!(100));
        }
        json!({ "users": users, "invite": self.chance.of(&[0, 50]), "redact": self.chance.of(&[0, 50]) })
    }
}

/// Every event id of a room that the first member can see now.
async fn visible(person: &Person, room: &str) -> Vec<String> {
    let page = person.get(&format!("rooms/{room}/messages?dir=b&limit=100")).await.ok();
    let ids = page["chunk"].as_array().unwrap().iter().map(|event| event["event_id"].as_str().unwrap());
    ids.map(ToOwned::to_owned).collect()
}

async fn live(version: &str, seed: u64) {
    let house = House::open().await;
    let mut people = Vec::new();
    for name in ["ann", "bob", "eve", "joe"] {
        people.push(house.person(name).await);
    }
    let ann = people[0].clone();
    let club = ann.create_room(json!({ "preset": "public_chat", "room_version": version })).await;
    for person in &people[1..3] {
        person.join(&club).await.ok();
    }
    let body = json!({
        "preset": "public_chat", "room_version": version, "name": "Start", "topic": "Valid", "invite": [people[1].id],
        "room_alias_name": "life",
    });
    let room = ann.create_room(body).await;
    let mut life = Life { chance: Chance(seed), people, room: room.clone(), club };
    let mut refused = 0;
    for _ in 0..36 {
        let events = visible(&ann, &room).await;
        let acts: Vec<Act> = (0..4).map(|_| life.next(&events)).collect();
        let running: Vec<_> = acts.into_iter().map(|act| tokio::spawn(act.run())).collect();
        for act in running {
            refused += usize::from(act.await.unwrap() != 200);
        }
    }
    assert!(refused > 5, "a life without refusals tries nothing: {refused}");
    let checked = checker::check(&house, &room).await;
    assert!(checked.events > 30, "{}", checked.events);
    assert_state(&ann, &room, &checked).await;

    let upgraded = ann.post(&format!("rooms/{room}/upgrade"), json!({ "new_version": version })).await.ok();
    let successor = upgraded["replacement_room"].as_str().unwrap();
    for room in [&room, successor] {
        let checked = checker::check(&house, room).await;
        assert_state(&ann, room, &checked).await;
    }
}

/// The state a client is given is what the events add up to.
async fn assert_state(person: &Person, room: &str, checked: &checker::Checked) {
    let state = person.get(&format!("rooms/{room}/state")).await.ok();
    let shown = state.as_array().unwrap().iter().map(|event| {
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        ((text("type"), text("state_key")), text("event_id"))
    });
    assert_eq!(shown.collect::<std::collections::HashMap<_, _>>(), checked.state);
}

#[tokio::test]
async fn a_room_of_version_10_stays_valid_whatever_happens() {
    live("10", 3).await;
}

#[tokio::test]
async fn a_room_of_version_11_stays_valid_whatever_happens() {
    live("11", 5).await;
}

#[tokio::test]
async fn a_room_of_version_12_stays_valid_whatever_happens() {
    live("12", 7).await;
}

/// Redactions of state: what is left of a redacted event is what later events are judged by, before and after a restart.
#[tokio::test]
async fn redacted_state_is_judged_as_it_stands_now() {
    for version in ["10", "11", "12"] {
        let house = House::open().await;
        let (ann, bob, eve) =
            (house.person("ann").await, house.person("bob").await, house.person("eve").await);
        let room = ann
            .create_room(json!({
                "room_version": version, "invite": [bob.id],
                "power_level_content_override": { "invite": 50, "org.extra": 1 },
            }))
            .await;
        bob.join(&room).await.ok();
        assert_eq!(bob.invite(&room, &eve).await.refusal(), (403, "M_FORBIDDEN"));
        let levels = ann.get(&format!("rooms/{room}/state/m.room.power_levels?format=event")).await.ok();
        ann.redact(&room, levels["event_id"].as_str().unwrap()).await.ok();
        let left = ann.get(&format!("rooms/{room}/state/m.room.power_levels")).await.ok();
        // Version 11 and later keep the level for invitations, version 10 loses it.
        let keeps = version != "10";
        assert_eq!((left["invite"].is_null(), left["org.extra"].is_null()), (!keeps, true), "v{version}");
        let invited = bob.invite(&room, &eve).await;
        assert_eq!(invited.status, if keeps { 403 } else { 200 }, "v{version} {invited:?}");
        let checked = checker::check(&house, &room).await;
        assert_eq!(checked.redacted, 1);
    }
}

/// The checker sees it when one letter of one event is not what was signed.
#[tokio::test]
async fn a_forged_event_is_found() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    ann.say(&room, "I owe you 10").await;
    checker::check(&house, &room).await;
    let database = rusqlite::Connection::open(house.path().join("hark.db")).unwrap();
    let forged = "UPDATE events SET json = replace(json, 'you 10', 'you 99') WHERE json LIKE '%you 10%'";
    assert_eq!(database.execute(forged, ()).unwrap(), 1);
    let found = tokio::task::spawn_blocking(move || {
        let run = || tokio::runtime::Runtime::new().unwrap().block_on(checker::check(&house, &room));
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err()
    });
    assert!(found.await.unwrap());
}

/// Two rooms made by the same user with the same request in the same millisecond are two rooms, although a room of version 12 is
/// named after what was asked.
#[tokio::test]
async fn equal_rooms_made_at_once_are_different_rooms() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let making: Vec<_> = (0..24)
        .map(|_| {
            let ann = ann.clone();
            tokio::spawn(async move { ann.create_room(json!({ "room_version": "12" })).await })
        })
        .collect();
    let mut rooms = std::collections::HashSet::new();
    for room in making {
        rooms.insert(room.await.unwrap());
    }
    assert_eq!(rooms.len(), 24);
    checker::check(&house, rooms.iter().next().unwrap()).await;
}

/// The key is published with its own signature, valid for a while, and the address answers to GET alone.
#[tokio::test]
async fn the_signing_key_is_published() {
    let house = House::open().await;
    assert_eq!(published_keys(&house).await.len(), 1);
    let url = format!("{}/_matrix/key/v2/server", house.server.url());
    let http = reqwest::Client::new();
    let published: Value = http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(published["server_name"], "hark.test");
    assert_eq!(published["old_verify_keys"], json!({}));
    assert!(published["valid_until_ts"].as_i64().unwrap() > 1_700_000_000_000);
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let answer = http.request(method.parse().unwrap(), &url).send().await.unwrap();
        assert_eq!(answer.status(), 405, "{method}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["errcode"], "M_UNRECOGNIZED", "{method}");
    }
}
