//! What a file is, by its first bytes.

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Ogg whose first stream is Opus.
    OggOpus,
    /// Anything symphonia reads: other Ogg, WebM, MP4, MP3, AAC, FLAC, WAV.
    Container,
}

/// The format, or `None` for what is not sound: symphonia alone would search a megabyte of any file for something that
/// looks like MP3.
pub(super) fn format(bytes: &[u8]) -> Option<Format> {
    let starts = |at: usize, with: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(with));
    if starts(0, b"OggS") {
        return Some(if first_ogg_packet_starts(bytes, b"OpusHead") {
            Format::OggOpus
        } else {
            Format::Container
        });
    }
    let known = starts(0, b"RIFF") && starts(8, b"WAVE")
        || starts(0, b"\x1A\x45\xDF\xA3") // EBML: WebM and Matroska
        || starts(4, b"ftyp")
        || starts(0, b"fLaC")
        || starts(0, b"ID3")
        || mpeg_frame(bytes);
    known.then_some(Format::Container)
}

fn first_ogg_packet_starts(bytes: &[u8], with: &[u8]) -> bool {
    let Some(&segments) = bytes.get(26) else { return false };
    bytes.get(27 + usize::from(segments)..).is_some_and(|packet| packet.starts_with(with))
}

/// The sync word and no reserved value: layers I–III of MPEG audio, or AAC in ADTS (layer 0).
fn mpeg_frame(bytes: &[u8]) -> bool {
    let &[sync, kind, rates, ..] = bytes else { return false };
    let version_reserved = kind & 0x18 == 0x08;
    let adts = kind & 0xF6 == 0xF0;
    sync == 0xFF
        && kind & 0xE0 == 0xE0
        && (adts || !version_reserved && rates & 0xF0 != 0xF0 && rates & 0x0C != 0x0C)
}

#[cfg(test)]
mod tests {
    use super::{Format, format};

    #[test]
    fn text_pictures_and_renamed_files_are_not_sound() {
        for bytes in [
            &b""[..],
            b"hello",
            b"\x89PNG\r\n\x1a\n0000",
            b"RIFF\x10\0\0\0AVI LIST",
            b"%PDF-1.7",
            b"\xFF\xD8\xFF\xE0",
        ] {
            assert_eq!(format(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn an_mp3_and_an_adts_frame_are_sound() {
        assert_eq!(format(b"\xFF\xFB\x90\x64"), Some(Format::Container));
        assert_eq!(format(b"\xFF\xF1\x50\x80"), Some(Format::Container));
    }
}
