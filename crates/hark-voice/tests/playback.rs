//! Sound comes out of a real sound server as it should, and its faults are survived.
#![cfg(target_os = "linux")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::card::{Listener, Route, now, with};
use common::{frequency, sine, sounding};
use hark_voice::{Pcm, PlayerEvent, sound_problem};

fn tone(hertz: f64, milliseconds: usize) -> Arc<Pcm> {
    Arc::new(Pcm { samples: sine(hertz, 0.5, 48_000, milliseconds * 48) })
}

/// Whether `samples` ends in a tenth of a second of silence after sound.
fn fell_silent(samples: &[f32]) -> bool {
    sounding(samples, 0.05).is_some_and(|(_, last)| samples.len() > last + 4_800)
}

/// A tone at 440 Hz was heard undisturbed; gives for how many milliseconds.
fn heard_undisturbed(samples: &[f32]) -> f64 {
    let (first, last) = sounding(samples, 0.05).unwrap();
    let pitch = frequency(&samples[first + 960..last - 960]);
    assert!((pitch - 440.0).abs() < 1.0, "{pitch} Hz");
    (last - first) as f64 / 48.0
}

fn assert_near(heard: f64, expected: f64) {
    assert!((heard - expected).abs() < 20.0, "{heard} ms heard, not {expected}");
}

#[test]
fn a_tone_is_heard_whole_at_its_pitch_and_the_position_tells_the_truth() {
    with(
        "a_tone_is_heard_whole_at_its_pitch_and_the_position_tells_the_truth",
        Route::PulseAudio,
        |mut card| {
            card.start();
            assert_eq!(sound_problem(), None);
            let mut recording = card.record();
            let listener = Listener::start();
            listener.player.play(7, tone(440.0, 2_000), 0);
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
            assert_near(heard_undisturbed(&recording.until("the tone ends", fell_silent)), 2_000.0);
        },
    );
}

#[test]
fn without_a_sound_server_alsa_plays() {
    with("without_a_sound_server_alsa_plays", Route::Alsa, |mut card| {
        card.start();
        let mut recording = card.record();
        let listener = Listener::start();
        listener.player.play(1, tone(440.0, 1_000), 0);
        listener.finished(1);
        assert_near(heard_undisturbed(&recording.until("the tone ends", fell_silent)), 1_000.0);
    });
}

#[test]
fn pausing_seeking_and_speed_are_heard() {
    with("pausing_seeking_and_speed_are_heard", Route::PulseAudio, |mut card| {
        card.start();
        let mut recording = card.record();
        let listener = Listener::start();
        listener.player.play(3, tone(440.0, 60_000), 10_000);
        listener.playing_from(10_300);
        listener.player.pause();
        let held = listener.wait("it is paused", |event| match event {
            PlayerEvent::Paused { id: 3, position_ms, .. } => Some(*position_ms),
            _ => None,
        });
        assert!((10_300..10_600).contains(&held), "{held}");
        let before = recording.until("it is silent while paused", fell_silent);
        // What the system had in its buffers when it was paused is heard out.
        let after = heard_undisturbed(&before) - (held - 10_000) as f64;
        assert!((-20.0..200.0).contains(&after), "{after} ms after the pause");

        listener.player.seek(30_000);
        listener.player.resume();
        assert!(listener.playing_from(20_000) < 30_100);
        listener.playing_from(30_500);

        listener.player.set_speed(2.0);
        listener.player.seek(58_000);
        listener.playing_from(58_000);
        let began = now();
        listener.finished(3);
        let took = began.elapsed().as_millis();
        assert!((980..1_350).contains(&took), "two seconds at double speed took {took} ms");
        let all = recording
            .until("the end", |samples| samples.len() > before.len() + 48_000 && fell_silent(samples));
        let end = sounding(&all, 0.05).unwrap().1;
        let pitch = frequency(&all[end - 38_400..end - 960]);
        assert!((pitch - 440.0).abs() < 3.0, "{pitch} Hz at double speed");

        // The speed stays for the next, and stopping is told.
        listener.player.play(4, tone(440.0, 60_000), 0);
        let speed = listener.wait("the next plays", |event| match event {
            PlayerEvent::Playing { id: 4, speed, .. } => Some(*speed),
            _ => None,
        });
        assert!((speed - 2.0).abs() < f32::EPSILON);
        listener.player.play(5, tone(440.0, 60_000), 0);
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
            listener.player.play(9, tone(440.0, 4_000), 0);
            let heard = listener.playing_from(800);
            card.kill();
            let killed = now();
            let reason = listener.wait("the loss is told", |event| match event {
                PlayerEvent::SoundLost { reason } => Some(reason.clone()),
                _ => None,
            });
            assert!(killed.elapsed() < Duration::from_secs(2), "{:?}", killed.elapsed());
            assert_eq!(reason, "The loudspeaker stopped answering. Playing goes on when it is back.");
            assert!(listener.player.sound_problem().is_some());

            card.start();
            let mut recording = card.record();
            listener.wait("the return is told", |event| (*event == PlayerEvent::SoundBack).then_some(()));
            let again = listener.playing_from(0);
            assert!(
                again + 100 >= heard && again < heard + 1_000,
                "was at {heard} ms, goes on at {again} ms"
            );
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
        listener.player.play(2, tone(440.0, 3_000), 0);
        listener.playing_from(500);
        card.signal("-STOP");
        listener
            .wait("the loss is told", |event| matches!(event, PlayerEvent::SoundLost { .. }).then_some(()));
        card.signal("-CONT");
        listener.wait("the return is told", |event| (*event == PlayerEvent::SoundBack).then_some(()));
        listener.finished(2);
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
        listener.player.play(1, tone(440.0, 100), 0);
        let reason = listener.wait("it failed", |event| match event {
            PlayerEvent::Failed { id: 1, reason } => Some(reason.clone()),
            _ => None,
        });
        assert_eq!(reason, sentence);
        assert_eq!(listener.player.sound_problem(), Some(sentence));
    });
}
