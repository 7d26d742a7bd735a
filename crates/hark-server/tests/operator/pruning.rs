//! Files that nothing refers to any more.

use serde_json::json;

use crate::program::{Client, Place};

/// Uploads a text and returns its address.
async fn upload(client: &Client, text: &str) -> String {
    let uploaded = client.done_at("POST", "_matrix/media/v3/upload", text).await;
    uploaded["content_uri"].as_str().unwrap().to_owned()
}

async fn download(client: &Client, address: &str) -> u16 {
    let path = format!("v1/media/download/{}", address.trim_start_matches("mxc://"));
    client.call("GET", &path, json!({})).await.0
}

#[tokio::test]
async fn the_files_of_a_purged_room_go_and_others_stay() {
    let mut place = Place::served("closed");
    let alice = place.person("alice").await;
    let room = alice.create_room(json!({})).await;
    let (gone, kept) = (upload(&alice, "in the purged room").await, upload(&alice, "in the profile").await);
    let file = json!({ "msgtype": "m.file", "body": "file", "url": gone });
    alice.done("PUT", &format!("v3/rooms/{room}/send/m.room.message/file"), file).await;
    let tag = json!({ "url": gone });
    alice.done("PUT", &format!("v3/user/{}/rooms/{room}/account_data/org.example.x", alice.id), tag).await;
    alice.done("PUT", &format!("v3/profile/{}/avatar_url", alice.id), json!({ "avatar_url": kept })).await;
    let nothing = json!({ "uploads": 0, "files": 0, "bytes": 0 });
    assert_eq!(place.run(&["media", "prune", "--json"]).json(), nothing, "both are in use");
    place.run(&["room", "purge", &room]).ok();
    assert_eq!(place.run(&["media", "prune", "--json"]).json(), nothing, "it has not been unused for long");

    let database = rusqlite::Connection::open(place.path().join("hark.db")).unwrap();
    database.execute("UPDATE media SET unused_since_ms = 1 WHERE unused_since_ms IS NOT NULL", ()).unwrap();
    let pruned = place.run(&["media", "prune", "--json"]).json();
    assert_eq!(pruned, json!({ "uploads": 1, "files": 1, "bytes": "in the purged room".len() }));
    assert_eq!((download(&alice, &gone).await, download(&alice, &kept).await), (404, 200));
    place.stop();
    assert_eq!(place.run(&["media", "prune"]).ok(), "0 uploads and 0 files are gone (0.0 MiB).");
}
