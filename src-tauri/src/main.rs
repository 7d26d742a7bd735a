//! Hark's window on the desktop.

fn main() {
    if let Err(error) = tauri::Builder::default().run(tauri::generate_context!()) {
        eprintln!("hark-desktop: {error}");
    }
}
