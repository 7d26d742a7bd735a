//! What an MP4 file says about where its sound begins and ends (ISO 14496-12, `elst`).
//!
//! AAC encoders put 1,024 to 2,112 samples of nothing first and fill up the last frame; the edit list tells both. The
//! reader that finds the packets does not look at it.

use std::time::Duration;

/// The part of the decoded sound that is meant to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// What to leave out at the start.
    pub(super) start: Duration,
    /// How long it lasts from there, where the file says so.
    pub(super) length: Option<Duration>,
}

/// The edit of the first sound track, where there is exactly one.
pub(super) fn of_mp4(bytes: &[u8]) -> Option<Edit> {
    if bytes.get(4..8) != Some(b"ftyp") {
        return None;
    }
    let movie = find(bytes, *b"moov")?;
    let movie_rate = time_scale(find(movie, *b"mvhd")?)?;
    let track = boxes(movie)
        .filter(|part| part.kind == *b"trak")
        .map(|part| part.body)
        .find(|track| is_sound(track))?;
    let media_rate = time_scale(find(find(track, *b"mdia")?, *b"mdhd")?)?;
    let (length, start) = only_edit(find(find(track, *b"edts")?, *b"elst")?)?;
    let length = seconds(length, movie_rate);
    Some(Edit { start: seconds(start, media_rate), length: (!length.is_zero()).then_some(length) })
}

struct Part<'a> {
    kind: [u8; 4],
    body: &'a [u8],
}

/// The boxes that lie whole in `bytes`, one after the other.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = Part<'_>> {
    std::iter::from_fn(move || {
        let kind = array(bytes, 4)?;
        let (header, size) = match u32::from_be_bytes(array(bytes, 0)?) {
            0 => (8, bytes.len()),
            1 => (16, usize::try_from(u64::from_be_bytes(array(bytes, 8)?)).ok()?),
            size => (8, size as usize),
        };
        let body = bytes.get(header..size)?;
        bytes = &bytes[size..];
        Some(Part { kind, body })
    })
}

fn find(bytes: &[u8], kind: [u8; 4]) -> Option<&[u8]> {
    boxes(bytes).find(|part| part.kind == kind).map(|part| part.body)
}

fn is_sound(track: &[u8]) -> bool {
    find(track, *b"mdia").and_then(|media| find(media, *b"hdlr")).and_then(|handler| handler.get(8..12))
        == Some(b"soun")
}

/// Units per second of `mvhd` and `mdhd`.
fn time_scale(header: &[u8]) -> Option<u32> {
    let at = if *header.first()? == 1 { 20 } else { 12 };
    Some(u32::from_be_bytes(array(header, at)?)).filter(|&rate| rate > 0)
}

/// Length in the movie's units and start in the media's, of the one edit that is not a pause.
fn only_edit(list: &[u8]) -> Option<(u64, u64)> {
    let long = *list.first()? == 1;
    let entries = list.get(8..)?.chunks_exact(if long { 20 } else { 12 }).map(|entry| {
        if long {
            Some((u64::from_be_bytes(array(entry, 0)?), i64::from_be_bytes(array(entry, 8)?)))
        } else {
            Some((u32::from_be_bytes(array(entry, 0)?).into(), i32::from_be_bytes(array(entry, 4)?).into()))
        }
    });
    let mut edits =
        entries.flatten().filter_map(|(length, start)| Some((length, u64::try_from(start).ok()?)));
    let edit = edits.next();
    if edits.next().is_some() { None } else { edit }
}

fn seconds(units: u64, rate: u32) -> Duration {
    Duration::try_from_secs_f64(units as f64 / f64::from(rate)).unwrap_or(Duration::MAX)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
