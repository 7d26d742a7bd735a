//! Closing accounts and giving new passwords, in their owners' stead.

use serde_json::json;

use crate::program::{Place, next, password_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_opens_the_account_and_signs_every_device_out() {
    let mut place = Place::served("closed");
    let alice = place.person("alice").await;
    let synced = alice.sync("").await;
    let path = format!("v3/sync?timeout=30000&since={}", next(&synced));
    let waits = alice.call("GET", &path, json!({}));
    let reset = async {
        let command = ["user", "reset-password", "Alice", "--json"];
        tokio::task::block_in_place(|| place.run_with(&command, "another password").json())
    };
    let ((status, told), reset) = tokio::join!(waits, reset);
    assert_eq!((status, &told["errcode"]), (401, &json!("M_UNKNOWN_TOKEN")), "who waits is told at once");
    assert_eq!(reset["user_id"], alice.id);
    assert_eq!(alice.call("GET", "v3/account/whoami", json!({})).await.0, 401);
    assert_eq!(place.log_in("alice", &password_of("alice")).await.0, 403);
    assert_eq!(place.log_in("alice", "another password").await.0, 200);
    place.run_with(&["user", "reset-password", "alice"], "").refused("No password was given");
    place.run_with(&["user", "reset-password", "alice"], &"x".repeat(600)).refused("at most 512 bytes");

    place.stop();
    place.run_with(&["user", "reset-password", &alice.id], "a third one").ok();
    place.serve("closed");
    assert_eq!(place.log_in("alice", "another password").await.0, 403);
    assert_eq!(place.log_in("alice", "a third one").await.0, 200);
}

#[tokio::test]
async fn a_deactivated_account_is_gone_from_its_rooms_and_its_name_stays_taken() {
    let mut place = Place::served("closed");
    let (alice, bob) = (place.person("alice").await, place.person("bob").await);
    let room = alice.create_room(json!({ "preset": "public_chat" })).await;
    bob.done("POST", &format!("v3/rooms/{room}/join"), json!({})).await;
    bob.say(&room, "before I go").await;
    let done = place.run(&["user", "deactivate", "bob", "--json"]).json();
    assert_eq!(done, json!({ "user_id": bob.id, "erased": false }));
    assert_eq!(bob.call("GET", "v3/account/whoami", json!({})).await.0, 401);
    assert_eq!(place.log_in("bob", &password_of("bob")).await.0, 403);
    let members = alice.get(&format!("v3/rooms/{room}/joined_members")).await;
    assert_eq!(members["joined"].as_object().unwrap().len(), 1, "{members}");
    place.run(&["user", "deactivate", "bob"]).refused("deactivated already");
    place.run_with(&["user", "reset-password", "bob"], "new").refused("deactivated already");
    place.run_with(&["user", "add", "bob"], "again").refused("taken");
    let people = place.run(&["user", "list", "--json"]).json();
    assert_eq!((&people[0]["state"], &people[1]["state"]), (&json!("active"), &json!("deactivated")));
    assert!(place.run(&["user", "list"]).ok().contains("deactivated"));

    place.stop();
    assert!(place.run(&["user", "deactivate", "alice", "--erase"]).ok().contains("is deactivated"));
    let rooms = place.run(&["room", "list", "--json"]).json();
    assert_eq!(rooms[0]["joined"], 0, "{rooms}");
}
