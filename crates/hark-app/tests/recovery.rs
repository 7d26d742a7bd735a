//! Recordings that a former run left in the folder, at each point a crash can come at: what was to be sent is sent once,
//! what was cut off is offered, what was thrown away is gone (VO2, SE1).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use std::path::{Path, PathBuf};

use hark_testkit::{Running, Server, sound};
use serde_json::{Value, json};
use support::page::{Page, Visitor};
use support::talkers::{Talker, two};

const ID: &str = "0123456789abcdef0123456789abcdef";

/// A recording of two seconds as it lies in a folder: the header as it was before the first sample, since nobody came to
/// write it anew, and half a sample at the end.
fn leave(talker: &Talker, to: &str, fate: &str) {
    leave_as(talker, &talker.user_id, to, fate);
}

fn leave_as(talker: &Talker, account: &str, to: &str, fate: &str) {
    let folder = recordings(talker);
    std::fs::create_dir_all(&folder).unwrap();
    let wav = folder.join(format!("{ID}.wav"));
    sound::write_wav(&wav, &sound::sine(440.0, 0.3, 2_000));
    let mut bytes = std::fs::read(&wav).unwrap();
    bytes[4..8].copy_from_slice(&36_u32.to_le_bytes());
    bytes[40..44].copy_from_slice(&0_u32.to_le_bytes());
    bytes.push(0);
    std::fs::write(&wav, bytes).unwrap();
    let note = json!({ "account": account, "conversation": to, "started_at": 1_000, "fate": fate });
    std::fs::write(folder.join(format!("{ID}.json")), note.to_string()).unwrap();
}

fn recordings(talker: &Talker) -> PathBuf {
    talker.folder.path().join("recordings")
}

async fn window(talker: &Talker) -> (Page, Running) {
    let mut running = talker.hark("browser").args(["--no-open", "--listen", "127.0.0.1:0"]).start().await;
    (Visitor::with_link(&running.line().await).page().await, running)
}

#[tokio::test]
async fn a_recording_that_was_cut_off_is_offered_with_its_length_and_sent_once() {
    let server = Server::start().await;
    let (alice, bob) = two(&server).await;
    leave(&alice, &bob.user_id, "open");
    let (mut page, running) = window(&alice).await;
    let offered = page.run("recordings", json!({})).await;
    assert_eq!(offered[0]["why"], "cut_off", "{offered}");
    assert_eq!(offered[0]["duration_ms"], 2_000, "{offered}");
    assert_eq!(offered[0]["waveform"].as_array().unwrap().len(), 100);
    page.run("keep_recording", json!({ "id": ID })).await;
    assert_eq!(page.run("recordings", json!({})).await[0]["why"], "draft");
    page.run("send_kept_recording", json!({ "id": ID })).await;
    assert_eq!(page.run("recordings", json!({})).await, json!([]));
    running.kill().await;
    let mut listen = alice.listen().await;
    alice.until_nothing_waits(&mut listen).await;
    assert_eq!(bob.voices_from(&alice).await, 1);
    assert_eq!(alice.recordings_left(), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_to_be_sent_is_sent_at_the_next_start_and_once_however_often_it_is_found() {
    let server = Server::start().await;
    let (alice, bob) = two(&server).await;
    leave(&alice, &bob.user_id, "sending");
    let mut listen = alice.listen().await;
    listen.line_where(|line| line.contains(r#""kind":"voice""#) && line.contains(r#""state":"sent""#)).await;
    listen.kill().await;
    assert_eq!(bob.voices_from(&alice).await, 1);
    // As if Hark had died between the outbox and the deleting, whatever was decided by then.
    for fate in ["sending", "open", "draft"] {
        leave(&alice, &bob.user_id, fate);
        let (mut page, running) = window(&alice).await;
        assert_eq!(page.run("recordings", json!({})).await, json!([]), "{fate}");
        running.kill().await;
        assert_eq!(alice.recordings_left(), Vec::<String>::new(), "{fate}");
        assert_eq!(alice.voices_to(&bob).await, 1, "{fate}");
    }
    assert_eq!(bob.voices_from(&alice).await, 1);
}

#[tokio::test]
async fn what_was_thrown_away_or_is_somebody_elses_is_gone_and_a_draft_stays() {
    let server = Server::start().await;
    let (alice, bob) = two(&server).await;
    let offered = async || {
        let (mut page, running) = window(&alice).await;
        let offered = page.run("recordings", json!({})).await;
        running.kill().await;
        offered
    };
    leave(&alice, &bob.user_id, "cancelled");
    assert_eq!(offered().await, json!([]));
    assert_eq!(alice.recordings_left(), Vec::<String>::new());
    leave_as(&alice, "@carol:hark.test", &bob.user_id, "draft");
    assert_eq!(offered().await, json!([]));
    assert_eq!(alice.recordings_left(), Vec::<String>::new());
    leave(&alice, &bob.user_id, "draft");
    assert_eq!(offered().await[0]["why"], "draft");
    assert_eq!(offered().await[0]["id"], ID, "and again at the next start");
}

#[tokio::test]
async fn signing_out_deletes_recordings_with_everything_else() {
    let server = Server::start().await;
    let (alice, bob) = two(&server).await;
    leave(&alice, &bob.user_id, "draft");
    let (mut page, _running) = window(&alice).await;
    page.run("sign_out", json!({})).await;
    assert_eq!(alice.recordings_left(), Vec::<String>::new());
    assert_eq!(page.run("recordings", json!({})).await, json!([]));
}

#[tokio::test]
async fn an_opened_draft_is_the_paused_one_and_a_window_names_no_other_file() {
    let server = Server::start().await;
    let (alice, bob) = two(&server).await;
    leave(&alice, &bob.user_id, "open");
    let (mut page, _running) = window(&alice).await;
    page.run("open_recording", json!({ "id": ID })).await;
    let status = page.run("status", json!({})).await;
    assert_eq!(status["recorder"]["recorder"], "paused", "{status}");
    assert_eq!(status["recorder"]["duration_ms"], 2_000, "{status}");
    assert_eq!(page.run("recordings", json!({})).await, json!([]));
    let id = page.run("cancel_recording", json!({})).await;
    assert_eq!(id, ID);
    page.run("open_recording", json!({ "id": ID })).await;
    let sent = page.run("send_recording", json!({})).await;
    assert_eq!(sent["content"]["duration_ms"], 2_000, "{sent}");
    for (name, id) in [("review", "../owner"), ("open_recording", ID), ("delete_recording", "..")] {
        let frame = json!({ "id": 9, "name": name, "args": { "id": id, "from_ms": null } });
        let answer: Value = page.ask(&frame.to_string()).await;
        assert_eq!(answer["error"]["code"], "not_found", "{name}: {answer}");
    }
    assert!(Path::new(&alice.folder.path().join("owner.json")).exists());
}
