//! Sounds to test with, and what is in a sound.
#![allow(dead_code, reason = "each test program uses its part")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
pub(crate) mod card;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

/// A sine of `hertz` for `samples` at `rate`.
pub(crate) fn sine(hertz: f64, level: f64, rate: u32, samples: usize) -> Vec<f32> {
    let step = std::f64::consts::TAU * hertz / f64::from(rate);
    (0..samples).map(|index| (level * (step * index as f64).sin()) as f32).collect()
}

/// A WAV file of 16-bit samples, every channel the same.
pub(crate) fn wav(samples: &[f32], rate: u32, channels: u16) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for sample in samples {
        for _ in 0..channels {
            writer.write_sample((sample * 32_767.0) as i16).unwrap();
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// Ogg Opus as a recorder in a browser writes it: `pre_skip` samples first, positions that begin at `origin`.
pub(crate) fn recorded(sound: &[f32], pre_skip: u16, origin: u64, serial: u32) -> Vec<u8> {
    use ogg::PacketWriteEndInfo::{EndPage, EndStream};
    let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip).unwrap();
    let late = usize::from(pre_skip) - encoder.get_lookahead().unwrap() as usize;
    let mut input = vec![0.0; late];
    input.extend(sound);
    let end = usize::from(pre_skip) + sound.len();
    input.resize(end.next_multiple_of(960), 0.0);
    let mut writer = ogg::PacketWriter::new(Vec::new());
    let head = [&b"OpusHead\x01\x01"[..], &pre_skip.to_le_bytes(), b"\x80\xBB\0\0\0\0\0"].concat();
    writer.write_packet(head, serial, EndPage, 0).unwrap();
    writer.write_packet(&b"OpusTags\0\0\0\0\0\0\0\0"[..], serial, EndPage, 0).unwrap();
    for (index, frame) in input.chunks(960).enumerate() {
        let done = ((index + 1) * 960).min(end);
        let info = if done == end { EndStream } else { EndPage };
        let packet = encoder.encode_vec_float(frame, 1_275).unwrap();
        writer.write_packet(packet, serial, info, origin + done as u64).unwrap();
    }
    writer.into_inner()
}

/// A steady tone at 48 kHz.
#[derive(Debug)]
pub(crate) struct Tone {
    /// Its pitch.
    pub(crate) hertz: f64,
    /// How long it sounds, pauses not counted.
    pub(crate) milliseconds: f64,
}

/// The tone in `samples`, by the time between rising zero crossings, each placed between samples. Waves that are not like
/// most, where the sound begins, ends or drops out on a busy machine, do not count.
pub(crate) fn tone(samples: &[f32]) -> Tone {
    let crossings: Vec<f64> = samples
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
        .map(|(index, pair)| index as f64 + f64::from(pair[0] / (pair[0] - pair[1])))
        .collect();
    let mut waves: Vec<f64> = crossings.windows(2).map(|pair| pair[1] - pair[0]).collect();
    waves.sort_by(f64::total_cmp);
    let usual = waves[waves.len() / 2];
    waves.retain(|wave| (wave / usual - 1.0).abs() < 0.1);
    let length = waves.iter().sum::<f64>();
    Tone { hertz: 48_000.0 * waves.len() as f64 / length, milliseconds: length / 48.0 }
}

/// Noise: no two pieces of it are the same.
pub(crate) fn noise(seed: u32, samples: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) as f32 / 32_768.0 - 1.0) * 0.3
    };
    (0..samples).map(|_| next()).collect()
}

/// Where samples of `said` are missing in `kept`, and how many.
pub(crate) fn holes(said: &[f32], kept: &[f32]) -> Vec<(usize, usize)> {
    const PIECE: usize = 48;
    let alike = |one: &[f32], other: &[f32]| one.iter().zip(other).all(|(a, b)| (a - b).abs() < 0.000_1);
    let mut holes = Vec::new();
    let (mut kept, mut missing) = (kept, 0);
    for (at, piece) in said.chunks_exact(PIECE).enumerate() {
        // Silence may be in between, where the card itself stood still.
        if let Some(found) = kept.windows(PIECE).position(|window| alike(window, piece)) {
            if missing > 0 {
                holes.push((at * PIECE - missing, missing));
            }
            (kept, missing) = (&kept[found + PIECE..], 0);
        } else {
            missing += PIECE;
        }
    }
    if missing > 0 {
        holes.push((said.len() - missing, missing));
    }
    holes
}

/// Keeps every processor busy twice over for as long as `body` runs.
pub(crate) fn busy<T>(body: impl FnOnce() -> T) -> T {
    let threads = 2 * std::thread::available_parallelism().unwrap().get();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let ends = EndsWhenDropped(&over);
        let done = body();
        drop(ends);
        done
    })
}

/// A test that fails ends as well.
struct EndsWhenDropped<'a>(&'a AtomicBool);

impl Drop for EndsWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Its pitch.
pub(crate) fn frequency(samples: &[f32]) -> f64 {
    tone(samples).hertz
}

/// Integrated loudness in LUFS.
pub(crate) fn loudness(samples: &[f32]) -> f64 {
    let mut meter = ebur128::EbuR128::new(1, 48_000, ebur128::Mode::I).unwrap();
    meter.add_frames_f32(samples).unwrap();
    meter.loudness_global().unwrap()
}

/// Runs a program that the tests need and gives what it printed.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("cannot run {program} ({error}); `cargo xtask test` installs it"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// `source` turned by ffmpeg into the format of `name`'s extension, with more arguments.
pub(crate) fn ffmpeg(directory: &Path, source: &[u8], name: &str, arguments: &[&str]) -> Vec<u8> {
    let from = directory.join(format!("{name}.source.wav"));
    let to = directory.join(name);
    std::fs::write(&from, source).unwrap();
    let (from, to_text) = (from.to_str().unwrap(), to.to_str().unwrap());
    let mut all = vec!["-v", "error", "-y", "-i", from];
    all.extend(arguments);
    all.push(to_text);
    run("ffmpeg", &all);
    std::fs::read(&to).unwrap()
}

/// The length in seconds that ffprobe reports for `bytes`.
pub(crate) fn ffprobe_seconds(directory: &Path, bytes: &[u8]) -> f64 {
    let file = directory.join("probed.ogg");
    std::fs::write(&file, bytes).unwrap();
    let arguments =
        ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file.to_str().unwrap()];
    String::from_utf8(run("ffprobe", &arguments)).unwrap().trim().parse().unwrap()
}
