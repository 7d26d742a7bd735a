//! Voice messages as they are spoken, sent and heard, on a sound server without hardware: from one person's microphone to
//! the other's loudspeaker (VO1, VO2, VO4, VO5).
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use hark_testkit::{Loudspeaker, Server, SoundCard, sound};
use serde_json::{Value, json};
use support::page::Visitor;
use support::talkers::{Talker, two};
use support::window::{Window, interrupt, tone_file};

/// Bob plays a message: what his loudspeaker gave.
async fn bob_hears(card: &SoundCard, bob: &mut Window, message: &Value) -> Vec<f32> {
    let mut listener = card.listens(Loudspeaker::First).await;
    bob.page.run("play", json!({ "key": message["key"], "from_ms": null })).await;
    listener.until_it_is_over().await
}

fn length_of(message: &Value) -> f64 {
    message["content"]["duration_ms"].as_f64().unwrap()
}

/// How often a note is spoken anew before a test fails. Neither microphone nor loudspeaker has real-time rights here, and on
/// a busy machine both drop out; what they gave whole once is what Hark made of it.
const ATTEMPTS: usize = 4;

#[tokio::test]
async fn a_tone_goes_in_by_hark_record_and_comes_out_at_the_other_persons_loudspeaker() {
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let _speaker = card.says(&tone_file(&folder, 120_000));
    let mut tried = Vec::new();
    for attempt in 1..=ATTEMPTS {
        let record = alice.hark("record").arg(&bob.user_id).args(["--seconds", "4"]);
        let event_id = card.on(record).run().await.ok();
        assert!(event_id.starts_with('$'), "{event_id}");
        alice.until_no_recordings_are_left().await;
        assert_eq!(bob.voices_from(&alice).await, attempt, "each is delivered once");
        let mut window = Window::of(&bob, &card).await;
        let message = window.newest_voice(&alice.user_id).await;
        let says_ms = length_of(&message);
        assert!((4_000.0..4_400.0).contains(&says_ms), "{says_ms}");
        let heard = bob_hears(&card, &mut window, &message).await;
        window.running.kill().await;
        let (tone, loudness) = (sound::tone(&heard), sound::loudness(&heard));
        assert!((tone.hertz - 440.0).abs() < 1.0, "{tone:?}");
        if (tone.milliseconds - says_ms).abs() < 20.0 && (loudness + 16.0).abs() < 1.0 {
            return;
        }
        tried.push((tone.milliseconds, says_ms, loudness));
    }
    panic!("heard, said and LUFS: {tried:?}");
}

#[tokio::test]
async fn a_sentence_is_held_in_the_window_and_heard_by_the_other_person_as_loud_as_all() {
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let spoken = folder.path().join("sentence.wav");
    sound::speak(
        &spoken,
        "Hold the key, talk, let go, and the other side hears it, whatever dies in between.",
    )
    .await;
    let mut tried = Vec::new();
    for attempt in 1..=ATTEMPTS {
        let mut window = Window::of(&alice, &card).await;
        window.records(&bob.user_id).await;
        card.says(&spoken).done().await;
        let sent = window.page.run("send_recording", json!({})).await;
        assert_eq!(sent["content"]["kind"], "voice", "{sent}");
        assert!(length_of(&sent) > 3_000.0, "{sent}");
        window.recorder("it is idle", |state| state["recorder"] == "idle").await;
        window.page.event("it is sent", |event| event["message"]["state"]["state"] == "sent").await;
        window.running.kill().await;
        assert_eq!(bob.voices_from(&alice).await, attempt, "each is delivered once");
        let mut other = Window::of(&bob, &card).await;
        let message = other.newest_voice(&alice.user_id).await;
        let loudness = sound::loudness(&bob_hears(&card, &mut other, &message).await);
        other.running.kill().await;
        if (loudness + 16.0).abs() < 1.0 {
            return;
        }
        tried.push(loudness);
    }
    panic!("LUFS: {tried:?}");
}

#[tokio::test]
async fn a_recording_is_held_heard_and_gone_on_with_before_it_is_sent() {
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let _speaker = card.says(&tone_file(&folder, 60_000));
    let mut window = Window::of(&alice, &card).await;
    window.records(&bob.user_id).await;
    window.until_it_holds(1_000).await;
    window.page.run("pause_recording", json!({})).await;
    let paused = window.recorder("it is held", |state| state["recorder"] == "paused").await;
    assert_eq!(paused["waveform"].as_array().unwrap().len(), 100, "{paused}");
    let mut listener = card.listens(Loudspeaker::First).await;
    window.page.run("review", json!({ "id": paused["id"], "from_ms": null })).await;
    window.page.event("it sounds", |event| event["review"]["review"] == "playing").await;
    let heard = sound::tone(&listener.until_it_is_over().await);
    assert!((heard.hertz - 440.0).abs() < 1.0, "{heard:?}");
    let held_ms = paused["duration_ms"].as_f64().unwrap();
    assert!((heard.milliseconds - held_ms).abs() < 40.0, "{heard:?} of {held_ms}");
    window.page.run("resume_recording", json!({})).await;
    window.until_it_holds(held_ms as u64 + 800).await;
    let sent = window.page.run("send_recording", json!({})).await;
    assert!(sent["content"]["duration_ms"].as_f64().unwrap() >= held_ms + 800.0, "{sent}");
}

#[tokio::test]
async fn fifty_notes_back_to_back_arrive_all_and_in_order() {
    const NOTES: usize = 50;
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let _speaker = card.says(&tone_file(&folder, 120_000));
    let mut window = Window::of(&alice, &card).await;
    let mut keys = Vec::new();
    for note in 0..NOTES {
        window.records(&bob.user_id).await;
        window.until_it_holds(520).await;
        // The next one begins while this is still being sent.
        let id = 10_000 + note as u64;
        window.page.begin(id, "send_recording", json!({})).await;
    }
    for note in 0..NOTES {
        keys.push(window.page.outcome(10_000 + note as u64).await["key"].as_i64().unwrap());
    }
    assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
    window.running.kill().await;
    let mut listen = alice.listen().await;
    alice.until_nothing_waits(&mut listen).await;
    assert_eq!(bob.voices_from(&alice).await, NOTES);
}

#[tokio::test]
async fn a_note_too_short_is_not_sent_and_a_cancelled_one_can_be_had_back() {
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let mut window = Window::of(&alice, &card).await;
    window.records(&bob.user_id).await;
    let refused = window.refused("send_recording", json!({})).await;
    assert_eq!(refused["code"], "too_short", "{refused}");
    // It is answered first and deleted then.
    alice.until_no_recordings_are_left().await;

    window.records(&bob.user_id).await;
    window.until_it_holds(300).await;
    assert_eq!(window.page.run("cancel_recording", json!({})).await, Value::Null);
    window.records(&bob.user_id).await;
    window.until_it_holds(1_500).await;
    let id = window.page.run("cancel_recording", json!({})).await;
    assert!(id.is_string(), "{id}");
    window.page.run("open_recording", json!({ "id": id })).await;
    let back = window.recorder("it is back", |state| state["recorder"] == "paused").await;
    assert!(back["duration_ms"].as_u64() >= Some(1_500), "{back}");
    window.page.run("send_recording", json!({})).await;
    assert_eq!(alice.voices_to(&bob).await, 1);
}

#[tokio::test]
async fn recording_elsewhere_is_refused_by_name_and_a_held_one_becomes_a_draft() {
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let carol = Talker::register(&server, "carol").await;
    let mut window = Window::of(&alice, &card).await;
    window.records(&bob.user_id).await;
    window.until_it_holds(700).await;
    let refused = window.refused("record", json!({ "conversation": carol.user_id })).await;
    assert_eq!(refused["code"], "bad_request", "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("bob"), "{refused}");
    window.page.run("pause_recording", json!({})).await;
    window.records(&carol.user_id).await;
    let kept = window.page.run("recordings", json!({})).await;
    assert_eq!(kept.as_array().unwrap().len(), 1, "{kept}");
    assert_eq!((&kept[0]["conversation"], &kept[0]["why"]), (&json!(bob.user_id), &json!("draft")), "{kept}");
    window.page.run("cancel_recording", json!({})).await;
    let sent = window.page.run("send_kept_recording", json!({ "id": kept[0]["id"] })).await;
    assert_eq!(sent["conversation"], json!(bob.user_id));
    assert_eq!(window.page.run("recordings", json!({})).await, json!([]));
}

#[tokio::test]
async fn a_page_that_comes_later_sees_the_recording_that_goes_on() {
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let mut window = Window::of(&alice, &card).await;
    window.records(&bob.user_id).await;
    window.until_it_holds(600).await;
    let another = alice.hark("browser").args(["--no-open", "--listen", "127.0.0.1:0"]);
    let mut another = another.start().await;
    let mut page = Visitor::with_link(&another.line().await).page().await;
    let status = page.run("status", json!({})).await;
    assert_eq!(status["recorder"]["recorder"], "recording", "{status}");
    assert_eq!(status["recorder"]["conversation"], json!(bob.user_id));
    assert!(status["recorder"]["duration_ms"].as_u64() >= Some(600), "{status}");
    assert!(!status["recorder"]["waveform"].as_array().unwrap().is_empty());
    drop(window);
    // The first window's process owned the microphone; without it the recording is a draft or was cut off, never lost.
    drop(another);
}

#[tokio::test]
async fn an_interrupted_hark_record_keeps_a_draft_and_says_so() {
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let (alice, bob) = two(&server).await;
    let record = alice.hark("record").arg(&bob.user_id).args(["--seconds", "600"]);
    let running = card.on(record).start().await;
    alice.until_on_disk(1_500).await;
    let (ended, said) = interrupt(running).await;
    assert_eq!(ended, Some(1), "{said}");
    assert!(said.contains("draft") && said.contains("Nothing was sent"), "{said}");
    let mut window = Window::of(&alice, &card).await;
    let kept = window.page.run("recordings", json!({})).await;
    assert_eq!(kept[0]["why"], "draft", "{kept}");
    assert!(kept[0]["duration_ms"].as_u64() >= Some(1_000), "{kept}");
    assert_eq!(bob.voices_from(&alice).await, 0);
}

#[tokio::test]
async fn the_microphone_test_shows_a_level_and_plays_back_five_seconds() {
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let alice = Talker::register(&server, "alice").await;
    let folder = tempfile::tempdir().unwrap();
    let _speaker = card.says(&tone_file(&folder, 60_000));
    let mut window = Window::of(&alice, &card).await;
    let devices = window.page.run("devices", json!({})).await;
    assert_eq!(devices["microphone_problem"], Value::Null, "{devices}");
    assert_eq!(devices["inputs"][0]["name"], "Microphone", "{devices}");
    window.page.run("open_microphone", json!({})).await;
    window
        .page
        .event("it hears", |event| event["type"] == "level" && event["level"].as_f64() > Some(0.5))
        .await;
    window.page.run("test_microphone", json!({})).await;
    let recorded = window.page.event("five seconds", |event| event["test"]["test"] == "recorded").await;
    let length = recorded["test"]["duration_ms"].as_u64().unwrap();
    assert!((4_900..6_000).contains(&length), "{recorded}");
    let mut listener = card.listens(Loudspeaker::First).await;
    window.page.run("play_test", json!({})).await;
    window.page.event("it plays", |event| event["test"]["position_ms"].is_number()).await;
    let heard = sound::tone(&listener.until_it_is_over().await);
    assert!((heard.hertz - 440.0).abs() < 1.0, "{heard:?}");
    window.page.run("close_microphone", json!({})).await;
    window.page.event("it is closed", |event| event["test"]["test"] == "off").await;
    alice.until_no_recordings_are_left().await;
}

#[tokio::test]
async fn the_chosen_loudspeaker_and_volume_are_used_and_kept() {
    let (server, card) = (Server::start().await, SoundCard::plugged_in().await);
    let alice = Talker::register(&server, "alice").await;
    let mut window = Window::of(&alice, &card).await;
    let devices = window.page.run("devices", json!({})).await;
    let second =
        devices["outputs"].as_array().unwrap().iter().find(|device| device["name"] == "second").cloned();
    let second = second.unwrap_or_else(|| panic!("{devices}"));
    let mut settings = window.page.run("status", json!({})).await["settings"].take();
    settings["output"] = second["id"].clone();
    settings["output_name"] = second["name"].clone();
    settings["volume"] = json!(0.5);
    window.page.run("set_settings", settings.clone()).await;
    let mut listener = card.listens(Loudspeaker::Second).await;
    window.page.run("play_sample", json!({})).await;
    let heard = listener.until_it_is_over().await;
    let loudest = heard.iter().fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()));
    assert!((0.05..0.2).contains(&loudest), "{loudest}");
    window.running.kill().await;
    let mut again = Window::of(&alice, &card).await;
    assert_eq!(again.page.run("status", json!({})).await["settings"], settings);
}

#[tokio::test]
async fn without_a_microphone_recording_is_refused_with_a_remedy() {
    let (server, card) = (Server::start().await, SoundCard::absent());
    let (alice, bob) = two(&server).await;
    let record = alice.hark("record").arg(&bob.user_id).args(["--seconds", "2"]);
    let said = card.on(record).run().await.refused();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.to_lowercase().contains("microphone"), "{said}");
    alice.until_no_recordings_are_left().await;
    let doctor = card.on(alice.hark("doctor").arg("--json")).run().await;
    let mic = doctor.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mic = mic.into_iter().find(|check| check["name"] == "mic").unwrap();
    assert_eq!(mic["state"], "warn", "{mic}");
}
