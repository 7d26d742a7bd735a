//! Hark in the bar: its state, and a menu that is enough where a click on the icon says nothing.
//!
//! The icon follows the app's events: microphone on, do not disturb, unread, at rest, the first that is true.

use std::sync::{Arc, Mutex, PoisonError};

use hark_app::App;
use hark_app::api::model::Conversation;
use hark_app::api::{Command, Conversations, Event, RecorderState, Settings};
use tauri::image::Image;
use tauri::menu::{CheckMenuItem, CheckMenuItemBuilder, MenuBuilder, MenuItem, MenuItemBuilder};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Theme, Wry};
use tokio::sync::broadcast::error::RecvError;

use crate::shell::Shell;
use crate::unread::Unread;
use crate::{platform, window};

const SHOW: &str = "show";
const SHOW_WORDS: &str = "Show Hark";
const HIDE_WORDS: &str = "Hide Hark";
const QUIET: &str = "quiet";
const QUIT: &str = "quit";

/// What the icon says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Rest,
    Unread,
    Quiet,
    Talking,
}

/// The icon with its menu.
struct Tray {
    icon: TrayIcon<Wry>,
    show: MenuItem<Wry>,
    quiet: CheckMenuItem<Wry>,
    dark: bool,
    said: Option<(State, u32, bool, bool)>,
}

/// What is known of the app and its window.
#[derive(Default)]
struct Known {
    window: bool,
    unread: Unread,
    settings: Settings,
    talking: bool,
}

impl Known {
    fn state(&self) -> State {
        match self.unread.count() {
            _ if self.talking => State::Talking,
            _ if self.settings.do_not_disturb => State::Quiet,
            0 => State::Rest,
            _ => State::Unread,
        }
    }
}

/// Puts the icon up and keeps it true.
pub(crate) fn follow(tauri: &AppHandle, shell: &Arc<Shell>) {
    let tray = match build(tauri, shell) {
        Ok(tray) => Arc::new(Mutex::new(tray)),
        Err(error) => {
            tracing::warn!(%error, "there is no icon in the bar");
            return;
        }
    };
    let shell = shell.clone();
    tauri::async_runtime::spawn(async move {
        let Ok(app) = shell.app().await else { return };
        let mut events = app.events();
        let mut known = Known::default();
        read_all(&shell, &app, &mut known).await;
        let mut window = shell.shown().subscribe();
        loop {
            known.window = *window.borrow_and_update();
            say(&tray, &known);
            let event = tokio::select! {
                // It ends with the shell, which outlives this.
                _ = window.changed() => continue,
                event = events.recv() => event,
            };
            match event {
                Ok(Event::Reload | Event::Account { .. }) | Err(RecvError::Lagged(_)) => {
                    read_all(&shell, &app, &mut known).await;
                }
                Ok(event) => take(&mut known, event),
                Err(RecvError::Closed) => return,
            }
        }
    });
}

fn take(known: &mut Known, event: Event) {
    match event {
        Event::Conversation { conversation } => known.unread.put(&conversation),
        Event::ConversationRemoved { id } => known.unread.remove(&id),
        Event::Settings { settings } => known.settings = settings,
        Event::Recorder { recorder } => known.talking = is_talking(&recorder),
        _ => {}
    }
}

fn is_talking(recorder: &RecorderState) -> bool {
    matches!(recorder, RecorderState::Recording { .. })
}

async fn read_all(shell: &Shell, app: &App, known: &mut Known) {
    if let Some(status) = window::status(shell).await {
        known.settings = status.settings;
        known.talking = is_talking(&status.recorder);
    }
    let rows = app.run(Command::Conversations(Conversations { filter: String::new() })).await;
    let rows = rows.ok().and_then(|rows| serde_json::from_value::<Vec<Conversation>>(rows).ok());
    known.unread.replace(rows.unwrap_or_default());
}

fn build(tauri: &AppHandle, shell: &Arc<Shell>) -> tauri::Result<Tray> {
    let show = MenuItemBuilder::with_id(SHOW, SHOW_WORDS).build(tauri)?;
    let quiet = CheckMenuItemBuilder::with_id(QUIET, "Do not disturb").build(tauri)?;
    let quit = MenuItemBuilder::with_id(QUIT, "Quit Hark").build(tauri)?;
    let menu = MenuBuilder::new(tauri).items(&[&show, &quiet]).separator().item(&quit).build()?;
    let theme_is_dark = tauri::Manager::get_webview_window(tauri, window::LABEL)
        .is_some_and(|window| window.theme().is_ok_and(|theme| theme == Theme::Dark));
    let dark = platform::has_dark_bar(theme_is_dark);
    let (of_menu, of_icon) = (shell.clone(), shell.clone());
    let icon = TrayIconBuilder::with_id("hark")
        .icon(picture(State::Rest, dark)?)
        .icon_as_template(true)
        .tooltip("Hark")
        .temp_dir_path(shell.folder().join("tray"))
        .menu(&menu)
        .show_menu_on_left_click(false)
        .on_menu_event(move |tauri, event| match event.id().as_ref() {
            SHOW => window::toggle(tauri, &of_menu),
            QUIET => toggle_quiet(&of_menu),
            QUIT => window::quit(tauri),
            _ => {}
        })
        .on_tray_icon_event(move |icon, event| {
            let button = MouseButton::Left;
            let up = MouseButtonState::Up;
            if matches!(event, TrayIconEvent::Click { button: b, button_state: s, .. } if b == button && s == up) {
                window::toggle(icon.app_handle(), &of_icon);
            }
        })
        .build(tauri)?;
    Ok(Tray { icon, show, quiet, dark, said: None })
}

/// Changes what differs from what was said last.
fn say(tray: &Mutex<Tray>, known: &Known) {
    let mut tray = tray.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = (known.state(), known.unread.count(), known.settings.do_not_disturb, known.window);
    if tray.said == Some(wanted) {
        return;
    }
    tray.said = Some(wanted);
    let (state, unread, quiet, window) = wanted;
    let done = picture(state, tray.dark)
        .and_then(|picture| tray.icon.set_icon_with_as_template(Some(picture), true))
        .and_then(|()| tray.icon.set_tooltip(Some(tooltip(state, unread))))
        .and_then(|()| tray.quiet.set_checked(quiet))
        .and_then(|()| tray.show.set_text(if window { HIDE_WORDS } else { SHOW_WORDS }));
    if let Err(error) = done {
        tracing::warn!(%error, "the icon in the bar does not change");
    }
}

fn tooltip(state: State, unread: u32) -> String {
    let count = match unread {
        0 => String::new(),
        1 => ", 1 unread".to_owned(),
        _ => format!(", {unread} unread"),
    };
    match state {
        State::Talking => format!("Hark: your microphone is on{count}"),
        State::Quiet => format!("Hark: do not disturb{count}"),
        State::Unread | State::Rest => format!("Hark{count}"),
    }
}

fn toggle_quiet(shell: &Arc<Shell>) {
    let shell = shell.clone();
    tauri::async_runtime::spawn(async move {
        let (Some(app), Some(status)) = (shell.app_now(), window::status(&shell).await) else { return };
        let settings = Settings { do_not_disturb: !status.settings.do_not_disturb, ..status.settings };
        if let Err(error) = app.run(Command::SetSettings(settings)).await {
            tracing::warn!(error = error.message, "do not disturb stays as it was");
        }
    });
}

/// The drawing for a state, on a dark bar or a light one.
fn picture(state: State, dark: bool) -> tauri::Result<Image<'static>> {
    macro_rules! drawings {
        ($name:literal) => {
            if dark {
                Image::from_bytes(include_bytes!(concat!("../icons/", $name, "-on-dark.png")))
            } else {
                Image::from_bytes(include_bytes!(concat!("../icons/", $name, "-on-light.png")))
            }
        };
    }
    match state {
        State::Rest => drawings!("tray"),
        State::Unread => drawings!("tray-unread"),
        State::Quiet => drawings!("tray-dnd"),
        State::Talking => drawings!("tray-talking"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_microphone_is_seen_before_anything_else() {
        let quiet = Settings { do_not_disturb: true, ..Settings::default() };
        let mut known = Known { settings: quiet, talking: true, ..Known::default() };
        assert_eq!(known.state(), State::Talking);
        known.talking = false;
        assert_eq!(known.state(), State::Quiet);
        known.settings.do_not_disturb = false;
        assert_eq!(known.state(), State::Rest);
    }

    #[test]
    fn the_tooltip_counts_what_is_unread() {
        assert_eq!(tooltip(State::Rest, 0), "Hark");
        assert_eq!(tooltip(State::Unread, 1), "Hark, 1 unread");
        assert_eq!(tooltip(State::Quiet, 12), "Hark: do not disturb, 12 unread");
    }

    #[test]
    fn every_state_has_its_drawing() {
        for state in [State::Rest, State::Unread, State::Quiet, State::Talking] {
            for dark in [true, false] {
                assert_eq!(picture(state, dark).unwrap().width(), 44);
            }
        }
    }
}
