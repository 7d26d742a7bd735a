//! A disk without room, for each side (DESIGN, "Bad input and faults"). A small file system in memory is the disk;
//! where none may be mounted (no root), these tests say so and prove nothing.
#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::path::{Path, PathBuf};

use hark_testkit::{Person, Program, ServerProgram, SoundCard, within};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::{ALICE, BOB, Someone, assert_sentence, texts};

#[tokio::test]
async fn a_server_without_room_answers_503_reads_on_and_takes_writes_again_when_there_is_room() {
    let Some(disk) = Disk::new(16).await else { return };
    let server = ServerProgram::start(&disk.path().join("server")).await;
    let alice = Person::register(&server.url(), "alice").await;
    let room = alice.create_room(json!({})).await;
    alice.send_text(&room, "there is room").await;
    disk.fill();
    // Space inside the database's own files may still take a few.
    let mut taken = vec!["there is room".to_owned()];
    let refused = loop {
        let text = format!("{} {}", taken.len(), "x".repeat(20_000));
        let content = json!({ "msgtype": "m.text", "body": text });
        let answer = alice.send_as(&room, "m.room.message", &format!("t{}", taken.len()), content).await;
        if answer.status != 200 {
            break answer;
        }
        taken.push(text);
        assert!(taken.len() < 1000, "the disk never filled");
    };
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.body["errcode"].is_string(), "{refused:?}");
    assert_eq!(alice.bodies(&room).await, taken, "reads go on, and all that was acknowledged is there");
    disk.free();
    alice.send_text(&room, "room again").await;
    taken.push("room again".into());
    assert_eq!(alice.bodies(&room).await, taken);
    let server = server.kill_and_restart().await;
    assert_eq!(alice.bodies(&room).await, taken);
    server.kill().await;
}

#[tokio::test]
async fn a_client_keeps_its_messages_while_the_server_has_no_room() {
    let Some(disk) = Disk::new(16).await else { return };
    let server = ServerProgram::start(&disk.path().join("server")).await;
    let (alice, bob) = crate::support::two_people(&server).await;
    disk.fill();
    let mut listen = alice.listen().await;
    let mut expected = vec!["hello".to_owned()];
    for n in 0..40 {
        let text = format!("{n} {}", "y".repeat(3_900));
        alice.write(BOB, &text).await;
        expected.push(text);
    }
    let held = alice.read(BOB).await;
    assert_eq!(texts(&held), expected);
    assert!(held.iter().any(|message| message.state != "sent"), "the disk was never full");
    disk.free();
    let is_sent = |all: &[crate::support::Message]| all.iter().all(|message| message.state == "sent");
    alice.read_until(&mut listen, BOB, "all are sent", is_sent).await;
    listen.kill().await;
    let mut listen = bob.listen().await;
    let heard = bob.read_until(&mut listen, ALICE, "Bob has all", |all| all.len() == expected.len()).await;
    assert_eq!(texts(&heard), expected);
    listen.kill().await;
}

#[tokio::test]
async fn a_client_without_room_says_so_and_loses_nothing() {
    let Some(disk) = Disk::new(16).await else { return };
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let bob = Someone::registered(&server.url(), "bob").await;
    let folder = disk.path().join("alice");
    server.sign_in(&folder, "alice").await;
    let hark = |arguments: &[&str]| Program::hark(&folder).args(arguments);
    hark(&["send", BOB, "hello"]).run().await.ok();
    bob.hark(&["dm", ALICE]).run().await.ok();
    disk.fill();
    let mut expected = vec!["hello".to_owned()];
    let said = loop {
        let text = format!("{} {}", expected.len(), "z".repeat(3_900));
        let finished = hark(&["send", "--no-wait", BOB, &text]).run().await;
        if finished.code != Some(0) {
            break finished.refused();
        }
        expected.push(text);
        assert!(expected.len() < 200, "the disk never filled");
    };
    assert_sentence(&said);
    assert!(said.to_lowercase().contains("disk") || said.to_lowercase().contains("room"), "{said}");
    disk.free();
    hark(&["send", BOB, "room again"]).run().await.ok();
    expected.push("room again".into());
    let on_alice = Person::login(&server.url(), "alice").await;
    assert_eq!(on_alice.bodies(&on_alice.joined_rooms().await[0]).await, expected);
}

#[tokio::test]
async fn a_disk_that_fills_while_somebody_speaks_keeps_what_was_said_and_says_so() {
    let Some(disk) = Disk::new(16).await else { return };
    let (data, card) = (TempDir::new().unwrap(), SoundCard::plugged_in().await);
    let server = ServerProgram::start(data.path()).await;
    let bob = Someone::registered(&server.url(), "bob").await;
    let folder = disk.path().join("alice");
    server.sign_in(&folder, "alice").await;
    Program::hark(&folder).args(["send", BOB, "hello"]).run().await.ok();
    bob.hark(&["dm", ALICE]).run().await.ok();
    let record = |seconds: &str| card.on(Program::hark(&folder).args(["record", BOB, "--seconds", seconds]));
    let running = record("600").start().await;
    let said = || {
        let files = std::fs::read_dir(folder.join("recordings")).into_iter().flatten();
        files.filter_map(|file| Some(file.ok()?.metadata().ok()?.len())).max().unwrap_or(0)
    };
    within("a second was said", async {
        while said() < 96_000 {
            // Nothing tells of a file that grows in another process.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    disk.fill();
    let (code, complaint) = running.finished().await;
    assert_eq!(code, Some(1), "{complaint}");
    assert!(complaint.to_lowercase().contains("disk") && complaint.contains("draft"), "{complaint}");
    assert!(said() >= 96_000, "what was said is gone");
    let refused = record("1").run().await.refused();
    assert_sentence(&refused);
    assert!(refused.to_lowercase().contains("disk"), "{refused}");
    disk.free();
    record("1").run().await.ok();
    assert!(said() >= 96_000, "the draft still waits");
}

/// A small disk of its own.
pub(crate) struct Disk {
    at: TempDir,
}

impl Disk {
    /// Mounts one of so many megabytes; none where that is not allowed.
    pub(crate) async fn new(megabytes: u32) -> Option<Self> {
        let at = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "hark-disk"]).arg(at.path());
        if mount.output().await.is_ok_and(|output| output.status.success()) {
            return Some(Self { at });
        }
        println!("no file system may be mounted here: nothing was proven");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.at.path()
    }

    /// Takes all the room there is.
    pub(crate) fn fill(&self) {
        let mut ballast = std::fs::File::create(self.ballast()).unwrap();
        for size in [65_536, 4096, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Gives it back.
    pub(crate) fn free(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    /// `ro` or `rw`.
    pub(crate) async fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        let mount = Command::new("mount").args(["-o", &options]).arg(self.path()).status().await.unwrap();
        assert!(mount.success());
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a process that is just being killed may still hold a file.
        let _ = std::process::Command::new("umount").arg("-l").arg(self.at.path()).status();
    }
}
