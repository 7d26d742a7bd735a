//! A client that does what `device_lists` tells it always knows the keys of those it writes to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    crypto::{Device, query},
    support::{House, Person, token},
};

/// Numbers that look drawn, the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// What alice's client believes.
struct Follower {
    alice: Person,
    since: Value,
    /// The keys of whoever it keeps an eye on.
    known: BTreeMap<String, Value>,
}

impl Follower {
    async fn start(alice: Person) -> Self {
        let since = alice.sync("timeout=0").await;
        Self { alice, since, known: BTreeMap::new() }
    }

    async fn keys_of(&self, user: &str) -> Value {
        query(&self.alice, user).await["device_keys"][user].clone()
    }

    async fn sync(&mut self) {
        let from = token(&self.since).to_owned();
        self.since = self.alice.sync_since(&self.since).await;
        let lists = self.since["device_lists"].clone();
        let path = format!("keys/changes?from={from}&to={}", token(&self.since));
        assert_eq!(self.alice.get(&path).await.ok(), lists, "the same question, the same answer");
        let users = |name: &str| -> BTreeSet<String> {
            lists[name].as_array().unwrap().iter().map(|user| user.as_str().unwrap().to_owned()).collect()
        };
        let (changed, left) = (users("changed"), users("left"));
        assert!(changed.is_disjoint(&left), "{lists}");
        for user in changed {
            let keys = self.keys_of(&user).await;
            self.known.insert(user, keys);
        }
        for user in left {
            assert!(self.known.remove(&user).is_some(), "{user} left, but was never there");
        }
    }

    /// Whoever is in a room with alice is known as they are, and nobody else is.
    async fn check(&self, seen: &BTreeSet<String>, told: &str) {
        for user in seen {
            assert_eq!(self.known.get(user), Some(&self.keys_of(user).await), "{told}: {user}");
        }
        let others: Vec<_> =
            self.known.keys().filter(|user| !seen.contains(*user) && **user != self.alice.id).collect();
        assert!(others.is_empty(), "{told}: {others:?} are in no room with alice");
    }
}

/// Where everybody stands: the members and the invited of each room.
type Rooms = Vec<(String, BTreeMap<String, &'static str>)>;

fn in_view(rooms: &Rooms, alice: &str) -> BTreeSet<String> {
    let shared = rooms.iter().filter(|(_, members)| members.get(alice) == Some(&"join"));
    let users = shared.flat_map(|(_, members)| members.keys().cloned());
    users.filter(|user| user != alice).collect()
}

async fn story(seed: u64) {
    let house = House::open().await;
    let owner = house.person("owner").await;
    let mut people = Vec::new();
    for name in ["alice", "bob", "carol"] {
        people.push(Device::published(house.person(name).await).await);
    }
    let mut rooms = Rooms::new();
    for _ in 0..2 {
        rooms.push((owner.create_room(json!({ "preset": "public_chat" })).await, BTreeMap::new()));
        rooms.last_mut().unwrap().1.insert(owner.id.clone(), "join");
    }
    let mut follower = Follower::start(people[0].person.clone()).await;
    let mut draw = Draw(seed);
    let mut told = format!("seed {seed}:");
    for _ in 0..40 {
        let (who, room) = (draw.below(people.len()), draw.below(rooms.len()));
        let (room_id, members) = &mut rooms[room];
        let person = people[who].person.clone();
        match (draw.below(6), members.get(&person.id).copied()) {
            (0, None) => {
                owner.invite(room_id, &person).await.ok();
                members.insert(person.id.clone(), "invite");
            }
            (1 | 2, None | Some("invite")) => {
                person.join(room_id).await.ok();
                members.insert(person.id.clone(), "join");
            }
            (1, Some("join")) => {
                person.leave(room_id).await.ok();
                members.remove(&person.id);
            }
            (3, _) => people[who] = Device::published(person.clone()).await,
            (4, _) => {
                follower.sync().await;
                follower.check(&in_view(&rooms, &people[0].person.id), &told).await;
            }
            _ => continue,
        }
        told.extend([" ", person.id.as_str(), "/", &room.to_string()]);
    }
    follower.sync().await;
    follower.check(&in_view(&rooms, &people[0].person.id), &told).await;
}

#[tokio::test]
async fn a_client_that_follows_the_lists_knows_whom_it_writes_to() {
    for seed in 1..=6 {
        story(seed).await;
    }
}
