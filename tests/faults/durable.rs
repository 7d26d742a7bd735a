//! What an acknowledgement is worth: nothing is acknowledged that was not synced to the disk (SE7).
//!
//! The server's system calls are counted by strace; where it is missing or may not attach, this test says so and
//! proves nothing.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Stdio;

use hark_testkit::{Person, ServerProgram, within};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const SENDS: usize = 20;

#[tokio::test]
async fn every_send_alone_costs_one_sync_and_none_is_acknowledged_without() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let alice = Person::register(&server.url(), "alice").await;
    let room = alice.create_room(json!({})).await;
    let log = data.path().join("syncs");
    let Some(strace) = attach(server.id(), &log).await else { return };
    for n in 0..SENDS {
        alice.send_text(&room, &format!("on the disk {n}")).await;
    }
    let syncs = detach(strace, &log).await;
    assert!(
        syncs >= SENDS,
        "{syncs} syncs for {SENDS} sends: some were acknowledged before they were on the disk"
    );
    // A checkpoint of the write-ahead log may come between.
    assert!(syncs <= SENDS + 4, "{syncs} syncs for {SENDS} sends");
}

async fn attach(pid: u32, log: &Path) -> Option<Child> {
    let mut strace = Command::new("strace")
        .args(["-f", "-e", "trace=fsync,fdatasync", "-o"])
        .arg(log)
        .args(["-p", &pid.to_string()])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .inspect_err(|error| println!("no strace ({error}): nothing was proven"))
        .ok()?;
    let mut lines = BufReader::new(strace.stderr.take()?).lines();
    while let Some(line) = within("strace attaches", lines.next_line()).await.unwrap() {
        if line.contains("attached") {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Some(strace);
        }
        println!("{line}");
    }
    println!("strace may not attach: nothing was proven");
    None
}

async fn detach(mut strace: Child, log: &Path) -> usize {
    let pid = strace.id().expect("strace still runs").to_string();
    Command::new("kill").args(["-INT", &pid]).status().await.unwrap();
    within("strace detaches", strace.wait()).await.unwrap();
    let log = std::fs::read_to_string(log).unwrap();
    // A call that another thread interrupted is written as two lines; the first has the bracket.
    log.lines().filter(|line| line.contains("sync(")).count()
}
