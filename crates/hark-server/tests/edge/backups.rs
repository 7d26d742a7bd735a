//! Copies of a server that goes on serving (OP2): nothing that was acknowledged before is missing in them, and no half of one is
//! ever taken for a whole.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use hark_server::{BackupError, Server};
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    program::run,
    support::{Home, Person, home, home_with},
};

fn data(home: &Home) -> PathBuf {
    home.folder.path().join("data")
}

async fn room_of(person: &Person<'_>) -> String {
    let made = person.post("/_matrix/client/v3/createRoom", json!({})).await.ok();
    made["room_id"].as_str().unwrap().to_owned()
}

async fn say(person: &Person<'_>, room: &str, text: &str) {
    let path = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/{text}");
    person.put(&path, json!({ "msgtype": "m.text", "body": text })).await.ok();
}

/// The texts of a room, oldest first.
async fn texts(home: &Home, token: &str, room: &str) -> Vec<String> {
    let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=f&limit=1000");
    let mut all = Vec::new();
    let mut from = String::new();
    loop {
        let page = home.send(Method::GET, &format!("{path}{from}"), Some(token), None).await.ok();
        let bodies =
            page["chunk"].as_array().unwrap().iter().filter_map(|event| event["content"]["body"].as_str());
        all.extend(bodies.map(str::to_owned));
        let Some(end) = page["end"].as_str() else { return all };
        from = format!("&from={end}");
    }
}

/// A server on the restored folder, asked by the same client.
async fn serve(folder: &Path, from: Home) -> Home {
    from.server.shutdown().await;
    let mut config = hark_server::Config::new(folder);
    config.listen = ([127, 0, 0, 1], 0).into();
    config.rate_limits = false;
    let server = Server::start(config).await.unwrap();
    Home { url: server.url(), server, ..from }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_has_all_that_was_acknowledged_before_it_and_is_served_again() {
    let home = home().await;
    let alice = home.person("alice").await;
    let room = room_of(&alice).await;
    for n in 0..50 {
        say(&alice, &room, &format!("before{n}")).await;
    }
    let upload =
        home.send(Method::POST, "/_matrix/media/v3/upload", Some(&alice.token), Some("a sound")).await.ok();
    let media = upload["content_uri"].as_str().unwrap().trim_start_matches("mxc://").to_owned();
    let sync = alice.get("/_matrix/client/v3/sync").await.ok();

    let (from, to) = (data(&home), home.folder.path().join("backup"));
    let done = AtomicBool::new(false);
    let load = async {
        let mut sent = 0;
        while !done.load(Ordering::Relaxed) || sent == 0 {
            say(&alice, &room, &format!("during{sent}")).await;
            sent += 1;
        }
        sent
    };
    let copied = to.clone();
    let copying = async {
        tokio::task::spawn_blocking(move || hark_server::backup(&from, &copied)).await.unwrap().unwrap();
        done.store(true, Ordering::Relaxed);
    };
    let (sent, ()) = tokio::join!(load, copying);
    say(&alice, &room, "after").await;
    assert!(hark_server::check(&to).unwrap().faults.is_empty());
    assert!(hark_server::check(&data(&home)).unwrap().faults.is_empty(), "the one in use is whole, too");

    let restored = home.folder.path().join("restored");
    hark_server::restore(&to, &restored).unwrap();
    assert!(hark_server::check(&restored).unwrap().faults.is_empty());
    let (token, since) = (alice.token.clone(), sync["next_batch"].as_str().unwrap().to_owned());
    let home = serve(&restored, home).await;
    let there = texts(&home, &token, &room).await;
    let expected = (0..50).map(|n| format!("before{n}")).chain((0..sent).map(|n| format!("during{n}")));
    assert_eq!(
        there,
        expected.take(there.len()).collect::<Vec<_>>(),
        "the beginning of what was sent, in order"
    );
    assert!(there.len() >= 50, "all that was there before: {}", there.len());
    let file = format!("{}/_matrix/client/v1/media/download/{media}", home.url);
    let file = home.client.get(file).bearer_auth(&token).send().await.unwrap();
    assert_eq!(file.text().await.unwrap(), "a sound");
    let path = format!("/_matrix/client/v3/sync?timeout=0&since={since}");
    let stale = home.send(Method::GET, &path, Some(&token), None).await;
    assert_eq!(
        stale.refusal(),
        (400, "M_INVALID_PARAM"),
        "a token from before the restore names other changes"
    );
    let path = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/again");
    home.send(Method::PUT, &path, Some(&token), Some(r#"{"body":"again","msgtype":"m.text"}"#)).await.ok();
    assert_eq!(texts(&home, &token, &room).await.last().unwrap(), "again");
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_backup_that_fails_leaves_no_half_and_replaces_nothing() {
    let home = home().await;
    let alice = home.person("alice").await;
    room_of(&alice).await;
    let (from, to) = (data(&home), home.folder.path().join("backup"));
    // Where a file should be, a folder: it can be neither linked nor copied.
    fs::create_dir_all(from.join("media/ab/cdef")).unwrap();
    let failed = hark_server::backup(&from, &to).unwrap_err();
    assert!(matches!(failed, BackupError::File { .. }), "{failed}");
    assert!(!to.exists() && !home.folder.path().join("backup.partial").exists());
    fs::remove_dir(from.join("media/ab/cdef")).unwrap();
    hark_server::backup(&from, &to).unwrap();
    let before = fs::read(to.join("hark.db")).unwrap();
    assert!(matches!(hark_server::backup(&from, &to), Err(BackupError::Exists { .. })));
    assert_eq!(fs::read(to.join("hark.db")).unwrap(), before);
    // Half a backup is none.
    fs::remove_file(to.join("backup.json")).unwrap();
    let refused = hark_server::restore(&to, &home.folder.path().join("new")).unwrap_err();
    assert!(matches!(refused, BackupError::NotABackup { .. }), "{refused}");
    assert!(!home.folder.path().join("new").exists());
    home.server.shutdown().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_holds_the_signing_key_for_its_owner_alone_and_not_in_the_database() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = home().await;
    let alice = home.person("alice").await;
    room_of(&alice).await;
    let to = home.folder.path().join("backup");
    hark_server::backup(&data(&home), &to).unwrap();
    let key = fs::read_to_string(to.join("signing.key")).unwrap();
    assert_eq!(key, fs::read_to_string(data(&home).join("signing.key")).unwrap());
    let seed = key.split_whitespace().nth(2).unwrap();
    let database = fs::read(to.join("hark.db")).unwrap();
    assert!(!database.windows(seed.len()).any(|window| window == seed.as_bytes()));
    let mode = |path: &str| fs::metadata(to.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("signing.key"), mode("hark.db")), (0o700, 0o600, 0o600));
    home.server.shutdown().await;
}

/// A folder of a server that has ended, with a room in it.
async fn left_behind(home: Home) -> (tempfile::TempDir, PathBuf) {
    let alice = home.person("alice").await;
    let room = room_of(&alice).await;
    for n in 0..200 {
        say(&alice, &room, &format!("{n}{}", "x".repeat(200))).await;
    }
    let path = data(&home);
    home.server.shutdown().await;
    (home.folder, path)
}

#[tokio::test]
async fn a_damaged_page_is_named_by_check_and_never_restored() {
    let (folder, data) = left_behind(home_with(|_| {}).await).await;
    let backup = folder.path().join("backup");
    hark_server::backup(&data, &backup).unwrap();
    for (place, file) in [(&data, data.join("hark.db")), (&backup, backup.join("hark.db"))] {
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2 / 4096 * 4096;
        bytes[middle..middle + 4096].fill(0xA5);
        fs::write(&file, bytes).unwrap();
        let output = run(&["check", "--data", place.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("Restore the newest backup") && !said.contains("panicked"), "{said}");
    }
    let refused = hark_server::restore(&backup, &folder.path().join("new")).unwrap_err();
    assert!(matches!(refused, BackupError::Damaged { .. }), "{refused}");
    assert!(!folder.path().join("new").exists());
}

#[tokio::test]
async fn check_finds_what_does_not_fit_together() {
    let (_folder, data) = left_behind(home_with(|_| {}).await).await;
    assert!(hark_server::check(&data).unwrap().faults.is_empty());
    let whole = fs::read(data.join("hark.db")).unwrap();
    for (spoil, word) in [
        ("DELETE FROM log WHERE pos = 7", "log"),
        ("UPDATE rooms SET joined = joined + 1", "members"),
        ("UPDATE rooms SET head_event = '$none'", "head"),
        ("DELETE FROM room_state WHERE type = 'm.room.member'", "membership"),
        ("UPDATE events SET type = 'm.other' WHERE type = 'm.room.power_levels'", "no event"),
        (
            "INSERT INTO room_state SELECT room_nid, type, state_key, from_pos + 1, to_pos FROM room_state
             WHERE type = 'm.room.create'",
            "2 times",
        ),
    ] {
        fs::write(data.join("hark.db"), &whole).unwrap();
        let connection = Connection::open(data.join("hark.db")).unwrap();
        connection.execute(spoil, ()).unwrap();
        drop(connection);
        let found = hark_server::check(&data).unwrap().faults;
        assert!(found.iter().any(|fault| fault.contains(word)), "{spoil}: {found:?}");
    }
}

#[tokio::test]
async fn backup_check_and_restore_say_what_to_do() {
    let home = home().await;
    let alice = home.person("alice").await;
    room_of(&alice).await;
    let path = |name: &str| home.folder.path().join(name).to_str().unwrap().to_owned();
    let (data, to, new) = (path("data"), path("backup"), path("new"));
    let ok = |arguments: &[&str]| {
        let output = run(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(ok(&["backup", "--data", &data, "--to", &to]).contains("signing key"));
    assert!(ok(&["check", "--data", &to]).contains("All is well"));
    assert!(ok(&["restore", "--from", &to, "--data", &new]).contains("hark-server serve --data"));
    for wrong in [
        vec!["backup", "--data", &to, "--to", &new],
        vec!["restore", "--from", &data, "--data", &path("other")],
        vec!["restore", "--from", &to, "--data", &new],
        vec!["check", "--data", &path("nothing")],
    ] {
        let output = run(&wrong);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.trim_end().ends_with('.') && said.lines().count() == 1, "{said}");
    }
    let _: Value = serde_json::from_slice(&fs::read(Path::new(&to).join("backup.json")).unwrap()).unwrap();
    home.server.shutdown().await;
}
