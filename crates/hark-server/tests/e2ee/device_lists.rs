//! Who hears that somebody's devices changed: `device_lists` of /sync, and /keys/changes.
//!
//! Complement `TestDeviceListUpdates` and SyTest 06-device-lists, on one server.

use serde_json::{Value, json};

use crate::{
    crypto::{Device, query},
    support::{House, Person, token},
};

/// The users in one of the lists.
fn users(lists: &Value, name: &str) -> Vec<String> {
    let list = lists[name].as_array().unwrap_or_else(|| panic!("no {name} in {lists}"));
    list.iter().map(|user| user.as_str().unwrap().to_owned()).collect()
}

/// `changed` and `left` since a sync, by /sync and by /keys/changes, which must agree; and the sync itself.
async fn news(person: &Person, since: &Value) -> (Value, Vec<String>, Vec<String>) {
    let sync = person.sync_since(since).await;
    let lists = (users(&sync["device_lists"], "changed"), users(&sync["device_lists"], "left"));
    let changes = person.get(&format!("keys/changes?from={}&to={}", token(since), token(&sync))).await.ok();
    assert_eq!((users(&changes, "changed"), users(&changes, "left")), lists);
    (sync, lists.0, lists.1)
}

struct Two {
    house: House,
    alice: Device,
    bob: Device,
}

impl Two {
    async fn meet() -> Self {
        let house = House::open().await;
        let alice = Device::published(house.person("alice").await).await;
        let bob = Device::published(house.person("bob").await).await;
        Self { house, alice, bob }
    }

    fn bob_id(&self) -> Vec<String> {
        vec![self.bob.person.id.clone()]
    }

    /// Bob has another identity from now on.
    async fn bob_changes(&self) -> Device {
        let bob = Device::published(self.bob.person.clone()).await;
        let answer = query(&self.alice.person, &bob.person.id).await;
        assert_eq!(answer["device_keys"][&bob.person.id][&bob.person.device]["keys"], bob.keys()["keys"]);
        bob
    }
}

const NOBODY: Vec<String> = Vec::new();

/// "when local user joins a room": whoever was there asks about the newcomer, and hears of their changes from then on.
#[tokio::test]
async fn who_joins_comes_into_view() {
    let two = Two::meet().await;
    let room = two.alice.person.create_room(json!({ "preset": "public_chat" })).await;
    let first = two.alice.person.sync("timeout=0").await;
    assert_eq!(first.get("device_lists"), None, "a first sync asks about everybody anyhow");
    two.bob_changes().await;
    let (sync, changed, left) = news(&two.alice.person, &first).await;
    assert_eq!((changed, left), (NOBODY, NOBODY), "who shares no room is no news");
    two.bob.person.join(&room).await.ok();
    let (sync, changed, left) = news(&two.alice.person, &sync).await;
    assert_eq!((changed, left), (two.bob_id(), NOBODY));
    two.bob_changes().await;
    let (sync, changed, left) = news(&two.alice.person, &sync).await;
    assert_eq!((changed, left), (two.bob_id(), NOBODY));
    // Nothing that was published is no change.
    let same = two.bob_changes().await;
    let (sync, _, _) = news(&two.alice.person, &sync).await;
    same.upload(json!({ "device_keys": same.keys(), "one_time_keys": same.one_time_keys(["A"]) })).await;
    assert_eq!(news(&two.alice.person, &sync).await.1, NOBODY);
}

/// "when joining a room with a local user": the newcomer asks about all who are there.
#[tokio::test]
async fn who_joins_asks_about_all_who_are_there() {
    let two = Two::meet().await;
    let room = two.bob.person.create_room(json!({ "preset": "public_chat" })).await;
    let first = two.alice.person.sync("timeout=0").await;
    two.alice.person.join(&room).await.ok();
    let (sync, changed, left) = news(&two.alice.person, &first).await;
    assert_eq!((changed, left), (two.bob_id(), NOBODY));
    two.bob_changes().await;
    assert_eq!(news(&two.alice.person, &sync).await.1, two.bob_id());
}

/// Whoever was invited is sent keys before they join, so an invitation and a join are news, one after the other.
#[tokio::test]
async fn who_is_invited_comes_into_view() {
    let two = Two::meet().await;
    let room = two.alice.person.create_room(json!({ "preset": "private_chat" })).await;
    let first = two.alice.person.sync("timeout=0").await;
    let bobs_first = two.bob.person.sync("timeout=0").await;
    two.alice.person.invite(&room, &two.bob.person).await.ok();
    let (sync, changed, _) = news(&two.alice.person, &first).await;
    assert_eq!(changed, two.bob_id());
    assert_eq!(news(&two.bob.person, &bobs_first).await.1, NOBODY, "the invited is in no room yet");
    two.bob_changes().await;
    let (sync, changed, _) = news(&two.alice.person, &sync).await;
    assert_eq!(changed, two.bob_id());
    two.bob.person.join(&room).await.ok();
    assert_eq!(news(&two.alice.person, &sync).await.1, two.bob_id());
    let first = two.alice.person.sync("timeout=0").await;
    let carol = two.house.person("carol").await;
    two.alice.person.invite(&room, &carol).await.ok();
    carol.leave(&room).await.ok();
    let (_, changed, left) = news(&two.alice.person, &first).await;
    assert_eq!((changed, left), (NOBODY, NOBODY), "an invitation that came and went is no news");
}

/// "when local user leaves a room": who left the last room in common is out of view, and their changes are no news.
#[tokio::test]
async fn who_leaves_goes_out_of_view() {
    let two = Two::meet().await;
    let room = two.alice.person.create_room(json!({ "preset": "public_chat" })).await;
    two.bob.person.join(&room).await.ok();
    let first = two.alice.person.sync("timeout=0").await;
    two.bob.person.leave(&room).await.ok();
    let (sync, changed, left) = news(&two.alice.person, &first).await;
    assert_eq!((changed, left), (NOBODY, two.bob_id()));
    two.bob_changes().await;
    let (_, changed, left) = news(&two.alice.person, &sync).await;
    assert_eq!((changed, left), (NOBODY, NOBODY));
}

/// "when leaving a room with a local user".
#[tokio::test]
async fn who_leaves_loses_view_of_those_who_stay() {
    let two = Two::meet().await;
    let room = two.bob.person.create_room(json!({ "preset": "public_chat" })).await;
    two.alice.person.join(&room).await.ok();
    let first = two.alice.person.sync("timeout=0").await;
    two.alice.person.leave(&room).await.ok();
    let (sync, changed, left) = news(&two.alice.person, &first).await;
    assert_eq!((changed, left), (NOBODY, two.bob_id()));
    two.bob_changes().await;
    let (_, changed, left) = news(&two.alice.person, &sync).await;
    assert_eq!((changed, left), (NOBODY, NOBODY));
}

/// Leaving one of two rooms in common changes nothing.
#[tokio::test]
async fn who_shares_another_room_stays_in_view() {
    let two = Two::meet().await;
    let mut rooms = Vec::new();
    for _ in 0..2 {
        let room = two.alice.person.create_room(json!({ "preset": "public_chat" })).await;
        two.bob.person.join(&room).await.ok();
        rooms.push(room);
    }
    let first = two.alice.person.sync("timeout=0").await;
    two.bob.person.leave(&rooms[0]).await.ok();
    let (sync, changed, left) = news(&two.alice.person, &first).await;
    assert_eq!((changed, left), (NOBODY, NOBODY));
    two.bob_changes().await;
    assert_eq!(news(&two.alice.person, &sync).await.1, two.bob_id());
}

/// "when … rejoins a room", either of them: who changed in the meantime is news in one window, and in two.
#[tokio::test]
async fn who_comes_back_is_asked_about_again() {
    for bob_goes in [true, false] {
        let two = Two::meet().await;
        let (stays, goes) = if bob_goes {
            (&two.alice.person, &two.bob.person)
        } else {
            (&two.bob.person, &two.alice.person)
        };
        let room = stays.create_room(json!({ "preset": "public_chat" })).await;
        goes.join(&room).await.ok();
        let first = two.alice.person.sync("timeout=0").await;
        goes.leave(&room).await.ok();
        let (gone, _, left) = news(&two.alice.person, &first).await;
        assert_eq!(left, two.bob_id());
        two.bob_changes().await;
        goes.join(&room).await.ok();
        for since in [&first, &gone] {
            let (_, changed, left) = news(&two.alice.person, since).await;
            assert_eq!((changed, left), (two.bob_id(), NOBODY));
        }
    }
}

/// SyTest "Local new device / update device / … changes appear in v2 /sync" and "Users receive device_list updates for their own
/// devices": everything that others must know of a device, in rooms without encryption too.
#[tokio::test]
async fn every_change_of_a_device_is_told_to_all_in_the_room_and_to_oneself() {
    let two = Two::meet().await;
    let room = two.alice.person.create_room(json!({ "preset": "public_chat" })).await;
    two.bob.person.join(&room).await.ok();
    let (mut alice, mut bob) =
        (two.alice.person.sync("timeout=0").await, two.bob.person.sync("timeout=0").await);
    for change in ["sign in", "publish", "rename", "sign out"] {
        match change {
            "sign in" => drop(two.house.another_device("bob").await),
            "publish" => drop(two.bob_changes().await),
            "rename" => {
                let path = format!("devices/{}", two.bob.person.device);
                two.bob.person.put(&path, json!({ "display_name": "phone" })).await.ok();
            }
            _ => {
                let other = two.house.another_device("bob").await;
                alice = two.alice.person.sync_since(&alice).await;
                bob = two.bob.person.sync_since(&bob).await;
                other.post("logout", json!({})).await.ok();
            }
        }
        let changed;
        (alice, changed, _) = news(&two.alice.person, &alice).await;
        assert_eq!(changed, two.bob_id(), "{change}");
        let changed;
        (bob, changed, _) = news(&two.bob.person, &bob).await;
        assert_eq!(changed, two.bob_id(), "{change}, told to oneself");
    }
}

/// A change of somebody's devices wakes who is in a room with them.
#[tokio::test]
async fn a_changed_device_ends_long_polls() {
    let two = Two::meet().await;
    let room = two.alice.person.create_room(json!({ "preset": "public_chat" })).await;
    two.bob.person.join(&room).await.ok();
    let mut sync = two.alice.person.sync("timeout=0").await;
    // The second poll is of somebody the server knows already.
    for _ in 0..2 {
        let query = format!("timeout=60000&since={}", token(&sync));
        let (poll, _) = tokio::join!(two.alice.person.sync(&query), two.bob_changes());
        assert_eq!(users(&poll["device_lists"], "changed"), two.bob_id());
        assert_eq!(poll["rooms"]["join"], json!({}), "and nothing is told of the room");
        sync = poll;
    }
}

#[tokio::test]
async fn changes_between_no_tokens_are_refused() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    assert_eq!(alice.get("keys/changes").await.refusal(), (400, "M_MISSING_PARAM"));
    assert_eq!(alice.get("keys/changes?from=x&to=y").await.refusal(), (400, "M_INVALID_PARAM"));
}
