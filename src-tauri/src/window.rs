//! The window.
//!
//! It is made hidden and shown when its page has drawn, so that nobody sees it empty. Closing it hides it where there is
//! a tray to bring it back from and the settings say so; else it ends the program. It never leads anywhere but to its
//! own page: other addresses are opened by the system, after a click.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hark_app::api::{Command, Event, Nothing, Settings, Status};
use tauri::plugin::TauriPlugin;
use tauri::utils::config::Color;
use tauri::webview::{DownloadEvent, NewWindowResponse, PermissionResponse, WebviewWindowBuilder};
use tauri::{AppHandle, Manager as _, Theme, Url, WebviewUrl, WebviewWindow, WindowEvent, Wry};
use tauri_plugin_window_state::StateFlags;
use tokio::sync::broadcast::error::RecvError;

use crate::shell::Shell;
use crate::{files, links, platform};

/// What Tauri knows it by.
pub(crate) const LABEL: &str = "main";

/// The page's canvas (ui/src/styles/tokens.css), seen while a window grows faster than its page.
const LIGHT: Color = Color(0xF1, 0xF3, 0xF5, 0xFF);
const DARK: Color = Color(0x0E, 0x11, 0x13, 0xFF);

/// Remembers size and place, each folder its own.
pub(crate) fn remembers(folder: &Path) -> TauriPlugin<Wry> {
    let kept = StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED | StateFlags::FULLSCREEN;
    tauri_plugin_window_state::Builder::new()
        .with_state_flags(kept)
        .with_filename(folder.join("window.json").to_string_lossy())
        .build()
}

/// Makes the window, hidden.
pub(crate) fn build(tauri: &AppHandle, shell: &Arc<Shell>) -> tauri::Result<()> {
    let downloads = tauri.path().download_dir().ok();
    let window = WebviewWindowBuilder::new(tauri, LABEL, WebviewUrl::App("index.html".into()))
        .title("Hark")
        .inner_size(1080.0, 720.0)
        .min_inner_size(360.0, 480.0)
        .visible(false)
        .background_color(LIGHT)
        .data_directory(shell.folder().join("window"))
        .disable_drag_drop_handler()
        .zoom_hotkeys_enabled(true)
        .devtools(cfg!(debug_assertions))
        .on_navigation(|url| is_own(url) || open_outside(url))
        .on_new_window(|url, _| {
            open_outside(&url);
            NewWindowResponse::Deny
        })
        // Sound and everything else of this computer is the engine's, never the page's.
        .on_permission_request(|_, _| PermissionResponse::Deny)
        .on_download(move |_, event| match event {
            DownloadEvent::Requested { destination, .. } => match &downloads {
                Some(folder) => {
                    *destination = free_place(folder, destination);
                    true
                }
                None => false,
            },
            _ => true,
        })
        .build()?;
    if window.theme().is_ok_and(|theme| theme == Theme::Dark) {
        window.set_background_color(Some(DARK))?;
    }
    let (handle, of_window) = (tauri.clone(), shell.clone());
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event {
            api.prevent_close();
            close(&handle, &of_window);
        }
    });
    tell_failure(tauri, shell);
    show_undrawn(tauri, shell);
    show_without_tray(tauri, shell);
    raise_when_clicked(tauri, shell);
    Ok(())
}

/// The page stands. It says which scheme it is in, which may be another than the system's.
pub(crate) fn drawn(tauri: &AppHandle, shell: &Arc<Shell>, dark: bool) {
    if let Some(window) = window(tauri) {
        let (theme, colour) = if dark { (Theme::Dark, DARK) } else { (Theme::Light, LIGHT) };
        log(window.set_background_color(Some(colour)));
        log(window.set_theme(Some(theme)));
    }
    shell.note_drawn();
    if !shell.stays_hidden() {
        show(tauri, shell);
    }
    links::hand_over(shell);
}

/// Brings the window before the person.
pub(crate) fn raise(tauri: &AppHandle, shell: &Arc<Shell>) {
    shell.comes_to_light();
    // Else it comes up when it has drawn.
    if *shell.has_drawn().borrow() {
        show(tauri, shell);
        links::hand_over(shell);
    }
}

/// Out of sight and back again.
pub(crate) fn toggle(tauri: &AppHandle, shell: &Arc<Shell>) {
    match window(tauri) {
        Some(window) if is_in_sight(&window) => hide(tauri, shell),
        _ => raise(tauri, shell),
    }
}

fn is_in_sight(window: &WebviewWindow) -> bool {
    window.is_visible().unwrap_or(true) && !window.is_minimized().unwrap_or(false)
}

fn show(tauri: &AppHandle, shell: &Shell) {
    if let Some(window) = window(tauri) {
        shell.shown().send_replace(true);
        log(window.show());
        log(window.unminimize());
        log(window.set_focus());
    }
}

fn hide(tauri: &AppHandle, shell: &Shell) {
    if let Some(window) = window(tauri) {
        shell.shown().send_replace(false);
        log(window.hide());
    }
}

/// Ends the program, in order; the window goes first.
pub(crate) fn quit(tauri: &AppHandle) {
    if let Some(window) = window(tauri) {
        log(window.hide());
    }
    tauri.exit(0);
}

fn close(tauri: &AppHandle, shell: &Arc<Shell>) {
    let (tauri, shell) = (tauri.clone(), shell.clone());
    tauri::async_runtime::spawn(async move {
        if settings(&shell).await.close_to_tray && platform::has_tray().await {
            hide(&tauri, &shell);
        } else {
            quit(&tauri);
        }
    });
}

async fn settings(shell: &Shell) -> Settings {
    status(shell).await.map(|status| status.settings).unwrap_or_default()
}

/// What the page draws first.
pub(crate) async fn status(shell: &Shell) -> Option<Status> {
    let answer = shell.app_now()?.run(Command::Status(Nothing {})).await.ok()?;
    serde_json::from_value(answer).ok()
}

/// A notification was clicked: the page goes to the message, the window comes forward.
fn raise_when_clicked(tauri: &AppHandle, shell: &Arc<Shell>) {
    let (tauri, shell) = (tauri.clone(), shell.clone());
    tauri::async_runtime::spawn(async move {
        let Ok(app) = shell.app().await else { return };
        let mut events = app.events();
        loop {
            match events.recv().await {
                Ok(Event::Show { .. }) => raise(&tauri, &shell),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

/// A page that waits, for a locked keyring or a slow disk, is shown waiting.
fn show_undrawn(tauri: &AppHandle, shell: &Arc<Shell>) {
    const DRAWS_WITHIN: Duration = Duration::from_secs(2);
    let (tauri, shell) = (tauri.clone(), shell.clone());
    tauri::async_runtime::spawn(async move {
        shell.page_came_up().await;
        let mut drawn = shell.has_drawn();
        let drew = tokio::time::timeout(DRAWS_WITHIN, drawn.wait_for(|drawn| *drawn)).await;
        if drew.is_err() && !shell.stays_hidden() {
            show(&tauri, &shell);
        }
    });
}

/// Started hidden, with nothing to bring it back from: in sight after all. Bars may come up after programs do.
fn show_without_tray(tauri: &AppHandle, shell: &Arc<Shell>) {
    const TRIES: u32 = 30;
    const PAUSE: Duration = Duration::from_secs(1);
    if !shell.stays_hidden() {
        return;
    }
    let (tauri, shell) = (tauri.clone(), shell.clone());
    tauri::async_runtime::spawn(async move {
        for _ in 0..TRIES {
            if platform::has_tray().await {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        if shell.stays_hidden() {
            raise(&tauri, &shell);
        }
    });
}

/// A folder that cannot be opened leaves one page to show.
fn tell_failure(tauri: &AppHandle, shell: &Arc<Shell>) {
    let (tauri, shell) = (tauri.clone(), shell.clone());
    tauri::async_runtime::spawn(async move {
        if shell.app().await.is_ok() {
            return;
        }
        if let Some(window) = window(&tauri)
            && let Ok(mut url) = window.url()
        {
            url.set_path(files::FAILED);
            log(window.navigate(url));
            log(window.show());
        }
    });
}

fn is_own(url: &Url) -> bool {
    let host = url.host_str();
    match url.scheme() {
        "tauri" => host == Some("localhost"),
        // Windows has no schemes of its own.
        "http" | "https" => cfg!(windows) && host == Some("tauri.localhost"),
        _ => false,
    }
}

/// Hands an address to the system; never shows it here.
fn open_outside(url: &Url) -> bool {
    if matches!(url.scheme(), "http" | "https" | "mailto")
        && let Err(error) = open::that_detached(url.as_str())
    {
        tracing::warn!(%error, "the system opens no links");
    }
    false
}

/// A name that is not taken yet, in the folder of downloads.
fn free_place(folder: &Path, suggested: &Path) -> PathBuf {
    let name = suggested.file_name().unwrap_or_else(|| "file".as_ref());
    let (stem, suffix) = (Path::new(name).file_stem().unwrap_or(name), Path::new(name).extension());
    let numbered = |number: u32| {
        let mut path = folder.join(format!("{} ({number})", stem.to_string_lossy()));
        if let Some(suffix) = suffix {
            path.as_mut_os_string().push(".");
            path.as_mut_os_string().push(suffix);
        }
        path
    };
    std::iter::once(folder.join(name))
        .chain((2..1000).map(numbered))
        .find(|path| !path.exists())
        .unwrap_or_else(|| folder.join(name))
}

fn window(tauri: &AppHandle) -> Option<WebviewWindow> {
    tauri.get_webview_window(LABEL)
}

/// A window system that refuses something is no reason to stop.
fn log(done: tauri::Result<()>) {
    if let Err(error) = done {
        tracing::warn!(%error, "the window does not do what it should");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_but_its_own_is_shown_in_the_window() {
        assert!(is_own(&"tauri://localhost/index.html".parse().unwrap()));
        for url in [
            "tauri://evil/",
            "https://example.org/",
            "http://localhost/",
            "file:///etc/passwd",
            "data:text/html,x",
        ] {
            assert!(!is_own(&url.parse().unwrap()), "{url}");
        }
    }

    #[test]
    fn a_download_never_replaces_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let place = free_place(folder.path(), Path::new("/elsewhere/note.txt"));
        assert_eq!(place, folder.path().join("note.txt"));
        std::fs::write(&place, "mine").unwrap();
        assert_eq!(free_place(folder.path(), Path::new("note.txt")), folder.path().join("note (2).txt"));
    }
}
