use serde_json::{Value, json};

use crate::{
    PASSWORD, asked_for_password, by_password, is_signed_in,
    support::{House, Person, bodies},
};

async fn close(person: &Person, erase: bool) {
    let body = json!({ "auth": by_password(person, PASSWORD), "erase": erase });
    let answer = person.post("account/deactivate", body).await.ok();
    assert_eq!(answer, json!({ "id_server_unbind_result": "no-support" }));
}

async fn membership(witness: &Person, room: &str, of: &Person) -> Value {
    witness.get(&format!("rooms/{room}/state/m.room.member/{}", of.id)).await.ok()["membership"].clone()
}

/// Spec "POST /account/deactivate": asked for the password; a wrong one changes nothing; afterwards nobody signs in, and every
/// session has ended.
#[tokio::test]
async fn a_closed_account_is_never_opened_again() {
    let house = House::open().await;
    let (alice, other) = (house.person("alice").await, house.another_device("alice").await);
    asked_for_password(&alice.call("POST", "account/deactivate", None).await);
    let wrong = json!({ "auth": by_password(&alice, "wrong") });
    assert_eq!(alice.post("account/deactivate", wrong).await.refusal(), (401, "M_FORBIDDEN"));
    assert!(is_signed_in(&alice).await);
    close(&alice, false).await;
    assert!(!is_signed_in(&alice).await && !is_signed_in(&other).await);
    assert_eq!(house.log_in("alice", PASSWORD, json!({})).await.refusal(), (403, "M_FORBIDDEN"));
    let house = house.restart().await;
    assert_eq!(house.log_in("alice", PASSWORD, json!({})).await.refusal(), (403, "M_FORBIDDEN"));
}

#[tokio::test]
async fn the_name_of_a_closed_account_is_never_given_again() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    close(&alice, false).await;
    let body = json!({ "username": "alice", "password": "other", "auth": { "type": "m.login.dummy" } });
    assert_eq!(house.post("register", body).await.refusal(), (400, "M_USER_IN_USE"));
    let available = house.get("register/available?username=alice").await;
    assert_eq!(available.refusal(), (400, "M_USER_IN_USE"));
    assert!(house.server.add_user("alice", "other", false).await.is_err());
}

/// Whoever closes their account leaves the rooms they are in, turns down invitations and takes back knocks; nothing of their
/// profile is shown and nobody finds them or asks them in.
#[tokio::test]
async fn who_closes_their_account_is_gone_from_everywhere() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    alice.put(&format!("profile/{}/displayname", alice.id), json!({ "displayname": "Alice A." })).await.ok();
    let joined = bob.create_room(json!({ "preset": "public_chat" })).await;
    alice.join(&joined).await.ok();
    let asked = bob.create_room(json!({ "invite": [alice.id] })).await;
    let knock = json!({ "type": "m.room.join_rules", "content": { "join_rule": "knock" } });
    let knocked = bob.create_room(json!({ "initial_state": [knock] })).await;
    alice.post(&format!("knock/{knocked}"), json!({})).await.ok();
    let said = alice.say(&joined, "I was here").await;
    close(&alice, false).await;
    for room in [&joined, &asked, &knocked] {
        assert_eq!(membership(&bob, room, &alice).await, "leave", "{room}");
    }
    assert_eq!(house.get(&format!("profile/{}", alice.id)).await.refusal(), (404, "M_NOT_FOUND"));
    let name = house.get(&format!("profile/{}/displayname", alice.id)).await;
    assert_eq!(name.refusal(), (404, "M_NOT_FOUND"));
    let found = bob.post("user_directory/search", json!({ "search_term": "alice" })).await.ok();
    assert_eq!(found["results"], json!([]));
    assert_eq!(bob.invite(&joined, &alice).await.refusal(), (404, "M_NOT_FOUND"));
    let event = bob.get(&format!("rooms/{joined}/event/{said}")).await.ok();
    assert_eq!(event["content"]["body"], "I was here", "what was said stays unless it is to be erased");
}

/// Whoever comes to a room after its author had themselves erased is shown what a redaction would leave; who was there before
/// goes on seeing what they saw.
#[tokio::test]
async fn what_an_erased_user_said_is_not_shown_to_who_comes_later() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let carol = house.person("carol").await;
    let room = alice.create_room(json!({ "preset": "public_chat", "name": "stays" })).await;
    bob.join(&room).await.ok();
    let said = alice.say(&room, "my words").await;
    let reply = bob.say(&room, "bob's words").await;
    close(&alice, true).await;
    carol.join(&room).await.ok();
    let path = format!("rooms/{room}/event/{said}");
    assert_eq!(bob.get(&path).await.ok()["content"]["body"], "my words");
    let shown = carol.get(&path).await.ok();
    assert_eq!((&shown["content"], &shown["sender"]), (&json!({}), &json!(alice.id)), "{shown}");
    assert_eq!(
        carol.get(&format!("rooms/{room}/event/{reply}")).await.ok()["content"]["body"],
        "bob's words"
    );
    let page = carol.get(&format!("rooms/{room}/messages?dir=b&limit=100")).await.ok();
    assert_eq!(bodies(&page["chunk"]), ["bob's words"]);
    let synced = carol.sync("timeout=0").await;
    assert!(!synced.to_string().contains("my words"), "{synced}");
    let name = carol.get(&format!("rooms/{room}/state/m.room.name/")).await.ok();
    assert_eq!(name["name"], "stays", "the room's state stays what it is");
    let house = house.restart().await;
    assert_eq!(house.again(&carol).get(&path).await.ok()["content"], json!({}));
    assert_eq!(house.again(&bob).get(&path).await.ok()["content"]["body"], "my words");
}

/// The files of an erased account are gone; those of one that is only closed stay, as what it said does.
#[tokio::test]
async fn the_files_of_an_erased_account_are_gone() {
    let house = House::open().await;
    let bob = house.person("bob").await;
    for (name, erase) in [("alice", true), ("carol", false)] {
        let person = house.person(name).await;
        let room = person.create_room(json!({ "invite": [bob.id] })).await;
        bob.join(&room).await.ok();
        let upload = person.request(reqwest::Method::POST, "_matrix/media/v3/upload").body(name.to_owned());
        let uploaded: Value = upload.send().await.unwrap().json().await.unwrap();
        let file = uploaded["content_uri"].as_str().unwrap().to_owned();
        let content = json!({ "msgtype": "m.file", "body": "file", "url": file });
        person.put(&format!("rooms/{room}/send/m.room.message/1"), content).await.ok();
        let path = format!("_matrix/client/v1/media/download/{}", file.trim_start_matches("mxc://"));
        let there = bob.request(reqwest::Method::GET, &path).send().await.unwrap();
        assert_eq!(there.status(), 200);
        close(&person, erase).await;
        let after = bob.request(reqwest::Method::GET, &path).send().await.unwrap();
        assert_eq!(after.status().as_u16(), if erase { 404 } else { 200 }, "{name}");
    }
}
