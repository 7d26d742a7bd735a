//! `matrix:` and matrix.to links, however they come: typed or handed over by a second start, or by the system (macOS).
//!
//! A link only brings up a question in the page ([`Event::Link`]); what it names is not touched before a person says so.

use std::sync::Arc;

use hark_app::api::Event;
use tauri::AppHandle;
use tauri_plugin_deep_link::DeepLinkExt as _;

use crate::shell::Shell;
use crate::window;

/// Follows what the system and other starts hand over.
pub(crate) fn follow(tauri: &AppHandle, shell: &Arc<Shell>) {
    let (from_system, window) = (shell.clone(), tauri.clone());
    tauri.deep_link().on_open_url(move |event| {
        for url in event.urls() {
            from_system.put_link(url.to_string());
        }
        window::raise(&window, &from_system);
    });
    let (shell, tauri) = (shell.clone(), tauri.clone());
    tauri::async_runtime::spawn(async move {
        let Ok(app) = shell.app().await else { return };
        let mut knocks = app.door_to_window();
        // The page asks for what came before it.
        while let Some(raise) = knocks.recv().await {
            raise.link.into_iter().for_each(|link| shell.put_link(link));
            window::raise(&tauri, &shell);
        }
    });
}

/// Tells the page of the links that wait.
pub(crate) fn hand_over(shell: &Arc<Shell>) {
    let shell = shell.clone();
    tauri::async_runtime::spawn(async move {
        let Some(page) = shell.page() else { return };
        for link in shell.take_links() {
            if let Some(who) = hark_client::named_by(&link) {
                page.tell(Event::Link { who }).await;
            } else {
                tracing::warn!("a link that names nobody was opened");
            }
        }
    });
}
