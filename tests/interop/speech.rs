//! Spoken words in sound files of several kinds.

use std::path::Path;

use hark_testkit::Program;

const WORDS: &str = "Hold the key, talk, and let go. It is certain to arrive, whatever dies in between.";

/// Speaks into a WAV file.
pub(crate) async fn wav(file: &Path) {
    Program::at(Path::new("espeak-ng")).arg("-w").arg(file).arg(WORDS).run().await.ok();
}

/// The same sound in the format the new file's name asks for.
pub(crate) async fn convert(from: &Path, to: &Path) {
    Program::at(Path::new("ffmpeg")).args(["-v", "error", "-y", "-i"]).arg(from).arg(to).run().await.ok();
}

/// The length of a sound file, as another program sees it.
pub(crate) async fn duration_ms(file: &Path) -> u64 {
    let ask = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"];
    let said = Program::at(Path::new("ffprobe")).args(ask).arg(file).run().await.ok();
    let seconds: f64 = said.parse().unwrap_or_else(|_| panic!("ffprobe says {said:?}"));
    (seconds * 1000.0).round() as u64
}
