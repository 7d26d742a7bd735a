//! What differs between operating systems. Not yet tried on Windows and macOS.

use cpal::HostId;

/// The sound systems to try, best first.
///
/// On Linux that is the sound server, PulseAudio or PipeWire in its place: it mixes programs and names devices as a person
/// would. ALSA alone serves a machine that runs none.
#[cfg(target_os = "linux")]
pub(crate) fn hosts() -> Vec<HostId> {
    vec![HostId::PulseAudio, HostId::Alsa]
}

/// The sound systems to try, best first.
#[cfg(not(target_os = "linux"))]
pub(crate) fn hosts() -> Vec<HostId> {
    use cpal::traits::HostTrait as _;
    vec![cpal::default_host().id()]
}

/// Keeps this thread's search for devices from writing to the terminal: alsa-lib prints each device it cannot open.
#[cfg(target_os = "linux")]
pub(crate) fn quiet() {
    // Each call replaces the thread's buffer, so what was printed does not pile up. Without it there is only noise.
    drop(alsa::Output::local_error_handler());
}

/// Keeps this thread's search for devices from writing to the terminal.
#[cfg(not(target_os = "linux"))]
pub(crate) fn quiet() {}

/// Drops a stream without waiting: that blocks as long as a sound server hangs. Elsewhere streams stay on their thread.
#[cfg(target_os = "linux")]
pub(crate) fn discard(stream: cpal::Stream) {
    let closing = std::thread::Builder::new().name("hark-sound-close".into());
    if let Err(error) = closing.spawn(move || drop(stream)) {
        tracing::warn!(%error, "no thread to close a sound stream on");
    }
}

/// Drops a stream.
#[cfg(not(target_os = "linux"))]
pub(crate) fn discard(stream: cpal::Stream) {
    drop(stream);
}

/// Makes new files readable to their owner alone.
#[cfg(unix)]
pub(crate) fn only_for_me(options: &mut std::fs::OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

/// Makes new files readable to their owner alone: as folders of a person are there.
#[cfg(not(unix))]
pub(crate) fn only_for_me(_: &mut std::fs::OpenOptions) {}

/// Whether a device records what this computer plays.
///
/// PulseAudio and PipeWire name every such source after its sink.
#[cfg(target_os = "linux")]
pub(crate) fn is_monitor(id: &cpal::DeviceId) -> bool {
    id.host() == HostId::PulseAudio && id.id().ends_with(".monitor")
}

/// Whether a device records what this computer plays.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_monitor(_: &cpal::DeviceId) -> bool {
    false
}

/// Whether a stream may end up on another device unasked, so that the one it was opened on has to be looked for.
#[cfg(target_os = "linux")]
pub(crate) fn streams_wander(host: HostId) -> bool {
    host == HostId::PulseAudio
}

/// Whether a stream may end up on another device unasked.
#[cfg(not(target_os = "linux"))]
pub(crate) fn streams_wander(_: HostId) -> bool {
    false
}

/// Whether a person would know the device: ALSA lists every plug-in of its configuration.
#[cfg(target_os = "linux")]
pub(crate) fn is_for_people(id: &cpal::DeviceId) -> bool {
    id.host() != HostId::Alsa || ["default", "plughw:"].iter().any(|start| id.id().starts_with(start))
}

/// Whether a person would know the device.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_for_people(_: &cpal::DeviceId) -> bool {
    true
}

/// What tells a device from itself after it was unplugged and plugged in again, where it matters ([`streams_wander`]).
///
/// PulseAudio counts its devices. cpal shows the number only where it prints everything it knows.
#[cfg(target_os = "linux")]
pub(crate) fn plugged(device: &cpal::Device) -> Option<String> {
    let known = format!("{device:?}");
    let (_, number) = known.split_once("Info { index: ")?;
    Some(number.split(',').next()?.to_owned())
}

/// What tells a device from itself after it was unplugged and plugged in again, where it matters ([`streams_wander`]).
#[cfg(not(target_os = "linux"))]
pub(crate) fn plugged(_: &cpal::Device) -> Option<String> {
    None
}
