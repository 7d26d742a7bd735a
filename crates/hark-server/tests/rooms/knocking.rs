//! Asking to be let in.

use serde_json::{Value, json};

use crate::support::{Answer, House, Person};

async fn knock(person: &Person, room: &str, reason: &str) -> Answer {
    person
        .post(&format!("knock/{room}?server_name=else.where&via=hark.test"), json!({ "reason": reason }))
        .await
}

async fn member(seen_by: &Person, room: &str, of: &Person) -> Value {
    seen_by.get(&format!("rooms/{room}/state/m.room.member/{}", of.id)).await.body
}

/// A room with one member and the join rule `rule`.
async fn behind(ann: &Person, rule: &str) -> String {
    let rules = json!({ "join_rule": rule, "allow": [] });
    ann.create_room(
        json!({ "initial_state": [{ "type": "m.room.join_rules", "content": rules }], "name": "Door" }),
    )
    .await
}

#[tokio::test]
async fn one_knocks_only_where_the_rule_says_so() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    for (rule, status) in
        [("invite", 403), ("public", 403), ("restricted", 403), ("knock", 200), ("knock_restricted", 200)]
    {
        let room = behind(&ann, rule).await;
        assert_eq!(knock(&bob, &room, "hello").await.status, status, "{rule}");
    }
}

/// A knock can be repeated, taken back, turned down and repeated after that; an invitation answers it. Whoever knocks is shown
/// what the room is called, and the members are shown the reason.
#[tokio::test]
async fn a_knock_is_answered_or_taken_back() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    for rule in ["knock", "knock_restricted"] {
        let room = behind(&ann, rule).await;
        assert_eq!(bob.join(&room).await.refusal(), (403, "M_FORBIDDEN"), "{rule}");
        assert_eq!(knock(&bob, &room, "first").await.ok(), json!({ "room_id": room }));
        assert_eq!(member(&ann, &room, &bob).await["reason"], "first");
        knock(&bob, &room, "second").await.ok();
        assert_eq!(member(&ann, &room, &bob).await["reason"], "second");
        let start = bob.sync("").await;
        let shown = start["rooms"]["knock"][&room]["knock_state"]["events"].as_array().unwrap().clone();
        let name = shown.iter().find(|event| event["type"] == "m.room.name");
        assert_eq!(name.unwrap()["content"]["name"], "Door");

        bob.leave(&room).await.ok();
        let told = bob.sync_since(&start).await;
        let left = told["rooms"]["leave"][&room]["timeline"]["events"].as_array().unwrap().clone();
        let own = left.iter().find(|event| event["state_key"] == bob.id.as_str());
        assert_eq!(own.unwrap()["content"]["membership"], "leave", "{told}");

        knock(&bob, &room, "third").await.ok();
        ann.post(&format!("rooms/{room}/kick"), json!({ "user_id": bob.id, "reason": "no" })).await.ok();
        assert_eq!(member(&ann, &room, &bob).await["membership"], "leave");
        bob.post(&format!("knock/{room}"), json!({})).await.ok();
        assert_eq!(member(&ann, &room, &bob).await["reason"], Value::Null, "without a reason");
        ann.invite(&room, &bob).await.ok();
        assert_eq!(knock(&bob, &room, "invited").await.refusal(), (403, "M_FORBIDDEN"));
        bob.join(&room).await.ok();
        assert_eq!(knock(&bob, &room, "inside").await.refusal(), (403, "M_FORBIDDEN"));
        ann.post(&format!("rooms/{room}/ban"), json!({ "user_id": bob.id })).await.ok();
        assert_eq!(knock(&bob, &room, "banned").await.refusal(), (403, "M_FORBIDDEN"));
    }
}

#[tokio::test]
async fn a_knock_may_name_an_alias() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = behind(&ann, "knock").await;
    ann.put("directory/room/%23door:hark.test", json!({ "room_id": room })).await.ok();
    assert_eq!(knock(&bob, "%23door:hark.test", "hi").await.ok(), json!({ "room_id": room }));
    assert_eq!(knock(&bob, "%23none:hark.test", "hi").await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(knock(&bob, "!none:hark.test", "hi").await.refusal(), (403, "M_FORBIDDEN"));
}
