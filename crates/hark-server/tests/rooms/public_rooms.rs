//! The directory of rooms.

use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};

use crate::support::{House, Person};

/// The rooms of a page.
fn ids(page: &Value) -> Vec<&str> {
    page["chunk"].as_array().unwrap().iter().map(|room| room["room_id"].as_str().unwrap()).collect()
}

async fn public(person: &Person, more: Value) -> String {
    let mut body = json!({ "visibility": "public" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    person.create_room(body).await
}

/// Name, topic and alias are there when the room has them and absent when not; numbers and flags always are.
#[tokio::test]
async fn a_listed_room_shows_what_it_has_and_nothing_else() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let bare = public(&ann, json!({ "room_alias_name": "bare" })).await;
    let shown = house.get("publicRooms").await.ok();
    let expected = json!({
        "room_id": bare, "canonical_alias": "#bare:hark.test", "join_rule": "public", "num_joined_members": 1,
        "world_readable": false, "guest_can_join": false,
    });
    assert_eq!(shown, json!({ "chunk": [expected], "total_room_count_estimate": 1 }));
    let full = public(
        &ann,
        json!({
            "name": "un nom français", "topic": "un topic à la française", "creation_content": { "type": "m.space" },
            "initial_state": [
                { "type": "m.room.avatar", "content": { "url": "mxc://hark.test/a" } },
                { "type": "m.room.history_visibility", "content": { "history_visibility": "world_readable" } },
                { "type": "m.room.guest_access", "content": { "guest_access": "can_join" } },
            ],
        }),
    )
    .await;
    house.person("bob").await.join(&full).await.ok();
    let shown = house.get("publicRooms").await.ok();
    let expected = json!({
        "room_id": full, "name": "un nom français", "topic": "un topic à la française", "room_type": "m.space",
        "avatar_url": "mxc://hark.test/a", "join_rule": "public", "num_joined_members": 2, "world_readable": true,
        "guest_can_join": true,
    });
    assert_eq!(shown["chunk"][0], expected, "the larger room comes first");
    assert_eq!(ids(&shown), [&*full, &*bare]);
}

#[tokio::test]
async fn what_a_room_shows_follows_its_state_and_redactions() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = public(&ann, json!({ "name": "old" })).await;
    let named = ann.set_state(&room, "m.room.name", json!({ "name": "new" })).await.ok();
    ann.set_state(&room, "m.room.join_rules", json!({ "join_rule": "knock" })).await.ok();
    let shown = house.get("publicRooms").await.ok();
    assert_eq!(
        (&shown["chunk"][0]["name"], &shown["chunk"][0]["join_rule"]),
        (&json!("new"), &json!("knock"))
    );
    ann.redact(&room, named["event_id"].as_str().unwrap()).await.ok();
    assert_eq!(house.get("publicRooms").await.ok()["chunk"][0].get("name"), None);
    ann.set_state(&room, "m.room.name", json!({ "name": "" })).await.ok();
    ann.set_state(&room, "m.room.topic", json!({ "topic": 7 })).await.ok();
    let shown = house.get("publicRooms").await.ok();
    assert_eq!((shown["chunk"][0].get("name"), shown["chunk"][0].get("topic")), (None, None));
}

/// A search looks at name, topic and alias without case, and at the types of rooms (MSC3827).
#[tokio::test]
async fn rooms_are_searched_by_word_and_by_type() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let wombles = public(&ann, json!({ "name": "Test", "topic": "Topic WOMBLES" })).await;
    let space = public(&ann, json!({ "name": "Räume", "creation_content": { "type": "m.space" } })).await;
    let search = async |filter: Value| ann.post("publicRooms", json!({ "filter": filter })).await.ok();
    for (filter, expected) in [
        (json!({ "generic_search_term": "wombles" }), vec![&*wombles]),
        (json!({ "generic_search_term": "RÄUM" }), vec![&*space]),
        (json!({ "generic_search_term": "nothing like it" }), vec![]),
        (json!({ "room_types": ["m.space"] }), vec![&*space]),
        (json!({ "room_types": [null] }), vec![&*wombles]),
        (json!({ "room_types": ["org.other"] }), vec![]),
        (json!({ "room_types": ["m.space"], "generic_search_term": "test" }), vec![]),
    ] {
        let found = search(filter.clone()).await;
        assert_eq!(ids(&found), expected, "{filter}");
        assert_eq!(found["total_room_count_estimate"], expected.len(), "{filter}");
    }
    assert_eq!(ids(&search(json!({ "room_types": [null, "m.space"] })).await).len(), 2);
    assert_eq!(ids(&search(json!({})).await).len(), 2, "without a filter, all types");
    let odd = json!({ "include_all_networks": true, "third_party_instance_id": "irc", "org.unknown": 1 });
    assert_eq!(ids(&ann.post("publicRooms", odd).await.ok()).len(), 2);
    for bad in
        [json!({ "filter": 7 }), json!({ "limit": "x" }), json!({ "filter": { "room_types": "m.space" } })]
    {
        assert_eq!(ann.post("publicRooms", bad).await.refusal(), (400, "M_BAD_JSON"));
    }
    assert_eq!(ann.get("publicRooms?since=nonsense").await.refusal(), (400, "M_INVALID_PARAM"));
    assert_eq!(ann.get("publicRooms?limit=x").await.refusal(), (400, "M_INVALID_PARAM"));
    assert_eq!(ann.get("publicRooms?server=else.where").await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(ids(&ann.get("publicRooms?server=hark.test").await.ok()).len(), 2);
}

/// Who may set the main alias may publish; anybody may ask whether a room is published.
#[tokio::test]
async fn a_room_is_published_by_those_with_the_right_to() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let at = format!("directory/list/room/{room}");
    assert_eq!(house.get(&at).await.ok(), json!({ "visibility": "private" }));
    assert_eq!(bob.put(&at, json!({ "visibility": "public" })).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(ann.put(&at, json!({ "visibility": "hidden" })).await.refusal(), (400, "M_BAD_JSON"));
    assert_eq!(house.get("publicRooms").await.ok()["chunk"], json!([]));
    ann.put(&at, json!({})).await.ok();
    assert_eq!(house.get(&at).await.ok(), json!({ "visibility": "public" }));
    assert_eq!(ids(&house.get("publicRooms").await.ok()), [&*room]);
    ann.put(&at, json!({ "visibility": "private" })).await.ok();
    assert_eq!(house.get("publicRooms").await.ok()["chunk"], json!([]));
    let nowhere = "directory/list/room/!nowhere:hark.test";
    assert_eq!(house.get(nowhere).await.ok(), json!({ "visibility": "private" }));
    assert_eq!(ann.put(nowhere, json!({})).await.refusal(), (403, "M_FORBIDDEN"));
    let eve = house.person("eve").await;
    assert_eq!(eve.put(&at, json!({})).await, eve.put(nowhere, json!({})).await);
}

/// Every page from the first on, then back again.
async fn pages(person: &Person, limit: usize) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let owned = |page: &Value| ids(page).into_iter().map(ToOwned::to_owned).collect::<Vec<_>>();
    let mut page = person.get(&format!("publicRooms?limit={limit}")).await.ok();
    let mut there = vec![owned(&page)];
    assert_eq!(page.get("prev_batch"), None);
    while let Some(next) = page.get("next_batch").and_then(Value::as_str) {
        page = person.get(&format!("publicRooms?limit={limit}&since={next}")).await.ok();
        there.push(owned(&page));
    }
    let mut back = vec![owned(&page)];
    while let Some(previous) = page.get("prev_batch").and_then(Value::as_str) {
        page = person.get(&format!("publicRooms?limit={limit}&since={previous}")).await.ok();
        back.insert(0, owned(&page));
    }
    (there, back)
}

async fn pages_fold(sizes: Vec<u8>, limit: usize) {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let others = [house.person("bob").await, house.person("cem").await];
    for size in &sizes {
        let room = public(&ann, json!({})).await;
        for other in &others[..usize::from(*size)] {
            other.join(&room).await.ok();
        }
    }
    let whole = house.get("publicRooms").await.ok();
    let counts: Vec<_> =
        whole["chunk"].as_array().unwrap().iter().map(|room| room["num_joined_members"].as_i64()).collect();
    assert!(counts.is_sorted_by(|a, b| a >= b), "{counts:?}");
    assert_eq!(whole["total_room_count_estimate"], sizes.len());
    let (there, back) = pages(&ann, limit).await;
    assert_eq!(there.concat(), ids(&whole), "going on");
    assert!(there.iter().rev().skip(1).all(|page| page.len() == limit));
    assert_eq!(back.concat(), ids(&whole), "going back");
}

proptest! {
    #![proptest_config(Config { cases: 6, max_shrink_iters: 10, ..Config::default() })]

    /// All pages together are the whole list, each room once, in either direction.
    #[test]
    fn pages_of_the_directory_fold_to_the_whole(
        sizes in prop::collection::vec(0_u8..3, 0..9),
        limit in 1_usize..5,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(pages_fold(sizes, limit));
    }
}
