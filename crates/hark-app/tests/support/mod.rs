//! What several of these tests begin with.
#![allow(dead_code, reason = "no test needs all of it")]

pub(crate) mod page;
pub(crate) mod talkers;
#[cfg(target_os = "linux")]
pub(crate) mod window;

use std::io::Cursor;
use std::path::Path;

use hark_testkit::Program;

/// `hark --data FOLDER …` as built for these tests. The store's key is a file, so that no keyring is asked.
pub(crate) fn hark(folder: &Path) -> Program {
    Program::at(Path::new(env!("CARGO_BIN_EXE_hark"))).env("HARK_KEY", "file").arg("--data").arg(folder)
}

/// A tone of this length, as a WAV file.
pub(crate) fn tone(millis: u32) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::new());
    let mut wav = hound::WavWriter::new(&mut file, spec).unwrap();
    for n in 0..millis * 16 {
        let sample = (f64::from(n) * 440.0 * std::f64::consts::TAU / 16_000.0).sin();
        wav.write_sample((sample * 12_000.0) as i16).unwrap();
    }
    wav.finalize().unwrap();
    file.into_inner()
}
