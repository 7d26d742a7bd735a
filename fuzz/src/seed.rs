//! Writes the files the fuzzer begins with to `fuzz/corpus/decode`: ours, and where there is ffmpeg every other format.

use std::path::Path;
use std::process::Command;

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/decode");
    std::fs::create_dir_all(&corpus)?;
    for (name, bytes) in hark_fuzz::seeds() {
        std::fs::write(corpus.join(name), bytes)?;
    }
    let wav = corpus.join("tone.wav");
    for name in
        ["aac.m4a", "lame.mp3", "flac.flac", "opus.webm", "vorbis.ogg", "adts.aac", "flac.ogg", "pcm.mkv"]
    {
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-y", "-i"])
            .arg(&wav)
            .arg(corpus.join(name))
            .status();
        if !made.is_ok_and(|status| status.success()) {
            eprintln!("{name} left out: ffmpeg could not make it");
        }
    }
    Ok(())
}
