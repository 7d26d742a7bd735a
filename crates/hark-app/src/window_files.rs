//! The window's files (ui/dist), built into the program once for all who show it.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[exclude = "*.map"]
pub(crate) struct Window;

/// The file at a path such as `index.html`, or `None` where there is none: the window may not have been built.
pub fn window_file(path: &str) -> Option<Cow<'static, [u8]>> {
    Window::get(path).map(|file| file.data)
}
