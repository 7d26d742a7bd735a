//! What is cleared away, and what is not: files nothing refers to, files of who is gone, files of a crash.

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};

use crate::{
    support::{House, Person, unique},
    wire::{house, ok, refusal},
};

/// A house where what is unused is so at once.
async fn hasty() -> House {
    house(|config| {
        config.media.never_used_life = Duration::ZERO;
        config.media.unused_life = Duration::ZERO;
    })
    .await
}

/// Text long enough to be known for text.
fn text(about: &str) -> String {
    format!("A file about {about}. ").repeat(10)
}

async fn is_there(person: &Person, id: &str) -> bool {
    match person.download(id, "").await.status().as_u16() {
        200 => true,
        404 => false,
        other => panic!("{other}"),
    }
}

async fn sends(person: &Person, room: &str, content: Value) -> String {
    let sent = person.put(&format!("rooms/{room}/send/m.room.message/{}", unique()), content).await;
    sent.ok()["event_id"].as_str().unwrap().to_owned()
}

fn file(id: &str) -> Value {
    json!({ "msgtype": "m.file", "body": "file", "url": format!("mxc://hark.test/{id}") })
}

/// Files of contents; thumbnails and what is arriving are none.
fn contents(house: &House) -> Vec<PathBuf> {
    let media = house.path().join("media");
    let list = |folder: PathBuf| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let folders = list(media).filter(|path| path.file_name().is_some_and(|name| name.len() == 2));
    folders.flat_map(list).collect()
}

#[tokio::test]
async fn an_upload_nothing_refers_to_goes_with_its_file() {
    let house = hasty().await;
    let alice = house.person("alice").await;
    let unused = alice.uploads("text/plain", text("nothing")).await;
    let room = alice.create_room(json!({})).await;
    let used = alice.uploads("text/plain", text("something")).await;
    sends(&alice, &room, file(&used)).await;
    let cleared = house.server.prune_media().await.unwrap();
    assert_eq!((cleared.uploads, cleared.files), (1, 1));
    assert_eq!(cleared.bytes, text("nothing").len() as u64);
    assert!(!is_there(&alice, &unused).await);
    assert!(is_there(&alice, &used).await);
    assert_eq!(contents(&house).len(), 1);
}

#[tokio::test]
async fn what_is_new_is_kept_until_its_sender_had_time_to_send_it() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let id = alice.uploads("text/plain", text("later")).await;
    assert_eq!(house.server.prune_media().await.unwrap().uploads, 0);
    assert!(is_there(&alice, &id).await);
}

#[tokio::test]
async fn pictures_of_people_and_rooms_and_drafts_are_used() {
    let house = hasty().await;
    let alice = house.person("alice").await;
    let room = alice.create_room(json!({})).await;
    let mut ids = Vec::new();
    for about in ["me", "the room", "an account", "an html"] {
        ids.push(alice.uploads("text/plain", text(about)).await);
    }
    let address = |id: &str| format!("mxc://hark.test/{id}");
    let path = format!("profile/{}/avatar_url", alice.id);
    alice.put(&path, json!({ "avatar_url": address(&ids[0]) })).await.ok();
    alice.set_state(&room, "m.room.avatar", json!({ "url": address(&ids[1]) })).await.ok();
    let path = format!("user/{}/account_data/org.example.pack", alice.id);
    alice.put(&path, json!({ "images": { "a": { "url": address(&ids[2]) } } })).await.ok();
    let html = format!("<img src=\"{}\">", address(&ids[3]));
    let content = json!({ "msgtype": "m.text", "body": "x", "format": "org.matrix.custom.html", "formatted_body": html });
    sends(&alice, &room, content).await;
    assert_eq!(house.server.prune_media().await.unwrap().uploads, 0);
    // What is no picture of hers any more and pinned in no pack goes; her old picture stays in the room's history.
    alice.put(&path, json!({})).await.ok();
    assert_eq!(house.server.prune_media().await.unwrap().uploads, 1);
    assert!(!is_there(&alice, &ids[2]).await);
    for id in [&ids[0], &ids[1], &ids[3]] {
        assert!(is_there(&alice, id).await);
    }
}

/// MF5: what is deleted for everybody goes with its file.
#[tokio::test]
async fn a_removed_message_takes_its_file_with_it() {
    let house = hasty().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let room = alice.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let id = alice.uploads("text/plain", text("a mistake")).await;
    let shared = alice.uploads("text/plain", text("two messages")).await;
    let event = sends(&alice, &room, file(&id)).await;
    let first = sends(&alice, &room, file(&shared)).await;
    sends(&bob, &room, file(&shared)).await;
    assert!(is_there(&bob, &id).await);
    alice.redact(&room, &event).await.ok();
    alice.redact(&room, &first).await.ok();
    // Looking at what was removed does not bring it back into use.
    assert!(is_there(&bob, &id).await);
    assert_eq!(house.server.prune_media().await.unwrap().uploads, 1);
    assert!(!is_there(&bob, &id).await);
    assert!(is_there(&bob, &shared).await, "another message has it");
}

#[tokio::test]
async fn what_may_be_encrypted_is_never_taken_for_unused() {
    let house = hasty().await;
    let alice = house.person("alice").await;
    let noise: Vec<u8> = (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    let sealed = alice.uploads("application/octet-stream", noise.clone()).await;
    let misnamed = alice.uploads("image/png", noise).await;
    assert_eq!(house.server.prune_media().await.unwrap().uploads, 0);
    assert!(is_there(&alice, &sealed).await && is_there(&alice, &misnamed).await);
}

#[tokio::test]
async fn what_somebody_else_fetched_is_referred_to_somewhere() {
    let house = hasty().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let id = alice.uploads("text/plain", text("a sticker in an encrypted room")).await;
    assert!(is_there(&bob, &id).await);
    assert_eq!(house.server.prune_media().await.unwrap().uploads, 0);
    assert!(is_there(&bob, &id).await);
}

#[tokio::test]
async fn a_file_that_was_promised_to_a_message_is_used_when_it_comes() {
    let house = hasty().await;
    let alice = house.person("alice").await;
    let room = alice.create_room(json!({})).await;
    let id = alice.promised().await;
    sends(&alice, &room, file(&id)).await;
    ok(alice.fill(&id, "text/plain", text("a bridge")).await).await;
    assert_eq!(house.server.prune_media().await.unwrap().uploads, 0);
    assert!(is_there(&alice, &id).await);
}

#[tokio::test]
async fn one_of_two_uploads_of_the_same_bytes_leaves_the_file() {
    let house = hasty().await;
    let alice = house.person("alice").await;
    let room = alice.create_room(json!({})).await;
    let (gone, kept) =
        (alice.uploads("text/plain", text("twins")).await, alice.uploads("text/plain", text("twins")).await);
    sends(&alice, &room, file(&kept)).await;
    let cleared = house.server.prune_media().await.unwrap();
    assert_eq!((cleared.uploads, cleared.files, cleared.bytes), (1, 0, 0));
    assert!(!is_there(&alice, &gone).await);
    assert_eq!(alice.download(&kept, "").await.text().await.unwrap(), text("twins"));
}

#[tokio::test]
async fn a_file_without_an_upload_is_found() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let id = alice.uploads("text/plain", text("something")).await;
    let folder = house.path().join("media/ab");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("c".repeat(62)), "left by a crash").unwrap();
    let cleared = house.server.prune_media().await.unwrap();
    assert_eq!((cleared.uploads, cleared.files, cleared.bytes), (0, 1, 15));
    assert!(is_there(&alice, &id).await);
    assert_eq!(contents(&house).len(), 1);
}

/// MO4: the files of who is gone are gone, whoever refers to them.
#[tokio::test]
async fn everything_somebody_uploaded_can_be_purged() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let room = alice.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let (hers, his) =
        (alice.uploads("text/plain", text("her")).await, bob.uploads("text/plain", text("him")).await);
    let both =
        [alice.uploads("text/plain", text("both")).await, bob.uploads("text/plain", text("both")).await];
    let promised = alice.promised().await;
    sends(&alice, &room, file(&hers)).await;
    assert_eq!(house.server.purge_media_of(&alice.id).await.unwrap(), 2);
    for gone in [&hers, &both[0]] {
        assert!(!is_there(&bob, gone).await);
    }
    assert!(is_there(&bob, &his).await && is_there(&bob, &both[1]).await);
    assert_eq!(refusal(alice.fill(&promised, "text/plain", "x").await).await.0, 404);
    assert_eq!(house.server.prune_media().await.unwrap().files, 1);
    assert!(is_there(&bob, &his).await && is_there(&bob, &both[1]).await);
}

/// Uploads of the same bytes race with the removal of the file they share.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_upload_never_loses_its_file_to_the_clearing() {
    let house = hasty().await;
    let alice = house.person("alice").await;
    let room = alice.create_room(json!({})).await;
    for round in 0..30 {
        let bytes = text("a race");
        alice.uploads("text/plain", bytes.clone()).await;
        let (pruned, id) = tokio::join!(house.server.prune_media(), async {
            let id = alice.promised().await;
            sends(&alice, &room, file(&id)).await;
            ok(alice.fill(&id, "text/plain", bytes.clone()).await).await;
            id
        });
        pruned.unwrap();
        assert_eq!(alice.download(&id, "").await.text().await.unwrap(), bytes, "round {round}");
        house.server.purge_media_of(&alice.id).await.unwrap();
    }
}
