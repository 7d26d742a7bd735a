//! The key of the store in a real keyring, in one that hangs, and where there is none.
//!
//! The session bus is found through the environment, so each case runs this program again in a session of its own.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hark_client::model::ConversationId;
use hark_client::{Engine, KeyPolicy, KeyStorage, OpenError, Options};

/// Set in the program run again: the folder to use.
const FOLDER: &str = "HARK_TEST_FOLDER";

/// Runs one test of this program again, in a session made by `wrap`.
fn again(test: &str, folder: &Path, wrap: impl FnOnce(&Path) -> Command) {
    let this = std::env::current_exe().expect("this program");
    let mut command = wrap(&this);
    command
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env("XDG_DATA_HOME", folder);
    let output =
        command.output().expect("started (are dbus-run-session and gnome-keyring-daemon installed?)");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// A bus of its own with an unlocked keyring on it.
fn with_keyring(program: &Path) -> Command {
    let script =
        "printf secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec \"$0\" \"$@\"";
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "sh", "-c", script]).arg(program);
    command
}

fn folder() -> std::path::PathBuf {
    std::env::var_os(FOLDER).expect("run by its parent").into()
}

async fn open(policy: KeyPolicy) -> Result<Engine, OpenError> {
    Engine::open(Options::new(folder().join("data")).key(policy)).await
}

#[test]
fn the_key_is_kept_in_the_keyring_and_found_again() {
    let dir = tempfile::tempdir().expect("a folder");
    again("in_a_session_with_a_keyring", dir.path(), with_keyring);
    assert!(!dir.path().join("data/key").exists(), "nothing of the key is on the disk");
    // Another desktop, where that keyring is not: the folder is left as it is.
    again("in_a_session_without_that_keyring", dir.path(), |program| {
        let mut command = Command::new(program);
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        command
    });
    assert!(!dir.path().join("data/key").exists(), "no new key was made");
}

#[tokio::test]
#[ignore = "run by the test above in a session of its own"]
async fn in_a_session_with_a_keyring() {
    let id = ConversationId("!r:x".to_owned());
    let engine = open(KeyPolicy::Auto).await.expect("opened");
    assert_eq!(engine.key_storage(), KeyStorage::Keyring);
    engine.set_draft(&id, "kept").await.expect("kept");
    engine.close().await;
    let engine = open(KeyPolicy::Auto).await.expect("opened again");
    assert_eq!(engine.conversation(&id).await.expect("read").expect("there").draft.as_deref(), Some("kept"));
    engine.close().await;
}

#[tokio::test]
#[ignore = "run by the test above in a session of its own"]
async fn in_a_session_without_that_keyring() {
    let outcome = open(KeyPolicy::Auto).await.err();
    assert!(matches!(&outcome, Some(OpenError::Key(_))), "{outcome:?}");
    assert_eq!(open(KeyPolicy::File).await.err(), outcome, "asking for a file does not replace a key");
}

#[test]
fn a_keyring_that_hangs_does_not_hang_the_start() {
    let dir = tempfile::tempdir().expect("a folder");
    let socket = dir.path().join("bus");
    let _silent = std::os::unix::net::UnixListener::bind(&socket).expect("a socket that never answers");
    again("in_a_session_whose_bus_is_silent", dir.path(), |program| {
        let mut command = Command::new(program);
        command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
        command
    });
    assert!(dir.path().join("data/key").exists());
}

#[tokio::test]
#[ignore = "run by the test above in a session of its own"]
async fn in_a_session_whose_bus_is_silent() {
    let engine = tokio::time::timeout(Duration::from_secs(20), open(KeyPolicy::Auto)).await.expect("in time");
    let engine = engine.expect("opened");
    let KeyStorage::File { reason, .. } = engine.key_storage() else { panic!("no keyring answers") };
    assert!(reason.contains("did not answer"), "{reason}");
    engine.close().await;
}
