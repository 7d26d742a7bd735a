//! Ogg Opus to the exact sample (RFC 7845).
//!
//! The position an Ogg page carries counts samples from the stream's start, pre-skip included, to the end of the last
//! packet that ends in it. Two things follow: the sound begins after `pre-skip` samples, which may span packets; and the
//! last page says where the sound ends, which may be inside its last packets.

use std::io::Cursor;

use ogg::{Packet, PacketReader};

use super::DecodeError;
use super::mix::Mix;
use super::opus::{OpusHead, OpusTrack};

/// An Ogg page in which no packet ends.
const NO_POSITION: u64 = u64::MAX;

/// Decodes every Opus stream of the file, one after the other; streams of anything else are passed over.
pub(super) fn read(bytes: &[u8], mix: &mut Mix) -> Result<(), DecodeError> {
    let mut packets = PacketReader::new(Cursor::new(bytes));
    let mut stream: Option<Stream> = None;
    let mut found = false;
    while let Some(packet) = next(&mut packets) {
        if packet.first_in_stream() {
            if let Some(next) = Stream::open(&packet) {
                if let Some(before) = stream.replace(next) {
                    before.end(mix);
                }
                found = true;
            }
        } else if let Some(stream) = stream.as_mut().filter(|stream| stream.serial == packet.stream_serial())
        {
            stream.packet(&packet, mix)?;
        }
    }
    if let Some(stream) = stream {
        stream.end(mix);
    }
    if found { Ok(()) } else { Err(DecodeError::NotSound) }
}

/// What the last page says the file holds, in samples; a file that lies is found out when it is decoded.
pub(super) fn expected_samples(bytes: &[u8]) -> u64 {
    let last = bytes.windows(4).rposition(|window| window == b"OggS").unwrap_or(0);
    let position = bytes.get(last + 6..last + 14).and_then(|field| field.try_into().ok());
    let position = position.map_or(NO_POSITION, u64::from_le_bytes);
    if position == NO_POSITION { 0 } else { position }
}

/// The next whole packet, past damage; `None` at the end.
fn next(packets: &mut PacketReader<Cursor<&[u8]>>) -> Option<Packet> {
    loop {
        let before = packets.get_ref().position();
        match packets.read_packet() {
            Ok(packet) => return packet,
            Err(_) if packets.get_ref().position() > before => {}
            Err(_) => return None,
        }
    }
}

struct Stream {
    serial: u32,
    track: OpusTrack,
    tags_read: bool,
    pre_skip: u64,
    /// Samples decoded, pre-skip included.
    decoded: u64,
    /// Of these, how many came from the page being read.
    of_page: u64,
    /// The position at which the first page with sound begins; above 0 where the stream was cut out of a longer one.
    origin: Option<u64>,
    /// Samples the last page has too many.
    surplus: u64,
}

impl Stream {
    fn open(packet: &Packet) -> Option<Self> {
        let head = OpusHead::parse(&packet.data)?;
        Some(Self {
            serial: packet.stream_serial(),
            track: OpusTrack::new(&head)?,
            tags_read: false,
            pre_skip: u64::from(head.pre_skip()),
            decoded: 0,
            of_page: 0,
            origin: None,
            surplus: 0,
        })
    }

    fn packet(&mut self, packet: &Packet, mix: &mut Mix) -> Result<(), DecodeError> {
        if !self.tags_read {
            self.tags_read = true;
            if packet.data.starts_with(b"OpusTags") {
                return Ok(());
            }
        }
        let samples = self.track.packet(&packet.data, mix)?.unwrap_or(0) as u64;
        self.decoded += samples;
        self.of_page += samples;
        if packet.last_in_page() {
            self.page_ended(packet.absgp_page());
        }
        Ok(())
    }

    fn page_ended(&mut self, position: u64) {
        let of_page = std::mem::take(&mut self.of_page);
        if position == NO_POSITION {
            return;
        }
        let origin = *self.origin.get_or_insert(position.saturating_sub(self.decoded));
        let surplus = self.decoded.saturating_sub(position.saturating_sub(origin));
        // More than the page holds is damage, not an end.
        self.surplus = if surplus <= of_page { surplus } else { 0 };
    }

    fn end(self, mix: &mut Mix) {
        let sound = self.decoded.saturating_sub(self.pre_skip);
        mix.drop_last(self.surplus.min(sound) as usize);
    }
}
