//! Sound comes out of a real sound server as it should, and its faults are survived.
#![cfg(target_os = "linux")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::card::{Listener, Recording, Route, now, output, with};
use common::{sine, tone, wav};
use hark_voice::{DecodeError, Limits, Pcm, PlayerEvent, Sound, decode, prepare, sound_problem};

/// 440 Hz.
fn sound(milliseconds: usize) -> Arc<Pcm> {
    Arc::new(Pcm { samples: sine(440.0, 0.5, 48_000, milliseconds * 48) })
}

/// Sound was there, and half a second without any after it.
fn fell_silent(samples: &[f32]) -> bool {
    let last = samples.iter().rposition(|sample| sample.abs() > 0.05);
    last.is_some_and(|last| samples.len() > last + 24_000)
}

/// Nothing was heard for the last half second.
fn is_silent(samples: &[f32]) -> bool {
    samples.len() > 24_000 && samples[samples.len() - 24_000..].iter().all(|sample| sample.abs() < 0.05)
}

/// 440 Hz for `milliseconds`, nothing left out, nothing twice. Time in which a busy machine gave the sound server nothing
/// to play does not count.
fn assert_heard(samples: &[f32], milliseconds: f64) {
    let heard = tone(samples);
    assert!((heard.hertz - 440.0).abs() < 1.0, "{heard:?}");
    assert!((heard.milliseconds - milliseconds).abs() < 20.0, "{heard:?}, not {milliseconds}");
}

#[test]
fn a_tone_is_heard_whole_at_its_pitch_and_the_position_tells_the_truth() {
    with(
        "a_tone_is_heard_whole_at_its_pitch_and_the_position_tells_the_truth",
        Route::PulseAudio,
        |mut card| {
            card.start();
            assert_eq!(sound_problem(), None);
            let mut recording = Recording::start();
            let listener = Listener::start();
            listener.player.play(7, sound(2_000), 0);
            listener.playing_from(0);
            let began = now();
            let mut last = 0;
            let mut told = 0;
            loop {
                let event = listener.wait("the next event", |event| Some(event.clone()));
                match event {
                    PlayerEvent::Playing { id: 7, position_ms, duration_ms: 2_000, speed } => {
                        assert!((speed - 1.0).abs() < f32::EPSILON);
                        let passed = began.elapsed().as_millis() as u64;
                        assert!(
                            position_ms >= last && position_ms <= passed + 30,
                            "{position_ms} after {passed} ms"
                        );
                        assert!(position_ms + 500 > passed, "{position_ms} after {passed} ms");
                        (last, told) = (position_ms, told + 1);
                    }
                    PlayerEvent::Finished { id: 7 } => break,
                    other => panic!("{other:?}"),
                }
            }
            let took = began.elapsed();
            assert!(took >= Duration::from_millis(1_980) && took < Duration::from_millis(2_400), "{took:?}");
            assert!((25..=45).contains(&told), "{told} positions in two seconds");
            assert_heard(&recording.until("the tone ends", fell_silent), 2_000.0);
        },
    );
}

#[test]
fn without_a_sound_server_alsa_plays() {
    with("without_a_sound_server_alsa_plays", Route::Alsa, |mut card| {
        card.start();
        let mut recording = Recording::start();
        // ALSA's plug-in for the sound server, which stands in for a card here, falls silent or late when a busy machine lets it
        // run dry: one sound of several has to arrive whole, each through a stream of its own and on a silent line.
        let mut attempts = Vec::new();
        while attempts.len() < 8 {
            let before = recording.until("the line is silent", is_silent).len();
            let listener = Listener::start();
            listener.player.play(1, sound(1_000), 0);
            listener.finished(1);
            let all = recording.until("the line is silent again", |samples| {
                samples.len() > before + 72_000 && is_silent(samples)
            });
            if all[before..].iter().all(|sample| sample.abs() < 0.05) {
                attempts.push(None);
                continue;
            }
            let heard = tone(&all[before..]);
            if (heard.hertz - 440.0).abs() < 1.0 && (heard.milliseconds - 1_000.0).abs() < 20.0 {
                return;
            }
            attempts.push(Some(heard));
        }
        panic!("never heard 440 Hz for 1,000 ms: {attempts:?}");
    });
}

#[test]
fn pausing_seeking_and_speed_are_heard() {
    with("pausing_seeking_and_speed_are_heard", Route::PulseAudio, |mut card| {
        card.start();
        let mut recording = Recording::start();
        let listener = Listener::start();
        listener.player.play(3, sound(60_000), 10_000);
        listener.playing_from(10_300);
        listener.player.pause();
        let held = listener.wait("it is paused", |event| match event {
            PlayerEvent::Paused { id: 3, position_ms, .. } => Some(*position_ms),
            _ => None,
        });
        assert!((10_300..10_600).contains(&held), "{held}");
        let before = recording.until("it is silent while paused", fell_silent);
        // What the system had in its buffers when it was paused is heard out.
        let after = tone(&before).milliseconds - (held - 10_000) as f64;
        assert!((-20.0..200.0).contains(&after), "{after} ms after the pause");

        listener.player.seek(30_000);
        listener.player.resume();
        assert!(listener.playing_from(20_000) < 30_100);
        listener.playing_from(30_500);

        listener.player.seek(59_900);
        listener.finished(3);
        let seeking = recording.until("it is silent at the end", |samples| {
            samples.len() > before.len() + 24_000 && fell_silent(samples)
        });
        assert!((tone(&seeking).hertz - 440.0).abs() < 1.0);

        listener.player.set_speed(2.0);
        listener.player.play(4, sound(3_000), 1_000);
        listener.finished(4);
        let all = recording.until("the fast one ends", |samples| {
            samples.len() > seeking.len() + 48_000 && fell_silent(samples)
        });
        let fast = tone(&all[seeking.len()..]);
        assert!((fast.hertz - 440.0).abs() < 3.0, "{fast:?} at double speed");
        assert!((fast.milliseconds - 1_000.0).abs() < 30.0, "{fast:?} of two seconds at double speed");

        // The speed stays for the next, and stopping is told.
        listener.player.play(4, sound(60_000), 0);
        let speed = listener.wait("the next plays", |event| match event {
            PlayerEvent::Playing { id: 4, speed, .. } => Some(*speed),
            _ => None,
        });
        assert!((speed - 2.0).abs() < f32::EPSILON);
        listener.player.play(5, sound(60_000), 0);
        listener.wait("4 is stopped", |event| (*event == PlayerEvent::Stopped { id: 4 }).then_some(()));
        listener.player.stop();
        listener.wait("5 is stopped", |event| (*event == PlayerEvent::Stopped { id: 5 }).then_some(()));
    });
}

#[test]
fn a_sound_server_that_dies_is_noticed_and_playing_goes_on_when_it_is_back() {
    with(
        "a_sound_server_that_dies_is_noticed_and_playing_goes_on_when_it_is_back",
        Route::PulseAudio,
        |mut card| {
            card.start();
            let listener = Listener::start();
            listener.player.play(9, sound(4_000), 0);
            let heard = listener.playing_from(800);
            card.kill();
            let killed = now();
            let reason = listener.wait("the loss is told", |event| match event {
                PlayerEvent::SoundLost { reason } => Some(reason.clone()),
                _ => None,
            });
            assert!(killed.elapsed() < Duration::from_secs(2), "{:?}", killed.elapsed());
            assert_eq!(reason, "“Null Output” stopped answering. Playing goes on when it is back.");
            assert!(listener.player.sound_problem().is_some());
            let held = listener.wait("the head stands", |event| match event {
                PlayerEvent::Paused { id: 9, position_ms, .. } => Some(*position_ms),
                _ => None,
            });
            assert!(held + 100 >= heard && held < heard + 1_000, "was at {heard} ms, stands at {held} ms");

            card.start();
            let mut recording = Recording::start();
            listener.wait("the return is told", |event| {
                matches!(event, PlayerEvent::SoundBack { .. }).then_some(())
            });
            let again = listener.playing_from(0);
            assert!(again >= held && again < held + 200, "stood at {held} ms, goes on at {again} ms");
            listener.finished(9);
            assert_eq!(listener.player.sound_problem(), None);
            recording.until("the rest ends", fell_silent);
        },
    );
}

#[test]
fn a_sound_server_that_hangs_blocks_nobody() {
    with("a_sound_server_that_hangs_blocks_nobody", Route::PulseAudio, |mut card| {
        card.start();
        let listener = Listener::start();
        listener.player.play(2, sound(3_000), 0);
        listener.playing_from(500);
        card.signal("-STOP");
        listener
            .wait("the loss is told", |event| matches!(event, PlayerEvent::SoundLost { .. }).then_some(()));
        card.signal("-CONT");
        listener
            .wait("the return is told", |event| matches!(event, PlayerEvent::SoundBack { .. }).then_some(()));
        listener.finished(2);
    });
}

#[test]
fn another_loudspeaker_takes_over_and_the_volume_is_heard() {
    with("another_loudspeaker_takes_over_and_the_volume_is_heard", Route::PulseAudio, |mut card| {
        card.start();
        card.plug(&["module-null-sink", "sink_name=headphones", "norewinds=1"]);
        let (mut first, mut second) = (Recording::start(), Recording::of("headphones"));
        let listener = Listener::start();
        listener.player.choose(Some(output("loop")));
        listener.player.play(1, sound(3_000), 0);
        listener.playing_from(1_000);
        listener.player.set_volume(0.1);
        listener.player.choose(Some(output("headphones")));
        listener.finished(1);
        let before = first.until("it is silent in the first", fell_silent);
        let after = second.until("it is silent in the second", |samples| {
            let last = samples.iter().rposition(|sample| sample.abs() > 0.01);
            last.is_some_and(|last| samples.len() > last + 24_000)
        });
        let (before, after) = (tone(&before), tone(&after));
        assert!((after.hertz - 440.0).abs() < 1.0, "{after:?}");
        // What the first had in its buffers is heard in both.
        let twice = before.milliseconds + after.milliseconds - 3_000.0;
        assert!((-20.0..250.0).contains(&twice), "{before:?}, then {after:?}");
        let loudest = |samples: &[f32]| samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        let peak = loudest(&second.until("the recorder runs", |_| true));
        assert!((0.04..0.06).contains(&peak), "{peak}");

        // One that is gone is replaced by the default.
        listener.player.choose(Some(output("loop").replace("loop", "gone")));
        listener.player.play(2, sound(200), 0);
        listener.finished(2);
    });
}

#[test]
fn a_long_message_is_heard_at_once_and_whole() {
    with("a_long_message_is_heard_at_once_and_whole", Route::PulseAudio, |mut card| {
        card.start();
        let minutes = prepare(&wav(&sine(440.0, 0.3, 48_000, 120 * 48_000), 48_000, 1)).unwrap();
        let began = now();
        let long = Sound::decode(minutes.ogg.clone(), Limits::default()).unwrap();
        let took = began.elapsed();
        assert!(long.duration_ms().abs_diff(120_000) <= 10, "{} ms", long.duration_ms());
        let began = now();
        let whole = decode(&minutes.ogg, &Limits::default()).unwrap();
        assert!(took < began.elapsed() / 2, "{took:?} of {:?}", began.elapsed());
        assert_eq!(whole.duration_ms(), 120_000);
        let mut recording = Recording::start();
        let listener = Listener::start();
        listener.player.play(1, long, 118_500);
        listener.finished(1);
        assert_heard(&recording.until("it ends", fell_silent), 1_500.0);
        assert!(matches!(Sound::decode(b"OggS".to_vec(), Limits::default()), Err(DecodeError::NotSound)));
    });
}

#[test]
fn without_any_device_a_plain_sentence_says_what_to_do() {
    with("without_any_device_a_plain_sentence_says_what_to_do", Route::Nowhere, |_| {
        let sentence = sound_problem().unwrap();
        assert!(
            sentence.starts_with("There is no loudspeaker or headphone to play to. Connect one"),
            "{sentence}"
        );
        let listener = Listener::start();
        listener.player.play(1, sound(100), 0);
        let reason = listener.wait("it failed", |event| match event {
            PlayerEvent::Failed { id: 1, reason } => Some(reason.clone()),
            _ => None,
        });
        assert_eq!(reason, sentence);
        let late = listener.player.events();
        assert_eq!(late.recv_timeout(Duration::from_secs(10)), Ok(PlayerEvent::SoundLost { reason }));
        assert_eq!(listener.player.sound_problem(), Some(sentence));
    });
}
