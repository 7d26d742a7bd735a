//! The system's microphones: through cpal, and on Linux where there is a sound server through [`pulse`](super::pulse).

use std::time::Duration;

use cpal::traits::{DeviceTrait as _, StreamTrait as _};
use cpal::{
    BufferSize, DeviceId, Error, ErrorKind, FromSample, Host, SampleFormat, SizedSample, Stream, StreamConfig,
};

use super::capture::{self, Capture, Inlet, Label};
use super::device::Microphone;
use crate::devices::{Direction, Found, microphone_sentence};
use crate::{clock, platform};

/// The device is asked to call this often a second: every 20 ms. It may call as it likes; defaults are up to two seconds.
const CALLS_PER_SECOND: u32 = 50;

/// How long opening may take before a sound server counts as hung.
const OPENING: Duration = Duration::from_secs(2);

/// The one stream.
#[derive(Default)]
pub(super) struct SystemMicrophone {
    open: Option<Open>,
}

/// Keeps a device open until it is dropped.
enum Hold {
    Cpal(Stream),
    #[cfg(target_os = "linux")]
    Server(#[expect(dead_code, reason = "to be dropped")] super::pulse::Stream),
}

struct Open {
    hold: Hold,
    host: Host,
    id: Option<DeviceId>,
    plugged: Option<String>,
}

impl Microphone for SystemMicrophone {
    fn open(&mut self, chosen: Option<&str>) -> Result<Capture, String> {
        self.close();
        platform::quiet();
        let opened = Direction::Input.first_that_works(chosen, open);
        let (open, capture) = opened.map_err(|error| microphone_sentence(&error))?;
        self.open = Some(open);
        Ok(capture)
    }

    fn is_there(&mut self) -> bool {
        let Some(Open { host, id: Some(id), plugged, .. }) = &self.open else { return true };
        Direction::Input.is_there(host, id, plugged.as_deref())
    }

    fn close(&mut self) {
        if let Some(Open { hold: Hold::Cpal(stream), .. }) = self.open.take() {
            platform::discard(stream);
        }
    }
}

impl Drop for SystemMicrophone {
    fn drop(&mut self) {
        self.close();
    }
}

fn open(found: Found) -> Result<(Open, Capture), Error> {
    let id = found.id();
    let (hold, capture) = match &id {
        #[cfg(target_os = "linux")]
        Some(id) if id.host() == cpal::HostId::PulseAudio => by_server(&found, id)?,
        _ => by_cpal(&found)?,
    };
    let plugged = platform::plugged(&found.device);
    Ok((Open { hold, host: found.host, id, plugged }, capture))
}

#[cfg(target_os = "linux")]
fn by_server(found: &Found, id: &DeviceId) -> Result<(Hold, Capture), Error> {
    let source = super::pulse::Source::find(id.id(), OPENING)?;
    let label = Label { keeps: true, ..label(found) };
    let (inlet, capture) = capture::pair(label, source.rate(), source.channels(), clock::now());
    Ok((Hold::Server(source.record(CALLS_PER_SECOND, inlet)?), capture))
}

fn by_cpal(found: &Found) -> Result<(Hold, Capture), Error> {
    let supported = found.device.default_input_config()?;
    let (rate, format) = (supported.sample_rate(), supported.sample_format());
    let fixed = BufferSize::Fixed((rate / CALLS_PER_SECOND).max(1));
    let config = StreamConfig { channels: supported.channels(), sample_rate: rate, buffer_size: fixed };
    let (stream, capture) = with(found, config, format).or_else(|error| match error.kind() {
        ErrorKind::UnsupportedConfig => {
            with(found, StreamConfig { buffer_size: BufferSize::Default, ..config }, format)
        }
        _ => Err(error),
    })?;
    stream.play()?;
    Ok((Hold::Cpal(stream), capture))
}

fn label(found: &Found) -> Label {
    let name = found.name();
    let notice = (!found.chosen)
        .then(|| format!("The microphone you chose is not connected. Hark records with “{name}” instead."));
    let id = found.id();
    let wanders = id.as_ref().is_some_and(|id| platform::streams_wander(id.host()));
    Label { id: id.map(|id| id.to_string()).unwrap_or_default(), name, notice, wanders, keeps: false }
}

fn with(found: &Found, config: StreamConfig, format: SampleFormat) -> Result<(Stream, Capture), Error> {
    let (inlet, capture) = capture::pair(label(found), config.sample_rate, config.channels, clock::now());
    let stream = match format {
        SampleFormat::F32 => build::<f32>(found, config, inlet),
        SampleFormat::F64 => build::<f64>(found, config, inlet),
        SampleFormat::I8 => build::<i8>(found, config, inlet),
        SampleFormat::I16 => build::<i16>(found, config, inlet),
        SampleFormat::I24 => build::<cpal::I24>(found, config, inlet),
        SampleFormat::I32 => build::<i32>(found, config, inlet),
        SampleFormat::U8 => build::<u8>(found, config, inlet),
        SampleFormat::U16 => build::<u16>(found, config, inlet),
        _ => Err(ErrorKind::UnsupportedConfig.into()),
    }?;
    Ok((stream, capture))
}

fn build<T: SizedSample + 'static>(
    found: &Found,
    config: StreamConfig,
    mut inlet: Inlet,
) -> Result<Stream, Error>
where
    f32: FromSample<T>,
{
    let failure = inlet.failure();
    let fail = move |error: Error| {
        if !matches!(
            error.kind(),
            ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied | ErrorKind::DeviceBusy
        ) {
            failure.set();
        }
    };
    found.device.build_input_stream(config, move |data: &[T], _| inlet.put(data), fail, Some(OPENING))
}
