//! Sounds to say, and what is in a sound that was heard. 48 kHz mono.

use std::path::Path;

/// A sine, as samples.
pub fn sine(hertz: f64, level: f64, milliseconds: u32) -> Vec<f32> {
    let step = std::f64::consts::TAU * hertz / 48_000.0;
    (0..milliseconds * 48).map(|index| (level * (step * f64::from(index)).sin()) as f32).collect()
}

/// Writes samples as a WAV file of 16 bits.
pub fn write_wav(path: &Path, samples: &[f32]) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).expect("a file");
    for sample in samples {
        wav.write_sample((sample * 32_767.0) as i16).expect("room on the disk");
    }
    wav.finalize().expect("room on the disk");
}

/// A sentence, spoken by espeak-ng into a WAV file.
pub async fn speak(path: &Path, sentence: &str) {
    let mut espeak = tokio::process::Command::new("espeak-ng");
    let spoken = espeak.arg("-w").arg(path).arg(sentence).status().await;
    assert!(spoken.expect("espeak-ng; `cargo xtask test` installs it").success());
}

/// A steady tone.
#[derive(Clone, Copy, Debug)]
pub struct Tone {
    /// Its pitch.
    pub hertz: f64,
    /// How long it sounds, pauses not counted.
    pub milliseconds: f64,
}

/// The tone in `samples`, by the time between rising zero crossings, each placed between samples. Waves that are not like
/// most, where the sound begins, ends or drops out on a busy machine, do not count.
pub fn tone(samples: &[f32]) -> Tone {
    let crossings: Vec<f64> = samples
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
        .map(|(index, pair)| index as f64 + f64::from(pair[0] / (pair[0] - pair[1])))
        .collect();
    let mut waves: Vec<f64> = crossings.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(!waves.is_empty(), "there is no tone");
    waves.sort_by(f64::total_cmp);
    let usual = waves[waves.len() / 2];
    waves.retain(|wave| (wave / usual - 1.0).abs() < 0.1);
    let length = waves.iter().sum::<f64>();
    Tone { hertz: 48_000.0 * waves.len() as f64 / length, milliseconds: length / 48.0 }
}

/// Integrated loudness in LUFS.
pub fn loudness(samples: &[f32]) -> f64 {
    let mut meter = ebur128::EbuR128::new(1, 48_000, ebur128::Mode::I).expect("a meter");
    meter.add_frames_f32(samples).expect("samples");
    meter.loudness_global().expect("samples")
}
