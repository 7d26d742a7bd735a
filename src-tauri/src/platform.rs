//! Everything that differs by operating system.

use std::io;
use std::time::Instant;

/// Whether the web view is one that may leave the window white.
pub(crate) const MAY_STAY_WHITE: bool = cfg!(target_os = "linux");

/// Whether a driver is loaded the web view's fast renderer fails with.
pub(crate) fn has_nvidia() -> bool {
    cfg!(target_os = "linux") && std::path::Path::new("/proc/driver/nvidia/version").exists()
}

/// Starts this program with the same arguments and one more variable, in this process. Returns only where it fails.
#[cfg(unix)]
pub(crate) fn replaced_by_itself(name: &str, value: &str) -> io::Error {
    use std::os::unix::process::CommandExt as _;
    match std::env::current_exe() {
        Ok(program) => {
            std::process::Command::new(program).args(std::env::args_os().skip(1)).env(name, value).exec()
        }
        Err(error) => error,
    }
}

/// Never needed: only Linux has that web view.
#[cfg(not(unix))]
pub(crate) fn replaced_by_itself(_: &str, _: &str) -> io::Error {
    io::Error::from(io::ErrorKind::Unsupported)
}

/// Whether something shows the tray's icon, so that a hidden window can be brought back.
#[cfg(target_os = "linux")]
pub(crate) async fn has_tray() -> bool {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
    let asked = async {
        let bus = zbus::Connection::session().await?;
        let watcher = zbus::Proxy::new(
            &bus,
            "org.kde.StatusNotifierWatcher",
            "/StatusNotifierWatcher",
            "org.kde.StatusNotifierWatcher",
        )
        .await?;
        watcher.get_property::<bool>("IsStatusNotifierHostRegistered").await
    };
    tokio::time::timeout(PATIENCE, asked).await.is_ok_and(|answer| answer.unwrap_or(false))
}

/// Windows and macOS always have one.
#[cfg(not(target_os = "linux"))]
#[allow(clippy::unused_async, reason = "asked over a bus on Linux")]
pub(crate) async fn has_tray() -> bool {
    true
}

/// Whether the bar the tray is in is dark, as far as that can be known.
pub(crate) fn has_dark_bar(theme_is_dark: bool) -> bool {
    // GNOME's is, whatever the theme.
    let gnome = std::env::var("XDG_CURRENT_DESKTOP").is_ok_and(|name| name.to_uppercase().contains("GNOME"));
    gnome || theme_is_dark
}

/// Now.
#[expect(clippy::disallowed_methods, reason = "the one place of the shell that reads the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
