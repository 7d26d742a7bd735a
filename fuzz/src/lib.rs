//! What is tried with arbitrary bytes: by the fuzzer for hours, and by the tests of hark-voice for seconds.

use std::time::Duration;

use hark_voice::{Limits, decode as read, prepare, waveform as drawing};
use ogg::{PacketWriteEndInfo, PacketWriter};

/// Small, so that a file that grows without bound is caught soon.
const SECONDS: usize = 30;

/// Reads `data` as a file somebody sent: it may be refused, but what comes out is sound within the limits.
pub fn decode(data: &[u8]) {
    let limits = Limits { max_duration: Duration::from_secs(SECONDS as u64), max_bytes: 1 << 20 };
    if let Ok(pcm) = read(data, &limits) {
        assert!(!pcm.samples.is_empty() && pcm.samples.len() <= SECONDS * 48_000);
        assert!(pcm.samples.iter().all(|sample| sample.abs() <= 4.0), "a sample is no number or no sound");
    }
}

/// Reads `data` as the packets of an Ogg Opus file. Ogg has a checksum that chance never hits, so the file is written
/// here: two bytes of length and flags, one of position, and the packet, again and again.
pub fn ogg(data: &[u8]) {
    let mut writer = PacketWriter::new(Vec::new());
    let mut rest = data;
    let mut position = 0_u64;
    if data.first().is_some_and(|byte| byte & 1 == 0) {
        let head = b"OpusHead\x01\x01\x38\x01\x80\xBB\0\0\0\0\0".to_vec();
        writer.write_packet(head, 0, PacketWriteEndInfo::EndPage, 0).expect("memory takes every byte");
    }
    while let Some((&[flags, length, step], more)) = rest.split_first_chunk() {
        let (packet, more) =
            more.split_at(more.len().min(usize::from(length) + (usize::from(flags & 3) << 8)));
        rest = more;
        position = match flags >> 6 {
            0 => position.wrapping_add(u64::from(step) * 120),
            1 => position.wrapping_sub(u64::from(step) * 120),
            2 => u64::MAX - u64::from(step),
            _ => u64::from(step) << (step & 63),
        };
        let end = match flags >> 4 & 3 {
            0 | 1 => PacketWriteEndInfo::NormalPacket,
            2 => PacketWriteEndInfo::EndPage,
            _ => PacketWriteEndInfo::EndStream,
        };
        writer
            .write_packet(packet, u32::from(flags >> 2 & 1), end, position)
            .expect("memory takes every byte");
    }
    decode(&writer.into_inner());
}

/// Reads `data` as samples to draw, and as a waveform somebody sent.
pub fn waveform(data: &[u8]) {
    let Some((&count, data)) = data.split_first() else { return };
    let count = usize::from(count);
    let samples: Vec<f32> = data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let values: Vec<u16> = data.as_chunks::<2>().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect();
    for drawn in [drawing::draw(&samples, count), drawing::fit(&values, count)] {
        assert_eq!(drawn.len(), count);
        assert!(drawn.iter().all(|&value| value <= drawing::MAX));
    }
}

/// The fuzzer ends at every panic, caught or not. Those of symphonia are caught in hark-voice; a panic anywhere else is a
/// find.
pub fn pass_over_symphonia() {
    std::panic::set_hook(Box::new(|panic| {
        if !panic.location().is_some_and(|place| place.file().contains("/symphonia-")) {
            eprintln!("{panic}");
            std::process::abort();
        }
    }));
}

/// Small files of the formats that can be made without another program, to begin from.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let tone: Vec<i16> = (0..4_800_i32).map(|index| ((index * 37) % 8_000 - 4_000) as i16).collect();
    let wav = wav(&tone);
    let ours = prepare(&wav).expect("a WAV is sound").ogg;
    vec![("tone.wav", wav), ("tone.ogg", ours)]
}

fn wav(samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\xBB\0\0\0\x77\x01\0\x02\0\x10\0data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}
