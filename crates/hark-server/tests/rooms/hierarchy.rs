//! The rooms of a space.

use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};

use crate::support::{Answer, House, Person};

async fn space(person: &Person, name: &str) -> String {
    let body = json!({ "preset": "public_chat", "name": name, "creation_content": { "type": "m.space" } });
    person.create_room(body).await
}

async fn room(person: &Person, name: &str) -> String {
    person.create_room(json!({ "preset": "public_chat", "name": name })).await
}

async fn put_into(person: &Person, space: &str, child: &str, content: Value) {
    person.put(&format!("rooms/{space}/state/m.space.child/{child}"), content).await.ok();
}

async fn add(person: &Person, space: &str, child: &str) {
    put_into(person, space, child, json!({ "via": ["hark.test"] })).await;
}

async fn hierarchy(person: &Person, root: &str, query: &str) -> Answer {
    person.get(&format!("../v1/rooms/{root}/hierarchy?{query}")).await
}

fn names(page: &Value) -> Vec<&str> {
    page["rooms"].as_array().unwrap().iter().map(|room| room["name"].as_str().unwrap()).collect()
}

/// The rooms that one entry says are in it.
fn children<'v>(page: &'v Value, name: &str) -> Vec<&'v str> {
    let rooms = page["rooms"].as_array().unwrap();
    let entry = rooms.iter().find(|room| room["name"] == name).unwrap();
    let events = entry["children_state"].as_array().unwrap().iter();
    events.map(|event| event["state_key"].as_str().unwrap()).collect()
}

/// Depth first; an ordinary room is never looked into; `max_depth` and `suggested_only` cut; pages go on where the last one ended.
#[tokio::test]
async fn a_tree_is_walked_in_depth_and_in_pages() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let root = space(&ann, "Root").await;
    let (r1, r2, r3) = (room(&ann, "R1").await, room(&ann, "R2").await, room(&ann, "R3").await);
    let (ss1, ss2, r5) = (space(&ann, "SS1").await, space(&ann, "SS2").await, room(&ann, "R5").await);
    put_into(&ann, &root, &r1, json!({ "via": ["hark.test"], "suggested": true, "order": "1" })).await;
    put_into(&ann, &root, &ss1, json!({ "via": ["hark.test"], "order": "2" })).await;
    put_into(&ann, &root, &r2, json!({ "via": ["hark.test"], "suggested": true, "order": "3" })).await;
    add(&ann, &r2, &r5).await;
    add(&ann, &ss1, &ss2).await;
    add(&ann, &ss2, &r3).await;

    let whole = hierarchy(&ann, &root, "").await.ok();
    assert_eq!(names(&whole), ["Root", "R1", "SS1", "SS2", "R3", "R2"]);
    assert_eq!(children(&whole, "Root"), [&*r1, &*ss1, &*r2]);
    assert_eq!((children(&whole, "SS1"), children(&whole, "R2")), (vec![&*ss2], vec![]));
    let first = &whole["rooms"][0];
    assert_eq!(
        (&first["room_type"], &first["num_joined_members"], &first["join_rule"], &first["world_readable"]),
        (&json!("m.space"), &json!(1), &json!("public"), &json!(false))
    );
    let event = &first["children_state"][0];
    assert_eq!(event["content"]["via"], json!(["hark.test"]));
    let keys: Vec<_> = event.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["content", "origin_server_ts", "sender", "state_key", "type"]);

    let shallow = hierarchy(&ann, &root, "max_depth=1").await.ok();
    assert_eq!(names(&shallow), ["Root", "R1", "SS1", "R2"]);
    assert_eq!(
        children(&shallow, "SS1"),
        [&*ss2],
        "at the end of the depth, too, it is said what is in a space"
    );
    assert_eq!(names(&hierarchy(&ann, &root, "max_depth=0").await.ok()), ["Root"]);
    let suggested = hierarchy(&ann, &root, "suggested_only=true").await.ok();
    assert_eq!(names(&suggested), ["Root", "R1", "R2"]);
    assert_eq!(children(&suggested, "Root"), [&*r1, &*r2]);

    let page = hierarchy(&ann, &root, "limit=4").await.ok();
    assert_eq!(names(&page), ["Root", "R1", "SS1", "SS2"]);
    let from = page["next_batch"].as_str().unwrap();
    let rest = hierarchy(&ann, &root, &format!("from={from}")).await.ok();
    assert_eq!((names(&rest), rest.get("next_batch")), (vec!["R3", "R2"], None));
    let unstable = ann.get(&format!("../unstable/org.matrix.msc2946/rooms/{root}/hierarchy")).await.ok();
    assert_eq!(unstable, whole);
    for query in [
        format!("from={from}&max_depth=1"),
        format!("from={from}&suggested_only=true"),
        "from=nonsense".to_owned(),
        "limit=0".to_owned(),
        "limit=-1".to_owned(),
        "max_depth=-1".to_owned(),
        "suggested_only=maybe".to_owned(),
    ] {
        assert_eq!(hierarchy(&ann, &root, &query).await.refusal(), (400, "M_INVALID_PARAM"), "{query}");
    }
    let elsewhere = hierarchy(&ann, &ss1, &format!("from={from}")).await;
    assert_eq!(elsewhere.refusal(), (400, "M_INVALID_PARAM"));

    put_into(&ann, &root, &ss1, json!({})).await;
    let cut = hierarchy(&ann, &root, "").await.ok();
    assert_eq!(names(&cut), ["Root", "R1", "R2"], "a child without servers is none");
    assert_eq!(children(&cut, "Root"), [&*r1, &*r2]);
}

/// Valid `order` first, by its characters; then by age; what is not a valid order counts as none.
#[tokio::test]
async fn children_stand_in_the_order_the_space_gives_them() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let root = space(&ann, "Root").await;
    for (name, order) in [
        ("old", json!(null)),
        ("b", json!("b")),
        ("umlaut", json!("ä")),
        ("a", json!("a")),
        ("long", json!("0".repeat(51))),
        ("number", json!(1)),
        ("aa", json!("aa")),
    ] {
        let child = room(&ann, name).await;
        let mut content = json!({ "via": ["hark.test"] });
        if !order.is_null() {
            content["order"] = order;
        }
        put_into(&ann, &root, &child, content).await;
        // The next one is sent in another millisecond, so that age decides.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let page = hierarchy(&ann, &root, "").await.ok();
    assert_eq!(names(&page), ["Root", "a", "aa", "b", "old", "umlaut", "long", "number"]);
}

/// Rooms one may not know of are left out, though their space still names them; circles end.
#[tokio::test]
async fn only_rooms_one_may_know_of_are_shown() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let root = space(&ann, "Root").await;
    let with_rule = async |name: &str, rule: Value| {
        let state = json!([{ "type": "m.room.join_rules", "content": rule }]);
        ann.create_room(json!({ "preset": "private_chat", "name": name, "initial_state": state })).await
    };
    let secret = with_rule("secret", json!({ "join_rule": "invite" })).await;
    let invited = with_rule("invited", json!({ "join_rule": "invite" })).await;
    ann.invite(&invited, &bob).await.ok();
    let knock = with_rule("knock", json!({ "join_rule": "knock" })).await;
    let allow = json!([{ "type": "m.room_membership", "room_id": root }]);
    let restricted = with_rule("restricted", json!({ "join_rule": "restricted", "allow": allow })).await;
    let readable = ann
        .create_room(json!({
            "name": "readable",
            "initial_state": [{ "type": "m.room.history_visibility", "content": { "history_visibility": "world_readable" } }],
        }))
        .await;
    for (order, child) in [&secret, &invited, &knock, &restricted, &readable, &root].into_iter().enumerate() {
        put_into(&ann, &root, child, json!({ "via": ["hark.test"], "order": order.to_string() })).await;
    }
    put_into(&ann, &root, "not-a-room", json!({ "via": ["hark.test"] })).await;
    put_into(&ann, &root, "!unknown:hark.test", json!({ "via": ["hark.test"], "order": "9" })).await;
    let hers = hierarchy(&ann, &root, "").await.ok();
    assert_eq!(names(&hers), ["Root", "secret", "invited", "knock", "restricted", "readable"]);
    let his = hierarchy(&bob, &root, "").await.ok();
    assert_eq!(names(&his), ["Root", "invited", "knock", "readable"]);
    assert!(children(&his, "Root").contains(&&*secret));
    bob.join(&root).await.ok();
    let his = hierarchy(&bob, &root, "").await.ok();
    assert_eq!(names(&his), ["Root", "invited", "knock", "restricted", "readable"]);
    assert_eq!(his["rooms"][3]["allowed_room_ids"], json!([root]));
    let refused = hierarchy(&bob, &secret, "").await;
    assert_eq!(refused.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(refused, hierarchy(&bob, "!unknown:hark.test", "").await);
}

async fn pages_fold(edges: Vec<(usize, usize)>, limit: usize) {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let mut spaces = Vec::new();
    for index in 0..6 {
        spaces.push(space(&ann, &format!("S{index}")).await);
    }
    for (parent, child) in edges {
        add(&ann, &spaces[parent], &spaces[child]).await;
    }
    let owned = |page: &Value| names(page).into_iter().map(ToOwned::to_owned).collect::<Vec<_>>();
    let whole = owned(&hierarchy(&ann, &spaces[0], "").await.ok());
    let (mut folded, mut query) = (Vec::new(), format!("limit={limit}"));
    loop {
        let page = hierarchy(&ann, &spaces[0], &query).await.ok();
        folded.extend(owned(&page));
        let Some(next) = page.get("next_batch").and_then(Value::as_str) else { break };
        assert_eq!(names(&page).len(), limit);
        query = format!("limit={limit}&from={next}");
        // Rearranging the space between two pages moves nothing in them.
        put_into(&ann, &spaces[0], &spaces[5], json!({ "via": ["hark.test"], "order": "!" })).await;
    }
    assert_eq!(folded, whole);
    let mut once = folded.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), folded.len(), "no room twice");
}

proptest! {
    #![proptest_config(Config { cases: 6, max_shrink_iters: 10, ..Config::default() })]

    /// Whatever spaces contain each other: the pages together are the whole walk, each room once.
    #[test]
    fn pages_of_a_tree_fold_to_the_whole(
        edges in prop::collection::vec((0_usize..6, 0_usize..6), 0..12),
        limit in 1_usize..4,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(pages_fold(edges, limit));
    }
}
