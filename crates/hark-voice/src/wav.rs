//! Recordings on disk: WAV, 48 kHz mono 16-bit, readable at any moment of their making (VO2).
//!
//! What is said is written every tenth of a second, and every 400 ms the header is brought up to date and a thread beside
//! asks the disk to keep it: the recorder never waits for a disk. After a kill or a power cut the header may be older than
//! the sound, so [`recover`] and [`read`] go by the file's real length and trust no header.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use hound::{SampleFormat, WavSpec, WavWriter};

use crate::pcm::{SAMPLE_RATE, samples_to_ms};
use crate::waveform::{SENT, Sketch};
use crate::{DecodeError, Limits, Pcm, platform};

const SPEC: WavSpec =
    WavSpec { channels: 1, sample_rate: SAMPLE_RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };

/// Bytes before the first sample.
const HEADER: u64 = 44;

/// So much sound is written at once: 100 ms.
const PIECE: usize = SAMPLE_RATE as usize / 10;

/// So much sound may be lost to a power cut: 400 ms.
const UNSYNCED: usize = SAMPLE_RATE as usize * 4 / 10;

/// A recording that was cut off, made whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// 100 bars of 0–1024.
    pub waveform: Vec<u16>,
}

/// Brings the header of a recording in line with what the file really holds, and says what that is.
///
/// Whatever stands in the header is replaced: use it on recordings only.
pub fn recover(wav: &Path) -> io::Result<Recovered> {
    let mut sketch = Sketch::new();
    let samples = repair(wav, |piece| sketch.push(piece))?;
    Ok(Recovered { duration_ms: samples_to_ms(samples), waveform: sketch.draw(SENT) })
}

/// A recording's samples, by the file's real length.
pub fn read(wav: &Path) -> Result<Pcm, DecodeError> {
    let limit = Limits::default().max_duration;
    let mut samples = Vec::new();
    let mut reader = Reader::open(wav).map_err(|_| DecodeError::NotSound)?;
    while reader.next(&mut samples).map_err(|_| DecodeError::NotSound)? {
        if samples.len() as u64 > limit.as_secs() * u64::from(SAMPLE_RATE) {
            return Err(DecodeError::TooLong { limit });
        }
    }
    if samples.is_empty() { Err(DecodeError::Empty) } else { Ok(Pcm { samples }) }
}

/// [`recover`], with the sound itself given to `each` in pieces; answers with how many samples there are.
pub(crate) fn repair(wav: &Path, mut each: impl FnMut(&[f32])) -> io::Result<u64> {
    let mut file = OpenOptions::new().read(true).write(true).open(wav)?;
    let samples = file.metadata()?.len().saturating_sub(HEADER) / 2;
    let bytes = u32::try_from(samples * 2).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    file.set_len(HEADER + u64::from(bytes))?;
    file.write_all(&header(bytes)?)?;
    file.sync_data()?;
    let mut piece = Vec::new();
    let mut reader = Reader::open(wav)?;
    while reader.next(&mut piece)? {
        each(&piece);
        piece.clear();
    }
    Ok(samples)
}

/// The header of a file with so many bytes of sound.
fn header(bytes: u32) -> io::Result<Vec<u8>> {
    let mut header = io::Cursor::new(Vec::new());
    WavWriter::new(&mut header, SPEC).and_then(WavWriter::finalize).map_err(plain)?;
    let mut header = header.into_inner();
    header[4..8].copy_from_slice(&bytes.saturating_add(HEADER as u32 - 8).to_le_bytes());
    header[40..44].copy_from_slice(&bytes.to_le_bytes());
    Ok(header)
}

fn plain(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        other => io::Error::other(other),
    }
}

/// Reads the samples of a recording in pieces.
pub(crate) struct Reader {
    file: BufReader<File>,
    bytes: Vec<u8>,
}

impl Reader {
    pub(crate) fn open(wav: &Path) -> io::Result<Self> {
        let mut file = BufReader::new(File::open(wav)?);
        file.seek(SeekFrom::Start(HEADER))?;
        Ok(Self { file, bytes: Vec::new() })
    }

    /// Appends the next piece; `false` at the end.
    pub(crate) fn next(&mut self, samples: &mut Vec<f32>) -> io::Result<bool> {
        self.bytes.clear();
        let size = 2 * SAMPLE_RATE;
        (&mut self.file).take(size.into()).read_to_end(&mut self.bytes)?;
        let (whole, _torn) = self.bytes.as_chunks::<2>();
        samples.extend(whole.iter().map(|bytes| f32::from(i16::from_le_bytes(*bytes)) / 32_768.0));
        Ok(!whole.is_empty())
    }
}

/// A recording being written.
pub(crate) struct WavFile {
    writer: WavWriter<File>,
    waiting: Vec<f32>,
    unsynced: usize,
    sync: SyncSender<()>,
}

impl WavFile {
    /// A new file that only its owner can read; what was there is gone.
    pub(crate) fn create(wav: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        platform::only_for_me(&mut options);
        let file = options.open(wav)?;
        let sync = sync_thread(&file)?;
        Ok(Self::with(WavWriter::new(file, SPEC).map_err(plain)?, sync))
    }

    /// Goes on after what a whole one holds.
    pub(crate) fn go_on(wav: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(wav)?;
        let sync = sync_thread(&file)?;
        Ok(Self::with(WavWriter::new_append(file).map_err(plain)?, sync))
    }

    fn with(writer: WavWriter<File>, sync: SyncSender<()>) -> Self {
        Self { writer, waiting: Vec::with_capacity(2 * PIECE), unsynced: 0, sync }
    }

    /// Adds `samples`; they are written when a piece is full.
    pub(crate) fn push(&mut self, samples: &[f32]) -> io::Result<()> {
        self.waiting.extend_from_slice(samples);
        if self.waiting.len() >= PIECE {
            self.write()?;
        }
        if self.unsynced >= UNSYNCED {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes everything, header included.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.write()?;
        self.writer.flush().map_err(plain)?;
        self.unsynced = 0;
        // One that is asked already does this too.
        let _ = self.sync.try_send(());
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        let count = self.waiting.len();
        let mut piece = self.writer.get_i16_writer(count as u32);
        for sample in self.waiting.drain(..) {
            piece.write_sample((sample * 32_768.0).round() as i16);
        }
        piece.flush().map_err(plain)?;
        self.unsynced += count;
        Ok(())
    }
}

/// Asks the disk to keep what is written whenever it is told to, and once more when the file is done.
fn sync_thread(file: &File) -> io::Result<SyncSender<()>> {
    let file = file.try_clone()?;
    let (sender, asked) = sync_channel(1);
    std::thread::Builder::new().name("hark-recording-disk".into()).spawn(move || {
        let mut more = true;
        while more {
            more = asked.recv().is_ok();
            if let Err(error) = file.sync_data() {
                tracing::warn!(%error, "the disk did not confirm a recording");
                // What cannot be written at all is told by the next write.
                return;
            }
        }
    })?;
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::{HEADER, WavFile, header, read, recover};

    fn sound(samples: usize) -> Vec<f32> {
        (0..samples).map(|index| (index as f32 * 0.05).sin() * 0.5).collect()
    }

    fn written(wav: &Path, samples: usize) {
        let mut file = WavFile::create(wav).unwrap();
        file.push(&sound(samples)).unwrap();
        file.flush().unwrap();
    }

    #[test]
    fn a_recording_that_goes_on_holds_both_parts() {
        let folder = tempfile::tempdir().unwrap();
        let wav = folder.path().join("a.wav");
        written(&wav, 10_001);
        let mut file = WavFile::go_on(&wav).unwrap();
        file.push(&sound(5_000)).unwrap();
        file.flush().unwrap();
        let samples = read(&wav).unwrap().samples;
        assert_eq!(samples.len(), 15_001);
        let far = |part: &[f32]| part.iter().zip(sound(part.len())).any(|(is, was)| (is - was).abs() > 1e-4);
        assert!(!far(&samples[..10_001]) && !far(&samples[10_001..]));
        let spec = hound::WavReader::open(&wav).unwrap();
        assert_eq!((spec.len(), spec.spec()), (15_001, super::SPEC));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_a_recording() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let wav = folder.path().join("a.wav");
        written(&wav, 100);
        assert_eq!(wav.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_stale_header_and_a_torn_sample_are_repaired_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let wav = folder.path().join("a.wav");
        written(&wav, 96_000);
        let mut bytes = std::fs::read(&wav).unwrap();
        bytes[40..44].copy_from_slice(&4_000_u32.to_le_bytes());
        bytes.push(7);
        std::fs::write(&wav, &bytes).unwrap();
        assert_eq!(read(&wav).unwrap().duration_ms(), 2_000);
        let recovered = recover(&wav).unwrap();
        assert_eq!((recovered.duration_ms, recovered.waveform.len()), (2_000, 100));
        bytes.pop();
        bytes[40..44].copy_from_slice(&192_000_u32.to_le_bytes());
        assert!(std::fs::read(&wav).unwrap() == bytes);
    }

    #[test]
    fn an_empty_file_is_a_recording_of_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let wav = folder.path().join("a.wav");
        for bytes in [&b""[..], b"RIFF", &[0; HEADER as usize]] {
            std::fs::write(&wav, bytes).unwrap();
            assert_eq!(recover(&wav).unwrap().duration_ms, 0);
            assert_eq!(std::fs::read(&wav).unwrap(), header(0).unwrap());
            assert_eq!(read(&wav), Err(crate::DecodeError::Empty));
        }
        assert!(recover(&folder.path().join("none.wav")).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_a_crash_left_is_a_recording_that_can_go_on(bytes in prop::collection::vec(any::<u8>(), 0..4_000)) {
            let folder = tempfile::tempdir().unwrap();
            let wav = folder.path().join("a.wav");
            std::fs::write(&wav, &bytes).unwrap();
            let samples = bytes.len().saturating_sub(HEADER as usize) / 2;
            let before = read(&wav).map_or(0, |pcm| pcm.samples.len());
            prop_assert_eq!(before, samples);
            recover(&wav).unwrap();
            let mut file = WavFile::go_on(&wav).unwrap();
            file.push(&sound(4_800)).unwrap();
            file.flush().unwrap();
            prop_assert_eq!(read(&wav).unwrap().samples.len(), samples + 4_800);
            prop_assert_eq!(hound::WavReader::open(&wav).unwrap().len() as usize, samples + 4_800);
        }
    }
}
