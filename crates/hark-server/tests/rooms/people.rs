//! Finding people, what they share, and what their clients keep here.

use serde_json::{Value, json};

use crate::support::{House, Person, token};

async fn rename(person: &Person, name: &str) {
    person.put(&format!("profile/{}/displayname", person.id), json!({ "displayname": name })).await.ok();
}

async fn found(person: &Person, term: &str) -> Value {
    person.post("user_directory/search", json!({ "search_term": term })).await.ok()["results"].clone()
}

/// A name somebody has in one room only is nobody else's business.
#[tokio::test]
async fn people_are_found_by_their_profile_and_not_by_a_name_in_a_room() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    rename(&ann, "Ann Public").await;
    ann.put(&format!("profile/{}/avatar_url", ann.id), json!({ "avatar_url": "mxc://hark.test/a" }))
        .await
        .ok();
    for (preset, name) in [("private_chat", "Secret Nick"), ("public_chat", "Roomwide Nick")] {
        let room = bob.create_room(json!({ "preset": preset, "invite": [ann.id] })).await;
        ann.join(&room).await.ok();
        let content = json!({ "membership": "join", "displayname": name });
        ann.put(&format!("rooms/{room}/state/m.room.member/{}", ann.id), content).await.ok();
    }
    let expected =
        json!([{ "user_id": ann.id, "display_name": "Ann Public", "avatar_url": "mxc://hark.test/a" }]);
    for term in ["ann", "PUBLIC", "@ann:hark.test"] {
        assert_eq!(found(&eve, term).await, expected, "{term}");
    }
    assert_eq!(found(&eve, "Nick").await, json!([]));
    assert_eq!(found(&ann, "Public").await, json!([]), "nobody finds themselves");
    rename(&ann, "Ann Renamed").await;
    assert_eq!(
        (found(&eve, "Public").await, found(&eve, "renamed").await[0]["user_id"].clone()),
        (json!([]), json!(ann.id))
    );
    assert_eq!(eve.post("user_directory/search", json!({})).await.refusal(), (400, "M_MISSING_PARAM"));
}

/// MSC2666: rooms both are in now; nobody shares a room with somebody unknown, and one's own rooms are not asked for here.
#[tokio::test]
async fn the_rooms_shared_with_somebody_are_those_both_are_in() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "invite": [bob.id] })).await;
    let shared = async |who: &str| ann.get(&format!("../v1/mutual_rooms?user_id={who}")).await;
    let none = json!({ "joined": [], "count": 0 });
    assert_eq!(shared(&bob.id).await.ok(), none, "invited is not in it");
    bob.join(&room).await.ok();
    let one = json!({ "joined": [room], "count": 1 });
    assert_eq!(shared(&bob.id).await.ok(), one);
    let draft = "../unstable/uk.half-shot.msc2666/user/mutual_rooms";
    assert_eq!(ann.get(&format!("{draft}?user_id={}", bob.id)).await.ok(), one);
    assert_eq!(ann.get(&format!("{draft}/{}", bob.id)).await.ok(), one);
    bob.leave(&room).await.ok();
    assert_eq!(shared(&bob.id).await.ok(), none);
    assert_eq!(shared("@nobody:hark.test").await.ok(), none);
    for bad in [&*ann.id, "nonsense", &format!("{}&from=x", bob.id)] {
        assert_eq!(shared(bad).await.refusal(), (400, "M_INVALID_PARAM"), "{bad}");
    }
    assert_eq!(ann.get("../v1/mutual_rooms").await.refusal(), (400, "M_INVALID_PARAM"));
}

/// MSC3391: deleting, or setting to an empty object, is told to other clients as `{}` and then it is as if it had never been there.
#[tokio::test]
async fn deleted_account_data_is_told_once_and_gone() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let (global, in_room) = (
        format!("user/{}/account_data/org.x", ann.id),
        format!("user/{}/rooms/{room}/account_data/org.x", ann.id),
    );
    let draft = |path: &str| format!("../unstable/org.matrix.msc3391/{path}");
    for (path, method, at) in [
        (&global, "DELETE", global.clone()),
        (&global, "DELETE", draft(&global)),
        (&global, "PUT", global.clone()),
        (&in_room, "DELETE", in_room.clone()),
        (&in_room, "DELETE", draft(&in_room)),
        (&in_room, "PUT", in_room.clone()),
    ] {
        ann.put(path, json!({ "some": "thing" })).await.ok();
        let since = ann.sync("").await;
        let body = (method == "PUT").then(|| json!({}));
        assert_eq!(ann.call(method, &at, body).await.ok(), json!({}), "{method} {at}");
        assert_eq!(ann.get(path).await.refusal(), (404, "M_NOT_FOUND"), "{method} {at}");
        let next = ann.sync_since(&since).await;
        let told = if *path == global {
            &next["account_data"]
        } else {
            &next["rooms"]["join"][&room]["account_data"]
        };
        assert_eq!(told["events"], json!([{ "type": "org.x", "content": {} }]), "{method} {at}");
        assert!(!ann.sync("").await.to_string().contains("org.x"), "{method} {at}");
        ann.call("DELETE", path, None).await.ok();
        assert_eq!(
            ann.sync_since(&next).await["account_data"]["events"],
            json!([]),
            "nothing is deleted twice"
        );
    }
    for kind in ["m.push_rules", "m.fully_read"] {
        let at = format!("user/{}/account_data/{kind}", ann.id);
        assert_eq!(ann.call("DELETE", &at, None).await.refusal(), (405, "M_BAD_JSON"));
    }
    let bob = house.person("bob").await;
    assert_eq!(bob.call("DELETE", &global, None).await.refusal(), (403, "M_FORBIDDEN"));
}

/// Keys of a profile are namespaced identifiers; a name is measured in characters, whatever their size in bytes.
#[tokio::test]
async fn profile_fields_have_proper_names_and_sizes() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let set = async |key: &str, value: Value| {
        ann.put(&format!("profile/{}/{key}", ann.id), json!({ key: value })).await
    };
    let long = "字".repeat(256);
    set("displayname", json!(long)).await.ok();
    assert_eq!(
        ann.get(&format!("profile/{}/displayname", ann.id)).await.ok(),
        json!({ "displayname": long })
    );
    assert_eq!(set("displayname", json!("字".repeat(257))).await.refusal(), (400, "M_INVALID_PARAM"));
    set("org.example.field_1", json!({ "any": ["thing", null] })).await.ok();
    for key in ["Upper", "1st", ".dot", "spa%20ce"] {
        assert_eq!(set(key, json!("x")).await.refusal(), (400, "M_INVALID_PARAM"), "{key}");
    }
    assert_eq!(set(&"a".repeat(256), json!("x")).await.refusal(), (400, "M_KEY_TOO_LARGE"));
    assert_eq!(set("m.tz", json!(1)).await.refusal(), (400, "M_BAD_JSON"));
    let other = json!({ "other": 1 });
    let missing = ann.put(&format!("profile/{}/org.example.field_1", ann.id), other).await;
    assert_eq!(missing.refusal(), (400, "M_MISSING_PARAM"));
}

/// `…/members` filters by membership and goes back in time; its errors are the same for a strange room and for none.
#[tokio::test]
async fn members_are_listed_as_they_are_and_as_they_were() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    let before = ann.sync("").await;
    bob.join(&room).await.ok();
    bob.leave(&room).await.ok();
    let members = async |query: &str| {
        let page = ann.get(&format!("rooms/{room}/members{query}")).await.ok();
        let ids = page["chunk"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["state_key"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(members("").await, [&*ann.id, &*bob.id]);
    assert_eq!(members("?membership=leave").await, [&*bob.id]);
    assert_eq!(members("?not_membership=leave").await, [&*ann.id]);
    assert_eq!(members(&format!("?at={}", token(&before))).await, [&*ann.id]);
    assert_eq!(
        ann.get(&format!("rooms/{room}/members?at=nonsense")).await.refusal(),
        (400, "M_INVALID_PARAM")
    );
    assert_eq!(ann.get("joined_rooms").await.ok(), json!({ "joined_rooms": [room] }));
    assert_eq!(bob.get("joined_rooms").await.ok(), json!({ "joined_rooms": [] }));
    assert_eq!(bob.get(&format!("rooms/{room}/joined_members")).await.refusal(), (403, "M_FORBIDDEN"));
    let joined = ann.get(&format!("rooms/{room}/joined_members")).await.ok();
    assert_eq!(joined["joined"].as_object().unwrap().keys().collect::<Vec<_>>(), [&*ann.id]);
}
