//! The data folder: its owner asleep, no right to write, no keyring, a damaged store.

use hark_testkit::{Program, ServerProgram};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::{BOB, Someone, assert_sentence, texts, two_people};

#[tokio::test]
async fn an_owner_that_does_not_answer_is_named_and_nothing_is_lost() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let (alice, _bob) = two_people(&server).await;
    let listen = alice.listen().await;
    signal("-STOP", listen.id()).await;
    let said = alice.hark(&["send", BOB, "is anybody there?"]).run().await.refused();
    assert_sentence(&said);
    assert!(said.contains(&listen.id().to_string()), "it names the process: {said}");
    signal("-CONT", listen.id()).await;
    alice.send(BOB, "awake again").await;
    let read = alice.read(BOB).await;
    // The first was refused, so it must not be there in part: either not at all, or sent.
    let read = texts(&read);
    assert!(read == ["hello", "awake again"], "{read:?}");
    listen.kill().await;
}

#[tokio::test]
async fn an_owner_killed_without_a_word_leaves_the_folder_to_the_next() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let (alice, _bob) = two_people(&server).await;
    let listen = alice.listen().await;
    listen.kill().await;
    alice.send(BOB, "I take over").await;
    assert_eq!(texts(&alice.read(BOB).await), ["hello", "I take over"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let below_a_file = file.path().join("data");
    let said = Program::hark(&below_a_file).arg("list").run().await.refused();
    assert_sentence(&said);
    assert!(said.contains(&below_a_file.display().to_string()), "{said}");
    let server = Program::hark_server().arg("serve").arg("--data").arg(&below_a_file);
    let said = server.args(["--listen", "127.0.0.1:0", "--server-name", "hark.test"]).run().await.refused();
    assert_sentence(&said);
    assert!(said.contains(&below_a_file.display().to_string()), "{said}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_read_only_folder_is_named_and_left_as_it_was() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let (alice, _bob) = two_people(&server).await;
    let Some(disk) = crate::disk_full::Disk::new(32).await else { return };
    let copied = Command::new("cp")
        .arg("-a")
        .arg(alice.folder())
        .arg(disk.path().join("alice"))
        .status()
        .await
        .unwrap();
    assert!(copied.success());
    disk.remount("ro").await;
    let said = Program::hark(&disk.path().join("alice")).args(["send", BOB, "no"]).run().await.refused();
    assert_sentence(&said);
    disk.remount("rw").await;
    let read = Program::hark(&disk.path().join("alice")).args(["read", BOB, "--json"]).run().await.ok();
    assert!(read.contains("hello") && read.lines().count() >= 1, "{read}");
}

#[tokio::test]
async fn without_a_keyring_the_key_is_a_file_only_its_owner_may_read_and_doctor_says_so() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let folder = TempDir::new().unwrap();
    // No bus, so no keyring; and no order where to keep the key.
    let hark = |arguments: &[&str]| {
        Program::hark(folder.path())
            .env("HARK_KEY", "auto")
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            .args(arguments)
    };
    let login = hark(&["login", "--homeserver", &server.url(), "--user", "alice", "--register"]);
    login.input(&format!("{}\n", hark_testkit::PASSWORD)).run().await.ok();
    hark(&["list"]).run().await.ok();
    let doctor = hark(&["doctor"]).run().await;
    let said = doctor.stdout.to_lowercase();
    assert!(said.contains("key") && said.contains("file"), "{doctor:?}");
    #[cfg(unix)]
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        use std::os::unix::fs::PermissionsExt as _;
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().contains("key") {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{entry:?}");
        }
    }
    // Whoever insists on the keyring is told that there is none; a new folder, since a key stays where it is.
    let other = TempDir::new().unwrap();
    let said = Program::hark(other.path())
        .env("HARK_KEY", "keyring")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .arg("list")
        .run()
        .await
        .refused();
    assert_sentence(&said);
    assert!(said.contains("keyring"), "{said}");
}

#[tokio::test]
async fn the_store_is_unreadable_without_its_key() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let (alice, _bob) = two_people(&server).await;
    alice.send(BOB, "a secret between plums").await;
    for entry in std::fs::read_dir(alice.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let leaks = bytes.windows(13).any(|window| window == b"between plums");
            assert!(!leaks, "{} holds words in the clear", path.display());
        }
    }
}

#[tokio::test]
async fn a_damaged_store_is_put_aside_and_rebuilt_from_the_server() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let (alice, _bob) = two_people(&server).await;
    let store = largest_file(&alice);
    std::fs::write(&store, b"this is no database").unwrap();
    let finished = alice.hark(&["list"]).run().await;
    // Signed in again or rebuilt: what must not happen is a crash, or the damaged file gone.
    assert!(matches!(finished.code, Some(0 | 1)), "{finished:?}");
    assert!(!finished.stderr.contains("panicked"), "{finished:?}");
    let kept = std::fs::read_dir(alice.folder())
        .unwrap()
        .any(|entry| std::fs::read(entry.unwrap().path()).is_ok_and(|bytes| bytes == b"this is no database"));
    assert!(kept, "the damaged store is kept aside");
}

fn largest_file(someone: &Someone) -> std::path::PathBuf {
    let files = std::fs::read_dir(someone.folder()).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).max_by_key(|path| path.metadata().unwrap().len()).unwrap()
}

async fn signal(signal: &str, pid: u32) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().await.unwrap().success());
}
