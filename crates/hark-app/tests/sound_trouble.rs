//! What goes wrong while somebody speaks or listens: Hark killed, the sound server dead, the microphone pulled out, the
//! homeserver away. Each time what was said is kept, and said once (VO2, VO5, SE1).
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use hark_testkit::{Loudspeaker, Server, SoundCard, sound};
use serde_json::{Value, json};
use support::talkers::{Talker, two};
use support::window::{Window, interrupt, tone_file};

#[tokio::test]
async fn hark_killed_while_recording_offers_all_but_the_last_second_and_sends_it_once() {
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let _speaker = card.says(&tone_file(&folder, 60_000));
    let mut window = Window::of(&alice, &card).await;
    window.records(&bob.user_id).await;
    let level = window
        .page
        .event("three seconds", |event| {
            event["type"] == "level" && event["duration_ms"].as_u64() >= Some(3_000)
        })
        .await;
    window.running.kill().await;
    let said_ms = level["duration_ms"].as_u64().unwrap();
    let mut window = Window::of(&alice, &card).await;
    let offered = window.page.run("recordings", json!({})).await;
    assert_eq!(offered[0]["why"], "cut_off", "{offered}");
    let kept_ms = offered[0]["duration_ms"].as_u64().unwrap();
    assert!(kept_ms + 1_000 >= said_ms, "{kept_ms} of {said_ms}");
    let sent = window.page.run("send_kept_recording", json!({ "id": offered[0]["id"] })).await;
    assert_eq!(sent["content"]["duration_ms"], kept_ms);
    window.running.kill().await;
    let mut listen = alice.listen().await;
    alice.until_nothing_waits(&mut listen).await;
    assert_eq!(bob.voices_from(&alice).await, 1);
    assert_eq!(alice.recordings_left(), Vec::<String>::new());
}

#[tokio::test]
async fn hark_record_killed_at_any_moment_loses_nothing_and_sends_nothing_twice() {
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let mut kept = 0;
    // From before the first sample over the tail and the outbox to after the acknowledgement.
    for moment_ms in [200, 900, 1_020, 1_090, 1_130, 1_160, 1_180, 1_200, 1_230, 1_300, 1_500, 2_500] {
        let record = alice.hark("record").arg(&bob.user_id).args(["--seconds", "1"]);
        let running = card.on(record).start().await;
        alice.on_disk_and_a_moment(0, moment_ms).await;
        running.kill().await;
        let mut window = Window::of(&alice, &card).await;
        let offered = window.page.run("recordings", json!({})).await;
        for recording in offered.as_array().unwrap() {
            kept += 1;
            window.page.run("delete_recording", json!({ "id": recording["id"] })).await;
        }
        // What was to be sent is on its way by itself.
        alice.until_no_recordings_are_left().await;
        let mut listen = alice.listen().await;
        alice.until_nothing_waits(&mut listen).await;
        listen.kill().await;
        window.running.kill().await;
        let (mine, theirs) = (alice.voices_to(&bob).await, bob.voices_from(&alice).await);
        assert_eq!(mine, theirs, "after {moment_ms} ms");
    }
    let sent = bob.voices_from(&alice).await;
    assert!(sent + kept <= 12, "{sent} sent, {kept} kept of 12");
}

#[tokio::test]
async fn a_sound_server_that_dies_while_one_speaks_leaves_what_was_said_to_be_sent() {
    let (server, mut card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let mut window = Window::of(&alice, &card).await;
    window.records(&bob.user_id).await;
    window.until_it_holds(2_000).await;
    card.kill().await;
    let held = window.recorder("it is held", |state| state["recorder"] == "paused").await;
    assert!(held["duration_ms"].as_u64() >= Some(1_900), "{held}");
    let problem = held["problem"].as_str().unwrap_or_else(|| panic!("{held}"));
    assert!(problem.to_lowercase().contains("microphone"), "{problem}");
    let sent = window.page.run("send_recording", json!({})).await;
    assert!(sent["content"]["duration_ms"].as_u64() >= Some(1_900), "{sent}");
    window.page.event("it is sent", |event| event["message"]["state"]["state"] == "sent").await;
    assert_eq!(bob.voices_from(&alice).await, 1);
}

#[tokio::test]
async fn a_microphone_pulled_out_holds_the_recording_and_plugged_in_again_goes_on() {
    let (server, mut card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let mut window = Window::of(&alice, &card).await;
    window.records(&bob.user_id).await;
    window.until_it_holds(1_500).await;
    card.pull_out_microphone().await;
    let held = window.recorder("it is held", |state| state["recorder"] == "paused").await;
    assert!(held["problem"].is_string(), "{held}");
    let held_ms = held["duration_ms"].as_u64().unwrap();
    card.plug_in_microphone().await;
    window.page.run("resume_recording", json!({})).await;
    window.until_it_holds(held_ms + 700).await;
    let sent = window.page.run("send_recording", json!({})).await;
    assert!(sent["content"]["duration_ms"].as_u64() >= Some(held_ms + 700), "{sent}");
}

#[tokio::test]
async fn a_sound_server_that_dies_while_one_listens_goes_on_when_it_is_back() {
    let (server, mut card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let file = tone_file(&folder, 20_000);
    alice.hark("voice").arg(&bob.user_id).arg(&file).run().await.ok();
    let mut window = Window::of(&bob, &card).await;
    let message = window.newest_voice(&alice.user_id).await;
    window.page.run("play", json!({ "key": message["key"], "from_ms": null })).await;
    let at = |player: &Value| player["position_ms"].as_u64().unwrap_or(0);
    let before = window
        .page
        .event("it sounds", |event| event["player"]["player"] == "playing" && at(&event["player"]) >= 1_000)
        .await;
    card.kill().await;
    window.page.event("it is held", |event| event["player"]["player"] == "paused").await;
    card.start().await;
    let mut listener = card.listens(Loudspeaker::First).await;
    let after = window.page.event("it goes on", |event| event["player"]["player"] == "playing").await;
    assert!(at(&after["player"]) + 500 >= at(&before["player"]), "{before} {after}");
    let heard = listener
        .until("a second of it", |samples| samples.iter().filter(|s| s.abs() > 0.05).count() > 40_000)
        .await;
    let tone = sound::tone(&heard);
    assert!((tone.hertz - 440.0).abs() < 1.0, "{tone:?}");
}

#[tokio::test]
async fn what_is_spoken_while_the_server_is_away_goes_out_when_it_is_back() {
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let between = server.proxy().await;
    let alice = Talker::register_at(&between.url(), "alice").await;
    let bob = Talker::register(&server, "bob").await;
    assert_eq!(alice.dm(&bob).await, bob.dm(&alice).await);
    let mut window = Window::of(&alice, &card).await;
    window.records(&bob.user_id).await;
    between.cut();
    window.until_it_holds(1_500).await;
    let waiting = window.page.run("send_recording", json!({})).await;
    assert_eq!(waiting["state"]["state"], "sending", "{waiting}");
    between.heal();
    window.page.run("retry_connection", json!({})).await;
    window
        .page
        .event("it is sent", |event| {
            event["message"]["key"] == waiting["key"] && event["message"]["state"]["state"] == "sent"
        })
        .await;
    assert_eq!(bob.voices_from(&alice).await, 1);
}

#[tokio::test]
async fn a_recording_handed_to_a_running_hark_ends_with_the_command_that_asked_for_it() {
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let mut window = Window::of(&alice, &card).await;
    let record = alice.hark("record").arg(&bob.user_id).args(["--seconds", "600"]).start().await;
    window.recorder("it records", |state| state["recorder"] == "recording").await;
    window.until_it_holds(1_200).await;
    let (code, said) = interrupt(record).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("draft"), "{said}");
    window.page.event("a draft", |event| event["type"] == "recordings").await;
    let kept = window.page.run("recordings", json!({})).await;
    assert_eq!(kept[0]["why"], "draft", "{kept}");
    let record = alice.hark("record").arg(&bob.user_id).args(["--seconds", "1"]);
    record.run().await.ok();
    assert_eq!(bob.voices_from(&alice).await, 1);
}
