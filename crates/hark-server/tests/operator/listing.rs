//! Lists: of people and of rooms.

use serde_json::json;

use crate::program::Place;

#[tokio::test]
async fn people_and_rooms_are_listed_while_the_server_runs_and_while_it_does_not() {
    let mut place = Place::served("closed");
    assert_eq!(place.run(&["user", "list", "--json"]).json(), json!([]));
    let alice = place.person("alice").await;
    place.run_with(&["user", "add", "bob", "--admin", "--json"], "whatever").json();
    alice
        .create_room(
            json!({ "name": "Garden\u{1b}[2J", "preset": "public_chat", "room_alias_name": "garden" }),
        )
        .await;
    let encryption =
        json!([{ "type": "m.room.encryption", "content": { "algorithm": "m.megolm.v1.aes-sha2" } }]);
    alice
        .create_room(json!({ "invite": [alice.id.replace("alice", "bob")], "initial_state": encryption }))
        .await;

    let people = place.run(&["user", "list", "--json"]).json();
    let person = |index: usize| (people[index]["user_id"].clone(), people[index]["admin"].clone());
    assert_eq!(person(0), (json!(alice.id), json!(false)));
    assert_eq!(person(1), (json!(alice.id.replace("alice", "bob")), json!(true)));
    assert_eq!((&people[0]["devices"], &people[1]["devices"]), (&json!(1), &json!(0)));
    let words = place.run(&["user", "list"]);
    let lines: Vec<&str> = words.ok().lines().collect();
    assert_eq!(lines.len(), 2, "{words:?}");
    assert!(lines[0].starts_with(&alice.id) && lines[0].contains("1 devices"), "{words:?}");
    assert!(lines[1].ends_with("administrator"), "{words:?}");

    let rooms = place.run(&["room", "list", "--json"]).json();
    let mut rooms = rooms.as_array().unwrap().clone();
    rooms.sort_by_key(|room| room["encrypted"].as_bool());
    assert_eq!(rooms.len(), 2);
    assert_eq!((&rooms[0]["joined"], &rooms[0]["encrypted"]), (&json!(1), &json!(false)));
    assert!(rooms[0]["alias"].as_str().unwrap().starts_with("#garden:"), "{rooms:?}");
    assert_eq!((&rooms[1]["invited"], &rooms[1]["name"]), (&json!(1), &json!(null)));
    let words = place.run(&["room", "list"]);
    assert!(words.ok().contains("Garden [2J"), "no name moves the cursor: {words:?}");

    let (people, rooms) = (place.run(&["user", "list"]).said, place.run(&["room", "list"]).said);
    place.stop();
    assert_eq!(place.run(&["user", "list"]).ok(), people.trim_end());
    assert_eq!(place.run(&["room", "list"]).ok(), rooms.trim_end());
}

#[test]
fn every_command_says_what_it_does_and_needs_its_folder() {
    let place = Place::new();
    for command in [
        &["user", "add"][..],
        &["user", "list"],
        &["user", "deactivate"],
        &["user", "reset-password"],
        &["token", "new"],
        &["token", "list"],
        &["token", "remove"],
        &["room", "list"],
        &["room", "purge"],
        &["media", "prune"],
    ] {
        let run = |more: &[&str]| {
            let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_hark-server"));
            program.args(command).args(more).output().unwrap()
        };
        let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
        assert!(help.contains("--data <DIR>") && help.contains("--json"), "{command:?}: {help}");
        assert_eq!(run(&[]).status.code(), Some(2), "{command:?}");
    }
    place.run(&["room", "purge", "#nowhere:example.org"]).refused("no such room");
    place.run(&["user", "deactivate", "nobody"]).refused("nobody of that name");
    place.run_with(&["user", "reset-password", "nobody"], "new").refused("nobody of that name");
    place.run(&["token", "remove", "nothing"]).refused("no such token");
}
