//! Bundles what the shell needs at compile time, and lists the commands a page may be allowed.

use tauri_build::{AppManifest, Attributes};

const COMMANDS: &[&str] = &[
    "open_link",
    "next_frames",
    "take_commands",
    "upload",
    "drawn",
    "seen",
    "starts_at_login",
    "start_at_login",
];

fn main() {
    let attributes = Attributes::new().app_manifest(AppManifest::new().commands(COMMANDS));
    if let Err(error) = tauri_build::try_build(attributes) {
        // A build script tells its failure by ending.
        panic!("{error:#}");
    }
}
