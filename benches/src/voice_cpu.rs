//! What recording and playing cost while they last, and how soon a message sounds.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use hark_voice::{Limits, Player, PlayerEvent, RecorderEvent, Sound, prepare};
use serde::{Deserialize, Serialize};

use crate::card::Card;
use crate::child::{Child, Role};
use crate::machine::{self, LoadWatch};
use crate::record_start::{begin, recorder, wait};
use crate::report::{Report, Target};
use crate::{Run, clock};

const RATE: usize = 48_000;

/// How long each is watched.
const SECONDS: u64 = 15;

/// The message that is played.
const LONG: usize = 300;

#[derive(Serialize, Deserialize)]
struct Outcome {
    /// Of one core, in percent.
    recording: f64,
    playing: f64,
    /// Milliseconds.
    whole: f64,
    first_sound: f64,
}

/// Measures in a process of its own, whose sound is a card without hardware.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let card = Card::start(run.dir())?;
    let file = run.dir().join("voice.wav");
    std::fs::write(&file, wav(&voice(60)))?;
    let setup = format!("PulseAudio null sink, {SECONDS} s each, a voice of −24 dBFS");
    let mut report = Report::new("voice_cpu", setup, machine::wait_for_quiet());
    let mut speaker = card.play(&file)?;
    let watch = LoadWatch::start(&[card.pid(), speaker.id()]);
    let output = Child::output_with(Role::VoiceCpu, run.dir(), &card.environment()).await?;
    report.saw_load(watch.percent());
    drop(speaker.kill());
    drop(speaker.wait());
    let outcome: Outcome = serde_json::from_str(&output)?;
    report.judge("recording, of one core", outcome.recording, "%", Target::AtMost(3.0));
    report.judge("playing, of one core", outcome.playing, "%", Target::AtMost(3.0));
    report.add("150 ms after the key is let go → message whole", outcome.whole, "ms");
    report.judge(
        format!("click → first sound, {LONG} s, decoding and opening included"),
        outcome.first_sound,
        "ms",
        Target::AtMost(60.0),
    );
    Ok(report)
}

/// Records, then plays, in the child.
pub(crate) fn probe(dir: &Path) -> Result<()> {
    let message = prepare(&wav(&voice(LONG)))?.ogg;
    let recorder = recorder()?;
    let events = recorder.events();
    begin(&recorder, &events, &dir.join("cpu.wav"))?;
    let before = cpu()?;
    let watched = clock::now();
    wait(
        &events,
        |event| matches!(event, RecorderEvent::Level { duration_ms, .. } if *duration_ms >= SECONDS * 1000),
    )?;
    let recording = (cpu()? - before) / watched.elapsed().as_secs_f64() * 100.0;
    let asked = clock::now();
    recorder.finish();
    wait(&events, |event| matches!(event, RecorderEvent::Finished { .. }))?;
    let whole = milliseconds(asked.elapsed()) - 150.0;
    drop(recorder);

    let player = Player::start();
    let events = player.events();
    let clicked = clock::now();
    player.play(1, Sound::decode(message, Limits::default())?, 0);
    let mut first_sound = f64::INFINITY;
    let mut before = None;
    let playing = loop {
        match events.recv_timeout(Duration::from_secs(20))? {
            PlayerEvent::Playing { position_ms, .. } if position_ms > 0 => {
                // The head is where the listener is: what is behind the click began so much after it.
                first_sound = first_sound.min(milliseconds(clicked.elapsed()) - position_ms as f64);
                if position_ms > 1_000 && before.is_none() {
                    before = Some((cpu()?, clock::now()));
                }
                if let Some((used, since)) = before
                    && since.elapsed().as_secs() >= SECONDS
                {
                    break (cpu()? - used) / since.elapsed().as_secs_f64() * 100.0;
                }
            }
            PlayerEvent::Failed { reason, .. } => bail!(reason),
            _ => {}
        }
    };
    println!("{}", serde_json::to_string(&Outcome { recording, playing, whole, first_sound })?);
    Ok(())
}

fn cpu() -> Result<f64> {
    machine::cpu_seconds(std::process::id()).context("the system does not count processor time")
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// A buzz in syllables with pauses, 48 kHz.
pub(crate) fn voice(seconds: usize) -> Vec<f32> {
    let sample = |index: usize| {
        let at = index as f32 / RATE as f32;
        let syllable = (at * 4.0 * std::f32::consts::PI).sin().max(0.0);
        let pause = if at % 3.0 > 2.3 { 0.0 } else { 1.0 };
        let buzz: f32 =
            (1..8).map(|n| (at * 130.0 * n as f32 * std::f32::consts::TAU).sin() / n as f32).sum();
        0.1 * syllable * pause * buzz
    };
    (0..seconds * RATE).map(sample).collect()
}

/// A WAV file of it.
fn wav(samples: &[f32]) -> Vec<u8> {
    let bytes = samples.len() as u32 * 2;
    let mut file = b"RIFF".to_vec();
    file.extend((bytes + 36).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend((RATE as u32).to_le_bytes());
    file.extend((RATE as u32 * 2).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(bytes.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| ((sample * 32_767.0) as i16).to_le_bytes()));
    file
}
