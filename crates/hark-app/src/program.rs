//! What every program of Hark does first and last: the terminal's and the desktop's.

use std::path::{Path, PathBuf};

use crate::api::ApiError;
use crate::{logging, platform};

/// The data folder: the one named, or this person's usual one.
pub fn data_folder(named: Option<PathBuf>) -> Result<PathBuf, ApiError> {
    let usual =
        || directories::ProjectDirs::from("app", "Hark", "hark").map(|dirs| dirs.data_local_dir().to_owned());
    let folder = named.or_else(usual);
    let folder = folder
        .ok_or_else(|| ApiError::bad_request("There is no home folder. Name a folder with --data DIR."))?;
    std::path::absolute(&folder).map_err(ApiError::internal)
}

/// Makes ready what the engine needs once a process.
pub fn start_up() {
    // The engine's connections need it; a second call changes nothing.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// Starts the log: on stderr where `RUST_LOG` asks for it, else in a file in the data folder.
pub fn start_log(folder: &Path) {
    logging::start(folder);
}

/// Waits until the person or the system asks this program to end.
pub async fn asked_to_end() {
    platform::asked_to_end().await;
}
