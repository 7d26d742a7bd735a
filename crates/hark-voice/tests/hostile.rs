//! No file, however made, brings the program down, keeps it busy or fills its memory.

mod common;

#[path = "../../../fuzz/src/lib.rs"]
#[allow(dead_code, unreachable_pub, reason = "the fuzzer's library, here a module")]
mod harness;

use std::sync::OnceLock;
use std::time::Duration;

use common::{ffmpeg, sine, wav};
use proptest::prelude::*;

/// A file of at most 30 seconds of sound may not take longer, on a busy machine.
const LONGEST: Duration = Duration::from_secs(10);

/// Enough for seconds; the fuzzer has hours.
const CASES: u32 = 256;

/// Small files of every format.
fn valid() -> &'static [Vec<u8>] {
    static FILES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let source = wav(&sine(440.0, 0.3, 48_000, 9_600), 48_000, 2);
        let made = ["a.m4a", "a.mp3", "a.flac", "a.webm", "a.ogg", "a.aac", "a.mkv", "a.opus"]
            .map(|name| ffmpeg(directory.path(), &source, name, &[]));
        made.into_iter().chain(harness::seeds().into_iter().map(|seed| seed.1)).chain([source]).collect()
    })
}

#[expect(clippy::disallowed_methods, reason = "a test measures real time")]
fn soon(attempt: impl FnOnce()) {
    let began = std::time::Instant::now();
    attempt();
    assert!(began.elapsed() < LONGEST, "{:?}", began.elapsed());
}

fn magic() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(vec![
        b"".to_vec(),
        b"OggS\0\x02".to_vec(),
        b"RIFF\xff\xff\xff\x7fWAVEfmt ".to_vec(),
        b"fLaC\0\0\0\x22".to_vec(),
        b"\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01".to_vec(),
        b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom\0\0\0\0\0\0\x10\0moov".to_vec(),
        b"ID3\x04\0\0\0\0\0\x0a".to_vec(),
        b"\xFF\xFB\x90\x64".to_vec(),
        b"\xFF\xF1\x50\x80".to_vec(),
    ])
}

/// Found by the fuzzer: symphonia indexes past a table, which would have brought down whoever receives the message.
#[test]
fn a_vorbis_file_with_a_damaged_codebook_is_refused() {
    let file = include_bytes!("files/vorbis-codebook.ogg");
    let limits = hark_voice::Limits::default();
    assert_eq!(hark_voice::decode(file, &limits), Err(hark_voice::DecodeError::NotSound));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn random_bytes_behind_any_magic_are_survived(start in magic(), rest in prop::collection::vec(any::<u8>(), 0..3_000)) {
        soon(|| harness::decode(&[start, rest].concat()));
    }

    #[test]
    fn a_damaged_file_is_survived(
        file in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..24),
        header in any::<bool>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = file.get(valid()).clone();
        // Half of the time only the head is hit, where the structure is.
        let reach = if header { bytes.len().min(400) } else { bytes.len() };
        for (at, value) in changes {
            bytes[at.index(reach)] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        soon(|| harness::decode(&bytes));
    }

    #[test]
    fn a_file_spliced_of_two_is_survived(
        one in any::<prop::sample::Index>(),
        two in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
    ) {
        let (one, two) = (one.get(valid()), two.get(valid()));
        let bytes = [&one[..at.index(one.len())], &two[from.index(two.len())..]].concat();
        soon(|| harness::decode(&bytes));
    }

    #[test]
    fn any_packets_in_an_ogg_file_are_survived(data in prop::collection::vec(any::<u8>(), 0..2_000)) {
        soon(|| harness::ogg(&data));
    }

    #[test]
    fn any_numbers_are_a_waveform(data in prop::collection::vec(any::<u8>(), 0..2_000)) {
        soon(|| harness::waveform(&data));
    }
}
