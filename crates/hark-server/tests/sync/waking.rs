//! What ends a long poll, and what must not.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{House, Person, bodies, token, unique};

/// How long a poll is given to be woken: longer than any machine needs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Ann and Bob in a room, and where Bob is.
struct Scene {
    house: House,
    ann: Person,
    bob: Person,
    room: String,
    at: Value,
}

impl Scene {
    /// With nobody told who is there: what people do would wake those around them twice.
    async fn open() -> Self {
        Self::of(House::open_with(|config| config.presence = false).await).await
    }

    async fn of(house: House) -> Self {
        let (ann, bob) = (house.person("ann").await, house.person("bob").await);
        let room = ann.create_room(json!({ "preset": "public_chat" })).await;
        bob.join(&room).await.ok();
        let at = caught_up(&bob).await;
        Self { house, ann, bob, room, at }
    }

    /// Bob waits while `act` happens; what he is woken with.
    async fn woken_by(&self, act: impl Future<Output = ()>) -> Value {
        let (bob, query) = (self.bob.clone(), format!("timeout=60000&since={}", token(&self.at)));
        let waiting = tokio::spawn(async move { bob.sync(&query).await });
        act.await;
        let woken = tokio::time::timeout(PATIENCE, waiting).await.expect("woken").unwrap();
        assert_ne!(
            woken["next_batch"], self.at["next_batch"],
            "the next poll would be answered by the same again"
        );
        self.waits(&woken).await;
        woken
    }

    /// Nothing is told twice: who goes on from an answer waits.
    async fn waits(&self, answer: &Value) {
        let next = self.bob.sync_since(answer).await;
        assert_eq!(next["rooms"]["join"], json!({}), "{next}");
        for part in ["account_data", "to_device", "presence"] {
            assert_eq!(next[part]["events"], json!([]), "{part}");
        }
    }

    fn shown<'s>(&self, sync: &'s Value) -> &'s Value {
        &sync["rooms"]["join"][&self.room]
    }
}

/// A sync after which there is nothing to tell.
async fn caught_up(person: &Person) -> Value {
    let first = person.sync("").await;
    person.sync_since(&first).await
}

#[tokio::test]
async fn a_message_wakes_and_so_does_a_change_of_state() {
    let mut scene = Scene::open().await;
    let woken = scene.woken_by(async { drop(scene.ann.say(&scene.room, "x").await) }).await;
    assert_eq!(bodies(&scene.shown(&woken)["timeline"]["events"]), ["x"]);
    scene.at = woken;
    let topic = json!({ "topic": "t" });
    let woken = scene
        .woken_by(async { drop(scene.ann.set_state(&scene.room, "m.room.topic", topic).await.ok()) })
        .await;
    assert_eq!(scene.shown(&woken)["timeline"]["events"][0]["content"]["topic"], "t");
}

#[tokio::test]
async fn a_redaction_wakes() {
    let mut scene = Scene::open().await;
    let said = scene.ann.say(&scene.room, "x").await;
    scene.at = caught_up(&scene.bob).await;
    let woken = scene.woken_by(async { drop(scene.ann.redact(&scene.room, &said).await.ok()) }).await;
    assert_eq!(scene.shown(&woken)["timeline"]["events"][0]["redacts"], json!(said));
}

/// An invitation, its withdrawal, and being shown out (SyTest: "Sync is woken up for leaves").
#[tokio::test]
async fn an_invitation_wakes_and_so_does_its_end() {
    let mut scene = Scene::open().await;
    let other = scene.ann.create_room(json!({})).await;
    let woken = scene.woken_by(async { drop(scene.ann.invite(&other, &scene.bob).await.ok()) }).await;
    assert!(woken["rooms"]["invite"][&other].is_object());
    scene.at = woken;
    let kick = json!({ "user_id": scene.bob.id });
    let path = format!("rooms/{other}/kick");
    let woken = scene.woken_by(async { drop(scene.ann.post(&path, kick.clone()).await.ok()) }).await;
    assert!(woken["rooms"]["leave"][&other].is_object());
    scene.at = woken;
    let path = format!("rooms/{}/kick", scene.room);
    let woken = scene.woken_by(async { drop(scene.ann.post(&path, kick).await.ok()) }).await;
    assert!(woken["rooms"]["leave"][&scene.room].is_object());
}

/// What the same user does on another device wakes this one: leaving, joining, knocking.
#[tokio::test]
async fn what_another_device_does_wakes() {
    let mut scene = Scene::open().await;
    let other = scene.house.another_device("bob").await;
    scene.at = caught_up(&scene.bob).await;
    let woken = scene.woken_by(async { drop(other.leave(&scene.room).await.ok()) }).await;
    assert!(woken["rooms"]["leave"][&scene.room].is_object());
    scene.at = woken;
    let woken = scene.woken_by(async { drop(other.join(&scene.room).await.ok()) }).await;
    assert!(scene.shown(&woken).is_object());
    scene.at = woken;
    let made = scene.woken_by(async { drop(other.create_room(json!({})).await) }).await;
    assert_eq!(made["rooms"]["join"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn account_data_wakes_and_so_do_tags_and_push_rules() {
    let mut scene = Scene::open().await;
    let other = scene.house.another_device("bob").await;
    scene.at = caught_up(&scene.bob).await;
    let account = format!("user/{}/account_data/org.x", other.id);
    let woken = scene.woken_by(async { drop(other.put(&account, json!({ "a": 1 })).await.ok()) }).await;
    assert_eq!(woken["account_data"]["events"], json!([{ "type": "org.x", "content": { "a": 1 } }]));
    scene.at = woken;
    let room = format!("user/{}/rooms/{}/account_data/org.x", other.id, scene.room);
    let woken = scene.woken_by(async { drop(other.put(&room, json!({ "b": 1 })).await.ok()) }).await;
    assert_eq!(scene.shown(&woken)["account_data"]["events"][0]["content"], json!({ "b": 1 }));
    scene.at = woken;
    let tag = format!("user/{}/rooms/{}/tags/u.x", other.id, scene.room);
    let woken = scene.woken_by(async { drop(other.put(&tag, json!({})).await.ok()) }).await;
    assert_eq!(scene.shown(&woken)["account_data"]["events"][0]["type"], "m.tag");
    scene.at = woken;
    let rule = "pushrules/global/override/.m.rule.master/enabled";
    let woken = scene.woken_by(async { drop(other.put(rule, json!({ "enabled": true })).await.ok()) }).await;
    assert_eq!(woken["account_data"]["events"][0]["type"], "m.push_rules");
}

/// Others' receipts, and one's own of another device, private or not (SyTest: "New read receipts appear in incremental v2 /sync").
#[tokio::test]
async fn receipts_wake() {
    let mut scene = Scene::open().await;
    let (first, second) = (scene.ann.say(&scene.room, "x").await, scene.ann.say(&scene.room, "y").await);
    scene.at = caught_up(&scene.bob).await;
    let at = |kind: &str, event: &str| format!("rooms/{}/receipt/{kind}/{event}", scene.room);
    let (public, private) = (at("m.read", &first), at("m.read.private", &second));
    let other = scene.house.another_device("bob").await;
    scene.at = caught_up(&scene.bob).await;
    let woken = scene.woken_by(async { drop(scene.ann.post(&public, json!({})).await.ok()) }).await;
    assert!(
        scene.shown(&woken)["ephemeral"]["events"][0]["content"][&first]["m.read"][&scene.ann.id].is_object()
    );
    scene.at = woken;
    let woken = scene.woken_by(async { drop(other.post(&private, json!({})).await.ok()) }).await;
    assert!(
        scene.shown(&woken)["ephemeral"]["events"][0]["content"][&second]["m.read.private"][&other.id]
            .is_object()
    );
}

/// To one device and to all (SyTest: "Device messages wake up /sync", "Wildcard device messages wake up /sync").
#[tokio::test]
async fn messages_to_devices_wake() {
    let mut scene = Scene::open().await;
    for device in [scene.bob.device.clone(), "*".to_owned()] {
        let messages = json!({ "messages": { &scene.bob.id: { device: { "n": 1 } } } });
        let path = format!("sendToDevice/org.x/{}", unique());
        let woken = scene.woken_by(async { drop(scene.ann.put(&path, messages).await.ok()) }).await;
        assert_eq!(woken["to_device"]["events"][0]["content"], json!({ "n": 1 }));
        scene.at = woken;
    }
}

/// Typing and its end, by word and by time, are each told once.
#[tokio::test]
async fn typing_wakes_and_so_does_its_end() {
    let mut scene = Scene::open().await;
    let path = format!("rooms/{}/typing/{}", scene.room, scene.ann.id);
    let list = |scene: &Scene, sync: &Value| scene.shown(sync)["ephemeral"]["events"].clone();
    for (said, expected) in [
        (json!({ "typing": true, "timeout": 60_000 }), vec![scene.ann.id.clone()]),
        (json!({ "typing": false }), vec![]),
    ] {
        let woken = scene.woken_by(async { drop(scene.ann.put(&path, said).await.ok()) }).await;
        let expected = json!([{ "type": "m.typing", "content": { "user_ids": expected } }]);
        assert_eq!(list(&scene, &woken), expected, "no room_id, and the whole list");
        scene.at = woken;
    }
    scene.ann.put(&path, json!({ "typing": true, "timeout": 1_500 })).await.ok();
    scene.at = scene.bob.sync_since(&scene.at).await;
    let over = scene.woken_by(async {}).await;
    assert_eq!(list(&scene, &over)[0]["content"]["user_ids"], json!([]));
}

#[tokio::test]
async fn presence_wakes() {
    let scene = Scene::of(House::open().await).await;
    let path = format!("presence/{}/status", scene.ann.id);
    let busy = json!({ "presence": "unavailable", "status_msg": "busy" });
    let woken = scene.woken_by(async { drop(scene.ann.put(&path, busy).await.ok()) }).await;
    assert_eq!(woken["presence"]["events"][0]["content"]["status_msg"], "busy");
}

/// A new name, in the room and as presence of nobody: the member event is the news.
#[tokio::test]
async fn a_new_name_wakes() {
    let scene = Scene::open().await;
    let path = format!("profile/{}/displayname", scene.ann.id);
    let named = json!({ "displayname": "Ann" });
    let woken = scene.woken_by(async { drop(scene.ann.put(&path, named).await.ok()) }).await;
    assert_eq!(scene.shown(&woken)["timeline"]["events"][0]["content"]["displayname"], "Ann");
}

/// What does not concern a user leaves the poll alone: it ends with what does, and with nothing else in it. Nor does what a filter
/// drops end it.
#[tokio::test]
async fn what_does_not_concern_the_user_does_not_wake() {
    let scene = Scene::open().await;
    let (ann, room) = (&scene.ann, &scene.room);
    let eve = scene.house.person("eve").await;
    let elsewhere = eve.create_room(json!({ "preset": "public_chat" })).await;
    let said = ann.say(room, "x").await;
    let at = caught_up(&scene.bob).await;
    let filter = crate::urlencoding(
        r#"{"room":{"timeline":{"not_types":["org.dropped"]},"ephemeral":{"not_types":["m.typing"]}}}"#,
    );
    let query = format!("timeout=60000&since={}&filter={filter}", token(&at));
    let waiting = {
        let bob = scene.bob.clone();
        tokio::spawn(async move { bob.sync(&query).await })
    };
    eve.say(&elsewhere, "elsewhere").await;
    eve.put(&format!("rooms/{elsewhere}/typing/{}", eve.id), json!({ "typing": true })).await.ok();
    eve.put(&format!("presence/{}/status", eve.id), json!({ "presence": "unavailable" })).await.ok();
    ann.post(&format!("rooms/{room}/receipt/m.read.private/{said}"), json!({})).await.ok();
    ann.put(&format!("user/{}/account_data/org.x", ann.id), json!({ "a": 1 })).await.ok();
    ann.put(&format!("user/{}/rooms/{room}/account_data/org.x", ann.id), json!({ "a": 1 })).await.ok();
    ann.put(&format!("rooms/{room}/send/org.dropped/{}", unique()), json!({})).await.ok();
    ann.put(&format!("rooms/{room}/typing/{}", ann.id), json!({ "typing": true })).await.ok();
    let messages = json!({ "messages": { &ann.id: { "*": {} } } });
    ann.put(&format!("sendToDevice/org.x/{}", unique()), messages).await.ok();
    ann.say(room, "the end").await;
    let woken = tokio::time::timeout(PATIENCE, waiting).await.expect("woken").unwrap();
    assert_eq!(bodies(&scene.shown(&woken)["timeline"]["events"]), ["the end"], "{woken}");
    assert_eq!(woken["rooms"]["join"].as_object().unwrap().len(), 1);
    for part in ["account_data", "to_device", "presence"] {
        assert_eq!(woken[part]["events"], json!([]), "{part}");
    }
}

/// SyTest: "Sync can be polled for updates". A poll is answered with an empty answer when its time is over, and a first sync and one with
/// `full_state` never wait; `timeout=0` without `since` is a first sync.
#[tokio::test]
async fn who_need_not_wait_does_not() {
    let scene = Scene::open().await;
    let quick = |query: String| {
        let bob = scene.bob.clone();
        async move { tokio::time::timeout(PATIENCE, bob.sync(&query)).await.expect("answered at once") }
    };
    let first = quick("timeout=60000".to_owned()).await;
    assert!(first["rooms"]["join"][&scene.room]["state"].is_object());
    let full = quick(format!("timeout=60000&full_state=true&since={}", token(&scene.at))).await;
    assert!(scene.shown(&full).is_object());
    let none = quick(format!("since={}", token(&scene.at))).await;
    assert_eq!(none["rooms"]["join"], json!({}));
    assert_eq!(quick("timeout=0".to_owned()).await["rooms"]["join"].as_object().unwrap().len(), 1);
}
