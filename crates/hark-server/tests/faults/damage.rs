//! A data folder that was damaged while nobody looked.

use std::{
    fs::{self, File},
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
};

use serde_json::json;

use crate::{
    program::{Serving, check, refused},
    support::{Person, bodies},
};

const PAGE: u64 = 4096;

/// Overwrites every page of the database but the first in which `text` stands.
fn overwrite_pages_with(database: &Path, text: &str) -> usize {
    let bytes = fs::read(database).unwrap();
    let pages = bytes.chunks(PAGE as usize).enumerate().skip(1);
    let hit: Vec<usize> = pages
        .filter(|(_, page)| page.windows(text.len()).any(|window| window == text.as_bytes()))
        .map(|(number, _)| number)
        .collect();
    for number in &hit {
        overwrite_page(database, *number as u64);
    }
    hit.len()
}

fn overwrite_page(database: &Path, number: u64) {
    let mut file = File::options().write(true).open(database).unwrap();
    file.seek(SeekFrom::Start(number * PAGE)).unwrap();
    file.write_all(&[0xA5; PAGE as usize]).unwrap();
}

/// Pages of one room's history are nonsense. Those who ask for it are told that it is the server's fault; everything else, sync of
/// the same people included, goes on, and `check` names the damage.
#[tokio::test]
async fn a_damaged_page_is_nobody_elses_trouble() {
    let folder = tempfile::tempdir().unwrap();
    let server = Serving::start(folder.path());
    let ann = Person::registered(&server.url, "ann").await;
    let (good, bad) = (ann.create_room(json!({})).await, ann.create_room(json!({})).await);
    let mut damaged = String::new();
    for n in 0..20 {
        // The index of words keeps nothing like it.
        damaged = ann.say(&bad, &format!("{n} {}", "x ".repeat(10_000))).await;
        ann.say(&good, &format!("{n} is whole")).await;
    }
    server.stop();
    assert!(overwrite_pages_with(&folder.path().join("hark.db"), &"x ".repeat(500)) > 0);

    let server = Serving::start(folder.path());
    let ann = ann.at(&server.url);
    let page = ann.get(&format!("rooms/{good}/messages?dir=b&limit=5")).await.ok();
    assert_eq!(bodies(&page["chunk"])[0], "19 is whole");
    let broken = ann.get(&format!("rooms/{bad}/messages?dir=b&limit=20")).await;
    assert_eq!(broken.refusal(), (503, "M_UNKNOWN"), "{broken:?}");
    for _ in 0..3 {
        assert_eq!(
            ann.redact(&bad, &damaged).await.status,
            503,
            "not even a write that meets it ends the server"
        );
    }
    let sync = ann.sync("").await;
    assert!(bodies(&sync["rooms"]["join"][&good]["timeline"]["events"]).contains(&"19 is whole"));
    ann.say(&good, "and goes on").await;
    let told = server.stop();
    assert!(!told.contains("panicked") && told.contains("hark-server restore"), "{told}");
    let checked = check(folder.path());
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");
}

/// The page on which the log begins is nonsense: nothing can be served without it.
#[tokio::test]
async fn a_damaged_page_that_everything_needs_is_refused_and_the_way_out_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = Serving::start(folder.path());
    Person::registered(&server.url, "ann").await.create_room(json!({})).await;
    server.stop();
    let database = folder.path().join("hark.db");
    let connection = rusqlite::Connection::open(&database).unwrap();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'log'";
    let page: u64 = connection.query_row(root, (), |row| row.get(0)).unwrap();
    drop(connection);
    overwrite_page(&database, page - 1);
    let said = refused(folder.path());
    for word in ["damaged", "check", "restore"] {
        assert!(said.contains(word), "{said}");
    }
}

/// A database whose beginning is nonsense, one that was cut off, and one of another program: not touched, and the way out is named.
#[tokio::test]
async fn a_database_that_cannot_be_opened_is_left_as_it_is_and_the_way_out_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = Serving::start(folder.path());
    let ann = Person::registered(&server.url, "ann").await;
    ann.create_room(json!({ "name": "x".repeat(10_000) })).await;
    server.stop();
    let database = folder.path().join("hark.db");
    let whole = fs::read(&database).unwrap();
    let mut header = whole.clone();
    header[..100].fill(0xA5);
    let mut schema = whole.clone();
    schema[100..PAGE as usize].fill(0xA5);
    let letter = "Dear diary, ".repeat(1_000).into_bytes();
    for (what, damaged) in [("header", header), ("schema", schema), ("letter", letter)] {
        fs::write(&database, &damaged).unwrap();
        let said = refused(folder.path());
        for word in ["damaged", "check", "restore"] {
            assert!(said.contains(word), "{what}: {said}");
        }
        assert!(fs::read(&database).unwrap() == damaged, "{what} is as it was");
    }
}
