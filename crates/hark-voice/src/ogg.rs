//! Opus packets → an Ogg file (RFC 7845), with positions so exact that every player agrees on the length.

use ogg::{PacketWriteEndInfo, PacketWriter};

use crate::encode::{Encoder, FRAME};
use crate::pcm::SAMPLE_RATE;

/// The only stream of the file needs a number; files are the same for the same sound.
const SERIAL: u32 = 0x4861_726B;

/// Packets in a page: one second, as RFC 7845 asks for at most.
const PACKETS_PER_PAGE: u64 = 50;

/// Bytes a second of sound takes, about.
const BYTES_PER_SECOND: usize = 3_200;

/// A voice message being written: sound goes in as it comes, and soon after the last of it the file is whole.
pub(crate) struct OggOpus {
    encoder: Encoder,
    pages: Pages,
}

impl OggOpus {
    pub(crate) fn new() -> Result<Self, opus::Error> {
        let encoder = Encoder::new()?;
        let pages = Pages::new(encoder.pre_skip());
        Ok(Self { encoder, pages })
    }

    /// Adds `samples` at 48 kHz.
    pub(crate) fn push(&mut self, samples: &[f32]) -> Result<(), opus::Error> {
        self.encoder.push(samples, |packet| self.pages.packet(packet))
    }

    /// The file's bytes. `gain` is what a player raises the sound by, in 256ths of a decibel.
    pub(crate) fn finish(self, gain: i16) -> Result<Vec<u8>, opus::Error> {
        let Self { encoder, mut pages } = self;
        let samples = encoder.finish(|packet| pages.packet(packet))?;
        Ok(pages.finish(samples, gain))
    }
}

struct Pages {
    writer: PacketWriter<'static, Vec<u8>>,
    pre_skip: u16,
    /// The newest packet, which may turn out to be the last.
    newest: Vec<u8>,
    /// How many packets there are, the newest included.
    count: u64,
}

impl Pages {
    fn new(pre_skip: u16) -> Self {
        let mut writer = PacketWriter::new(Vec::with_capacity(60 * BYTES_PER_SECOND));
        put(&mut writer, head(pre_skip, 0), PacketWriteEndInfo::EndPage, 0);
        put(&mut writer, tags(), PacketWriteEndInfo::EndPage, 0);
        Self { writer, pre_skip, newest: Vec::new(), count: 0 }
    }

    fn packet(&mut self, packet: Vec<u8>) {
        let before = std::mem::replace(&mut self.newest, packet);
        if self.count > 0 {
            let info = match self.count % PACKETS_PER_PAGE {
                0 => PacketWriteEndInfo::EndPage,
                _ => PacketWriteEndInfo::NormalPacket,
            };
            put(&mut self.writer, before, info, self.count * FRAME as u64);
        }
        self.count += 1;
    }

    fn finish(mut self, samples: u64, gain: i16) -> Vec<u8> {
        let end = u64::from(self.pre_skip) + samples;
        put(&mut self.writer, self.newest, PacketWriteEndInfo::EndStream, end);
        let mut file = self.writer.into_inner();
        // Only now it is known how loud it became; a head of any gain is equally long.
        let mut first = PacketWriter::new(Vec::new());
        put(&mut first, head(self.pre_skip, gain), PacketWriteEndInfo::EndPage, 0);
        let first = first.into_inner();
        file[..first.len()].copy_from_slice(&first);
        file
    }
}

fn put(writer: &mut PacketWriter<'static, Vec<u8>>, packet: Vec<u8>, end: PacketWriteEndInfo, position: u64) {
    writer.write_packet(packet, SERIAL, end, position).expect("memory takes every byte");
}

fn head(pre_skip: u16, gain: i16) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec(); // version 1, one channel
    head.extend(pre_skip.to_le_bytes());
    head.extend(SAMPLE_RATE.to_le_bytes());
    head.extend(gain.to_le_bytes());
    head.push(0); // channels as they are
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
