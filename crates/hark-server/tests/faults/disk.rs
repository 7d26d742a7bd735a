//! A disk that fails under the server: it ends rather than claim what may not be there (SE5).

use std::os::unix::process::ExitStatusExt as _;

use serde_json::json;

use crate::{
    machine::Machine,
    program::{Limits, check},
    support::{Person, bodies, token},
};

const SIGABRT: i32 = 6;

/// What the room holds, oldest first.
async fn said(person: &Person, room: &str) -> Vec<String> {
    let page = person.get(&format!("rooms/{room}/messages?dir=f&limit=1000")).await.ok();
    bodies(&page["chunk"]).into_iter().map(str::to_owned).collect()
}

/// Sends under a transaction id that is the text; the status, or none if the connection broke.
async fn send(person: &Person, room: &str, text: &str) -> Option<u16> {
    let content = json!({ "msgtype": "m.text", "body": text });
    person.try_put(&format!("rooms/{room}/send/m.room.message/{text}"), content).await
}

/// The server is broken in mid-traffic, starts again on a disk that works, and every client sends again what it was not told of.
async fn nothing_is_claimed_and_nothing_lost(fail: impl Fn(&Machine)) {
    let machine = Machine::new();
    let server = machine.serve(Limits::Off);
    let ann = Person::registered(&server.url, "ann").await;
    let room = ann.create_room(json!({})).await;
    let mut acknowledged = Vec::new();
    for n in 0..5 {
        let text = format!("before{n}");
        assert_eq!(send(&ann, &room, &text).await, Some(200));
        acknowledged.push(text);
    }
    fail(&machine);
    let under_way = (0..8).map(|n| {
        let (ann, room) = (ann.clone(), room.clone());
        tokio::spawn(async move { send(&ann, &room, &format!("during{n}")).await })
    });
    for sent in under_way.collect::<Vec<_>>() {
        assert_ne!(sent.await.unwrap(), Some(200), "it is not on the disk");
    }
    let (status, told) = server.ended();
    assert_eq!(status.signal(), Some(SIGABRT), "{told}");
    assert!(told.contains("the database could not be written: ending"), "{told}");

    machine.repair();
    let server = machine.serve(Limits::Off);
    let ann = ann.at(&server.url);
    let kept = said(&ann, &room).await;
    assert_eq!(kept[..acknowledged.len()], acknowledged);
    for n in 0..8 {
        assert_eq!(send(&ann, &room, &format!("during{n}")).await, Some(200));
    }
    let mut all = said(&ann, &room).await;
    assert_eq!(all[..kept.len()], kept, "the order stays");
    all.sort();
    let expected: Vec<String> =
        acknowledged.into_iter().chain((0..8).map(|n| format!("during{n}"))).collect();
    assert_eq!(all, expected, "each once");
    server.kill();
    let checked = check(&machine.data());
    assert!(checked.status.success(), "{checked:?}");
}

#[tokio::test]
async fn a_failed_fsync_ends_the_server_and_is_never_taken_for_success() {
    nothing_is_claimed_and_nothing_lost(|machine| machine.break_sync("hark.db-wal")).await;
}

#[tokio::test]
async fn a_failed_write_ends_the_server_and_is_never_taken_for_success() {
    nothing_is_claimed_and_nothing_lost(|machine| machine.break_write("hark.db-wal")).await;
}

/// Moving the log of changes into the database fails: the log still has everything.
#[tokio::test]
async fn a_failed_checkpoint_loses_nothing() {
    let machine = Machine::new();
    let server = machine.serve(Limits::Off);
    let ann = Person::registered(&server.url, "ann").await;
    let room = ann.create_room(json!({})).await;
    let start = ann.sync("").await;
    let sent = ["one", "two", "three"];
    for text in sent {
        ann.say(&room, text).await;
    }
    // A server that ends in order leaves no log behind, if it can.
    machine.break_sync("hark.db");
    let told = server.stop();
    assert!(told.contains("checkpoint failed"), "{told}");
    machine.repair();
    let server = machine.serve(Limits::Off);
    let ann = ann.at(&server.url);
    assert_eq!(said(&ann, &room).await, sent);
    assert!(!token(&ann.sync_since(&start).await).is_empty());
    server.kill();
    let checked = check(&machine.data());
    assert!(checked.status.success(), "{checked:?}");
}
