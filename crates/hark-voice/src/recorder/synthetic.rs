//! A microphone without hardware: a test pushes whatever buffers it likes, and makes it fail as it likes.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::capture::{Capture, Inlet, Label, pair};
use super::device::Microphone;
use super::{Recorder, RecorderEvent};
use crate::{Clip, Limits, clock, decode, wav};

const DEADLINE: Duration = Duration::from_mins(2);

/// What the next openings come to: a device of a rate and channels, or a sentence.
type Script = Arc<Mutex<VecDeque<Result<(u32, u16), String>>>>;

struct Scripted {
    script: Script,
    inlets: Sender<Inlet>,
}

impl Microphone for Scripted {
    fn open(&mut self, _: Option<&str>) -> Result<Capture, String> {
        let next = self.script.lock().unwrap().pop_front();
        let (rate, channels) = next.unwrap_or_else(|| Err("There is no microphone.".to_owned()))?;
        let label = Label { id: "test".into(), name: format!("{rate} Hz"), ..Label::default() };
        let (inlet, capture) = pair(label, rate, channels, clock::now());
        self.inlets.send(inlet).unwrap();
        Ok(capture)
    }

    fn is_there(&mut self) -> bool {
        true
    }

    fn close(&mut self) {}
}

/// A recorder with scripted devices.
struct Studio {
    recorder: Recorder,
    events: Receiver<RecorderEvent>,
    inlets: Receiver<Inlet>,
    folder: tempfile::TempDir,
}

impl Studio {
    fn new(script: impl IntoIterator<Item = Result<(u32, u16), String>>) -> Self {
        let script: Script = Arc::new(Mutex::new(script.into_iter().collect()));
        let (inlets, opened) = channel();
        let recorder = Recorder::with(Arc::new(move || {
            Box::new(Scripted { script: script.clone(), inlets: inlets.clone() })
        }));
        let events = recorder.events();
        Self { recorder, events, inlets: opened, folder: tempfile::tempdir().unwrap() }
    }

    fn wav(&self, id: &str) -> PathBuf {
        self.folder.path().join(id)
    }

    fn begin(&self, id: &str) {
        self.recorder.begin(id.to_owned(), self.wav(id));
    }

    /// The next device that is opened, once the worker knows of it.
    fn inlet(&self) -> Inlet {
        let inlet = self.inlets.recv_timeout(DEADLINE).unwrap();
        self.wait("it is open", |event| matches!(event, RecorderEvent::Opened { .. }).then_some(()));
        inlet
    }

    fn wait<T>(&self, what: &str, wanted: impl Fn(&RecorderEvent) -> Option<T>) -> T {
        let end = clock::now() + DEADLINE;
        loop {
            match self.events.recv_timeout(end.saturating_duration_since(clock::now())) {
                Ok(event) => {
                    if let Some(found) = wanted(&event) {
                        return found;
                    }
                }
                Err(error) => panic!("waited in vain until {what}: {error}"),
            }
        }
    }

    fn recording(&self) -> u64 {
        self.wait("it records", |event| match event {
            RecorderEvent::Recording { duration_ms, .. } => Some(*duration_ms),
            _ => None,
        })
    }

    fn paused(&self) -> (u64, Option<String>) {
        self.wait("it is held", |event| match event {
            RecorderEvent::Paused { duration_ms, problem, waveform, .. } => {
                assert_eq!(waveform.len(), 100);
                Some((*duration_ms, problem.clone()))
            }
            _ => None,
        })
    }

    fn finished(&self, wanted: &str) -> Clip {
        self.wait("it is finished", |event| match event {
            RecorderEvent::Finished { id, clip } if id == wanted => Some(clip.clone()),
            RecorderEvent::Failed { reason, .. } => panic!("{reason}"),
            _ => None,
        })
    }
}

/// A device that sounds: 440 Hz, every channel the same.
struct Singer {
    inlet: Inlet,
    rate: u32,
    channels: usize,
    at: usize,
}

impl Singer {
    fn new(inlet: Inlet, rate: u32, channels: u16) -> Self {
        Self { inlet, rate, channels: channels.into(), at: 0 }
    }

    /// One callback; waits as a device would while there is no room.
    fn sing(&mut self, frames: usize) {
        let end = clock::now() + DEADLINE;
        while self.inlet.room() < frames {
            assert!(clock::now() < end, "nobody takes the samples");
            std::thread::yield_now();
        }
        let step = std::f64::consts::TAU * 440.0 / f64::from(self.rate);
        let tone = (self.at..self.at + frames).map(|index| ((step * index as f64).sin() * 8_000.0) as i16);
        let data: Vec<i16> = tone.flat_map(|sample| std::iter::repeat_n(sample, self.channels)).collect();
        self.inlet.put(&data);
        self.at += frames;
    }

    /// One more millisecond, when those before were taken.
    fn hum(&mut self) {
        let end = clock::now() + DEADLINE;
        while self.inlet.room() < 10 * self.rate as usize {
            assert!(clock::now() < end, "nobody takes the samples");
            std::thread::yield_now();
        }
        self.sing(self.rate as usize / 1000);
    }

    /// As many callbacks as the last 150 ms take.
    fn tail(&mut self) {
        self.sing(self.rate as usize * 15 / 100 + 1);
    }
}

fn heard(clip: &Clip) -> Vec<f32> {
    decode(&clip.ogg, &Limits::default()).map(|pcm| pcm.samples).unwrap_or_default()
}

/// Pitch by rising zero crossings, the edges left out.
fn pitch(samples: &[f32]) -> f64 {
    let middle = &samples[4_800..samples.len() - 4_800];
    let rising: Vec<f64> = middle
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
        .map(|(index, pair)| index as f64 + f64::from(pair[0] / (pair[0] - pair[1])))
        .collect();
    48_000.0 * (rising.len() - 1) as f64 / (rising[rising.len() - 1] - rising[0])
}

fn on_disk(wav: &Path) -> Vec<f32> {
    wav::read(wav).map(|pcm| pcm.samples).unwrap_or_default()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn any_device_is_recorded_whole_at_its_pitch(
        rate in proptest::sample::select(vec![
            8_000_u32, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000,
        ]),
        channels in 1_u16..=8,
        buffers in proptest::collection::vec(10_usize..=500, 2..12),
    ) {
        let studio = Studio::new([Ok((rate, channels))]);
        studio.begin("a");
        let mut singer = Singer::new(studio.inlet(), rate, channels);
        // A jittering device: callbacks of any length, and some bring nothing.
        for milliseconds in &buffers {
            singer.sing(rate as usize * milliseconds / 1000);
            singer.sing(0);
        }
        studio.recorder.finish();
        singer.tail();
        let clip = studio.finished("a");
        let expected = buffers.iter().sum::<usize>() as u64 + 150;
        proptest::prop_assert!(clip.duration_ms.abs_diff(expected) <= 2 + buffers.len() as u64 / 2, "{} not {expected}", clip.duration_ms);
        let (sent, kept) = (heard(&clip), on_disk(&studio.wav("a")));
        proptest::prop_assert_eq!(sent.len(), kept.len());
        proptest::prop_assert_eq!(clip.waveform.len(), 100);
        for samples in [sent, kept] {
            let hertz = pitch(&samples);
            proptest::prop_assert!((hertz - 440.0).abs() < 1.0, "{hertz} Hz at {rate}");
        }
    }
}

#[test]
fn what_is_paused_resumed_and_begun_again_is_one_sound() {
    let studio = Studio::new([Ok((48_000, 1)), Ok((16_000, 2))]);
    studio.begin("a");
    let mut singer = Singer::new(studio.inlet(), 48_000, 1);
    singer.sing(24_000);
    studio.recording();
    studio.recorder.pause();
    assert_eq!(studio.paused(), (500, None));
    singer.sing(4_800);
    studio.recorder.resume();
    // A millisecond at a time until the first of them is kept.
    while !studio.events.try_iter().any(|event| matches!(event, RecorderEvent::Recording { .. })) {
        singer.hum();
    }
    singer.sing(24_000);
    studio.recorder.abandon();
    let told = studio.wait("it is put aside", |event| match event {
        RecorderEvent::Abandoned { duration_ms, .. } => Some(*duration_ms),
        _ => None,
    });
    let kept = on_disk(&studio.wav("a")).len();
    assert_eq!(kept as u64, told * 48);
    studio.recorder.choose(Some("other".into()));

    studio.begin("a");
    let mut singer = Singer::new(studio.inlet(), 16_000, 2);
    singer.sing(16_000);
    assert!(studio.recording() >= told);
    studio.recorder.finish();
    singer.tail();
    let clip = studio.finished("a");
    let sent = heard(&clip).len();
    assert!(sent.abs_diff(kept + 48_000 + 7_200) < 48, "{sent} after {kept}");
    assert_eq!(on_disk(&studio.wav("a")).len(), sent);
    let loud = crate::loudness::measure(&heard(&clip)).unwrap();
    assert!((loud + 16.0).abs() < 1.0, "{loud} LUFS");
}

#[test]
fn a_microphone_that_goes_and_comes_back_goes_on_in_the_same_recording() {
    let none = || Err("There is no microphone.".to_owned());
    let studio = Studio::new([Ok((48_000, 1)), none(), Ok((44_100, 1)), none(), none()]);
    studio.begin("a");
    let mut singer = Singer::new(studio.inlet(), 48_000, 1);
    singer.sing(48_000);
    studio.recording();
    singer.inlet.failure().set();
    let mut singer = Singer::new(studio.inlet(), 44_100, 1);
    singer.sing(44_100);
    assert!(studio.recording() > 1_900);
    singer.inlet.failure().set();
    let (duration_ms, problem) = studio.paused();
    assert_eq!(duration_ms, 2_000);
    assert!(problem.unwrap().starts_with("The microphone was lost. What you said so far is kept."));
    studio.recorder.finish();
    assert_eq!(heard(&studio.finished("a")).len(), 96_000);
    assert_eq!(on_disk(&studio.wav("a")).len(), 96_000);
}

#[test]
fn a_microphone_that_falls_silent_for_good_is_noticed() {
    let studio = Studio::new([Ok((48_000, 1))]);
    studio.begin("a");
    let mut singer = Singer::new(studio.inlet(), 48_000, 1);
    singer.sing(960);
    studio.recording();
    let (duration_ms, problem) = studio.paused();
    assert_eq!(duration_ms, 20);
    assert!(problem.is_some());
}

#[test]
fn without_a_microphone_no_file_is_left_and_one_that_goes_on_stays() {
    let studio = Studio::new([Err("There is no microphone.".to_owned())]);
    studio.begin("a");
    let failed = || {
        studio.wait("it failed", |event| match event {
            RecorderEvent::Failed { id, reason } => Some((id.clone(), reason.clone())),
            _ => None,
        })
    };
    assert_eq!(failed(), (Some("a".to_owned()), "There is no microphone.".to_owned()));
    assert!(!studio.wav("a").exists());
    std::fs::write(studio.wav("b"), [0; 100]).unwrap();
    studio.begin("b");
    failed();
    assert_eq!(wav::recover(&studio.wav("b")).unwrap().duration_ms, 1);
    studio.recorder.monitor();
    assert_eq!(failed().0, None);
}

#[test]
fn two_seconds_of_nothing_are_told_and_the_first_sound_after_them() {
    let studio = Studio::new([Ok((48_000, 1))]);
    studio.begin("a");
    let mut singer = Singer::new(studio.inlet(), 48_000, 1);
    let silent = || {
        studio.wait("silence begins or ends", |event| match event {
            RecorderEvent::Silent { silent, .. } => Some(*silent),
            _ => None,
        })
    };
    for _ in 0..11 {
        singer.inlet.put(&vec![0.0_f32; 9_600]);
    }
    assert!(silent());
    singer.sing(9_600);
    assert!(!silent());
}

#[test]
fn the_level_and_the_bars_are_told_25_times_a_second() {
    let studio = Studio::new([Ok((48_000, 2))]);
    studio.recorder.monitor();
    let mut singer = Singer::new(studio.inlet(), 48_000, 2);
    let level = || {
        studio.wait("the level is told", |event| match event {
            RecorderEvent::Level { level, bars, .. } => Some((*level, bars.len())),
            _ => None,
        })
    };
    singer.sing(1_920);
    let (loud, bars) = level();
    assert!(loud > 0.7 && bars == 0, "{loud}, {bars} bars");
    studio.begin("a");
    while !studio.events.try_iter().any(|event| matches!(event, RecorderEvent::Recording { .. })) {
        singer.hum();
    }
    let before = singer.at;
    singer.sing(48_000);
    let mut told = 0;
    while told < 25 {
        told += level().1;
    }
    assert!(told <= 26 + before / 1_920, "{told} bars in a second");
    studio.recorder.close();
}

#[test]
fn a_recording_as_long_as_a_message_may_be_is_held_and_nothing_is_lost() {
    let studio = Studio::new([Ok((44_100, 1))]);
    // It goes on after 29 minutes and 56 seconds.
    let before = 1_796_000;
    let file = std::fs::File::create(studio.wav("a")).unwrap();
    file.set_len(44 + before * 96).unwrap();
    studio.begin("a");
    let mut singer = Singer::new(studio.inlet(), 44_100, 1);
    singer.sing(2 * 44_100);
    let sentence = "A voice message is at most 30 minutes long. Send this one and record another.";
    assert_eq!(studio.paused(), (before + 2_000, Some(sentence.to_owned())));
    assert_eq!(std::fs::metadata(studio.wav("a")).unwrap().len(), 44 + (before + 2_000) * 96);
    let end = wav::read(&studio.wav("a")).unwrap().samples.split_off(before as usize * 48);
    assert!((pitch(&end) - 440.0).abs() < 1.0);
    // Going on says so again, and adds nothing.
    studio.recorder.resume();
    assert_eq!(studio.paused(), (before + 2_000, Some(sentence.to_owned())));
    studio.recorder.finish();
    let clip = studio.finished("a");
    assert_eq!(clip.duration_ms, before + 2_000);
    assert_eq!(heard(&clip).len() as u64, clip.duration_ms * 48);
}

#[test]
fn a_file_that_cannot_be_made_is_told() {
    let studio = Studio::new([Ok((48_000, 1))]);
    studio.recorder.begin("a".into(), studio.wav("no folder").join("a.wav"));
    let reason = studio.wait("it failed", |event| match event {
        RecorderEvent::Failed { id: Some(_), reason } => Some(reason.clone()),
        _ => None,
    });
    assert!(reason.starts_with("Hark cannot make a file for the recording ("), "{reason}");
}

#[test]
fn fifty_messages_back_to_back_lose_nothing() {
    let studio = Studio::new([Ok((48_000, 1))]);
    studio.begin("0");
    let mut singer = Singer::new(studio.inlet(), 48_000, 1);
    let mut waiting = Vec::new();
    let mut finished = 0;
    for index in 0..50 {
        let begun = singer.at;
        // A millisecond at a time until the first of them is kept.
        loop {
            singer.hum();
            match studio.events.try_recv() {
                Ok(RecorderEvent::Recording { id, .. }) if id == index.to_string() => break,
                Ok(RecorderEvent::Finished { clip, .. }) => {
                    finished += 1;
                    waiting.push(clip);
                }
                Ok(RecorderEvent::Failed { reason, .. }) => panic!("{reason}"),
                _ => std::thread::yield_now(),
            }
        }
        singer.sing(4_800);
        assert!(singer.at - begun < 480_000);
        studio.recorder.finish();
        studio.begin(&(index + 1).to_string());
    }
    singer.tail();
    while finished < 50 {
        let clip = studio.wait("the next is finished", |event| match event {
            RecorderEvent::Finished { clip, .. } => Some(clip.clone()),
            _ => None,
        });
        finished += 1;
        waiting.push(clip);
    }
    for (index, clip) in waiting.iter().enumerate() {
        let sent = heard(clip);
        assert!(clip.duration_ms >= 250, "{index}: {} ms", clip.duration_ms);
        assert!(sent.len().abs_diff(clip.duration_ms as usize * 48) <= 24, "{index}");
        assert!((pitch(&sent) - 440.0).abs() < 1.0, "{index}: {} Hz", pitch(&sent));
    }
}
