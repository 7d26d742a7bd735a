//! The hosted server among the processes of a computer: the app killed, several apps at once, the program missing.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use std::path::Path;
use std::process::Command;

use hark_app::App;
use hark_app::api::{self, HostHere};
use hark_client::{KeyPolicy, Options};
use hark_server::Running;
use hark_testkit::{HostFolder, PASSWORD, Program, ready, within};
use support::hark;

/// A folder that hosts, with nothing at work.
async fn hosting_folder() -> HostFolder {
    ready();
    let folder = HostFolder::new();
    let app = App::open(Options::new(folder.path()).key(KeyPolicy::File)).await.unwrap();
    let args = HostHere { user: "alice".to_owned(), password: PASSWORD.to_owned(), server_name: None };
    app.run(api::Command::HostHere(args)).await.unwrap();
    app.close().await;
    folder.stop_server().await;
    folder
}

/// `hark browser`, until its window can be opened.
async fn browser(folder: &Path, more: &[&str]) -> hark_testkit::Running {
    let browser = hark(folder).args(["browser", "--no-open", "--listen", "127.0.0.1:0"]).args(more);
    let mut browser = browser.start().await;
    browser.line_where(|line| line.contains("http://")).await;
    browser
}

async fn answers(server: &Running) {
    let url = format!("{}/_matrix/client/versions", server.url);
    assert!(within("an answer", reqwest::get(url)).await.unwrap().status().is_success());
}

fn starts(folder: &HostFolder) -> usize {
    let log = std::fs::read_to_string(folder.server_folder().join("server.log")).unwrap();
    log.lines().filter(|line| line.contains("ready")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_goes_on_when_the_app_that_started_it_is_killed_and_the_next_app_uses_it() {
    let folder = hosting_folder().await;
    let app = browser(folder.path(), &[]).await;
    let server = folder.server().await.unwrap();
    assert_ne!(server.pid, app.id());
    let group = Command::new("ps").args(["-o", "pgid=", "-p", &server.pid.to_string()]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&group.stdout).trim(), server.pid.to_string(), "a group of its own");
    app.kill().await;
    answers(&server).await;

    let app = browser(folder.path(), &[]).await;
    assert_eq!(folder.server().await.as_ref(), Some(&server));
    let doctor = hark(folder.path()).arg("doctor").run().await;
    assert!(doctor.stdout.contains("ok    hosting       This computer hosts"), "{}", doctor.stdout);
    app.kill().await;
    answers(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_goes_on_when_the_terminal_of_the_app_that_started_it_is_closed() {
    let folder = hosting_folder().await;
    // `script` gives the app a terminal of its own; killing it closes that terminal.
    let listen = format!("{} --data {} listen", env!("CARGO_BIN_EXE_hark"), folder.path().display());
    let terminal = Program::at(Path::new("script")).env("HARK_KEY", "file").env("SHELL", "/bin/sh");
    let mut terminal = terminal.args(["-qefc", &listen, "/dev/null"]).start().await;
    terminal.line().await;
    let server = folder.server().await.unwrap();
    terminal.kill().await;
    // The app ends with its terminal; whoever comes next has the folder for itself.
    hark(folder.path()).arg("list").run().await.ok();
    assert_eq!(folder.server().await.as_ref(), Some(&server));
    answers(&server).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_server_of_an_app_that_is_mounted_while_it_runs_is_not_in_the_mount() {
    let folder = hosting_folder().await;
    let mounted = Path::new(env!("CARGO_BIN_EXE_hark")).parent().unwrap();
    hark(folder.path()).env("APPDIR", mounted).arg("list").run().await.ok();
    let server = folder.server().await.unwrap();
    let program = std::fs::read_link(format!("/proc/{}/exe", server.pid)).unwrap();
    assert_eq!(program, folder.path().canonicalize().unwrap().join("server-program"));
    answers(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_that_start_at_once_start_one_server() {
    let folder = hosting_folder().await;
    let before = starts(&folder);
    let apps = || hark(folder.path()).arg("list").run();
    let (one, two, three, four) = tokio::join!(apps(), apps(), apps(), apps());
    for app in [one, two, three, four] {
        app.ok();
    }
    assert_eq!(starts(&folder), before + 1);
    answers(&folder.server().await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_only_tried_ends_when_the_app_is_killed_and_its_messages_come_back() {
    let folder = HostFolder::new();
    let app = browser(folder.path(), &["--try"]).await;
    let mut watch = hark_server::watch(&folder.server_folder()).await.unwrap().unwrap();
    app.kill().await;
    within("the end of the server", watch.ended()).await;

    let inbox = within("the inbox", hark(folder.path()).args(["list"]).run()).await.ok();
    assert!(inbox.contains("Echo"), "{inbox}");
    assert!(folder.server().await.is_none(), "it ended with the command");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_without_the_server_program_says_what_to_do() {
    let folder = HostFolder::new();
    let alone = tempfile::tempdir().unwrap();
    let program = alone.path().join("hark");
    std::fs::copy(env!("CARGO_BIN_EXE_hark"), &program).unwrap();
    let hark = || Program::at(&program).env("HARK_KEY", "file").arg("--data").arg(folder.path());
    let said =
        hark().args(["browser", "--no-open", "--listen", "127.0.0.1:0", "--try"]).run().await.refused();
    assert!(said.contains("hark-server cannot be started") && said.contains("Install Hark again"), "{said}");

    std::fs::write(folder.path().join("host.json"), r#"{"port":4000,"echo":false}"#).unwrap();
    let doctor = hark().arg("doctor").run().await;
    assert!(doctor.stdout.contains("fail  hosting       The server program"), "{}", doctor.stdout);
}
