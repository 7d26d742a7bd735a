//! What the page can ask of the shell.
//!
//! The page opens a [`link`], hands over its commands in the order they were given, several at once where they
//! came faster than they could be handed over, and asks for the next frames whenever it has taken the ones before: a
//! page that is slow is asked for nothing, and nothing piles up for it.

use std::sync::Arc;

use hark_app::api::{ApiError, Event};
use hark_app::link::{self, Commands, Frames, MAX_COMMAND};
use tauri::ipc::{Invoke, InvokeBody, Request};
use tauri::{AppHandle, State, Wry};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::shell::Shell;
use crate::{login, window};

/// Most frames of one answer.
const FEW: usize = 64;

/// The link of the page that is shown.
pub(crate) struct Page {
    commands: Commands,
    frames: Mutex<Frames>,
    gone: CancellationToken,
}

impl Page {
    /// Another page took its place.
    pub(crate) fn let_go(&self) {
        self.gone.cancel();
    }

    /// Tells the page something nobody else is told.
    pub(crate) async fn tell(&self, event: Event) {
        self.commands.tell(event).await;
    }
}

/// The commands of this file, for Tauri.
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        open_link,
        next_frames,
        take_commands,
        upload,
        drawn,
        seen,
        starts_at_login,
        start_at_login
    ]
}

/// Opens the page's link, as soon as the folder is open. This is also how it is known that the page has come up.
#[tauri::command]
async fn open_link(shell: State<'_, Arc<Shell>>) -> Result<(), ApiError> {
    shell.note_page();
    let (commands, frames) = link::open(&shell.app().await?);
    let page = Page { commands, frames: Mutex::new(frames), gone: CancellationToken::new() };
    shell.put_page(Arc::new(page));
    Ok(())
}

/// The next answers and events, as texts; empty when the link is at its end.
#[tauri::command]
async fn next_frames(shell: State<'_, Arc<Shell>>) -> Result<Vec<String>, ApiError> {
    let Some(page) = shell.page() else { return Ok(Vec::new()) };
    let mut frames = page.frames.lock().await;
    tokio::select! {
        () = page.gone.cancelled() => Ok(Vec::new()),
        few = frames.next_few(FEW) => Ok(few),
    }
}

/// Takes commands, in order.
#[tauri::command]
async fn take_commands(shell: State<'_, Arc<Shell>>, texts: Vec<String>) -> Result<(), ApiError> {
    let page = shell.page().ok_or_else(|| ApiError::bad_request("There is no link. Open one first."))?;
    for text in texts {
        if text.len() > MAX_COMMAND {
            page.commands.refuse(ApiError::bad_request("This command is too large.")).await;
        } else {
            page.commands.take(&text).await;
        }
    }
    Ok(())
}

/// Takes the bytes of a sound file; gives the id `send_voice_file` names them by.
#[tauri::command]
async fn upload(shell: State<'_, Arc<Shell>>, request: Request<'_>) -> Result<String, ApiError> {
    let InvokeBody::Raw(bytes) = request.body() else {
        return Err(ApiError::bad_request("A sound file is handed over as bytes."));
    };
    shell.app().await?.upload(bytes)
}

/// The page stands: the window may be shown.
#[tauri::command]
fn drawn(tauri: AppHandle, shell: State<'_, Arc<Shell>>, dark: bool) {
    window::drawn(&tauri, &shell, dark);
}

/// What the page drew is on the screen.
#[tauri::command]
fn seen(shell: State<'_, Arc<Shell>>) {
    tracing::info!(after = ?shell.started().elapsed(), "the window is drawn");
}

/// Whether Hark starts when its person signs in to this computer.
#[tauri::command]
async fn starts_at_login(tauri: AppHandle) -> Result<bool, ApiError> {
    login::is_on(&tauri)
}

/// Has it do so, or no longer.
#[tauri::command]
async fn start_at_login(tauri: AppHandle, on: bool) -> Result<(), ApiError> {
    login::set(&tauri, on)
}
