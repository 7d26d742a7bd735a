//! Aliases: who may make and remove them, and what a room says of its own.

use serde_json::{Value, json};

use crate::{
    sending::urlencoding,
    support::{Answer, House, Person, token},
};

fn address(alias: &str) -> String {
    format!("directory/room/{}", urlencoding(alias))
}

async fn add(person: &Person, alias: &str, room: &str) -> Answer {
    person.put(&address(alias), json!({ "room_id": room })).await
}

async fn remove(person: &Person, alias: &str) -> Answer {
    person.call("DELETE", &address(alias), None).await
}

async fn set_canonical(person: &Person, room: &str, content: Value) -> Answer {
    person.set_state(room, "m.room.canonical_alias", content).await
}

/// An alias may hold anything but a colon or white space, leads to its room, and is listed for members only.
#[tokio::test]
async fn an_alias_leads_to_its_room() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let (room, other) = (ann.create_room(json!({})).await, ann.create_room(json!({})).await);
    assert_eq!(ann.get(&format!("rooms/{room}/aliases")).await.ok(), json!({ "aliases": [] }));
    for alias in ["#plain:hark.test", "#老虎Â£я🤨👉ඞ:hark.test", "#a/b+c%25d?e#f:hark.test"] {
        add(&ann, alias, &room).await.ok();
        let found = bob.get(&address(alias)).await.ok();
        assert_eq!(found, json!({ "room_id": room, "servers": ["hark.test"] }), "{alias}");
        assert_eq!(add(&ann, alias, &other).await.refusal(), (409, "M_UNKNOWN"), "{alias}");
        assert_eq!(add(&ann, alias, &room).await.refusal(), (409, "M_UNKNOWN"), "{alias}");
    }
    let listed = ann.get(&format!("rooms/{room}/aliases")).await.ok();
    assert_eq!(listed["aliases"].as_array().unwrap().len(), 3);
    assert_eq!(bob.get(&format!("rooms/{room}/aliases")).await.refusal(), (403, "M_FORBIDDEN"));
    let open = json!({ "history_visibility": "world_readable" });
    ann.set_state(&room, "m.room.history_visibility", open).await.ok();
    bob.get(&format!("rooms/{room}/aliases")).await.ok();

    assert_eq!(bob.get(&address("#none:hark.test")).await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(remove(&ann, "#none:hark.test").await.refusal(), (404, "M_NOT_FOUND"));
    for bad in ["#two words:hark.test", "#a:b:hark.test", "#far:else.where", "none", "#:hark.test"] {
        assert_eq!(add(&ann, bad, &room).await.refusal(), (400, "M_INVALID_PARAM"), "{bad}");
    }
    assert_eq!(add(&bob, "#mine:hark.test", &room).await.refusal(), (403, "M_FORBIDDEN"), "not a member");
    assert_eq!(ann.put(&address("#x:hark.test"), json!({})).await.refusal(), (400, "M_MISSING_PARAM"));
}

/// Ordinary members may make aliases and remove their own; only those who may set the canonical alias remove others'.
#[tokio::test]
async fn an_alias_is_removed_by_its_maker_or_by_power() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    let room = ann.create_room(json!({ "preset": "public_chat", "room_version": "11" })).await;
    bob.join(&room).await.ok();
    add(&bob, "#bobs:hark.test", &room).await.ok();
    remove(&bob, "#bobs:hark.test").await.ok();
    assert_eq!(ann.get(&address("#bobs:hark.test")).await.refusal(), (404, "M_NOT_FOUND"));
    add(&ann, "#anns:hark.test", &room).await.ok();
    assert_eq!(remove(&bob, "#anns:hark.test").await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(remove(&eve, "#anns:hark.test").await.refusal(), (403, "M_FORBIDDEN"));
    let levels = json!({ "users": { (ann.id.as_str()): 100, (bob.id.as_str()): 100 } });
    ann.set_state(&room, "m.room.power_levels", levels).await.ok();
    remove(&bob, "#anns:hark.test").await.ok();
    add(&bob, "#bobs:hark.test", &room).await.ok();
    bob.leave(&room).await.ok();
    remove(&bob, "#bobs:hark.test").await.ok();
}

/// A deleted alias is not the canonical one any more, and no alternative either, if its deleter may say so.
#[tokio::test]
async fn a_deleted_alias_leaves_the_canonical_alias_event() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    for alias in ["#a:hark.test", "#b:hark.test"] {
        add(&ann, alias, &room).await.ok();
    }
    add(&bob, "#c:hark.test", &room).await.ok();
    let all =
        json!({ "alias": "#a:hark.test", "alt_aliases": ["#a:hark.test", "#b:hark.test", "#c:hark.test"] });
    set_canonical(&ann, &room, all).await.ok();
    let start = ann.sync("").await;
    remove(&ann, "#a:hark.test").await.ok();
    let told = ann.sync(&format!("timeout=0&since={}", token(&start))).await;
    let event = &told["rooms"]["join"][&room]["timeline"]["events"][0];
    assert_eq!((&event["type"], &event["sender"]), (&json!("m.room.canonical_alias"), &json!(ann.id)));
    assert_eq!(event["content"], json!({ "alt_aliases": ["#b:hark.test", "#c:hark.test"] }));
    remove(&ann, "#b:hark.test").await.ok();
    // Bob may delete what he made, but not say what the room is called.
    remove(&bob, "#c:hark.test").await.ok();
    let canonical = || async { ann.get(&format!("rooms/{room}/state/m.room.canonical_alias")).await.ok() };
    assert_eq!(canonical().await, json!({ "alt_aliases": ["#c:hark.test"] }));
    set_canonical(&ann, &room, json!({})).await.ok();
    add(&ann, "#d:hark.test", &room).await.ok();
    set_canonical(&ann, &room, json!({ "alias": "#d:hark.test" })).await.ok();
    remove(&ann, "#d:hark.test").await.ok();
    assert_eq!(canonical().await, json!({}));
}

/// What a room says of its aliases must be so: they exist and lead to it. What stood there before may stay.
#[tokio::test]
async fn a_canonical_alias_leads_to_its_room() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let (room, other) = (ann.create_room(json!({})).await, ann.create_room(json!({})).await);
    add(&ann, "#here:hark.test", &room).await.ok();
    add(&ann, "#there:hark.test", &other).await.ok();
    add(&ann, "#gone:hark.test", &room).await.ok();
    remove(&ann, "#gone:hark.test").await.ok();
    for (content, expected) in [
        (json!({ "alias": "#missing:hark.test" }), (400, "M_BAD_ALIAS")),
        (json!({ "alias": "#gone:hark.test" }), (400, "M_BAD_ALIAS")),
        (json!({ "alias": "#there:hark.test" }), (400, "M_BAD_ALIAS")),
        (json!({ "alias": "%wrong:hark.test" }), (400, "M_INVALID_PARAM")),
        (json!({ "alias": 7 }), (400, "M_INVALID_PARAM")),
        (json!({ "alias": "#here:hark.test", "alt_aliases": ["#missing:hark.test"] }), (400, "M_BAD_ALIAS")),
        (json!({ "alias": "#here:hark.test", "alt_aliases": ["#there:hark.test"] }), (400, "M_BAD_ALIAS")),
        (
            json!({ "alias": "#here:hark.test", "alt_aliases": ["%wrong:hark.test"] }),
            (400, "M_INVALID_PARAM"),
        ),
        (json!({ "alias": "#here:hark.test", "alt_aliases": "#here:hark.test" }), (400, "M_INVALID_PARAM")),
        (json!({ "alt_aliases": [7] }), (400, "M_INVALID_PARAM")),
    ] {
        assert_eq!(set_canonical(&ann, &room, content.clone()).await.refusal(), expected, "{content}");
    }
    let good = json!({ "alias": "#here:hark.test", "alt_aliases": ["#here:hark.test"] });
    set_canonical(&ann, &room, good).await.ok();
    for cleared in [json!({ "alias": null, "alt_aliases": [] }), json!({ "alias": "" }), json!({})] {
        set_canonical(&ann, &room, cleared).await.ok();
    }
    let initial = json!([{ "type": "m.room.canonical_alias", "content": { "alias": "#here:hark.test" } }]);
    let refused = ann.post("createRoom", json!({ "initial_state": initial })).await;
    assert_eq!(refused.refusal(), (400, "M_BAD_ALIAS"));
}
