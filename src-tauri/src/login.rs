//! Starting with the desktop session, hidden in the tray.

use std::path::Path;

use hark_app::api::{ApiError, ErrorCode};
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Wry};
use tauri_plugin_autostart::{Builder, ManagerExt as _};

/// What the system is told to start: hidden, and on this folder where it is not the usual one.
pub(crate) fn plugin(folder: &Path, named: bool) -> TauriPlugin<Wry> {
    let mut builder = Builder::new().app_name("Hark").arg("--hidden");
    if named && let Some(folder) = folder.to_str() {
        builder = builder.args(["--data", folder]);
    }
    builder.build()
}

/// Whether it is on.
pub(crate) fn is_on(tauri: &AppHandle) -> Result<bool, ApiError> {
    tauri.autolaunch().is_enabled().map_err(|error| refused(&error))
}

/// Turns it on or off.
pub(crate) fn set(tauri: &AppHandle, on: bool) -> Result<(), ApiError> {
    let start = tauri.autolaunch();
    let done = match (on, is_on(tauri)?) {
        (true, _) => start.enable(),
        (false, true) => start.disable(),
        (false, false) => Ok(()),
    };
    done.map_err(|error| refused(&error))
}

/// Writes the entry anew where there is one: an AppImage may have been moved since.
pub(crate) fn renew(tauri: &AppHandle) {
    if is_on(tauri).is_ok_and(|on| on)
        && let Err(error) = set(tauri, true)
    {
        tracing::warn!(error = error.message, "the entry that starts Hark at login cannot be renewed");
    }
}

fn refused(error: &impl std::fmt::Display) -> ApiError {
    ApiError::new(
        ErrorCode::Refused,
        format!("The system does not let Hark start at login: {error}. Add it in the system's own settings."),
    )
}
