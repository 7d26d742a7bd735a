//! Opus packets → an Ogg file (RFC 7845), with positions so exact that every player agrees on the length.

use ogg::{PacketWriteEndInfo, PacketWriter};

use crate::encode::{Encoded, FRAME};
use crate::pcm::SAMPLE_RATE;

/// The only stream of the file needs a number; files are the same for the same sound.
const SERIAL: u32 = 0x4861_726B;

/// Packets in a page: one second, as RFC 7845 asks for at most.
const PACKETS_PER_PAGE: usize = 50;

/// The file's bytes.
pub(crate) fn write(encoded: &Encoded) -> Vec<u8> {
    let sound: usize = encoded.packets.iter().map(Vec::len).sum();
    let mut writer = PacketWriter::new(Vec::with_capacity(sound + sound / 20 + 512));
    let mut put = |packet: Vec<u8>, end: PacketWriteEndInfo, position: u64| {
        writer.write_packet(packet, SERIAL, end, position).expect("memory takes every byte");
    };
    put(head(encoded.pre_skip), PacketWriteEndInfo::EndPage, 0);
    put(tags(), PacketWriteEndInfo::EndPage, 0);

    let end = u64::from(encoded.pre_skip) + encoded.samples;
    let count = encoded.packets.len();
    for (index, packet) in encoded.packets.iter().enumerate() {
        let number = index + 1;
        let info = match number {
            _ if number == count => PacketWriteEndInfo::EndStream,
            _ if number % PACKETS_PER_PAGE == 0 => PacketWriteEndInfo::EndPage,
            _ => PacketWriteEndInfo::NormalPacket,
        };
        put(packet.clone(), info, ((number * FRAME) as u64).min(end));
    }
    writer.into_inner()
}

fn head(pre_skip: u16) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec(); // version 1, one channel
    head.extend(pre_skip.to_le_bytes());
    head.extend(SAMPLE_RATE.to_le_bytes());
    head.extend([0, 0, 0]); // no gain, channels as they are
    head
}

fn tags() -> Vec<u8> {
    let vendor = b"Hark";
    let mut tags = b"OpusTags".to_vec();
    tags.extend((vendor.len() as u32).to_le_bytes());
    tags.extend(vendor);
    tags.extend(0_u32.to_le_bytes()); // no comments: they tell about the sender
    tags
}
