//! Invitations and knocks.

use serde_json::{Value, json};

use crate::support::{House, token};

fn of_type<'e>(events: &'e Value, kind: &str) -> Vec<&'e Value> {
    events.as_array().unwrap().iter().filter(|event| event["type"] == kind).collect()
}

/// What an invited user is told: the room's face, the inviter, and their own invitation, whose absence has crashed clients.
#[tokio::test]
async fn an_invitation_shows_the_room_the_inviter_and_the_invited() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "name": "N", "topic": "T", "invite": [bob.id] })).await;
    for sync in [bob.sync("").await, bob.sync("full_state=true").await] {
        let shown = &sync["rooms"]["invite"][&room]["invite_state"]["events"];
        for kind in ["m.room.name", "m.room.topic", "m.room.join_rules", "m.room.create"] {
            assert_eq!(of_type(shown, kind).len(), 1, "{kind}");
        }
        let create = of_type(shown, "m.room.create")[0];
        assert!(create["event_id"].is_string() && create["origin_server_ts"].is_i64());
        let members: Vec<_> =
            of_type(shown, "m.room.member").iter().map(|event| &event["state_key"]).collect();
        assert!(members.contains(&&json!(ann.id)) && members.contains(&&json!(bob.id)));
        assert!(
            of_type(shown, "m.room.history_visibility").is_empty()
                && of_type(shown, "m.room.power_levels").is_empty()
        );
    }
}

/// TestInviteFromIgnoredUsersDoesNotAppearInSync; and ending to ignore somebody brings what they asked.
#[tokio::test]
async fn an_invitation_by_somebody_ignored_is_hidden_until_they_are_not() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let list = format!("user/{}/account_data/m.ignored_user_list", bob.id);
    bob.put(&list, json!({ "ignored_users": { ann.id.as_str(): {} } })).await.ok();
    let start = bob.sync("").await;
    let room = ann.create_room(json!({ "invite": [bob.id] })).await;
    let hidden = bob.sync_since(&start).await;
    assert_eq!(hidden["rooms"]["invite"], json!({}));
    bob.put(&list, json!({ "ignored_users": {} })).await.ok();
    let shown = bob.sync_since(&hidden).await;
    assert!(shown["rooms"]["invite"][&room].is_object());
    assert_eq!(bob.sync_since(&shown).await["rooms"]["invite"], json!({}), "once");
}

#[tokio::test]
async fn a_refused_knock_is_told() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let rules = json!([{ "type": "m.room.join_rules", "content": { "join_rule": "knock" } }]);
    let room = ann.create_room(json!({ "initial_state": rules })).await;
    let start = bob.sync("").await;
    bob.post(&format!("knock/{room}"), json!({})).await.ok();
    let knocked = bob.sync_since(&start).await;
    let shown = &knocked["rooms"]["knock"][&room]["knock_state"]["events"];
    assert!(of_type(shown, "m.room.member").iter().any(|event| event["state_key"] == bob.id.as_str()));
    assert!(bob.sync("").await["rooms"]["knock"][&room].is_object(), "a first sync has it, too");
    ann.post(&format!("rooms/{room}/kick"), json!({ "user_id": bob.id })).await.ok();
    let refused = bob.sync_since(&knocked).await;
    let last = refused["rooms"]["leave"][&room]["timeline"]["events"][0].clone();
    assert_eq!((&last["content"]["membership"], &last["sender"]), (&json!("leave"), &json!(ann.id)));
    assert!(!token(&refused).is_empty());
}
