//! A window that stays white.
//!
//! On Linux the web view's fast renderer fails with some graphics drivers, above all NVIDIA's, and leaves the window
//! empty (tauri#9304). It is left out where such a driver is there, and where a page has not come up in time: then the
//! program starts once more without it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tauri::AppHandle;

use crate::platform;
use crate::shell::Shell;

/// Leaves the fast renderer out where it is set; the web view reads it when it is made.
const SPARED: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// How long a page may take to come up.
const COMES_UP_WITHIN: Duration = Duration::from_secs(5);

/// Starts this program anew without the fast renderer where the driver is one that fails with it. Returns only where
/// that is not so, or cannot be done.
pub(crate) fn spare_nvidia() -> io::Result<()> {
    if is_spared() || !platform::has_nvidia() {
        return Ok(());
    }
    Err(start_again())
}

/// Has the program start once more where the page does not come up.
pub(crate) fn watch(tauri: &AppHandle, shell: &Arc<Shell>) {
    let (tauri, shell) = (tauri.clone(), shell.clone());
    tauri::async_runtime::spawn(async move {
        if tokio::time::timeout(COMES_UP_WITHIN, shell.page_came_up()).await.is_ok() {
            return;
        }
        if shell.failure().is_some() {
            // Another page is shown, which says why.
            return;
        }
        if platform::MAY_STAY_WHITE && !is_spared() {
            tracing::warn!("the page did not come up; once more without the fast renderer");
            shell.start_again();
            tauri.exit(0);
        } else {
            tracing::error!("the page does not come up; hark browser shows it in a browser");
        }
    });
}

/// Replaces this program by itself, without the fast renderer; gives why it could not.
pub(crate) fn start_again() -> io::Error {
    platform::replaced_by_itself(SPARED, "1")
}

fn is_spared() -> bool {
    std::env::var_os(SPARED).is_some()
}
