//! Sound of other programs comes in right, and ours goes out right.

mod common;

use common::{ffmpeg, ffprobe_seconds, frequency, loudness, recorded, sine, wav};
use hark_voice::{DecodeError, Limits, PrepareError, decode, prepare};

fn read(bytes: &[u8]) -> Vec<f32> {
    decode(bytes, &Limits::default()).unwrap_or_else(|error| panic!("{error}")).samples
}

#[test]
fn a_voice_message_comes_back_as_long_as_it_was_and_sounds_the_same() {
    let directory = tempfile::tempdir().unwrap();
    for samples in [1, 480, 47_999, 48_000, 48_001, 144_123] {
        let clip = prepare(&wav(&sine(440.0, 0.1, 48_000, samples), 48_000, 1)).unwrap();
        assert_eq!(read(&clip.ogg).len(), samples);
        assert_eq!(clip.duration_ms, (samples as f64 / 48.0).round() as u64);
        assert_eq!(clip.waveform.len(), 100);
        let probed = ffprobe_seconds(directory.path(), &clip.ogg) * 48_000.0;
        // ffprobe leaves the pre-skip of 6.5 ms in.
        assert!((probed - samples as f64 - 312.0).abs() < 2.0, "{probed} of {samples}");
    }

    let sound = read(&prepare(&wav(&sine(440.0, 0.03, 48_000, 240_000), 48_000, 1)).unwrap().ogg);
    let heard = frequency(&sound[4_800..235_200]);
    assert!((heard - 440.0).abs() < 1.0, "{heard} Hz");
    assert!((loudness(&sound) + 16.0).abs() < 1.0, "{} LUFS", loudness(&sound));
}

#[test]
fn a_minute_of_speech_costs_about_180_kib() {
    let directory = tempfile::tempdir().unwrap();
    let spoken = directory.path().join("speech.wav");
    let words = "Every word that is said here is going to arrive, whatever happens on the way. ".repeat(4);
    common::run("espeak-ng", &["-w", spoken.to_str().unwrap(), &words]);
    let clip = prepare(&std::fs::read(&spoken).unwrap()).unwrap();
    let kib_a_minute = clip.ogg.len() as f64 / 1024.0 / (clip.duration_ms as f64 / 60_000.0);
    assert!((120.0..240.0).contains(&kib_a_minute), "{kib_a_minute} KiB");
    let loud = loudness(&read(&clip.ogg));
    assert!((loud + 16.0).abs() < 1.0, "{loud} LUFS");
}

#[test]
fn every_foreign_format_has_its_length_and_its_tone() {
    let directory = tempfile::tempdir().unwrap();
    let source = wav(&sine(440.0, 0.3, 48_000, 3 * 48_000), 48_000, 2);
    for (name, arguments) in [
        ("opus.ogg", &["-c:a", "libopus", "-b:a", "32k"][..]),
        ("opus.webm", &["-c:a", "libopus", "-b:a", "32k"]),
        ("vorbis.ogg", &["-c:a", "libvorbis"]),
        ("vorbis.webm", &["-c:a", "libvorbis"]),
        ("aac.m4a", &["-c:a", "aac", "-b:a", "64k"]),
        ("aac.mp4", &["-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"]),
        ("aac.aac", &["-c:a", "aac"]),
        ("phone.m4a", &["-c:a", "aac", "-ar", "16000", "-ac", "1"]),
        ("slow.m4a", &["-c:a", "aac", "-ar", "8000", "-ac", "1"]),
        ("lame.mp3", &["-c:a", "libmp3lame", "-b:a", "64k"]),
        ("untagged.mp3", &["-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0"]),
        ("flac.flac", &["-c:a", "flac"]),
        ("flac.ogg", &["-c:a", "flac"]),
        ("pcm.mkv", &["-c:a", "pcm_s16le"]),
        ("float.wav", &["-c:a", "pcm_f32le"]),
        ("deep.wav", &["-c:a", "pcm_s24le"]),
        ("law.wav", &["-c:a", "pcm_mulaw", "-ar", "8000"]),
        ("adpcm.wav", &["-c:a", "adpcm_ima_wav"]),
    ] {
        let sound = read(&ffmpeg(directory.path(), &source, name, arguments));
        let milliseconds = sound.len() as f64 / 48.0;
        assert!((milliseconds - 3_000.0).abs() <= 50.0, "{name}: {milliseconds} ms");
        let heard = frequency(&sound[9_600..134_400]);
        assert!((heard - 440.0).abs() < 1.0, "{name}: {heard} Hz");
    }
}

#[test]
fn wav_of_any_rate_and_any_channels_has_its_exact_length() {
    for rate in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000] {
        for channels in [1, 2, 3, 6, 8] {
            let sound = read(&wav(&sine(440.0, 0.3, rate, rate as usize), rate, channels));
            assert_eq!(sound.len(), 48_000, "{rate} Hz, {channels} channels");
            let heard = frequency(&sound[2_400..45_600]);
            assert!((heard - 440.0).abs() < 1.0, "{rate} Hz, {channels} channels: {heard} Hz");
        }
    }
}

#[test]
fn opus_with_six_channels_or_short_or_long_packets_is_exact_to_the_sample() {
    let directory = tempfile::tempdir().unwrap();
    let source = wav(&sine(440.0, 0.3, 48_000, 100_001), 48_000, 6);
    for (name, arguments) in [
        ("six.ogg", &["-c:a", "libopus", "-mapping_family", "1"][..]),
        ("short.ogg", &["-c:a", "libopus", "-ac", "1", "-frame_duration", "2.5"]),
        ("long.ogg", &["-c:a", "libopus", "-ac", "2", "-frame_duration", "60"]),
        ("pages.ogg", &["-c:a", "libopus", "-ac", "1", "-page_duration", "20000"]),
    ] {
        assert_eq!(read(&ffmpeg(directory.path(), &source, name, arguments)).len(), 100_001, "{name}");
    }
}

#[test]
fn a_long_pre_skip_a_late_start_and_a_chain_of_streams_are_exact() {
    let sound = [vec![0.0; 9_600], sine(440.0, 0.5, 48_000, 20_001)].concat();
    for (pre_skip, origin) in [(312, 0), (3_840, 0), (3_840, 1_000_000)] {
        let heard = read(&recorded(&sound, pre_skip, origin, 7));
        assert_eq!(heard.len(), sound.len(), "pre-skip {pre_skip}, from {origin}");
        let begins = heard.iter().position(|sample| sample.abs() > 0.1).unwrap();
        assert!(begins.abs_diff(9_600) < 48, "pre-skip {pre_skip}, from {origin}: {begins}");
    }
    let chain = [recorded(&sound, 312, 0, 7), recorded(&sound[..15_000], 3_840, 0, 8)].concat();
    assert_eq!(read(&chain).len(), sound.len() + 15_000);
}

#[test]
fn what_is_not_sound_is_refused_in_plain_words() {
    let zip = [&b"PK\x03\x04"[..], &[7; 4_000]].concat();
    let wav_by_name = b"RIFF\xff\xff\xff\xffWAVEthis is not one at all".to_vec();
    let avi = [&b"RIFF\x24\x00\x00\x00AVI LIST"[..], &[0; 64]].concat();
    for bytes in [Vec::new(), b"hello".to_vec(), zip, wav_by_name, avi] {
        let error = prepare(&bytes).unwrap_err();
        assert!(matches!(error, PrepareError::Decode(DecodeError::NotSound)), "{error:?}");
        assert!(error.to_string().starts_with("This file is not sound Hark can read. Choose "), "{error}");
    }
    assert_eq!(decode(&wav(&[], 48_000, 1), &Limits::default()), Err(DecodeError::Empty));
}

#[test]
fn a_picture_of_a_film_without_sound_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let film = directory.path().join("film.mp4");
    let arguments =
        ["-v", "error", "-f", "lavfi", "-i", "testsrc=duration=1:size=64x64:rate=5", film.to_str().unwrap()];
    common::run("ffmpeg", &arguments);
    let error = decode(&std::fs::read(&film).unwrap(), &Limits::default()).unwrap_err();
    assert_eq!(error, DecodeError::NotSound);
}

#[test]
fn a_file_that_breaks_off_gives_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let source = wav(&sine(440.0, 0.3, 48_000, 10 * 48_000), 48_000, 1);
    let ours = prepare(&source).unwrap().ogg;
    for (name, bytes) in [
        ("wav", source.clone()),
        ("ours", ours),
        ("mp3", ffmpeg(directory.path(), &source, "cut.mp3", &["-c:a", "libmp3lame"])),
        ("flac", ffmpeg(directory.path(), &source, "cut.flac", &["-c:a", "flac"])),
        ("webm", ffmpeg(directory.path(), &source, "cut.webm", &["-c:a", "libopus"])),
        ("m4a", ffmpeg(directory.path(), &source, "cut.m4a", &["-c:a", "aac", "-movflags", "faststart"])),
    ] {
        let sound = decode(&bytes[..bytes.len() / 2], &Limits::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .samples;
        let seconds = sound.len() as f64 / 48_000.0;
        assert!((3.9..6.1).contains(&seconds), "{name}: {seconds} s");
        assert!((frequency(&sound[4_800..]) - 440.0).abs() < 1.0, "{name}");
    }
}

#[test]
fn too_long_and_too_large_are_refused_before_they_cost_memory() {
    let limits = Limits { max_duration: std::time::Duration::from_mins(2), max_bytes: 4 << 20 };
    // Three minutes of digital silence: 16 kB.
    let directory = tempfile::tempdir().unwrap();
    let source = wav(&vec![0.0; 8_000 * 180], 8_000, 1);
    let flac = ffmpeg(directory.path(), &source, "silence.flac", &["-c:a", "flac"]);
    let error = decode(&flac, &limits).unwrap_err();
    assert_eq!(error.to_string(), "This sound is longer than 2 minutes. Choose a shorter one.");
    let error = decode(&vec![0; (4 << 20) + 1], &limits).unwrap_err();
    assert_eq!(error.to_string(), "This file is larger than 4 MB. Choose a smaller one.");
}
