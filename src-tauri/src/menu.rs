//! The menu at the top of the screen (macOS): without it there would be no Copy and no Quit by keys.

use tauri::menu::{Menu, MenuBuilder, MenuItemBuilder, SubmenuBuilder};
use tauri::{AppHandle, Wry};

/// What ends the program in order; the system's own item would end it at once.
pub(crate) const QUIT: &str = "quit";

pub(crate) fn build(tauri: &AppHandle) -> tauri::Result<Menu<Wry>> {
    let quit = MenuItemBuilder::with_id(QUIT, "Quit Hark").accelerator("Cmd+Q").build(tauri)?;
    let app = SubmenuBuilder::new(tauri, "Hark")
        .about(None)
        .separator()
        .services()
        .separator()
        .hide()
        .hide_others()
        .show_all()
        .separator()
        .item(&quit)
        .build()?;
    let edit = SubmenuBuilder::new(tauri, "Edit")
        .undo()
        .redo()
        .separator()
        .cut()
        .copy()
        .paste()
        .select_all()
        .build()?;
    let window =
        SubmenuBuilder::new(tauri, "Window").minimize().maximize().fullscreen().close_window().build()?;
    MenuBuilder::new(tauri).items(&[&app, &edit, &window]).build()
}
