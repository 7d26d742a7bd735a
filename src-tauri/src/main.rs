//! Hark's window on the desktop.
//!
//! A thin shell around [`hark_app`], beside browser mode: the same page, the same commands and events, another carrier.
//!
//! ```text
//! options ── run ──┬── house    the data folder at work: App and its open door, started beside the window
//!                  ├── window   the one window: shown when drawn, hidden to the tray, never led elsewhere
//!                  │     └── bridge, media, files   what the page can reach: commands, pictures, its own files
//!                  ├── tray     state and menu in the bar
//!                  ├── links    matrix: links, kept until the page is there
//!                  └── watchdog a page that does not come up: once more without the fast renderer
//! ```
//!
//! One instance a data folder: the owner of the folder has the window, and a second start has it shown and ends
//! ([`hark_app::owner`]). Everything ends in one place, when the event loop does: the door first, then the engine.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod bridge;
mod files;
mod house;
mod links;
mod login;
mod media;
#[cfg(target_os = "macos")]
mod menu;
mod options;
mod platform;
mod run;
mod shell;
mod tray;
mod unread;
mod watchdog;
mod window;

use std::process::ExitCode;

fn main() -> ExitCode {
    run::run()
}
