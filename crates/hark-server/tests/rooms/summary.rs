//! What a room looks like from outside.

use serde_json::json;

use crate::support::House;

/// The summary says what one needs to know before joining, and what one is in the room.
#[tokio::test]
async fn a_summary_shows_the_room_and_the_askers_place_in_it() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann
        .create_room(json!({
            "preset": "public_chat", "name": "Kitchen", "room_alias_name": "kitchen", "room_version": "11",
            "initial_state": [{ "type": "m.room.encryption", "content": { "algorithm": "m.megolm.v1.aes-sha2" } }],
        }))
        .await;
    let shown = json!({
        "room_id": room, "name": "Kitchen", "canonical_alias": "#kitchen:hark.test", "join_rule": "public",
        "num_joined_members": 1, "world_readable": false, "guest_can_join": false,
    });
    let with = |more: serde_json::Value| {
        let mut all = shown.as_object().unwrap().clone();
        all.extend(more.as_object().unwrap().clone());
        serde_json::Value::Object(all)
    };
    let stable = json!({ "room_version": "11", "encryption": "m.megolm.v1.aes-sha2" });
    let draft = json!({ "im.nheko.summary.room_version": "11", "im.nheko.summary.encryption": "m.megolm.v1.aes-sha2" });
    for named in [&*room, "%23kitchen:hark.test"] {
        let at = format!("../v1/room_summary/{named}?via=hark.test");
        assert_eq!(house.get(&at).await.ok(), with(stable.clone()));
        let summary = ann.get(&at).await.ok();
        assert_eq!((&summary["membership"], &summary["room_version"]), (&json!("join"), &json!("11")));
        assert_eq!(bob.get(&at).await.ok()["membership"], "leave");
        for at in [format!("summary/{named}"), format!("rooms/{named}/summary")] {
            let at = format!("../unstable/im.nheko.summary/{at}");
            assert_eq!(house.get(&at).await.ok(), with(draft.clone()), "{at}");
        }
    }
}

/// A room one may not know of, one that does not exist and an alias of none are answered alike.
#[tokio::test]
async fn who_may_not_know_of_a_room_learns_nothing() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let space = ann.create_room(json!({ "creation_content": { "type": "m.space" } })).await;
    let allow = json!([{ "type": "m.room_membership", "room_id": space }]);
    let rule = json!({ "join_rule": "restricted", "allow": allow });
    let state = json!([{ "type": "m.room.join_rules", "content": rule }]);
    let room = ann.create_room(json!({ "initial_state": state, "room_alias_name": "secret" })).await;
    let at = |named: &str| format!("../v1/room_summary/{named}");
    let unknown = house.get(&at("!unknown:hark.test")).await;
    assert_eq!(unknown.refusal(), (404, "M_NOT_FOUND"));
    for named in [&*room, "%23secret:hark.test", "%23nothing:hark.test"] {
        assert_eq!(house.get(&at(named)).await, unknown, "{named}");
        assert_eq!(bob.get(&at(named)).await, unknown, "{named}");
    }
    let hers = ann.get(&at(&room)).await.ok();
    assert_eq!((&hers["join_rule"], &hers["allowed_room_ids"]), (&json!("restricted"), &json!([space])));
    assert_eq!(ann.get(&at(&space)).await.ok().get("allowed_room_ids"), None);
    ann.invite(&space, &bob).await.ok();
    assert_eq!(bob.get(&at(&room)).await, unknown, "invited into the space is not in it");
    bob.join(&space).await.ok();
    assert_eq!(bob.get(&at(&room)).await.ok()["membership"], "leave");
    bob.leave(&space).await.ok();
    assert_eq!(bob.get(&at(&room)).await, unknown);
    ann.invite(&room, &bob).await.ok();
    assert_eq!(bob.get(&at(&room)).await.ok()["membership"], "invite");
    bob.leave(&room).await.ok();
    assert_eq!(bob.get(&at(&room)).await, unknown);
    ann.set_state(&room, "m.room.history_visibility", json!({ "history_visibility": "world_readable" }))
        .await
        .ok();
    assert_eq!(house.get(&at(&room)).await.ok()["world_readable"], true);
    assert_eq!(house.get(&at("nonsense")).await.refusal(), (400, "M_INVALID_PARAM"));
}
