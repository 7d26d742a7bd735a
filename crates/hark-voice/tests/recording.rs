//! What is said to a real sound server arrives whole, and its faults cost no word that was said.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::card::{Route, Scribe, input, now, with_no_precedence as with};
use common::{busy, holes, loudness, noise, run, sine, tone, wav};
use hark_voice::{Clip, Limits, RecorderEvent, decode, devices};

const RECORDINGS: u32 = 5;

fn samples(clip: &Clip) -> Vec<f32> {
    decode(&clip.ogg, &Limits::default()).unwrap().samples
}

/// Plays a file into a sink, to its end. The sound server has all of it from the start: the player is never late.
fn play(sink: &str, file: &Path) {
    run("paplay", &["--device", sink, "--latency-msec=10000", file.to_str().unwrap()]);
}

fn sound_file(folder: &Path, samples: &[f32]) -> std::path::PathBuf {
    let file = folder.join("sound.wav");
    std::fs::write(&file, wav(samples, 48_000, 2)).unwrap();
    file
}

/// What of the file is heard: from the first loud sample to the last.
fn loud_part(samples: &[f32]) -> &[f32] {
    let loud = |sample: &f32| sample.abs() > 0.02;
    let first = samples.iter().position(loud).unwrap();
    &samples[first..=samples.iter().rposition(loud).unwrap()]
}

/// Records what a file plays, to 150 ms after its end.
fn record(scribe: &Scribe, id: &str, recording: &Path, file: &Path) -> Clip {
    let began = now();
    scribe.begin(id, recording);
    let kept_since = began.elapsed().as_millis() as u64;
    play("loop", file);
    let asked = began.elapsed().as_millis() as u64;
    scribe.recorder.finish();
    let clip = scribe.finished(id);
    // A buffer and its way, of 20 ms each, are on the way at any time.
    assert!(
        kept_since + clip.duration_ms + 40 >= asked + 150,
        "{} ms from {kept_since} ms on do not reach 150 ms beyond {asked} ms",
        clip.duration_ms
    );
    clip
}

#[test]
fn a_busy_machine_loses_not_one_sample() {
    with("a_busy_machine_loses_not_one_sample", Route::PulseAudio, |mut card| {
        card.start();
        let scribe = Scribe::of("loop");
        let lost: Vec<_> = busy(|| {
            (0..RECORDINGS)
                .map(|index| {
                    let said = noise(index, 3 * 48_000);
                    let file = sound_file(card.folder(), &said);
                    let kept = card.folder().join(format!("{index}.wav"));
                    record(&scribe, &index.to_string(), &kept, &file);
                    holes(&said, &hark_voice::wav::read(&kept).unwrap().samples)
                })
                .collect()
        });
        assert!(lost.iter().all(Vec::is_empty), "missing samples, of {RECORDINGS} recordings: {lost:?}");
    });
}

#[test]
fn a_sound_server_that_stands_still_for_a_second_loses_nothing() {
    with("a_sound_server_that_stands_still_for_a_second_loses_nothing", Route::PulseAudio, |mut card| {
        card.start();
        let said = noise(7, 3 * 48_000);
        let (file, recording) = (sound_file(card.folder(), &said), card.folder().join("a.wav"));
        let scribe = Scribe::of("loop");
        scribe.begin("a", &recording);
        std::thread::scope(|scope| {
            let playing = scope.spawn(|| play("loop", &file));
            scribe.recorded(1_000);
            card.signal("-STOP");
            scribe.hears_nothing_for(Duration::from_secs(1));
            card.signal("-CONT");
            playing.join().unwrap();
        });
        scribe.recorder.finish();
        scribe.finished("a");
        assert_eq!(holes(&said, &hark_voice::wav::read(&recording).unwrap().samples), []);
    });
}

#[test]
fn a_tone_is_recorded_whole_at_its_pitch_and_as_loud_as_every_message() {
    with(
        "a_tone_is_recorded_whole_at_its_pitch_and_as_loud_as_every_message",
        Route::PulseAudio,
        |mut card| {
            card.start();
            let recording = card.folder().join("a.wav");
            let file = sound_file(card.folder(), &sine(440.0, 0.2, 48_000, 3_000 * 48));
            let scribe = Scribe::of("loop");
            let clip = busy(|| record(&scribe, "a", &recording, &file));
            let heard = tone(loud_part(&samples(&clip)));
            assert!(
                (heard.hertz - 440.0).abs() < 1.0 && (heard.milliseconds - 3_000.0).abs() < 20.0,
                "{heard:?}"
            );
            let loud = loudness(&samples(&clip));
            assert!((loud + 16.0).abs() < 1.0, "{loud} LUFS");
            let kept = hark_voice::wav::read(&recording).unwrap();
            assert_eq!(kept.duration_ms(), clip.duration_ms);
            let told = hark_voice::wav::recover(&recording).unwrap();
            assert_eq!((told.duration_ms, told.waveform), (clip.duration_ms, clip.waveform));
            // ffmpeg adds the player's gain as we do.
            let ogg = card.folder().join("a.ogg");
            std::fs::write(&ogg, &clip.ogg).unwrap();
            let (from, to) = (ogg.to_str().unwrap(), card.folder().join("b.wav"));
            run("ffmpeg", &["-v", "error", "-i", from, to.to_str().unwrap()]);
            let theirs = loudness(&decode(&std::fs::read(to).unwrap(), &Limits::default()).unwrap().samples);
            assert!((theirs - loud).abs() < 0.2, "{theirs} LUFS by ffmpeg, {loud} by us");
        },
    );
}

#[test]
fn a_spoken_sentence_is_as_loud_as_every_message_and_goes_on_after_a_pause() {
    with(
        "a_spoken_sentence_is_as_loud_as_every_message_and_goes_on_after_a_pause",
        Route::PulseAudio,
        |mut card| {
            card.start();
            let spoken = card.folder().join("speech.wav");
            let words = "Every word that is said here is going to arrive, whatever happens on the way.";
            run("espeak-ng", &["-a", "20", "-w", spoken.to_str().unwrap(), words]);
            let scribe = Scribe::of("loop");
            scribe.begin("a", &card.folder().join("a.wav"));
            play("loop", &spoken);
            scribe.recorder.pause();
            let (before, problem) = scribe.paused();
            assert_eq!(problem, None);
            play("loop", &spoken);
            scribe.recorder.resume();
            scribe.recording();
            play("loop", &spoken);
            scribe.recorder.finish();
            let clip = scribe.finished("a");
            assert!(clip.duration_ms.abs_diff(2 * before) < 1_000, "{before} ms, then {}", clip.duration_ms);
            let loud = loudness(&samples(&clip));
            assert!((loud + 16.0).abs() < 1.0, "{loud} LUFS");
        },
    );
}

#[test]
fn a_sound_server_that_dies_costs_nothing_that_was_said() {
    with("a_sound_server_that_dies_costs_nothing_that_was_said", Route::PulseAudio, |mut card| {
        card.start();
        let recording = card.folder().join("a.wav");
        let scribe = Scribe::of("loop");
        scribe.begin("a", &recording);
        scribe.recorded(1_500);
        card.kill();
        let (kept, problem) = scribe.paused();
        assert!((1_500..3_000).contains(&kept), "{kept} ms");
        assert_eq!(
            problem.unwrap(),
            "The microphone was lost. What you said so far is kept. Connect it again, or choose another, and go on."
        );
        assert_eq!(hark_voice::wav::read(&recording).unwrap().duration_ms(), kept);
        assert_eq!(u64::from(hound::WavReader::open(&recording).unwrap().duration()) / 48, kept);
        // Going on without it is told, with it works.
        scribe.recorder.resume();
        assert!(scribe.paused().1.unwrap().starts_with("There is no microphone."));
        card.start();
        scribe.recorder.resume();
        scribe.recording();
        scribe.recorded(kept + 500);
        scribe.recorder.finish();
        assert!(scribe.finished("a").duration_ms >= kept + 500);
    });
}

#[test]
fn a_sound_server_that_comes_back_goes_on_in_the_same_recording() {
    with("a_sound_server_that_comes_back_goes_on_in_the_same_recording", Route::PulseAudio, |mut card| {
        card.start();
        let scribe = Scribe::of("loop");
        scribe.begin("a", &card.folder().join("a.wav"));
        scribe.recorded(1_000);
        card.kill();
        card.start();
        scribe.recording();
        scribe.recorded(2_500);
        scribe.recorder.finish();
        let clip = scribe.finished("a");
        assert!((2_500..4_000).contains(&clip.duration_ms), "{} ms", clip.duration_ms);
    });
}

#[test]
fn a_hung_sound_server_blocks_nobody_and_keeps_what_was_said() {
    with("a_hung_sound_server_blocks_nobody_and_keeps_what_was_said", Route::PulseAudio, |mut card| {
        card.start();
        let scribe = Scribe::of("loop");
        scribe.begin("a", &card.folder().join("a.wav"));
        scribe.recorded(1_000);
        card.signal("-STOP");
        let (kept, problem) = scribe.paused();
        assert!(kept >= 1_000 && problem.is_some());
        scribe.recorder.finish();
        assert_eq!(scribe.finished("a").duration_ms, kept);
        card.signal("-CONT");
        scribe.begin("b", &card.folder().join("b.wav"));
        scribe.recorder.abandon();
    });
}

#[test]
fn a_microphone_pulled_out_and_plugged_in_again_goes_on() {
    with("a_microphone_pulled_out_and_plugged_in_again_goes_on", Route::PulseAudio, |mut card| {
        card.start();
        let sink = ["module-null-sink", "sink_name=headset", "norewinds=1"];
        let number = card.plug(&sink);
        let scribe = Scribe::of("headset");
        scribe.begin("a", &card.folder().join("a.wav"));
        scribe.recorded(1_000);
        card.unplug(&number);
        card.plug(&sink);
        scribe.recording();
        scribe.recorded(2_000);
        scribe.recorder.finish();
        assert!(scribe.finished("a").duration_ms >= 2_000);
    });
}

#[test]
fn what_the_computer_plays_is_never_recorded_unless_it_was_chosen() {
    with("what_the_computer_plays_is_never_recorded_unless_it_was_chosen", Route::PulseAudio, |mut card| {
        card.start();
        // There is nothing but the monitor: that is no microphone.
        let none =
            "There is no microphone. Connect one, or choose one in the sound settings of this computer.";
        assert_eq!(devices::microphone_problem(None).as_deref(), Some(none));
        assert_eq!(devices::microphone_problem(Some(&input("loop.monitor"))), None);
        let scribe = Scribe::start();
        scribe.recorder.begin("a".into(), card.folder().join("a.wav"));
        let reason = scribe.wait("it failed", |event| match event {
            RecorderEvent::Failed { id: Some(_), reason } => Some(reason.clone()),
            _ => None,
        });
        assert_eq!(reason, none);
        assert!(!card.folder().join("a.wav").exists());

        // A microphone that vanishes: the sound server moves its streams to the monitor.
        card.plug(&["module-rescue-streams"]);
        let number = card.plug(&["module-remap-source", "master=loop.monitor", "source_name=headset"]);
        run("pactl", &["set-default-source", "headset"]);
        let inputs = devices::inputs();
        assert!(inputs[0].default && !inputs[0].monitor && inputs[0].id.ends_with("headset"), "{inputs:?}");
        assert!(inputs[1].monitor, "{inputs:?}");
        scribe.begin("b", &card.folder().join("b.wav"));
        scribe.recorded(500);
        card.unplug(&number);
        let (_, problem) = scribe.paused();
        assert!(problem.unwrap().starts_with("The microphone was lost."));
    });
}

#[test]
fn where_the_chosen_microphone_is_gone_the_default_is_used_and_that_is_said() {
    with(
        "where_the_chosen_microphone_is_gone_the_default_is_used_and_that_is_said",
        Route::PulseAudio,
        |mut card| {
            card.start();
            card.plug(&["module-remap-source", "master=loop.monitor", "source_name=built-in"]);
            run("pactl", &["set-default-source", "built-in"]);
            let scribe = Scribe::start();
            scribe.recorder.choose(Some(input("built-in").replace("built-in", "gone")));
            scribe.recorder.monitor();
            let notice = scribe.wait("it is open", |event| match event {
                RecorderEvent::Opened { notice, .. } => Some(notice.clone()),
                _ => None,
            });
            assert!(
                notice.unwrap().starts_with("The microphone you chose is not connected. Hark records with ")
            );
            scribe.recorder.close();
        },
    );
}

#[test]
fn fifty_messages_in_a_row_are_all_there() {
    with("fifty_messages_in_a_row_are_all_there", Route::PulseAudio, |mut card| {
        card.start();
        let scribe = Scribe::of("loop");
        busy(|| {
            for index in 0..50 {
                scribe.begin(&index.to_string(), &card.folder().join(format!("{index}.wav")));
                scribe.recorded(80);
                scribe.recorder.finish();
            }
            scribe.finished("49");
        });
        for index in 0..50 {
            let wav = card.folder().join(format!("{index}.wav"));
            let kept = hark_voice::wav::read(&wav).unwrap().duration_ms();
            assert!(kept >= 80 + 150, "{index}: {kept} ms");
        }
    });
}

/// Set for a process that records until it ends, to its file.
const CHILD: &str = "HARK_TEST_RECORDS_INTO";

/// Runs [`a_process_records`] in a process of its own; what it prints.
fn recording_process(wav: &Path, limited: bool) -> std::process::Child {
    let mut shell = Command::new("sh");
    let limit = if limited { "trap '' XFSZ; ulimit -f 400; " } else { "" };
    shell.args(["-c", &format!("{limit}exec \"$0\" \"$@\"")]).arg(std::env::current_exe().unwrap());
    shell.args(["--exact", "a_process_records", "--nocapture", "--test-threads=1"]).env(CHILD, wav);
    shell.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap()
}

/// Not a test by itself: records, and prints each length it has reached or why it was held.
#[test]
fn a_process_records() {
    let Some(wav) = std::env::var_os(CHILD) else { return };
    let scribe = Scribe::of("loop");
    scribe.begin("a", Path::new(&wav));
    loop {
        let line = scribe.wait("more is recorded", |event| match event {
            RecorderEvent::Level { duration_ms, .. } => Some(format!("recorded {duration_ms}")),
            RecorderEvent::Paused { problem, .. } => Some(format!("paused {}", problem.clone().unwrap())),
            _ => None,
        });
        println!("{line}");
        if line.starts_with("paused") {
            scribe.recorder.finish();
            println!("sent {}", samples(&scribe.finished("a")).len() / 48);
            return;
        }
    }
}

#[test]
fn a_killed_process_loses_at_most_the_last_second() {
    with("a_killed_process_loses_at_most_the_last_second", Route::PulseAudio, |mut card| {
        card.start();
        let wav = card.folder().join("a.wav");
        let mut child = recording_process(&wav, false);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let told = |line: String| line.strip_prefix("recorded ").and_then(|ms| ms.parse::<u64>().ok());
        let first = lines.by_ref().find_map(told).unwrap();
        assert!(first < 500);
        let reached = lines.by_ref().filter_map(told).find(|ms| *ms >= 3_000).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let reached = lines.filter_map(told).last().unwrap_or(reached);
        let kept = hark_voice::wav::recover(&wav).unwrap();
        assert!(kept.duration_ms + 1_000 >= reached, "{} ms of {reached} are kept", kept.duration_ms);
        assert_eq!(u64::from(hound::WavReader::open(&wav).unwrap().duration()) / 48, kept.duration_ms);
    });
}

#[test]
fn a_full_disk_holds_the_recording_and_what_was_said_can_be_sent() {
    with("a_full_disk_holds_the_recording_and_what_was_said_can_be_sent", Route::PulseAudio, |mut card| {
        card.start();
        let wav = card.folder().join("a.wav");
        let output = recording_process(&wav, true).wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        assert!(said.contains("paused The disk is full. What you said so far is kept."), "{said}");
        let sent: u64 =
            said.split("sent ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
        let kept = hark_voice::wav::recover(&wav).unwrap().duration_ms;
        // 400 blocks of 512 bytes are 2.1 seconds.
        assert!(
            (1_900..2_200).contains(&kept) && sent >= kept && sent < kept + 500,
            "{kept} kept, {sent} sent"
        );
    });
}
