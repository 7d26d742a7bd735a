//! Lazy loading of members (SyTest: 31sync/15lazy-members), with `state` and with `state_after`.

use serde_json::{Value, json};

use crate::{
    support::{House, Person, token},
    syncs::members,
    urlencoding,
};

/// A room of Ann's with a name, and those who joined it.
struct Scene {
    house: House,
    ann: Person,
    others: Vec<Person>,
    room: String,
    query: String,
    section: &'static str,
}

impl Scene {
    async fn with(names: &[&str], redundant: bool, section: &'static str) -> Self {
        let house = House::open().await;
        let ann = house.person("ann").await;
        let room = ann.create_room(json!({ "preset": "public_chat", "name": "A room name" })).await;
        let mut others = Vec::new();
        for name in names {
            let other = house.person(name).await;
            other.join(&room).await.ok();
            others.push(other);
        }
        let filter = json!({ "room": {
            "timeline": { "limit": 3 },
            "state": { "lazy_load_members": true, "include_redundant_members": redundant },
        } });
        let filter = urlencoding(&filter.to_string());
        let query = format!("timeout=0&filter={filter}&use_state_after={}", section == "state_after");
        Self { house, ann, others, room, query, section }
    }

    async fn talk(&self, who: usize, times: usize) {
        for n in 0..times {
            self.others[who].say(&self.room, &n.to_string()).await;
        }
    }

    /// The members in the state of Ann's next sync, and that sync.
    async fn sync(&self, since: Option<&Value>) -> (Vec<(String, String)>, Value) {
        let since = since.map(|since| format!("&since={}", token(since))).unwrap_or_default();
        let sync = self.ann.sync(&format!("{}{since}", self.query)).await;
        (members(&sync["rooms"]["join"][&self.room][self.section]["events"]), sync)
    }
}

fn joined(who: &[&Person]) -> Vec<(String, String)> {
    let mut expected: Vec<_> = who.iter().map(|who| (who.id.clone(), "join".to_owned())).collect();
    expected.sort();
    expected
}

const BOTH: [&str; 2] = ["state", "state_after"];

/// "The only membership state included in an initial sync is for all the senders in the timeline", and one's own; in increments those
/// who speak for the first time come too, and in a gap those who joined in it.
#[tokio::test]
async fn members_come_with_what_they_say() {
    for section in BOTH {
        let scene = Scene::with(&["bob", "cem"], false, section).await;
        let (ann, bob, cem) = (&scene.ann, &scene.others[0], &scene.others[1]);
        scene.talk(0, 3).await;
        let (shown, first) = scene.sync(None).await;
        assert_eq!(shown, joined(&[ann, bob]), "{section}");
        scene.talk(1, 1).await;
        let (shown, second) = scene.sync(Some(&first)).await;
        assert_eq!(shown, joined(&[cem]), "{section}");
        scene.talk(0, 1).await;
        scene.talk(1, 1).await;
        let (shown, third) = scene.sync(Some(&second)).await;
        assert_eq!(shown, [], "nobody twice, {section}");
        let dia = scene.house.person("dia").await;
        dia.join(&scene.room).await.ok();
        scene.talk(1, 6).await;
        let (shown, fourth) = scene.sync(Some(&third)).await;
        assert_eq!(shown, joined(&[&dia]), "joined in the gap and silent, {section}");
        dia.leave(&scene.room).await.ok();
        scene.talk(1, 6).await;
        let (shown, _) = scene.sync(Some(&fourth)).await;
        assert_eq!(shown, [(dia.id.clone(), "leave".to_owned())], "only the change, {section}");
    }
}

/// "Old leaves are present in gapped incremental syncs", "Leaves are present in non-gapped incremental syncs" and "Old members are
/// included in gappy incr LL sync if they start speaking".
#[tokio::test]
async fn leaving_is_told_in_a_gap_and_without_one() {
    for section in BOTH {
        let scene = Scene::with(&["bob", "cem", "dia"], false, section).await;
        let (bob, cem, dia) = (&scene.others[0], &scene.others[1], &scene.others[2]);
        scene.talk(1, 1).await;
        scene.talk(0, 3).await;
        let (shown, first) = scene.sync(None).await;
        assert_eq!(shown, joined(&[&scene.ann, bob]), "{section}");
        cem.leave(&scene.room).await.ok();
        scene.talk(0, 3).await;
        let left = vec![(cem.id.clone(), "leave".to_owned())];
        let (shown, second) = scene.sync(Some(&first)).await;
        assert_eq!(shown, left, "in a gap, {section}");
        cem.join(&scene.room).await.ok();
        let (_, third) = scene.sync(Some(&second)).await;
        cem.leave(&scene.room).await.ok();
        scene.talk(0, 1).await;
        let (shown, fourth) = scene.sync(Some(&third)).await;
        let timeline = members(&fourth["rooms"]["join"][&scene.room]["timeline"]["events"]);
        assert_eq!(timeline, left, "without a gap, {section}");
        assert_eq!(shown, if section == "state" { vec![] } else { left }, "{section}");
        scene.talk(0, 5).await;
        scene.talk(2, 3).await;
        let (shown, _) = scene.sync(Some(&fourth)).await;
        assert_eq!(shown, joined(&[dia]), "an old member starts to speak, {section}");
    }
}

/// "We do send redundant membership state across incremental syncs if asked".
#[tokio::test]
async fn known_members_are_repeated_if_asked_for() {
    for section in BOTH {
        let scene = Scene::with(&["bob", "cem"], true, section).await;
        scene.talk(0, 2).await;
        scene.talk(1, 1).await;
        let (_, first) = scene.sync(None).await;
        scene.talk(0, 1).await;
        scene.talk(1, 1).await;
        let (shown, _) = scene.sync(Some(&first)).await;
        assert_eq!(shown, joined(&[&scene.others[0], &scene.others[1]]), "{section}");
    }
}

/// Complement's tests of MSC4222: in a new conversation whose other side has not spoken, `state_after` has the members of all who
/// stand in the timeline, be the room public or private.
#[tokio::test]
async fn the_state_after_a_new_conversation_has_both() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    for preset in ["public_chat", "private_chat"] {
        let room = ann.create_room(json!({ "preset": preset, "invite": [bob.id] })).await;
        bob.join(&room).await.ok();
        let filter = urlencoding(r#"{"room":{"timeline":{"limit":20},"state":{"lazy_load_members":true}}}"#);
        for name in ["state_after", "org.matrix.msc4222.state_after"] {
            let asked = name.replace("state_after", "use_state_after");
            let sync = ann.sync(&format!("{asked}=true&filter={filter}")).await;
            let shown = members(&sync["rooms"]["join"][&room][name]["events"]);
            let mut expected: Vec<_> = [&ann, &bob].map(|who| (who.id.clone(), "join".to_owned())).to_vec();
            expected.sort();
            assert_eq!(shown, expected, "{preset} {name}");
        }
    }
}

/// A knock that is denied and a silent member who leaves are changes that a client with `state_after` learns nowhere else (the member
/// list is kept by them).
#[tokio::test]
async fn every_change_of_membership_is_in_the_state_after() {
    let scene = Scene::with(&["bob", "cem"], false, "state_after").await;
    let (bob, cem) = (&scene.others[0], &scene.others[1]);
    scene.ann.set_state(&scene.room, "m.room.join_rules", json!({ "join_rule": "knock" })).await.ok();
    let eve = scene.house.person("eve").await;
    eve.post(&format!("knock/{}", scene.room), json!({})).await.ok();
    scene.talk(0, 3).await;
    let (_, first) = scene.sync(None).await;
    scene.ann.post(&format!("rooms/{}/kick", scene.room), json!({ "user_id": eve.id })).await.ok();
    cem.leave(&scene.room).await.ok();
    let (shown, second) = scene.sync(Some(&first)).await;
    let mut expected = vec![(cem.id.clone(), "leave".to_owned()), (eve.id.clone(), "leave".to_owned())];
    expected.extend(joined(&[&scene.ann]).into_iter().filter(|_| shown.len() > 2));
    expected.sort();
    assert_eq!(shown, expected);
    scene.talk(0, 1).await;
    assert_eq!(scene.sync(Some(&second)).await.0, [], "{}", bob.id);
}
