//! Which microphones and loudspeakers there are, by names a person knows and ids that stay.
//!
//! A device counts as there when the system knows how it would be opened: some systems promise a default device they do
//! not have.

use std::str::FromStr as _;

use cpal::traits::{DeviceTrait as _, HostTrait as _};
use cpal::{Device, DeviceId, Error, ErrorKind, Host};

use crate::platform;

/// A microphone or a loudspeaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Stays the same when it is unplugged and plugged in again.
    pub id: String,
    /// As a person knows it.
    pub name: String,
    /// Whether the system uses it where none is chosen.
    pub default: bool,
    /// Records what this computer plays; never used unless it was chosen.
    pub monitor: bool,
}

/// The microphones, the system's default first. Asks the system, which may take two seconds.
pub fn inputs() -> Vec<DeviceInfo> {
    Direction::Input.list()
}

/// The loudspeakers and headphones, the system's default first. Asks the system, which may take two seconds.
pub fn outputs() -> Vec<DeviceInfo> {
    Direction::Output.list()
}

/// Looks for a microphone now, the chosen one or the default: `None` where there is one, else a sentence with a remedy.
///
/// Asks the system, which may take two seconds: call it where blocking is allowed.
pub fn microphone_problem(input: Option<&str>) -> Option<String> {
    platform::quiet();
    let there = Direction::Input.first_that_works(input, |found| found.device.default_input_config());
    there.err().map(|error| microphone_sentence(&error))
}

/// Which way sound goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Input,
    Output,
}

/// A device to open.
pub(crate) struct Found {
    /// Where it was found, to ask again.
    pub(crate) host: Host,
    pub(crate) device: Device,
    /// Whether it is the one that was chosen.
    pub(crate) chosen: bool,
}

impl Found {
    pub(crate) fn name(&self) -> String {
        name(&self.device)
    }

    pub(crate) fn id(&self) -> Option<DeviceId> {
        self.device.id().ok()
    }
}

impl Direction {
    fn list(self) -> Vec<DeviceInfo> {
        platform::quiet();
        // The systems see the same devices under different names: the first that has any is the one that is used.
        let lists =
            platform::hosts().into_iter().filter_map(|id| Some(self.list_of(&cpal::host_from_id(id).ok()?)));
        lists.into_iter().find(|devices| !devices.is_empty()).unwrap_or_default()
    }

    fn list_of(self, host: &Host) -> Vec<DeviceInfo> {
        let default = self.default(host).and_then(|device| device.id().ok());
        let mut devices: Vec<DeviceInfo> = self
            .all(host)
            .filter_map(|device| {
                let id = device.id().ok()?;
                Some(DeviceInfo {
                    name: name(&device),
                    default: default.as_ref() == Some(&id),
                    monitor: self == Self::Input && platform::is_monitor(&id),
                    id: id.to_string(),
                })
            })
            .collect();
        devices.sort_by_key(|device| (!device.default, device.monitor));
        devices
    }

    fn all(self, host: &Host) -> impl Iterator<Item = Device> + use<> {
        let devices = host.devices().into_iter().flatten();
        // Before anything else is asked of it: ALSA opens a device to answer.
        let known = devices.filter(|device| device.id().is_ok_and(|id| platform::is_for_people(&id)));
        known.filter(move |device| match self {
            Self::Input => device.default_input_config().is_ok(),
            Self::Output => device.default_output_config().is_ok(),
        })
    }

    fn default(self, host: &Host) -> Option<Device> {
        match self {
            Self::Input => host.default_input_device(),
            Self::Output => host.default_output_device(),
        }
    }

    /// Whether the very device is still there, not another by the same name; asks the host it was found by.
    pub(crate) fn is_there(self, host: &Host, id: &DeviceId, plugged: Option<&str>) -> bool {
        self.find(host, id).is_some_and(|device| platform::plugged(&device).as_deref() == plugged)
    }

    fn find(self, host: &Host, id: &DeviceId) -> Option<Device> {
        self.all(host).find(|device| device.id().is_ok_and(|found| found == *id))
    }

    /// Tries the chosen device, then the default one. A monitor is tried only when it was chosen.
    pub(crate) fn first_that_works<T>(
        self,
        chosen: Option<&str>,
        attempt: impl Fn(Found) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut problem = None;
        let mut tried = |found: Option<Found>| {
            let done = found.ok_or(ErrorKind::DeviceNotAvailable.into()).and_then(&attempt);
            done.map_err(|error| keep_telling(&mut problem, error)).ok()
        };
        if let Some(id) = chosen.and_then(|id| DeviceId::from_str(id).ok())
            && let Ok(host) = cpal::host_from_id(id.host())
            && let Some(device) = self.find(&host, &id)
            && let Some(done) = tried(Some(Found { host, device, chosen: true }))
        {
            return Ok(done);
        }
        for id in platform::hosts() {
            let Ok(host) = cpal::host_from_id(id) else { continue };
            let device = self.default(&host).filter(|device| !self.is_refused(device));
            if let Some(done) = tried(device.map(|device| Found { host, device, chosen: chosen.is_none() })) {
                return Ok(done);
            }
            if self == Self::Input {
                // Through another system the microphone that was refused here would be found under another name.
                break;
            }
        }
        Err(problem.unwrap_or_else(|| ErrorKind::HostUnavailable.into()))
    }

    fn is_refused(self, device: &Device) -> bool {
        self == Self::Input && device.id().is_ok_and(|id| platform::is_monitor(&id))
    }
}

/// Keeps the problem that tells most: a device that is there but cannot be used, before one that is not there.
fn keep_telling(problem: &mut Option<Error>, error: Error) {
    tracing::debug!(%error, "a sound device cannot be used");
    let tells = |error: &Error| matches!(error.kind(), ErrorKind::DeviceBusy | ErrorKind::PermissionDenied);
    if problem.as_ref().is_none_or(|before| tells(&error) && !tells(before)) {
        *problem = Some(error);
    }
}

fn name(device: &Device) -> String {
    device.description().map_or_else(|_| device.to_string(), |description| description.name().to_owned())
}

/// For a person: what is wrong with the microphone, and what helps.
pub(crate) fn microphone_sentence(error: &Error) -> String {
    match error.kind() {
        ErrorKind::DeviceBusy => "Another program holds the microphone. Close it and try again.",
        ErrorKind::PermissionDenied => {
            "Hark may not use the microphone. Allow it in the privacy settings of this computer."
        }
        _ => "There is no microphone. Connect one, or choose one in the sound settings of this computer.",
    }
    .to_owned()
}
