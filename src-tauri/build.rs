//! Bundles what the shell needs at compile time.

fn main() {
    tauri_build::build();
}
