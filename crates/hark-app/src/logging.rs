//! Where the log goes: stderr where `RUST_LOG` asks for it, else a file in the data folder. No secrets are logged.

use std::fs::File;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

use crate::platform;

/// A file larger than this is put aside at the next start, in place of the one put aside before.
const LARGEST: u64 = 4 << 20;

/// What is logged where nobody says otherwise.
const USUAL: &str = "warn,hark_app=info,hark_client=info,hark_desktop=info,hark_server=info,hark_voice=info";

/// Starts logging, once a process. A log that cannot be written is no reason to stop.
pub(crate) fn start(folder: &Path) {
    if std::env::var_os("RUST_LOG").is_some() {
        let _ = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::from_default_env())
            .with_writer(std::io::stderr)
            .try_init();
    } else if let Ok(file) = file(folder) {
        let _ = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(USUAL))
            .with_ansi(false)
            .with_writer(Mutex::new(file))
            .try_init();
    }
}

fn file(folder: &Path) -> std::io::Result<File> {
    platform::private_folder(folder)?;
    let path = folder.join("hark.log");
    if std::fs::metadata(&path).is_ok_and(|found| found.len() > LARGEST) {
        std::fs::rename(&path, folder.join("hark.log.1"))?;
    }
    platform::private_log(&path)
}
