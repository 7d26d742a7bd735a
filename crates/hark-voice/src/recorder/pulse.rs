//! A record stream of PulseAudio, or of PipeWire in its place, without cpal.
//!
//! cpal has the server keep no more than one callback: what the server or we bring later than that, on a busy machine, it
//! throws away. Here it keeps ten seconds and more. The stream has a connection of its own, so that the server forgets it
//! with the connection whatever goes wrong, and stays with its source: the server never moves it to a monitor.

use std::ffi::CString;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use cpal::{Error, ErrorKind};
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{RecordStreamParams, SampleFormat, SampleSpec, SourceInfo};
use pulseaudio::{Client, ClientError, RecordStream};

use super::capture::{Failure, Inlet};
use crate::clock;

const SAMPLE: usize = size_of::<f32>();

/// The server cuts larger messages where it likes, which may be within a frame.
const LARGEST_MESSAGE: usize = 32 * 1024;

/// What the server names us to a person who looks who is recording.
const NAME: &std::ffi::CStr = c"Hark";

/// A source, and a connection to record it through.
pub(super) struct Source {
    client: Client,
    info: SourceInfo,
    patience: Duration,
}

/// An open stream. Dropping it tells the server, and waits for nothing.
pub(super) struct Stream {
    _stream: RecordStream,
}

impl Source {
    /// Finds the source called `name`. No step, here and in [`record`](Self::record), takes longer than `patience`.
    pub(super) fn find(name: &str, patience: Duration) -> Result<Self, Error> {
        let name = CString::new(name).map_err(|_| ErrorKind::DeviceNotAvailable)?;
        let client = connect(patience)?;
        let info = within(patience, client.source_info_by_name(name))??;
        Ok(Self { client, info, patience })
    }

    pub(super) fn rate(&self) -> u32 {
        self.info.sample_spec.sample_rate
    }

    pub(super) fn channels(&self) -> u16 {
        self.info.channel_map.num_channels().into()
    }

    /// Records into `inlet`, so many times a second.
    pub(super) fn record(self, calls_per_second: u32, mut inlet: Inlet) -> Result<Stream, Error> {
        let frame = usize::from(self.channels()).max(1) * SAMPLE;
        let frames = (self.rate() / calls_per_second).clamp(1, (LARGEST_MESSAGE / frame) as u32);
        let little = cfg!(target_endian = "little");
        let format = if little { SampleFormat::Float32Le } else { SampleFormat::Float32Be };
        let params = RecordStreamParams {
            sample_spec: SampleSpec {
                format,
                channels: self.info.channel_map.num_channels(),
                sample_rate: self.rate(),
            },
            channel_map: self.info.channel_map,
            source_index: Some(self.info.index),
            buffer_attr: BufferAttr {
                max_length: u32::MAX,
                fragment_size: frames * frame as u32,
                ..BufferAttr::default()
            },
            flags: StreamFlags { no_move: true, adjust_latency: true, ..StreamFlags::default() },
            ..RecordStreamParams::default()
        };
        let end = End(inlet.failure());
        let callback = move |data: &[u8]| {
            let _goes_with_the_callback = &end;
            inlet.put_by(data.as_chunks::<SAMPLE>().0, f32::from_ne_bytes);
        };
        let stream = within(self.patience, self.client.create_record_stream(params, callback))??;
        Ok(Stream { _stream: stream })
    }
}

/// Fails the device when the connection ends and takes the callback with it.
struct End(Failure);

impl Drop for End {
    fn drop(&mut self) {
        self.0.set();
    }
}

fn connect(patience: Duration) -> Result<Client, Error> {
    let path = pulseaudio::socket_path_from_env().ok_or(ClientError::ServerUnavailable)?;
    let cookie = pulseaudio::cookie_path_from_env().and_then(|path| std::fs::read(path).ok());
    let connect = || {
        let socket = UnixStream::connect(path)?;
        // For the greeting; after it the socket is waited for.
        socket.set_read_timeout(Some(patience))?;
        socket.set_write_timeout(Some(patience))?;
        Ok(socket)
    };
    let socket = connect().map_err(ClientError::Io)?;
    Ok(Client::new_unix(NAME, socket, cookie)?)
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// What comes of `future`, if it comes in time.
fn within<T>(patience: Duration, future: impl Future<Output = T>) -> Result<T, Error> {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let end = clock::now() + patience;
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Ok(done);
        }
        let left = end.saturating_duration_since(clock::now());
        if left.is_zero() {
            return Err(Error::with_message(
                ErrorKind::DeviceNotAvailable,
                "the sound server does not answer",
            ));
        }
        std::thread::park_timeout(left);
    }
}
