//! Rooms that members of other rooms may join.

use serde_json::{Value, json};

use crate::{
    checker,
    support::{House, Person},
};

const AUTHORISER: &str = "join_authorised_via_users_server";

async fn member(seen_by: &Person, room: &str, of: &Person) -> Value {
    seen_by.get(&format!("rooms/{room}/state/m.room.member/{}", of.id)).await.ok()
}

fn rule(kind: &str, allow: Value) -> Value {
    json!({ "join_rule": kind, "allow": allow })
}

fn membership_of(room: &str) -> Value {
    json!([{ "type": "m.room_membership", "room_id": room, "via": ["hark.test"] }])
}

/// Members of the allowed room come in, vouched for by a member who may invite; they stay when they leave it, but do not come
/// back; an invitation is as good; a mangled rule lets nobody in.
#[tokio::test]
async fn members_of_the_allowed_room_come_in() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    for (version, kind) in [
        ("10", "restricted"),
        ("11", "restricted"),
        ("12", "restricted"),
        ("10", "knock_restricted"),
        ("12", "knock_restricted"),
    ] {
        let club = ann.create_room(json!({ "preset": "public_chat", "room_version": version })).await;
        let initial = json!([{ "type": "m.room.join_rules", "content": rule(kind, membership_of(&club)) }]);
        let room = ann.create_room(json!({ "initial_state": initial, "room_version": version })).await;
        assert_eq!(bob.join(&room).await.refusal(), (403, "M_FORBIDDEN"));

        bob.join(&club).await.ok();
        bob.join(&room).await.ok();
        assert_eq!(member(&ann, &room, &bob).await[AUTHORISER], ann.id.as_str());

        // A member changes what they are called: nobody needs to vouch for that, whatever the request says.
        let content = json!({ "membership": "join", "displayname": "Bobby", (AUTHORISER): "unused" });
        bob.put(&format!("rooms/{room}/state/m.room.member/{}", bob.id), content).await.ok();
        assert_eq!(member(&ann, &room, &bob).await, json!({ "membership": "join", "displayname": "Bobby" }));

        bob.leave(&club).await.ok();
        assert_eq!(
            member(&ann, &room, &bob).await["membership"],
            "join",
            "leaving the club is not leaving the room"
        );
        bob.leave(&room).await.ok();
        assert_eq!(bob.join(&room).await.refusal(), (403, "M_FORBIDDEN"));
        ann.invite(&room, &bob).await.ok();
        bob.join(&room).await.ok();
        assert_eq!(member(&ann, &room, &bob).await[AUTHORISER], Value::Null, "the invited need no voucher");
        bob.leave(&room).await.ok();
        bob.join(&club).await.ok();

        for mangled in [json!(["invalid"]), json!("invalid"), json!([{ "type": "m.room_membership" }])] {
            ann.set_state(&room, "m.room.join_rules", rule(kind, mangled)).await.ok();
            assert_eq!(bob.join(&room).await.refusal(), (403, "M_FORBIDDEN"));
        }
        let beside = json!(["invalid", { "type": "m.room_membership", "room_id": club }]);
        ann.set_state(&room, "m.room.join_rules", rule(kind, beside)).await.ok();
        bob.join(&room).await.ok();
        checker::check(&house, &room).await;
    }
}

/// The auth rules believe whoever is named as voucher, so no client may name one: a stranger cannot write their own way in.
#[tokio::test]
async fn nobody_vouches_for_themselves_by_hand() {
    let house = House::open().await;
    let (ann, eve) = (house.person("ann").await, house.person("eve").await);
    let club = ann.create_room(json!({})).await;
    for version in ["10", "11", "12"] {
        let initial =
            json!([{ "type": "m.room.join_rules", "content": rule("restricted", membership_of(&club)) }]);
        let room = ann.create_room(json!({ "initial_state": initial, "room_version": version })).await;
        let content = json!({ "membership": "join", (AUTHORISER): ann.id });
        let by_hand = eve.put(&format!("rooms/{room}/state/m.room.member/{}", eve.id), content.clone()).await;
        assert_eq!(by_hand.refusal(), (403, "M_FORBIDDEN"));
        assert_eq!(eve.post(&format!("rooms/{room}/join"), content).await.refusal(), (403, "M_FORBIDDEN"));
        assert_eq!(eve.get("joined_rooms").await.ok()["joined_rooms"], json!([]));
    }
}

/// Without a member who may invite nobody can be vouched for; everybody may where the level is 0.
#[tokio::test]
async fn a_voucher_is_a_joined_member_who_may_invite() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    let club = ann.create_room(json!({ "preset": "public_chat" })).await;
    eve.join(&club).await.ok();
    for version in ["10", "12"] {
        let initial =
            json!([{ "type": "m.room.join_rules", "content": rule("restricted", membership_of(&club)) }]);
        for (level, status) in [(50, 403), (0, 200)] {
            let mut levels = json!({ "invite": level });
            if version == "10" {
                levels["users"] = json!({ (ann.id.as_str()): 100 });
            }
            let body = json!({
                "initial_state": initial, "room_version": version, "invite": [bob.id],
                "power_level_content_override": levels,
            });
            let room = ann.create_room(body).await;
            bob.join(&room).await.ok();
            ann.leave(&room).await.ok();
            assert_eq!(eve.join(&room).await.status, status, "v{version}, invitations need {level}");
            if status == 200 {
                assert_eq!(member(&bob, &room, &eve).await[AUTHORISER], bob.id.as_str());
            }
            checker::check(&house, &room).await;
        }
    }
}
